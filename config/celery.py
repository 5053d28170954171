"""The Celery application: workers deliver news and run sweeps; beat only rings."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.prod")

app = Celery("mall")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {}


@app.on_after_finalize.connect
def _ring(sender: Celery, **_: object) -> None:
    """Read board 3 after Django is set up, so that a wrong task name stops beat at start."""
    from config import schedule

    sender.conf.beat_schedule = schedule.beat_schedule()
