"""Bad days: Redis gone or mute, PostgreSQL's connections cut, a worker killed in the middle of its work."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.db import connection, transaction
from django.utils import timezone

from apps.base.models import JobRun
from apps.fulfillment.models import ShippingUpload
from apps.inventory.models import Stock
from apps.orders.models import Order
from apps.outbox import services as outbox
from apps.outbox.models import Delivery
from apps.wechat.sandbox.control import Sandbox
from mall.events import OrderPaid
from tests.apps.checkout import make as counter
from tests.apps.fulfillment import make as warehouse
from tests.journeys import programs
from tests.journeys.shopper import Answer, Shopper

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def until(happened: Callable[[], Any], *, within_s: float = 30) -> Any:
    """Look again until there is something, and return it."""
    ends = time.monotonic() + within_s
    while not (found := happened()):
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.05)
    return found


def rows(sql: str) -> list[Any]:
    with connection.cursor() as cursor:
        # Within a transaction PostgreSQL keeps to the list of connections that it saw first.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(sql)
        return [row[0] for row in cursor.fetchall()]


OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


class Timed(Shopper):
    """A shopper with a watch."""

    slowest_s = 0.0

    def call(self, *args: Any, **headers: str) -> Answer:
        begun = time.monotonic()
        answer = super().call(*args, **headers)
        self.slowest_s = max(self.slowest_s, time.monotonic() - begun)
        return answer


@pytest.mark.parametrize("redis", ["gone", "mute"])
def test_without_redis_the_shop_sells_all_the_same_and_nobody_waits_three_seconds(
    wechat: Sandbox, redis: str
) -> None:
    cup = counter.goods(5000, units=3)
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        if redis == "mute":
            mute.listen(64)  # takes connections and never says a word
        address = f"redis://127.0.0.1:{mute.getsockname()[1]}/0"
        with programs.web(wechat, REDIS_URL=address) as shop:
            shopper = Timed(shop, wechat)
            shopper.logs_in()
            assert len(shopper.does("GET", "/products")["results"]) == 1
            order_no = shopper.orders(cup.pk, 2)["order_no"]
            shopper.pays(order_no)
            shopper.waits_for(order_no, "PAID")
            assert shopper.sees_in_stock(cup.product_id) == 1
            assert shopper.slowest_s < 3


def test_while_postgresql_is_down_everybody_is_told_so_politely(wechat: Sandbox) -> None:
    with programs.web(wechat, DATABASE_URL="postgres://mall:none@127.0.0.1:1/mall") as shop:
        shopper = Timed(shop, wechat)
        code = wechat.login("小满").code
        answers = [
            shopper.call("GET", "/products"),
            shopper.call("GET", "/me", Authorization="Bearer x"),
            shopper.call("POST", "/auth/login", {"code": code}),
        ]
        ready = requests.get(f"{shop}/readyz", timeout=10)

    for answer in answers:
        assert (answer.status, answer.body["code"]) == (503, "unavailable")
    assert shopper.slowest_s < 3
    assert (ready.status_code, "database" in ready.json()["failing"]) == (503, True)


def test_after_postgresql_cut_all_connections_the_next_visitor_is_served(wechat: Sandbox) -> None:
    cup = counter.goods(5000, units=3)
    with programs.web(wechat) as shop:
        shopper = Shopper(shop, wechat)
        shopper.logs_in()
        for _ in range(4):
            shopper.does("GET", "/products")
        assert all(rows(f"SELECT pg_terminate_backend(pid) {OTHERS}"))

        answers = [shopper.call("GET", "/me").status for _ in range(6)]
        order = shopper.orders(cup.pk)

    assert answers == [200] * 6
    assert order["status"] == "UNPAID"


def test_an_order_whose_connection_is_cut_in_the_middle_leaves_nothing_and_may_be_sent_again(
    wechat: Sandbox,
) -> None:
    cup = counter.goods(5000, units=3)
    with programs.web(wechat) as shop, ThreadPoolExecutor(1) as phone:
        shopper = Shopper(shop, wechat)
        shopper.logs_in()
        choice = {
            "items": [{"sku_id": cup.pk, "quantity": 1}],
            "address_id": shopper.writes_address(),
            "expected_payable_fen": 5000,
        }
        with transaction.atomic():
            Stock.objects.select_for_update().get()  # the order has to wait for its last row
            sent = phone.submit(shopper.call, "POST", "/orders", choice, idempotency_key="once")
            until(lambda: rows(f"SELECT pid {OTHERS} AND wait_event_type = 'Lock'"))
            rows(f"SELECT pg_terminate_backend(pid) {OTHERS} AND wait_event_type = 'Lock'")
            answer = sent.result(20)

        assert (answer.status, answer.body["code"]) == (503, "unavailable")
        assert Order.objects.count() == 0
        until(lambda: shopper.call("POST", "/orders", choice, idempotency_key="once").status == 201)

    assert (Order.objects.count(), Stock.objects.get().held) == (1, 1)


def test_a_worker_killed_in_the_middle_of_its_work_has_done_nothing_and_the_next_one_does_it_once(
    wechat: Sandbox, settings: Any
) -> None:
    JobRun.objects.create(name="counted", started_at=timezone.now(), handled=0)
    with transaction.atomic():
        outbox.publish(OrderPaid(order_no="SO1", member_id=1), at=timezone.now())
    half_done = f"SELECT pid {OTHERS} AND state = 'idle in transaction' AND query LIKE 'UPDATE%base_jobrun%'"
    with programs.worker(wechat, board="tests.journeys.deliver.SLOW"):
        until(lambda: rows(half_done))
    until(lambda: not rows(half_done))
    assert JobRun.objects.get().handled == 0

    # What the killed worker sorted into one letter is delivered, by name, to a listener that is quick.
    settings.OUTBOX_SUBSCRIPTIONS = "tests.journeys.deliver.SLOW"
    Delivery.objects.update(listener="tests.journeys.deliver.count")
    for _ in range(3):
        outbox.deliver_due(at=timezone.now())

    assert JobRun.objects.get().handled == 1
    assert Delivery.objects.get().status == "DONE"


def test_a_worker_killed_while_it_tells_wechat_of_a_parcel_tells_it_once(
    wechat: Sandbox, settings: Any
) -> None:
    settings.PUBLIC_BASE_URL = "http://127.0.0.1:1"
    order = warehouse.paid_at_wechat(wechat, [(counter.goods(5000), 1)], at=timezone.now())
    warehouse.parcel(order, at=timezone.now())
    path = "/wxa/sec/order/upload_shipping_info"
    wechat.fault("timeout_after_commit", path=path, hang_s=30)
    with programs.worker(wechat):
        until(wechat.shipments)

    # Nobody else takes the letter while its worker may yet be alive: that is what the lease is for.
    outbox.deliver_due(at=timezone.now())
    assert ShippingUpload.objects.get().status == "WAITING"
    outbox.deliver_due(at=timezone.now() + timedelta(minutes=6))

    assert ShippingUpload.objects.get().status == "DONE"
    (told,) = wechat.shipments()
    assert (told["rounds"], len(told["parcels"])) == (1, 1)
