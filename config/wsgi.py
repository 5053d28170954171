"""The WSGI door that gunicorn opens."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.prod")
django.setup(set_prefix=False)

from django.urls import get_resolver  # noqa: E402 -- not before Django is set up

from apps.base.handler import Handler  # noqa: E402

# Read before the workers are forked: they share it, and the first caller does not wait for it.
_ = get_resolver().url_patterns
application = Handler()
