# PostgreSQL from Debian, answering to the same variables as the official image; for scripts/compose-check.
ARG BASE
FROM ${BASE}
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends postgresql && rm -rf /var/lib/apt/lists/*
COPY postgres-start /usr/local/bin/
RUN ln -s /usr/lib/postgresql/*/bin/* /usr/local/bin/ && mkdir -p /var/lib/postgresql/data /run/postgresql \
 && chown postgres /var/lib/postgresql/data /run/postgresql
USER postgres
CMD ["postgres-start"]
