"""News and money go before what can wait: each job has a queue, and a worker empties the urgent one first."""

from __future__ import annotations

from django.conf import settings
from kombu import Connection, Consumer, Message, Queue

from config.celery import app
from config.local.shop import procfile
from config.schedule import QUEUES, RINGS, queue_of


def test_every_job_goes_to_a_queue_that_the_workers_read() -> None:
    assert {queue_of(ring.task) for ring in RINGS} == set(QUEUES)
    assert f"--queues {','.join(QUEUES)} " in procfile()["worker"]
    assert [queue.name for queue in app.conf.task_queues] == list(QUEUES)


def test_a_nudge_goes_the_way_of_the_bell() -> None:
    assert app.amqp.router.route({}, "outbox.deliver")["queue"].name == "urgent"
    assert app.amqp.router.route({}, "coupons.issue_due")["queue"].name == "bulk"
    assert app.amqp.router.route({}, "points.expire_due")["queue"].name == "normal"


def test_news_that_comes_last_is_taken_before_a_thousand_tasks_that_wait() -> None:
    taken: list[str] = []
    queues = [Queue(f"{name}-of-this-test") for name in QUEUES]
    options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    with Connection(settings.CELERY_BROKER_URL, transport_options=options) as broker:
        producer = broker.Producer(serializer="json")
        urgent, normal, bulk = queues
        for queue in (*[bulk] * 500, *[normal] * 500, urgent):
            producer.publish({"for": queue.name}, routing_key=queue.name, declare=[queue])

        def take(body: dict[str, str], message: Message) -> None:
            taken.append(body["for"])
            message.ack()

        with Consumer(broker, queues, callbacks=[take], prefetch_count=1):
            for _ in range(3):
                broker.drain_events(timeout=5)
        for queue in queues:
            queue(broker.default_channel).delete()
    assert taken == [urgent.name, normal.name, normal.name]
