"""The test suite: the same shop with a cheap password hasher, no throttling by accident, and quiet logs."""

from config.settings.base import *  # noqa: F403
from config.settings.base import REST_FRAMEWORK

DEBUG = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
# Tests about throttles set their own rates; all others must not meet one.
REST_FRAMEWORK = {
    **REST_FRAMEWORK,
    "DEFAULT_THROTTLE_RATES": dict.fromkeys(("member", "address", "login", "search"), "100000/min"),
}
CELERY_TASK_ALWAYS_EAGER = False
