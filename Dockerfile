# A hub in a container: its own PostgreSQL in the volume, or yours with SCMHUB_DATABASE_URL.
#   docker build -t scmhub .
#   docker run -p 8000:8000 -v scmhub:/var/lib/scmhub scmhub            a hub
#   docker run -p 8000:8000 scmhub demo                                 the demo

FROM python:3.11.14-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
RUN python -m venv /opt/scmhub
COPY requirements/run.lock requirements/
RUN /opt/scmhub/bin/pip install --require-hashes --only-binary :all: -r requirements/run.lock
COPY pyproject.toml README.md ./
COPY migrations migrations
COPY src src
# The wheel is built by the locked hatchling, without network; what built it does not stay.
RUN /opt/scmhub/bin/hatchling build -t wheel \
 && /opt/scmhub/bin/pip install --no-index --no-deps dist/*.whl \
 && /opt/scmhub/bin/pip uninstall --yes hatchling editables trove-classifiers pathspec pluggy

FROM python:3.11.14-slim-bookworm
# A passwd entry is needed: PostgreSQL's initdb does not run for a user id without one.
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /var/lib/scmhub --shell /usr/sbin/nologin scmhub \
 && install --directory --owner=scmhub --group=scmhub --mode=0700 /var/lib/scmhub
COPY --from=build /opt/scmhub /opt/scmhub
ENV PATH=/opt/scmhub/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    SCMHUB_HOME=/var/lib/scmhub \
    SCMHUB_HOST=0.0.0.0 \
    SCMHUB_PORT=8000 \
    SCMHUB_PUBLIC_URL=http://127.0.0.1:8000
USER 10001:10001
VOLUME /var/lib/scmhub
EXPOSE 8000
STOPSIGNAL SIGINT
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['SCMHUB_PORT'] + '/readyz', timeout=2)"]
ENTRYPOINT ["scmhub"]
CMD ["serve"]
