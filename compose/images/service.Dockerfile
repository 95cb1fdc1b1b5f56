# The image of one of the services: its production dependencies, its sources, Node, and nothing that only a build needs.
#
#   docker build -f compose/images/service.Dockerfile --build-arg SERVICE=echo-sts --build-arg TOOLS=ffmpeg .
ARG BASE_IMAGE=node:24-bookworm-slim
# What the service calls besides Node: none, or ffmpeg.
ARG TOOLS=none

FROM ${BASE_IMAGE} AS dependencies
ARG SERVICE
WORKDIR /app
COPY package.json package-lock.json ./
COPY services/${SERVICE}/package.json services/${SERVICE}/
# Not `npm ci`: it wants every workspace of the lock file there.
RUN npm install --workspace services/${SERVICE} --omit=dev --ignore-scripts --no-save --no-audit --no-fund --loglevel=error \
  && rm package-lock.json

# Debian's ffmpeg package drags in drivers for screens and sound cards: only the programs and the libraries they load, less what is there.
FROM ${BASE_IMAGE} AS ffmpeg
RUN find /usr/lib -name '*.so*' | sort >/had \
  && apt-get update -qq \
  && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ffmpeg >/dev/null \
  && for file in /usr/bin/ffmpeg /usr/bin/ffprobe $(ldd /usr/bin/ffmpeg /usr/bin/ffprobe | grep -o ' /[^ ]*' | sort -u); do \
       folder=$(realpath "$(dirname "$file")") \
       && { grep -qxF "$folder/$(basename "$file")" /had || install -D "$(realpath "$file")" "/ffmpeg$folder/$(basename "$file")"; } \
       || exit 1; \
     done

FROM ${BASE_IMAGE} AS with-none
RUN rm -rf /usr/local/lib/node_modules /usr/local/include /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
  /usr/local/bin/yarn* /opt/yarn* /root/.npm
COPY compose/images/health.sh /usr/local/bin/health
ENV NODE_ENV=production
# A container's own loopback is no use to the others.
ENV HOST=0.0.0.0 ECHO_HOST=0.0.0.0

# First, and the same bytes for every service that needs it, so that they share the layer.
FROM with-none AS with-ffmpeg
COPY --from=ffmpeg /ffmpeg/ /

FROM with-${TOOLS}
ARG SERVICE
# Answers 2xx when the service is ready. Whoever moves the service's port sets it too.
ARG HEALTH_URL=http://127.0.0.1:8080/health
ENV HEALTH_URL=${HEALTH_URL}
COPY --from=dependencies /app/ /app/
COPY services/${SERVICE}/src/ /app/services/${SERVICE}/src/
WORKDIR /app/services/${SERVICE}
USER 1000:1000
# Every second from the start: engines before 25 know no shorter interval for the time until a service is up.
HEALTHCHECK --interval=1s --timeout=2s --start-period=15s --retries=5 CMD ["health"]
CMD ["node", "src/main.ts"]
