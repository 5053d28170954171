"""The shopper's doors of flash sales, word for word as other programs rely on them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.flashsale import selectors as flash_facts
from apps.flashsale import services as flashsale
from apps.flashsale.models import Good, Reminder
from apps.members.models import Group, Member
from tests.apps.checkout import make as counter
from tests.apps.flashsale import make
from tests.apps.flashsale.make import buyer, goods

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
Shoppers = Callable[[Member], Any]


@pytest.fixture(autouse=True)
def _postage() -> None:
    counter.freight(0)
    cache.clear()


def live(**said: Any) -> Good:
    """A good that is on sale now."""
    now = timezone.now()
    said = {"starts_at": now - HOUR, "ends_at": now + HOUR, **said}
    return make.good(goods(50_00, units=20), at=now - 2 * HOUR, **said)


def coming(**said: Any) -> Good:
    now = timezone.now()
    return live(starts_at=now + HOUR, ends_at=now + 2 * HOUR, **said)


def placed(shopper: Any, good: Good, address: Any, key: str = "k", units: int = 1) -> Any:
    said = make.body(good, units, address_id=address.pk, expected_payable_fen=9_00 * units)
    return shopper.call("POST", "/orders", said, idempotency_key=key)


def test_a_session_is_told_as_the_contract_says(shopper_of: Shoppers) -> None:
    good = live(limit=2)
    who, address = buyer()
    shopper = shopper_of(who)
    assert placed(shopper, good, address).status_code == 201
    told = shopper.call("GET", "/flash-sales").json()
    assert set(told) == {"results", "next", "server_time"}
    assert abs(datetime.fromisoformat(told["server_time"]) - timezone.now()) < timedelta(seconds=5)
    (session,) = told["results"]
    assert {name: session[name] for name in ("id", "title", "state")} == {
        "id": good.session_id,
        "title": "十点秒杀",
        "state": "LIVE",
    }
    assert session["starts_at"].endswith("+08:00")
    (line,) = session["goods"]
    assert line.pop("cover_url").startswith("http")
    assert line == {
        "id": good.pk,
        "sku_id": good.sku_id,
        "product_id": good.sku.product_id,
        "title": good.sku.product.title,
        "list_price_fen": 50_00,
        "price_fen": 9_00,
        "quota": 10,
        "left": 9,
        "limit_per_member": 2,
        "reminded": False,
    }


def test_the_list_needs_no_login_and_at_most_four_statements(shopper_of: Shoppers, anyone: Any) -> None:
    for _ in range(3):
        live()
    assert len(anyone.call("GET", "/flash-sales").json()["results"]) == 3
    shopper = shopper_of(buyer()[0])
    shopper.call("GET", "/flash-sales")
    with CaptureQueriesContext(connection) as seen:
        shopper.call("GET", "/flash-sales")
    assert len(seen) <= 4


def test_a_day_shows_the_sessions_that_meet_it_over_or_not(shopper_of: Shoppers) -> None:
    tomorrow = (timezone.localtime() + timedelta(days=1)).replace(hour=10, minute=0, second=0, microsecond=0)
    good = live(starts_at=tomorrow, ends_at=tomorrow + HOUR)
    past = live(starts_at=tomorrow - timedelta(days=9), ends_at=tomorrow - timedelta(days=9) + HOUR)
    far = live(starts_at=tomorrow + timedelta(days=9), ends_at=tomorrow + timedelta(days=9) + HOUR)
    shopper = shopper_of(buyer()[0])

    def ids(path: str) -> list[int]:
        return [session["id"] for session in shopper.call("GET", path).json()["results"]]

    assert ids("/flash-sales") == [good.session_id]
    assert ids(f"/flash-sales?day={tomorrow:%Y-%m-%d}") == [good.session_id]
    assert ids(f"/flash-sales?day={tomorrow - timedelta(days=9):%Y-%m-%d}") == [past.session_id]
    assert ids(f"/flash-sales?day={tomorrow + timedelta(days=9):%Y-%m-%d}") == [far.session_id]
    assert ids(f"/flash-sales?day={tomorrow - timedelta(days=1):%Y-%m-%d}") == []
    told = shopper.call("GET", f"/flash-sales?day={tomorrow - timedelta(days=9):%Y-%m-%d}").json()["results"]
    assert (told[0]["state"], told[0]["goods"][0]["left"]) == ("ENDED", 0)


@pytest.mark.parametrize("day", ["2026-13-01", "2026-02-30", "20261128", "today", "2026-11-28T10:00", "１"])
def test_a_day_that_is_none_is_refused(shopper_of: Shoppers, day: str) -> None:
    answer = shopper_of(buyer()[0]).call("GET", f"/flash-sales?day={day}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_drafts_paused_sessions_and_those_before_their_preheat_are_not_told(shopper_of: Shoppers) -> None:
    now = timezone.now()
    live(approved=False)
    paused = live()
    flashsale.CAMPAIGNS.pause(paused.session, at=now)
    coming(preheat_at=now + HOUR / 2)
    seen = coming(preheat_at=now - HOUR / 2)
    told = shopper_of(buyer()[0]).call("GET", "/flash-sales").json()["results"]
    assert [(session["id"], session["state"]) for session in told] == [(seen.session_id, "UPCOMING")]


def test_the_badge_names_the_good_its_price_and_its_window(shopper_of: Shoppers) -> None:
    good = live()
    shopper = shopper_of(buyer()[0])
    badge = shopper.call("GET", f"/products/{good.sku.product_id}").json()["badges"][0]
    assert (badge["kind"], badge["id"], badge["label"], badge["price_fen"]) == (
        "flash_sale", good.pk, "秒杀", 9_00,
    )  # fmt: skip
    assert shopper.call("GET", "/products").json()["results"][0]["badges"][0] == badge


def test_a_reminder_is_kept_once_and_forgotten(shopper_of: Shoppers) -> None:
    good = coming()
    who, _ = buyer()
    shopper = shopper_of(who)
    address = f"/flash-sales/goods/{good.pk}/reminders"
    for _ in range(2):
        answer = shopper.call("POST", address)
        assert (answer.status_code, answer.json()["reminded"]) == (200, True)
    assert Reminder.objects.count() == 1
    told = shopper.call("GET", "/flash-sales").json()["results"][0]["goods"][0]
    assert told["reminded"] is True
    other = shopper_of(buyer()[0]).call("GET", "/flash-sales").json()["results"][0]["goods"][0]
    assert other["reminded"] is False
    for _ in range(2):
        assert shopper.call("DELETE", address).status_code == 204
    assert Reminder.objects.count() == 0


def test_what_has_begun_needs_no_reminder_and_what_is_not_there_has_none(shopper_of: Shoppers) -> None:
    shopper = shopper_of(buyer()[0])
    began = shopper.call("POST", f"/flash-sales/goods/{live().pk}/reminders")
    assert (began.status_code, began.json()["code"]) == (409, "reminder_too_late")
    for path in ("reminders", "waits"):
        for good_id in (live(approved=False).pk, 10**15, 2**63 + 1):
            unknown = shopper.call("POST", f"/flash-sales/goods/{good_id}/{path}")
            assert (unknown.status_code, unknown.json()["code"]) == (404, "activity_not_found")


def test_reminders_and_waits_are_for_members(anyone: Any) -> None:
    good = coming()
    for method, path in [
        ("POST", f"/flash-sales/goods/{good.pk}/reminders"),
        ("DELETE", f"/flash-sales/goods/{good.pk}/reminders"),
        ("POST", f"/flash-sales/goods/{good.pk}/waits"),
        ("GET", "/me/waits"),
    ]:
        assert anyone.call(method, path).status_code == 401


def test_waiting_is_for_what_is_sold_out_and_my_waits_tell_whose_turn_it_is(shopper_of: Shoppers) -> None:
    good = live(quota=1)
    (first, address), (second, _) = buyer(), buyer()
    one, two = shopper_of(first), shopper_of(second)
    waits = f"/flash-sales/goods/{good.pk}/waits"
    refused = two.call("POST", waits)
    assert (refused.status_code, refused.json()["code"]) == (409, "activity_not_sold_out")
    order_no = placed(one, good, address).json()["order_no"]
    answer = two.call("POST", waits)
    assert (answer.status_code, answer.json()["place"]) == (200, 1)
    told = two.call("GET", "/me/waits").json()
    assert told["results"] == [{"good_id": good.pk, "state": "WAITING", "until": None}]
    assert (told["next"], "server_time" in told) == (None, True)

    assert one.call("POST", f"/orders/{order_no}/cancel").status_code == 200
    (mine,) = two.call("GET", "/me/waits").json()["results"]
    assert (mine["good_id"], mine["state"]) == (good.pk, "YOURS")
    ends = datetime.fromisoformat(mine["until"]) - timezone.now()
    assert timedelta(minutes=9) < ends <= timedelta(minutes=10)
    left = [who.call("GET", "/flash-sales").json()["results"][0]["goods"][0]["left"] for who in (one, two)]
    assert left == [0, 1]
    assert placed(one, good, address, key="again").json()["code"] == "activity_sold_out"
    _, home = second, counter.members.address(second)
    assert placed(two, good, home).status_code == 201
    assert two.call("GET", "/me/waits").json()["results"][0]["state"] == "USED"


def test_every_refusal_has_its_own_code_and_leaves_nothing(shopper_of: Shoppers) -> None:
    who, address = buyer()
    shopper = shopper_of(who)
    group = Group.objects.create(name="茶友会", code="TEA")
    now = timezone.now()
    other = goods(30_00)
    good = live()
    cases: list[tuple[Any, dict[str, Any], int, str]] = [
        (coming(), {}, 409, "activity_not_started"),
        (live(starts_at=now - 2 * HOUR, ends_at=now - HOUR), {}, 409, "activity_ended"),
        (live(approved=False), {}, 404, "activity_not_found"),
        (live(group_id=group.pk), {}, 409, "activity_not_for_you"),
        (good, {"items": [{"sku_id": other.pk, "quantity": 1}]}, 400, "activity_stands_alone"),
        (good, {"items": [{"sku_id": good.sku_id, "quantity": 2}]}, 409, "activity_limit_reached"),
        (live(quota=1, limit=5), {"items": None}, 409, "activity_sold_out"),
        (good, {"activity": {"kind": "flash_sale", "id": 10**15}}, 404, "activity_not_found"),
        (good, {"activity": {"kind": "flash_sale", "id": str(good.pk)}}, 400, "invalid"),
        (good, {"activity": {"kind": "flash_sale"}}, 400, "invalid"),
        (good, {"activity": {"kind": "flash_sale", "id": True}}, 400, "invalid"),
    ]
    for one, more, status, code in cases:
        said = make.body(one, address_id=address.pk, expected_payable_fen=9_00)
        said |= {name: value for name, value in more.items() if value is not None}
        if more == {"items": None}:
            said["items"] = [{"sku_id": one.sku_id, "quantity": 3}]
        for path, keys in (("/checkout/quote", {}), ("/orders", {"idempotency_key": f"x-{code}-{one.pk}"})):
            body = (
                said if path == "/orders" else {k: v for k, v in said.items() if k != "expected_payable_fen"}
            )
            answer = shopper.call("POST", path, body, **keys)
            assert (answer.status_code, answer.json()["code"]) == (status, code), (path, code, answer.json())
    assert shopper.call("GET", "/orders").json()["results"] == []


def test_who_is_to_be_told_five_minutes_before_is_known_once_from_one_look_to_the_next() -> None:
    good = coming()
    starts_at, minute = good.session.starts_at, timedelta(minutes=1)
    member, _ = buyer()
    Reminder.objects.create(good=good, member=member, at=starts_at - HOUR)

    def due(since: int, at: int) -> list[tuple[int, int]]:
        """In minutes before the start."""
        rows = flash_facts.reminders_due(since=starts_at - since * minute, at=starts_at - at * minute)
        return [(row.member_id, row.good_id) for row in rows]

    assert (due(10, 6), due(5, 4)) == ([], [])
    assert due(6, 5) == due(60, 1) == [(member.pk, good.pk)]
    assert due(60, 0) == []  # it has begun
    flashsale.CAMPAIGNS.pause(good.session, at=starts_at - HOUR)
    assert due(6, 5) == []
