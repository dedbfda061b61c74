# The service alone; give it a Postgres in BRIEFING_DATABASE_URL, or `embedded` for one inside the container.
#
# The digest names the index of python:3.11-slim for all platforms (3.11.16). To renew it, put in what this prints:
#   docker buildx imagetools inspect python:3.11-slim --format '{{.Manifest.Digest}}'
FROM python:3.11-slim@sha256:9c900dea9e8fb7e16277c179b555cc72d29a352dbc33cff48ad5a0412fd5bfc7 AS base

FROM base AS build
WORKDIR /src
# The build backend has an environment of its own, which stays behind.
COPY requirements/service.txt requirements/build.txt requirements/
RUN python -m venv /opt/build \
    && /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements/build.txt \
    && python -m venv /opt/briefing \
    && /opt/briefing/bin/pip install --no-cache-dir --require-hashes -r requirements/service.txt
COPY pyproject.toml README.md LICENSE ./
COPY api api
COPY sql sql
COPY docs docs
RUN /opt/build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /src/dist . \
    && /opt/briefing/bin/pip install --no-cache-dir --no-deps --no-index /src/dist/*.whl

FROM base AS clients
WORKDIR /src
COPY openapi/sdk/requirements.txt openapi/sdk/
RUN python -m venv /opt/sdk && /opt/sdk/bin/pip install --no-cache-dir --require-hashes -r openapi/sdk/requirements.txt
COPY LICENSE ./
COPY api/__init__.py api/
COPY openapi openapi
RUN /opt/sdk/bin/python openapi/sdk/generate

FROM base
# A named user: Postgres' own tools refuse an id without a name, should the embedded server be used.
RUN useradd --create-home --uid 10001 briefing
COPY --from=build /opt/briefing /opt/briefing
# The clients, which the service offers at /sdk.
COPY --from=clients /src/dist /opt/briefing/sdk
ENV BRIEFING_SDK_DIR=/opt/briefing/sdk
# A container that is not told its store does not start: an empty store that goes with the container would look healthy.
ENV BRIEFING_DATABASE_REQUIRED=true
ENV PATH=/opt/briefing/bin:$PATH BRIEFING_HOST=0.0.0.0 BRIEFING_DATA_DIR=/home/briefing/data BRIEFING_LOG_FORMAT=json
USER 10001
WORKDIR /home/briefing
EXPOSE 8000
# Whether the process lives. Whether it can answer (/readyz) is for load balancers: a restart does not bring Postgres back.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["python", "-m", "api.observability.probe"]
ENTRYPOINT ["briefing"]
CMD ["serve"]
