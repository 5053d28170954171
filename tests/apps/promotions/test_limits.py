"""How often a promotion may be used: taken with the order, given back with it, counted only where it helps."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.promotions import services as promotions
from apps.promotions.models import Promotion, Tally, Usage
from mall.pricing.quote import Gifted, Item, Quote, Reduction
from tests.apps.promotions import make
from tests.apps.promotions.make import NOW

pytestmark = pytest.mark.django_db


def quote(*refs: str, off_fen: int = 15_00, quantity: int = 1, gifts: tuple[Gifted, ...] = ()) -> Quote:
    """A quote of one line of ¥500.00 a piece, from which each ref takes ``off_fen``."""
    reductions = tuple(Reduction(ref=ref, label="优惠", amount_fen=off_fen) for ref in refs)
    list_fen, reduction_fen = 500_00 * quantity, off_fen * len(refs)
    item = Item(
        sku_id=1,
        title="茶杯",
        quantity=quantity,
        unit_price_fen=500_00,
        list_fen=list_fen,
        reductions=reductions,
        payable_fen=list_fen - reduction_fen,
    )
    return Quote(
        items=(item,),
        goods_fen=list_fen,
        reduction_fen=reduction_fen,
        shipping_fen=0,
        payable_fen=list_fen - reduction_fen,
        applied=reductions,
        declined=(),
        shipping_known=True,
        undeliverable=(),
        gifts=gifts,
    )


def hold(order_no: str, *rows: Promotion, member: Any = None, at: Any = NOW) -> None:
    buyer = member or make.member()
    refs = [f"promotion:{row.pk}" for row in rows]
    promotions.hold(order_no=order_no, member_id=buyer.pk, quote=quote(*refs), at=at)


def refused(order_no: str, row: Promotion, **said: Any) -> bool:
    """Whether an order is refused; what a refusal left behind is rolled back, as the counter's would be."""
    try:
        with transaction.atomic():
            hold(order_no, row, **said)
    except promotions.LimitReached as refusal:
        assert refusal.details == {"ref": f"promotion:{row.pk}"}
        assert refusal.code == "promotion_limit_reached"
        return True
    return False


def test_the_third_use_of_a_promotion_for_two_is_refused_and_a_released_one_is_free_again():
    row = make.promotion(limits={"total": 2})
    assert [refused(f"SO{number}", row) for number in (1, 2, 3)] == [False, False, True]
    promotions.release(order_no="SO1", at=NOW)
    promotions.release(order_no="SO1", at=NOW)
    assert [refused(f"SO{number}", row) for number in (4, 5)] == [False, True]
    assert Tally.objects.get().uses == 2


def test_each_member_has_uses_of_their_own():
    row, tea, cup = make.promotion(limits={"per_member": 1}), make.member(), make.member()
    assert not refused("SO1", row, member=tea)
    assert refused("SO2", row, member=tea)
    assert not refused("SO3", row, member=cup)


def test_a_day_ends_at_midnight_in_shanghai_and_what_comes_back_comes_back_to_its_day():
    row = make.promotion(limits={"per_day": 1})
    midnight = NOW + timedelta(hours=4)  # 12:00 UTC is 20:00 in Shanghai
    assert not refused("SO1", row, at=NOW)
    assert refused("SO2", row, at=midnight - timedelta(seconds=1))
    assert not refused("SO3", row, at=midnight)
    promotions.release(order_no="SO1", at=midnight)
    assert refused("SO4", row, at=midnight)
    assert not refused("SO5", row, at=NOW)


def test_a_member_may_come_again_the_next_day():
    row, tea = make.promotion(limits={"per_member_day": 1}), make.member()
    assert [
        refused("SO1", row, member=tea),
        refused("SO2", row, member=tea),
        refused("SO3", row, member=tea, at=NOW + timedelta(days=1)),
    ] == [False, True, False]


def test_only_what_takes_something_off_counts():
    row = make.promotion(limits={"total": 1})
    promotions.hold(order_no="SO1", member_id=make.member().pk, quote=quote(), at=NOW)
    assert not Usage.objects.exists()
    assert not refused("SO2", row)


def test_waived_freight_and_a_given_gift_count_and_a_gift_out_of_stock_does_not():
    gift = {"label": "赠品", "sku_id": 2, "title": "茶匙"}
    given = Gifted(ref="promotion:7", quantity=1, missing=0, **gift)
    gone = Gifted(ref="promotion:8", quantity=0, missing=1, **gift)
    waived = Reduction(ref="promotion:9", label="包邮", amount_fen=8_00, kind="freight")
    said = quote("level:3", gifts=(given, gone))
    uses = promotions.uses_of(
        Quote(**{name: getattr(said, name) for name in said.__slots__} | {"applied": (*said.applied, waived)})
    )
    assert [(use.promotion_id, use.amount_fen) for use in uses] == [(7, 0), (9, 8_00)]


def test_all_limits_of_all_promotions_are_taken_or_none():
    free, full = make.promotion(limits={"total": 5}), make.promotion(limits={"total": 1})
    hold("SO1", full)
    with pytest.raises(promotions.LimitReached), transaction.atomic():
        hold("SO2", free, full)
    assert list(Tally.objects.values_list("promotion", "uses")) == [(full.pk, 1)]


def test_holding_the_same_order_again_takes_nothing_more():
    row = make.promotion(limits={"total": 1})
    hold("SO1", row)
    hold("SO1", row)
    assert Tally.objects.get().uses == 1


def test_a_paid_order_is_restored_and_never_released_and_a_closed_one_is_never_paid():
    row = make.promotion(limits={"total": 2})
    hold("SO1", row)
    hold("SO2", row)
    promotions.commit(order_no="SO1", at=NOW)
    promotions.commit(order_no="SO1", at=NOW)
    with pytest.raises(promotions.UsageConflict):
        promotions.release(order_no="SO1", at=NOW)
    with pytest.raises(promotions.UsageConflict):
        promotions.restore(order_no="SO2", at=NOW)
    promotions.restore(order_no="SO1", at=NOW)
    promotions.restore(order_no="SO1", at=NOW)
    promotions.release(order_no="SO2", at=NOW)
    with pytest.raises(promotions.UsageConflict):
        promotions.commit(order_no="SO2", at=NOW)
    assert Tally.objects.get().uses == 0
    assert sum(Usage.objects.values_list("uses", flat=True)) == 0
    assert sum(Usage.objects.values_list("amount_fen", flat=True)) == 0


def test_an_order_without_promotions_is_nothing_to_commit_release_or_restore():
    for verb in (promotions.commit, promotions.release, promotions.restore):
        verb(order_no="SO1", at=NOW)
    assert not Usage.objects.exists()


def test_a_limit_set_later_counts_what_was_used_before():
    row = make.promotion()
    tea = make.member()
    hold("SO1", row, member=tea)
    hold("SO2", row, member=tea)
    promotions.release(order_no="SO2", at=NOW)
    assert not Tally.objects.exists()
    Promotion.objects.filter(pk=row.pk).update(limit_per_member=2, limit_total=5)
    promotions.recount(promotion_id=row.pk, at=NOW)
    assert {(tally.member_id, tally.day, tally.uses) for tally in Tally.objects.all()} == {
        (tea.pk, None, 1),
        (None, None, 1),
    }


def test_the_ledger_of_uses_is_never_rewritten():
    hold("SO1", make.promotion())
    with pytest.raises(IntegrityError), transaction.atomic():
        Usage.objects.update(uses=0)
    with pytest.raises(IntegrityError), transaction.atomic():
        Usage.objects.all().delete()
