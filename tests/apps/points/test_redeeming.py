"""The points mall: coupons at once, goods with an order; quota and limits hold and come back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import transaction

from apps.members.models import Member
from apps.outbox.models import Announcement
from apps.points import services as points
from apps.points.models import PointsGood, Redemption
from apps.points.services import exchanging
from mall.errors import NotFound
from tests.apps.catalog import make as catalog
from tests.apps.points import make
from tests.apps.points.make import NOW

pytestmark = pytest.mark.django_db


def redeem(owner: Member, good: PointsGood, quantity: int = 1, *, key: str = "k1") -> Redemption:
    return points.redeem_coupon(
        member_id=owner.pk, good_id=good.pk, quantity=quantity, idempotency_key=key, at=NOW
    )


def redeemed(good: PointsGood) -> int:
    good.refresh_from_db()
    return good.redeemed


def test_a_coupon_costs_its_points_and_is_announced_for_the_coupons_to_issue() -> None:
    owner, good = make.member(250), make.coupon_good(100)

    redemption = redeem(owner, good, 2)
    assert redeem(owner, good, 2) == redemption

    assert make.standing(owner) == (50, 0)
    assert (redemption.points, redemption.status, redeemed(good)) == (200, "DONE", 2)
    assert Announcement.objects.get(kind="PointsRedeemed").payload == {
        "member_id": owner.pk,
        "redemption_no": redemption.redemption_no,
        "coupon_template_id": 7,
        "quantity": 2,
    }
    with pytest.raises(exchanging.RedemptionKeyReused):
        redeem(owner, good, 1)


def test_without_the_points_nothing_is_redeemed() -> None:
    owner, good = make.member(99), make.coupon_good(100)
    with pytest.raises(points.NotEnoughPoints):
        redeem(owner, good)
    assert (redeemed(good), Redemption.objects.count(), Announcement.objects.count()) == (0, 0, 0)


def test_quota_and_limit_are_kept() -> None:
    owner, other = make.member(1_000), make.member(1_000)
    good = make.coupon_good(100, quota=3, per_member=2)
    redeem(owner, good, 2)
    with pytest.raises(points.LimitReached):
        redeem(owner, good, 1, key="k2")
    with pytest.raises(points.RedeemedOut):
        redeem(other, good, 2)
    redeem(other, good, 1)
    assert redeemed(good) == 3


@pytest.mark.parametrize(
    "columns",
    [
        {"enabled": False},
        {"starts_at": datetime(2026, 3, 3, tzinfo=UTC)},
        {"ends_at": NOW},
    ],
)
def test_what_is_not_on_the_shelf_now_cannot_be_redeemed(columns: dict[str, object]) -> None:
    owner, good = make.member(1_000), make.coupon_good(**columns)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        redeem(owner, good)


def sku_good(**columns: object) -> PointsGood:
    return make.coupon_good(
        300,
        kind="SKU",
        sku=catalog.sku(price_fen=5_000),
        coupon_template_id=None,
        money_fen=990,
        **columns,  # type: ignore[arg-type]
    )


def hold_good(owner: Member, good: PointsGood, order_no: str = "SO1") -> Redemption:
    with transaction.atomic():
        return points.hold_good(order_no=order_no, member_id=owner.pk, good_id=good.pk, quantity=1, at=NOW)


def test_a_good_is_held_with_its_order_and_free_again_when_that_is_closed() -> None:
    owner, good = make.member(500), sku_good(quota=1, per_member=1)
    redemption = hold_good(owner, good)
    assert hold_good(owner, good) == redemption
    assert (make.standing(owner), redeemed(good), redemption.status) == ((200, 0), 1, "HELD")

    make.release("SO1")
    make.release("SO1")
    redemption.refresh_from_db()
    assert (make.standing(owner), redeemed(good), redemption.status) == ((500, 0), 0, "CANCELLED")
    hold_good(owner, good, "SO2")


def test_a_paid_good_is_redeemed_until_all_its_points_went_back() -> None:
    owner, good = make.member(500), sku_good(quota=1)
    redemption = hold_good(owner, good)
    make.commit("SO1")
    redemption.refresh_from_db()
    assert (make.standing(owner), redemption.status) == ((200, 0), "DONE")

    make.restore("SO1", 100, "RF1")
    assert redeemed(good) == 1
    make.restore("SO1", 200, "RF2")
    assert (make.standing(owner), redeemed(good)) == ((500, 0), 0)


def test_a_coupon_is_not_ordered_and_a_good_is_not_redeemed_at_once() -> None:
    owner = make.member(1_000)
    with pytest.raises(NotFound):
        hold_good(owner, make.coupon_good())
    with pytest.raises(NotFound):
        redeem(owner, sku_good())
