"""The Celery application: workers deliver news and run sweeps; beat only rings."""

import os

from celery import Celery
from kombu import Queue

from config.schedule import QUEUES, queue_of

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.prod")

app = Celery("mall")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {}
app.conf.task_queues = [Queue(name) for name in QUEUES]
app.conf.task_default_queue = "normal"


def _route(name: str, *_: object, **__: object) -> dict[str, str]:
    return {"queue": queue_of(name)}


app.conf.task_routes = (_route,)


@app.on_after_finalize.connect
def _ring(sender: Celery, **_: object) -> None:
    """Read board 3 after Django is set up, so that a wrong task name stops beat at start."""
    from config import schedule

    sender.conf.beat_schedule = schedule.beat_schedule()
