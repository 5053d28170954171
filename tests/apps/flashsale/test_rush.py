"""The early door to the counter refuses in a rush what the view would refuse, to the letter, and leaves the rest to it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from apps.base import versions
from apps.checkout.rush_api import RushMiddleware
from apps.flashsale import gate
from apps.flashsale import services as flashsale
from apps.flashsale.models import Good
from apps.members.models import Group
from apps.orders.models import Order
from tests.apps.checkout import make as counter
from tests.apps.flashsale import make
from tests.apps.flashsale.make import buyer, goods
from tests.apps.members import make as members
from tests.conftest import Shopper

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
PASSED_ON = 299
SOLD_OUT = {"code": "activity_sold_out", "message": "活动商品已抢光", "details": {"available": 0}}


@pytest.fixture(autouse=True)
def _postage() -> None:
    counter.freight(0)


def on_sale(**said: Any) -> Good:
    """A good that is on sale now, with one unit."""
    now = timezone.now()
    return make.good(
        goods(50_00, units=20), at=now - 2 * HOUR, quota=1, starts_at=now - HOUR, ends_at=now + HOUR, **said
    )


class Rush:
    """A member before the gate of a good, which is sold out unless said otherwise, and what they send."""

    def __init__(self, *, sold: bool = True, **said: Any) -> None:
        self.good = on_sale(**said)
        if sold:
            make.order(buyer(), self.good, at=timezone.now())
        self.member, self.address = buyer()
        self.shopper = Shopper(members.access_token(self.member))
        self.headers = {"idempotency-key": "k", **self.bearer()}
        self.body = make.body(self.good, address_id=self.address.pk, expected_payable_fen=9_00)

    def bearer(self) -> dict[str, str]:
        return {"authorization": self.shopper._credentials["HTTP_AUTHORIZATION"]}

    def shut(self) -> None:
        """The gate, as whoever came before has left it."""
        gate.close(self.good.pk, but_for=())
        assert gate.is_closed(self.good.pk, member_id=0)

    def request(self, body: Any = None, *, raw: bytes = b"", **headers: str) -> HttpRequest:
        """The member's order; a header that says nothing is not there."""
        said = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        return RequestFactory().post(
            "/api/v1/orders",
            raw or json.dumps(self.body if body is None else body).encode(),
            content_type=said.pop("content-type", "application/json"),
            headers={name: value for name, value in said.items() if value},
        )

    def early(self, body: Any = None, *, raw: bytes = b"", **headers: str) -> HttpResponse | None:
        """What the early door itself answers while the gate is shut; None where it leaves the order to the view."""
        for _ in range(50):
            self.shut()
            answer = RushMiddleware(_view)(self.request(body, raw=raw, **headers))
            versions.forget()
            if gate.is_known_closed(self.good.pk, member_id=0):
                return None if answer.status_code == PASSED_ON else answer
        raise AssertionError("the mark never lasted for one call")

    def place(self, body: Any = None, **headers: str) -> Any:
        """What the whole shop answers."""
        self.shut()
        return self.shopper.call(
            "POST", "/orders", self.body if body is None else body, **{"idempotency_key": "k", **headers}
        )


def _view(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=PASSED_ON)


def test_headers_and_body_are_those_of_the_view(settings: Any) -> None:
    rush = Rush()
    answer = rush.early()
    assert answer is not None
    told = rush.place(x_request_id="shopper-0001")
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "RushMiddleware" not in name]
    viewed = Rush()
    said = viewed.place(x_request_id="shopper-0001")
    assert (answer.status_code, told.status_code, said.status_code) == (409, 409, 409)
    assert json.loads(answer.content) == {**SOLD_OUT, "request_id": ""}
    assert told.content == said.content
    assert dict(told.headers) == dict(said.headers)


def test_it_asks_one_statement_and_takes_the_members_turn(
    settings: Any, django_assert_num_queries: Any
) -> None:
    rush = Rush()
    rush.early()
    with django_assert_num_queries(1):
        assert rush.early() is not None
    settings.REST_FRAMEWORK = {
        **settings.REST_FRAMEWORK,
        "DEFAULT_THROTTLE_RATES": {**settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"], "member": "3/min"},
    }
    other = Rush()
    assert [other.place().status_code for _ in range(4)] == [409, 409, 409, 429]


@pytest.mark.parametrize(
    "activity",
    [{"kind": "flash_sale", "id": 999}, {"kind": "group_buy", "id": 1}, {"kind": "points_good", "id": 1}],
)
def test_an_order_that_nothing_shuts_out_pays_nothing_in_anothers_rush(
    activity: dict[str, Any], django_assert_num_queries: Any
) -> None:
    rush = Rush()
    assert rush.early() is not None
    with django_assert_num_queries(0):
        assert rush.early({**rush.body, "activity": activity}) is None


@pytest.mark.parametrize(
    "more",
    [
        {"coupon_id": "none"},
        {"coupon_id": ""},
        {"coupon_id": None, "from_cart": False, "use_points": False, "use_balance": None, "remark": ""},
    ],
)
def test_a_plain_order_may_say_what_nearly_all_say(more: dict[str, Any]) -> None:
    rush = Rush()
    assert rush.early({**rush.body, **more}) is not None
    assert rush.place({**rush.body, **more}).json() | {"request_id": ""} == {**SOLD_OUT, "request_id": ""}


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"address_id": None}, 409, "activity_sold_out"),
        ({"address_id": 999_999_999}, 404, "not_found"),
        ({"address_id": True}, 400, "invalid"),
        ({"expected_payable_fen": -1}, 400, "invalid"),
        ({"expected_payable_fen": 1.0}, 400, "invalid"),
        ({"items": []}, 400, "invalid"),
        ({"from_cart": True}, 400, "invalid"),
        ({"from_cart": 0}, 400, "invalid"),
        ({"use_points": 0.0}, 400, "invalid"),
        ({"remark": 7}, 400, "invalid"),
        ({"remark": "请快些"}, 409, "activity_sold_out"),
        ({"activity": {"kind": "flash_sale", "id": "7"}}, 400, "invalid"),
        ({"activity": {"kind": "flash_sale", "id": 0}}, 404, "activity_not_found"),
        ({"activity": {"kind": "lottery", "id": 1}}, 404, "activity_not_found"),
        ({"activity": []}, 400, "invalid"),
        ({"a_field_of_tomorrow": 1}, 409, "activity_sold_out"),
    ],
)
def test_what_is_not_plain_is_answered_by_the_view(change: dict[str, Any], status: int, code: str) -> None:
    rush = Rush()
    body = {**rush.body, **change}
    assert rush.early(body) is None
    answer = rush.place(body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    ("item", "status", "code"),
    [
        ({"quantity": 0}, 400, "invalid"),
        ({"quantity": "1"}, 400, "invalid"),
        ({"sku_id": 999_999_999}, 400, "activity_stands_alone"),
    ],
)
def test_so_is_another_item(item: dict[str, Any], status: int, code: str) -> None:
    rush = Rush()
    body = {**rush.body, "items": [{**rush.body["items"][0], **item}]}
    assert rush.early(body) is None
    answer = rush.place(body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    "headers",
    [
        {"idempotency_key": ""},
        {"idempotency_key": "x" * 81},
        {"authorization": ""},
        {"authorization": "Bearer nobody's"},
        {"authorization": "Basic eDp5"},
        {"accept": "text/html"},
        {"content_type": "text/plain"},
    ],
)
def test_so_is_a_call_with_other_headers(headers: dict[str, str]) -> None:
    assert Rush().early(**headers) is None


def test_so_is_a_body_that_is_no_json_or_says_a_name_twice() -> None:
    rush = Rush()
    twice = json.dumps(rush.body)[:-1] + ', "address_id": 1}'
    for raw in (b"{", b"[]", b"{}", twice.encode(), b" " * 2_001):
        assert rush.early(raw=raw) is None


def test_an_order_that_was_placed_before_is_answered_again() -> None:
    rush = Rush(sold=False)
    first = rush.shopper.call("POST", "/orders", rush.body, idempotency_key="k")
    assert first.status_code == 201
    assert rush.early() is None
    again = rush.place()
    assert (again.status_code, again.json()["order_no"]) == (201, first.json()["order_no"])
    assert Order.objects.filter(member=rush.member).count() == 1
    other = rush.place({**rush.body, "expected_payable_fen": 9_01})
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")


def test_somebody_elses_address_is_not_found() -> None:
    rush = Rush()
    _, foreign = buyer()
    assert rush.early({**rush.body, "address_id": foreign.pk}) is None
    assert rush.place({**rush.body, "address_id": foreign.pk}).status_code == 404


def test_whoever_has_a_right_comes_through() -> None:
    rush = Rush()
    for _ in range(50):
        gate.reopen(rush.good.pk)
        gate.close(rush.good.pk, but_for=[rush.member.pk])
        assert gate.is_closed(rush.good.pk, member_id=0)
        request = rush.request()
        answer = RushMiddleware(_view)(request)
        if gate.is_known_closed(rush.good.pk, member_id=0):
            assert answer.status_code == PASSED_ON
            return
    raise AssertionError("the mark never lasted for one call")


def test_a_session_that_is_paused_or_for_a_group_says_so_itself() -> None:
    rush = Rush()
    flashsale.CAMPAIGNS.pause(rush.good.session, at=timezone.now())
    assert rush.early() is None
    assert rush.place().json()["message"] == "活动已暂停"
    closed = Rush(sold=False, group_id=Group.objects.create(name="老客").pk)
    assert closed.early() is None
    assert closed.place().json()["code"] == "activity_not_for_you"


def test_a_mark_is_asked_for_again_while_it_lasts_and_forgotten_when_it_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rush = Rush()
    clock = [time.monotonic()]
    monkeypatch.setattr("apps.flashsale.gate.time.monotonic", lambda: clock[0])
    rush.shut()
    clock[0] += 1  # longer than a process believes it
    assert gate.is_known(rush.good.pk) and gate.is_known_closed(rush.good.pk, member_id=0)
    gate.close(rush.good.pk, but_for=[rush.member.pk])
    clock[0] += 1
    assert not gate.is_known_closed(rush.good.pk, member_id=rush.member.pk)
    cache.delete(f"flash:sold-out:{rush.good.pk}")  # another process gave it free
    clock[0] += 1
    assert not gate.is_known_closed(rush.good.pk, member_id=0)
    assert not gate.is_known(rush.good.pk)


def test_a_gate_that_nobody_saw_shut_costs_nothing(django_assert_num_queries: Any) -> None:
    rush = Rush()
    assert rush.early() is not None
    gate.reopen(rush.good.pk)
    request = RequestFactory().post("/api/v1/orders", b"{}", content_type="application/json")
    with django_assert_num_queries(0):
        assert RushMiddleware(_view)(request).status_code == PASSED_ON


def test_a_statement_that_fails_is_left_to_the_view() -> None:
    rush = Rush()

    def away(execute: Callable[..., Any], *_: Any) -> Any:
        raise OperationalError

    with connection.execute_wrapper(away):
        assert rush.early() is None
