"""The shopper's doors of points: my figures, my ledger, my days, the mall; and hostile hands at them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.base import days
from apps.members.models import Member
from apps.points import services as points
from apps.points.models import CheckIn, Redemption
from tests.apps.catalog import make as catalog
from tests.apps.points import make
from tests.conftest import Shopper

pytestmark = pytest.mark.django_db
Open = Callable[[Member], Shopper]


def now() -> datetime:
    return datetime.now(tz=UTC)


def test_nobody_sees_points_without_logging_in(anyone: Shopper) -> None:
    for method, path in [
        ("GET", "/me/points"),
        ("GET", "/me/points/entries"),
        ("GET", "/me/check-ins"),
        ("POST", "/me/check-ins"),
        ("GET", "/points-mall"),
        ("POST", "/points-mall/1/redemptions"),
    ]:
        assert anyone.call(method, path).status_code == 401


def test_a_member_sees_the_balance_and_what_expires_next(shopper_of: Open) -> None:
    make.rules(expiry="MONTHS", expiry_months=1)
    owner = make.member(30, at=now())
    make.rules(expiry="NEVER")
    points.earn(member_id=owner.pk, amount=5, cause="x", at=now())
    make.member(1_000, at=now())

    shown = shopper_of(owner).call("GET", "/me/points").json()

    assert (shown["balance"], shown["debt"], shown["expiring"]["points"]) == (35, 0, 30)
    assert shown["expiring"]["at"].endswith("+08:00")


def test_who_never_had_points_has_none(shopper_of: Open) -> None:
    shown = shopper_of(make.member()).call("GET", "/me/points").json()
    assert shown == {"balance": 0, "debt": 0, "expiring": None}


def test_a_debt_is_shown_and_so_is_the_earning_that_pays_it(shopper_of: Open) -> None:
    owner = make.member()
    points.claw_back(member_id=owner.pk, amount=40, cause="refund", at=now())
    assert shopper_of(owner).call("GET", "/me/points").json()["debt"] == 40
    points.earn(member_id=owner.pk, amount=100, cause="x", at=now())
    newest = shopper_of(owner).call("GET", "/me/points/entries").json()["results"][0]
    assert (newest["points"], newest["change"], newest["debt_change"]) == (100, 60, -40)
    assert newest["kind_label"] == "商家赠送"


def test_the_ledger_is_paged_the_newest_first_and_only_ones_own(shopper_of: Open) -> None:
    owner = make.member()
    make.member(7)
    for number in range(5):
        points.earn(member_id=owner.pk, amount=number + 1, cause=str(number), at=now())
    shopper = shopper_of(owner)

    page = shopper.call("GET", "/me/points/entries?page_size=3").json()
    assert [row["points"] for row in page["results"]] == [5, 4, 3]
    rest = shopper.get(page["next"]).json()
    assert ([row["points"] for row in rest["results"]], rest["next"]) == ([2, 1], None)
    refused = shopper.call("GET", "/me/points/entries?cursor=x")
    assert (refused.status_code, refused.json()["code"]) == (400, "cursor_invalid")


@pytest.mark.parametrize("path", ["/me/points/entries?page_size=100", "/points-mall?page_size=100"])
def test_ten_and_a_hundred_rows_cost_the_same_statements(shopper_of: Open, path: str) -> None:
    owner = make.member(at=now())
    shopper = shopper_of(owner)
    sku = catalog.sku(price_fen=5_000)

    def add(count: int) -> int:
        for number in range(count):
            points.earn(member_id=owner.pk, amount=1, cause=f"{count}:{number}", at=now())
            make.coupon_good(kind="SKU", sku=sku, coupon_template_id=None)
        with CaptureQueriesContext(
            connection,
        ) as statements:
            assert len(shopper.call("GET", path).json()["results"]) >= count
        return len(statements)

    few, many = add(10), add(90)
    assert few == many <= 4


def test_checking_in_twice_a_day_is_one_check_in(shopper_of: Open) -> None:
    shopper = shopper_of(make.member())
    first, second = (shopper.call("POST", "/me/check-ins") for _ in range(2))
    today = days.shop_day(now()).isoformat()
    assert (first.status_code, first.json()) == (200, {"on": today, "streak": 1, "points": 1})
    assert second.json() == first.json()
    assert CheckIn.objects.count() == 1


def test_the_calendar_of_this_month_and_of_another(shopper_of: Open) -> None:
    owner = make.member()
    shopper = shopper_of(owner)
    today = days.shop_day(now())
    points.check_in(member_id=owner.pk, at=now() - timedelta(days=400))
    shopper.call("POST", "/me/check-ins")

    shown = shopper.call("GET", "/me/check-ins").json()
    assert shown == {
        "month": f"{today:%Y-%m}",
        "days": [today.isoformat()],
        "checked_in_today": True,
        "streak": 1,
        "daily_points": 1,
        "next_bonus": {"in_days": 6, "points": 10},
    }
    then = days.shop_day(now() - timedelta(days=400))
    assert shopper.call("GET", f"/me/check-ins?month={then:%Y-%m}").json()["days"] == [then.isoformat()]


@pytest.mark.parametrize(
    "month", ["", "2026", "2026-13", "2026-1", "1999-12", "２０２６-11", "2026-11-01", "x"]
)
def test_what_is_no_month_is_refused(shopper_of: Open, month: str) -> None:
    answer = shopper_of(make.member()).call("GET", f"/me/check-ins?month={month}")
    assert (answer.status_code, answer.json()["code"]) == (400, "month_invalid")


def redeem(shopper: Shopper, good_id: Any, body: Any = None, *, key: str = "k1") -> Any:
    return shopper.call(
        "POST", f"/points-mall/{good_id}/redemptions", {} if body is None else body, idempotency_key=key
    )


def test_the_mall_shows_what_is_on_the_shelf_and_redeems_coupons_once_a_key(shopper_of: Open) -> None:
    good = make.coupon_good(100, quota=5)
    make.coupon_good(1, enabled=False)
    shopper = shopper_of(make.member(250, at=now()))

    (shown,) = shopper.call("GET", "/points-mall").json()["results"]
    assert (shown["id"], shown["kind"], shown["points"], shown["left"]) == (good.pk, "COUPON", 100, 5)

    first, second = (redeem(shopper, good.pk, {"quantity": 2}) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert shopper.call("GET", "/me/points").json()["balance"] == 50
    assert redeem(shopper, good.pk, {"quantity": 1}).json()["code"] == "idempotency_key_reused"
    short = redeem(shopper, good.pk, key="k2").json()
    assert (short["code"], short["details"]) == ("points_not_enough", {"wanted": 100, "balance": 50})
    assert Redemption.objects.count() == 1


@pytest.mark.parametrize("quantity", [0, -1, 101, 10**30, 1.5, "1", "１", True, None, [], {}])
def test_no_strange_quantity_is_redeemed(shopper_of: Open, quantity: Any) -> None:
    good = make.coupon_good(1)
    answer = redeem(shopper_of(make.member(1_000, at=now())), good.pk, {"quantity": quantity})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert not Redemption.objects.exists()


@pytest.mark.parametrize("good_id", ["0", "999999", "9" * 40, "-1", "abc"])
def test_a_good_that_does_not_exist_is_not_found(shopper_of: Open, good_id: str) -> None:
    assert redeem(shopper_of(make.member()), good_id).status_code == 404


def test_a_redemption_without_a_key_is_refused(shopper_of: Open) -> None:
    good = make.coupon_good(1)
    shopper = shopper_of(make.member(10, at=now()))
    answer = shopper.call("POST", f"/points-mall/{good.pk}/redemptions", {})
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")
