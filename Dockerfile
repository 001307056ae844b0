# The base is an argument, so that a mirror, or an image of your own with Node 24 or newer, can take its place.
ARG BASE=node:26-bookworm-slim

FROM ${BASE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund --no-update-notifier
COPY openapi.yaml ./
COPY src src
COPY scripts/warm-compile-cache.ts scripts/
# Node keeps one compile cache per user id: it is filled by the one that will read it.
USER 1000:1000
RUN NODE_COMPILE_CACHE=/tmp/compile-cache node scripts/warm-compile-cache.ts && \
    chmod -R a+rX /tmp/compile-cache

FROM ${BASE}
LABEL org.opencontainers.image.title="Layergate" \
      org.opencontainers.image.description="A verifying upload proxy for Amazon ECR Public" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production \
    MALLOC_MMAP_THRESHOLD_=131072 \
    NODE_OPTIONS=--max-semi-space-size=4 \
    NODE_COMPILE_CACHE=/app/compile-cache \
    UV_THREADPOOL_SIZE=16 \
    LAYERGATE_HOST=0.0.0.0 \
    LAYERGATE_DATA_DIR=/var/lib/layergate
WORKDIR /app
COPY --from=build /app/node_modules node_modules
COPY LICENSE openapi.yaml package.json ./
COPY scripts/healthcheck.ts scripts/
COPY src src
COPY --from=build --chown=0:0 /tmp/compile-cache compile-cache
RUN chmod 755 src/main.ts && \
    ln -s /app/src/main.ts /usr/local/bin/layergate && \
    install -d -o 1000 -g 1000 -m 700 /var/lib/layergate
# The base's user `node`; as a number, Kubernetes can tell that it is not root (runAsNonRoot).
USER 1000:1000
VOLUME ["/var/lib/layergate"]
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=90s --retries=3 \
    CMD ["node", "/app/scripts/healthcheck.ts"]
ENTRYPOINT ["node", "/app/src/main.ts"]
CMD ["serve"]
