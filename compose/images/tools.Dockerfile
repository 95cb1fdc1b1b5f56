# What faults on a container's network need, for a short-lived container in its network namespace (NET_ADMIN, hence root): ip, tc,
# iptables and Python.
ARG BASE_IMAGE=debian:bookworm-slim
FROM ${BASE_IMAGE}
RUN apt-get update -qq \
  && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends iproute2 iptables python3 >/dev/null \
  && apt-get clean && rm -rf /var/lib/apt/lists/*
