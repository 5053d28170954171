"""The door of the bare Django."""

import os

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.bench.load.bare.settings"
application = get_wsgi_application()
