# The service alone; give it a Postgres in BRIEFING_DATABASE_URL.
FROM python:3.11-slim AS build
WORKDIR /src
COPY requirements.txt pyproject.toml README.md LICENSE ./
COPY api api
COPY sql sql
RUN python -m venv /opt/briefing \
    && /opt/briefing/bin/pip install --no-cache-dir --require-hashes -r requirements.txt \
    && /opt/briefing/bin/pip install --no-cache-dir --no-deps .

FROM python:3.11-slim
# A named user: Postgres' own tools refuse an id without a name, should the embedded server be used.
RUN useradd --create-home --uid 10001 briefing
COPY --from=build /opt/briefing /opt/briefing
ENV PATH=/opt/briefing/bin:$PATH BRIEFING_HOST=0.0.0.0 BRIEFING_DATA_DIR=/home/briefing/data BRIEFING_LOG_FORMAT=json
USER 10001
WORKDIR /home/briefing
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/readyz')"]
ENTRYPOINT ["briefing"]
CMD ["serve"]
