# Stands in for Docker's node:24-bookworm-slim where no registry answers: the same places, the same user, Debian's packages below.
ARG BASE_IMAGE=debian:bookworm-slim
FROM ${BASE_IMAGE}
RUN useradd --uid 1000 --create-home --shell /bin/bash node && mkdir -p /etc/ssl/certs
COPY node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && ln -s node /usr/local/bin/nodejs
COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
CMD ["node"]
