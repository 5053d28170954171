"""A worker that sends messages, to be killed: ``python -m tests.races.carry BASE_URL`` on the tests' database."""

from __future__ import annotations

import os
import sys

import django

if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
    django.setup()
    from django.conf import settings
    from django.utils import timezone

    from apps.messaging.services import carrying
    from tests.apps.messaging import make

    settings.WECHAT_API_BASE = sys.argv[1]
    settings.MESSAGE_SCENES = "tests.apps.messaging.make.SCENES"
    for number in range(3):
        make.is_true(f"SO{number}")
    carrying.carry_due(at=timezone.now())
