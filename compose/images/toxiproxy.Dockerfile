# As shopify/toxiproxy is made, from binaries that `npm run images` built: same places and defaults; not root.
FROM scratch
ENV LOG_LEVEL=info
COPY toxiproxy toxiproxy-cli /
EXPOSE 8474
USER 10001:10001
ENTRYPOINT ["/toxiproxy"]
CMD ["-host=0.0.0.0"]
