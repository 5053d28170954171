"""Coupons paid for with points: issued once per redemption, and owed visibly while the template gives none."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.coupons.models import Coupon, Template
from apps.outbox import services as outbox
from apps.outbox.delivering import MAX_ATTEMPTS
from apps.outbox.models import Delivery
from apps.points import services as points
from mall.events import PointsRedeemed
from tests.apps.coupons.make import AT, template
from tests.apps.points import make as points_make

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def redeem(of: Template, quantity: int) -> PointsRedeemed:
    """A member with 300 points redeems coupons at 100 each; the news, as it was announced."""
    owner = points_make.member(300, at=AT)
    good = points_make.coupon_good(100, coupon_template_id=of.pk)
    redemption = points.redeem_coupon(
        member_id=owner.pk, good_id=good.pk, quantity=quantity, idempotency_key="k1", at=AT
    )
    return PointsRedeemed(
        member_id=owner.pk,
        redemption_no=redemption.redemption_no,
        coupon_template_id=of.pk,
        quantity=quantity,
    )


def issued(of: Template) -> int:
    of.refresh_from_db()
    return of.issued


def test_the_post_brings_the_coupons_of_a_redemption_once_however_often_it_comes():
    wanted = template("5 元券", quota=10)
    news = redeem(wanted, 2)
    outbox.publish(news, at=AT)  # the same news a second time
    assert outbox.deliver_due(at=AT) == 2
    rows = Coupon.objects.values_list("member_id", "template_id", "way", "status")
    assert list(rows) == [(news.member_id, wanted.pk, "POINTS", "AVAILABLE")] * 2
    assert issued(wanted) == 2


def test_a_stopped_template_owes_the_coupon_until_somebody_starts_it_again():
    wanted = template("5 元券")
    Template.objects.update(status="STOPPED")
    news = redeem(wanted, 1)
    outbox.deliver_due(at=AT)
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.due_at, Coupon.objects.count()) == ("WAITING", AT + HOUR, 0)
    reason = f"兑换单 {news.redemption_no}：优惠券模板 {wanted.pk} 发放失败，该优惠券已停止发放"
    assert delivery.last_error == reason
    Template.objects.update(status="LIVE")
    outbox.deliver_due(at=AT + HOUR)
    assert Coupon.objects.get().member_id == news.member_id


def test_too_few_coupons_left_give_none_of_them_and_end_as_a_dead_delivery():
    wanted = template("5 元券", quota=2)
    redeem(wanted, 3)
    for hour in range(MAX_ATTEMPTS):
        outbox.deliver_due(at=AT + hour * HOUR)
    delivery = Delivery.objects.get()
    assert (delivery.status, Coupon.objects.count(), issued(wanted)) == ("DEAD", 0, 0)
    assert delivery.last_error.endswith("优惠券已领完")


def test_a_template_that_never_was_is_owed_too():
    wanted = template("5 元券")
    wanted.pk += 1_000
    redeem(wanted, 1)
    outbox.deliver_due(at=AT)
    assert (Delivery.objects.get().status, Coupon.objects.count()) == ("WAITING", 0)
