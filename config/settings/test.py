"""The test suite: the same shop with a cheap password hasher, no throttling by accident, and quiet logs."""

import os
from urllib.parse import urlsplit

from config.settings.base import *  # noqa: F403
from config.settings.base import CACHES, INSTALLED_APPS, REDIS_URL, REST_FRAMEWORK

DEBUG = False
# Tests about the second factor ask for it.
ADMIN_SECOND_FACTOR = False
# A quick `flush` between tests that commit.
INSTALLED_APPS = [*INSTALLED_APPS, "tests.emptying"]
# Every test client makes the middleware anew, and this one would read the directories of all static files each time.
WHITENOISE_AUTOREFRESH = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
# Tests about throttles set their own rates; all others must not meet one.
REST_FRAMEWORK = {
    **REST_FRAMEWORK,
    "DEFAULT_THROTTLE_RATES": dict.fromkeys(("member", "address", "login", "search", "watch"), "100000/min"),
}
# On a busy machine half a second is no sign of a dead Redis.
CACHES = {"default": {**CACHES["default"], "OPTIONS": {"socket_connect_timeout": 5, "socket_timeout": 5}}}
# Test processes side by side must not empty each other's cache: gw0 has database 1, gw1 database 2, ….
_worker = os.environ.get("PYTEST_XDIST_WORKER", "")
if _worker:
    REDIS_URL = urlsplit(REDIS_URL)._replace(path=f"/{int(_worker.removeprefix('gw')) + 1}").geturl()
    CACHES = {"default": {**CACHES["default"], "LOCATION": REDIS_URL}}
    CELERY_BROKER_URL = REDIS_URL
