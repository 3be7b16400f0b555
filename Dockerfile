# vigil, from this tree, with the packages of requirements/container.lock and nothing else: what a crawl, alerts and
# copies in a bucket need.
FROM python:3.11-slim AS build
WORKDIR /src
COPY requirements/build.lock requirements/container.lock requirements/
RUN python -m venv /venv \
 && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements/build.lock \
 && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements/container.lock
COPY . .
RUN /venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin vigil \
 && install -d -o vigil -g vigil /data
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /data
VOLUME /data
HEALTHCHECK --interval=1h --timeout=1m --start-period=12h CMD ["vigil", "status"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["vigil"]
CMD ["schedule"]
