"""The four verbs: an order takes a coupon, uses it up, or gives it back."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from apps.base.transactions import NoTransaction
from apps.coupons import selectors as coupon_facts
from apps.coupons import services as coupons
from apps.coupons.models import Coupon, CouponMove
from mall.errors import NotFound
from tests.apps.coupons.make import AT, DAY, SECOND, coupon, template
from tests.apps.members import make

pytestmark = pytest.mark.django_db


def hold(held: Coupon, order_no: str = "SO1", **changes: object) -> None:
    whole = {"member_id": held.member_id, "public_ids": [held.public_id], "at": AT, **changes}
    with transaction.atomic():
        coupons.hold(order_no=order_no, **whole)  # type: ignore[arg-type]


def now(row: Coupon) -> tuple[str, str]:
    row.refresh_from_db()
    return row.status, row.order_no


def test_an_order_takes_a_coupon_and_using_it_keeps_the_order_on_it():
    mine = coupon()
    hold(mine)
    assert now(mine) == ("HELD", "SO1")
    coupons.commit(order_no="SO1", at=AT)
    assert now(mine) == ("USED", "SO1")
    moves = CouponMove.objects.order_by("id").values_list("from_status", "to_status", "order_no")
    assert list(moves) == [("AVAILABLE", "HELD", "SO1"), ("HELD", "USED", "SO1")]
    assert not coupon_facts.unbalanced().exists()


def test_a_closed_order_gives_the_coupon_back_and_another_order_may_take_it():
    mine = coupon()
    hold(mine)
    coupons.release(order_no="SO1", at=AT)
    assert now(mine) == ("AVAILABLE", "")
    hold(mine, "SO2")
    assert now(mine) == ("HELD", "SO2")


@pytest.mark.parametrize(("wait", "left"), [(7 * DAY - SECOND, "AVAILABLE"), (7 * DAY, "EXPIRED")])
def test_a_coupon_that_comes_back_past_its_end_is_expired_at_once(wait, left):
    mine = coupon()
    hold(mine)
    coupons.release(order_no="SO1", at=AT + wait)
    assert now(mine) == (left, "")
    assert not coupon_facts.unbalanced().exists()


@pytest.mark.parametrize(("wait", "left"), [(DAY, "AVAILABLE"), (8 * DAY, "EXPIRED")])
def test_a_refund_restores_the_coupon_or_expires_it(wait, left):
    mine = coupon()
    hold(mine)
    coupons.commit(order_no="SO1", at=AT)
    coupons.restore(order_no="SO1", at=AT + wait)
    assert now(mine) == (left, "")


def test_each_verb_may_be_repeated():
    mine = coupon()
    for _ in range(2):
        hold(mine)
    for _ in range(2):
        coupons.commit(order_no="SO1", at=AT)
    for _ in range(2):
        coupons.restore(order_no="SO1", at=AT)
    other = coupon()
    hold(other, "SO2")
    for _ in range(2):
        coupons.release(order_no="SO2", at=AT)
    assert (now(mine), now(other)) == (("AVAILABLE", ""), ("AVAILABLE", ""))
    assert CouponMove.objects.count() == 5


def test_someone_elses_coupon_does_not_exist():
    theirs = coupon()
    with pytest.raises(NotFound):
        hold(theirs, member_id=make.member().pk)
    with pytest.raises(NotFound):
        hold(theirs, public_ids=[uuid4()])
    assert now(theirs) == ("AVAILABLE", "")


def test_a_coupon_of_another_order_cannot_be_taken():
    mine = coupon()
    hold(mine)
    with pytest.raises(coupons.CouponUnavailable):
        hold(mine, "SO2")
    assert now(mine) == ("HELD", "SO1")


@pytest.mark.parametrize("shift", [-SECOND, 2 * DAY])
def test_a_coupon_outside_its_window_cannot_be_taken(shift):
    mine = coupon(of=template(valid_from=AT, valid_until=AT + 2 * DAY))
    with pytest.raises(coupons.CouponUnavailable):
        hold(mine, at=AT + shift)
    assert now(mine) == ("AVAILABLE", "")


def test_of_two_coupons_none_is_held_when_one_cannot_be():
    owner = make.member()
    good, used = coupon(owner), coupon(owner)
    hold(used, "SO0")
    with pytest.raises(coupons.CouponUnavailable):
        hold(good, public_ids=[good.public_id, used.public_id])
    assert now(good) == ("AVAILABLE", "")


def test_an_order_without_coupons_goes_through_all_verbs():
    with transaction.atomic():
        coupons.hold(order_no="SO1", member_id=1, public_ids=[], at=AT)
    coupons.commit(order_no="SO1", at=AT)
    coupons.release(order_no="SO1", at=AT)
    coupons.restore(order_no="SO1", at=AT)
    assert CouponMove.objects.count() == 0


def test_a_payment_after_the_coupon_was_given_back_is_told_so():
    mine = coupon()
    hold(mine)
    coupons.release(order_no="SO1", at=AT)
    with pytest.raises(coupons.CouponGone):
        coupons.commit(order_no="SO1", at=AT)
    with pytest.raises(coupons.CouponConflict):
        hold(mine)
    assert now(mine) == ("AVAILABLE", "")


def test_paid_orders_do_not_release_and_unpaid_ones_do_not_restore():
    mine = coupon()
    hold(mine)
    with pytest.raises(coupons.CouponConflict):
        coupons.restore(order_no="SO1", at=AT)
    coupons.commit(order_no="SO1", at=AT)
    with pytest.raises(coupons.CouponConflict):
        coupons.release(order_no="SO1", at=AT)
    assert now(mine) == ("USED", "SO1")


def test_an_order_placed_in_time_uses_its_coupon_though_it_pays_after_the_end():
    mine = coupon()
    hold(mine, at=AT + 7 * DAY - SECOND)
    coupons.commit(order_no="SO1", at=AT + 7 * DAY)
    assert now(mine) == ("USED", "SO1")


def test_the_sweep_expires_what_is_past_its_end_and_nothing_else():
    due, held, later = coupon(), coupon(), coupon(at=AT + DAY)
    hold(held)
    assert coupons.expire_due(at=AT + 7 * DAY - SECOND) == 0
    assert coupons.expire_due(at=AT + 7 * DAY) == 1
    assert [now(row)[0] for row in (due, held, later)] == ["EXPIRED", "HELD", "AVAILABLE"]
    assert coupons.expire_due(at=AT + 7 * DAY) == 0
    assert not coupon_facts.unbalanced().exists()


def test_the_sweep_takes_what_ends_at_once_piece_by_piece():
    for _ in range(5):
        coupon()
    assert coupons.expire_due(at=AT + 7 * DAY, chunk=2) == 5
    assert set(Coupon.objects.values_list("status", flat=True)) == {"EXPIRED"}
    assert CouponMove.objects.filter(business_key="expire").count() == 5


def test_the_ledger_of_a_coupon_is_never_rewritten():
    hold(coupon())
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        CouponMove.objects.update(note="anders")
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        CouponMove.objects.all().delete()


@pytest.mark.django_db(transaction=True)
def test_a_coupon_is_held_in_the_transaction_of_its_order():
    mine = coupon()
    with pytest.raises(NoTransaction):
        coupons.hold(order_no="SO1", member_id=mine.member_id, public_ids=[mine.public_id], at=AT)
