# As bluenviron/mediamtx is made, from a binary that `npm run images` built: same places, same configuration file; not root.
FROM scratch
COPY mediamtx mediamtx.yml /
USER 10001:10001
ENTRYPOINT ["/mediamtx"]
