# Valkey from Debian; for scripts/compose-check.
ARG BASE
FROM ${BASE}
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends valkey-server valkey-tools && rm -rf /var/lib/apt/lists/* \
 && mkdir -p /data && chown valkey /data
USER valkey
WORKDIR /data
