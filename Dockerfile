# The image of web, worker, beat and migrate: the locked packages, the code, and an account without rights.
FROM python:3.11-slim-bookworm AS build
COPY requirements.lock /tmp/requirements.lock
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --require-hashes -r /tmp/requirements.lock

FROM python:3.11-slim-bookworm
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=config.settings.prod
RUN groupadd --gid 10001 mall \
    && useradd --uid 10001 --gid mall --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin mall \
    && install -d -o mall -g mall /srv/static /srv/media /srv/private /srv/state
COPY --from=build /opt/venv /opt/venv
COPY . /app
WORKDIR /app
# Else each start compiles our thousand modules anew, as the account without rights may write nothing here.
RUN python -m compileall -q apps config mall
USER mall
EXPOSE 8000
# The same command as in the Procfile.
CMD ["python", "-m", "config.deploy.web"]
