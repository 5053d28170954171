"""Other goods for those that are late: what may be offered, and what taking them means for stock, parcels and books."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.aftersales import planning
from apps.aftersales import services as aftersales
from apps.aftersales.services import applying, swapping
from apps.aftersales.services.answering import answer_delay
from apps.aftersales.services.swapping import OffersRefused, SwapGone
from apps.base import days
from apps.books import journal_selectors as journal_facts
from apps.books.services import journal
from apps.catalog.models import Sku
from apps.checkout import invariants
from apps.checkout.packing import Wanted
from apps.deadlines import selectors as deadline_facts
from apps.deadlines import telling
from apps.deadlines.models import Deadline, Delay, DelayOffer
from apps.deadlines.services import delaying
from apps.deadlines.states import DelayChoice, DelayReason
from apps.fulfillment import wave
from apps.inventory import selectors as stock_facts
from apps.inventory.models import Hold, StockEntry
from apps.inventory.services import OutOfStock
from apps.members.models import Member
from apps.orders.models import LineSwap, Order, OrderLine
from tests.apps.aftersales import apply
from tests.apps.checkout import make as counter
from tests.apps.deadlines import make
from tests.apps.fulfillment import make as fulfillment
from tests.apps.fulfillment import packings
from tests.apps.inventory import make as stocked

pytestmark = pytest.mark.django_db

NOW = fulfillment.AT
LATER = NOW + timedelta(hours=1)


def offer(order: Order, *offers: tuple[int, int], at: Any = NOW) -> Delay:
    """The order is put off to the end of the fourth day, and these SKUs may be taken for these lines."""
    return swapping.put_off(
        order_no=order.order_no,
        reason=DelayReason.STOCK_OUT,
        note="",
        ships_on=timezone.localdate(at) + timedelta(days=4),
        offers=offers,
        operator=None,
        at=at,
    )


def take(order: Order, swaps: dict[int, int], *, at: Any = LATER) -> Delay:
    return answer_delay(
        member=order.member, order_no=order.order_no, choice=DelayChoice.SWAP, swaps=swaps, at=at
    )


def free(*sku_ids: int) -> list[int]:
    return list(stock_facts.available(sku_ids).values())


def sound() -> None:
    """Stock is the sum of its ledger, and nothing is held for what is paid."""
    assert (stock_facts.unbalanced(), list(invariants.misplaced_holds())) == ([], [])


def test_other_goods_leave_at_the_price_that_was_paid_and_pick_list_stock_and_books_agree() -> None:
    order = make.paid(2, price_fen=1000)
    line = order.lines.get()
    old = line.sku_id
    OrderLine.objects.filter(pk=line.pk).update(cost_fen=300)
    other = counter.goods(1500)
    Sku.objects.filter(pk=other.pk).update(cost_fen=400)
    paid = (line.payable_fen, line.unit_price_fen, line.list_fen)
    assert free(old, other.pk) == [98, 100]

    offer(order, (line.pk, other.pk))
    row = take(order, {line.pk: other.pk})

    assert (row.status, row.answered_at) == ("SWAPPED", LATER)
    line.refresh_from_db()
    assert (line.sku_id, line.title, line.cost_fen) == (other.pk, other.product.title, 400)
    assert (line.payable_fen, line.unit_price_fen, line.list_fen) == paid
    kept = LineSwap.objects.get()
    assert (kept.was_sku_id, kept.was_cost_fen, kept.now_sku_id) == (old, 300, other.pk)
    assert free(old, other.pk) == [100, 98]
    # What was promised first holds: the goods are here.
    deadline = Deadline.objects.get()
    assert deadline.promised_at == deadline.first_promised_at
    slips = wave.slips([order.pk])
    assert [(packed.sku_code, packed.units) for packed in slips[0].packed] == [(other.code, 2)]
    assert [picked.sku_code for picked in wave.picked(slips)] == [other.code]

    fulfillment.parcel(order, at=LATER)
    order.refresh_from_db()
    assert order.status == "SHIPPED"
    # What left is what it cost: two units at 4.00, whatever the first ones would have cost.
    journal.post_due(at=NOW + timedelta(days=1))
    balances = journal_facts.balances(first=days.shop_day(NOW), last=days.shop_day(NOW))
    assert {row.account.name: row.closing_fen for row in balances}["COST"] == 800
    assert list(journal_facts.unbalanced()) == []
    sound()


def test_the_same_answer_again_is_the_same_and_another_one_is_refused() -> None:
    order = make.paid(1)
    line = order.lines.get()
    one, two = counter.goods(), counter.goods()
    offer(order, (line.pk, one.pk), (line.pk, two.pk))
    take(order, {line.pk: one.pk})
    again = take(order, {line.pk: one.pk}, at=LATER + timedelta(days=2))
    assert (again.status, again.answered_at, LineSwap.objects.count()) == ("SWAPPED", LATER, 1)
    with pytest.raises(delaying.DelayNotOpen):
        take(order, {line.pk: two.pk})
    with pytest.raises(delaying.DelayNotOpen):
        answer_delay(member=order.member, order_no=order.order_no, choice=DelayChoice.WAIT, at=LATER)
    assert free(one.pk, two.pk) == [99, 100]


def test_what_sold_out_meanwhile_is_refused_and_nothing_is_changed() -> None:
    order = make.paid(2)
    line = order.lines.get()
    other = counter.goods(5000, units=2)
    offer(order, (line.pk, other.pk))
    counter.pay(counter.order(*counter.buyer(), [(other, 1)]))

    with pytest.raises(OutOfStock) as refused:
        take(order, {line.pk: other.pk})
    assert refused.value.details["available"] == 1
    line.refresh_from_db()
    assert line.sku_id != other.pk
    assert (Delay.objects.get().status, DelayOffer.objects.filter(chosen=True).count()) == ("ASKED", 0)
    assert (LineSwap.objects.count(), free(line.sku_id)) == (0, [98])
    # The other answers are still open.
    assert (
        answer_delay(member=order.member, order_no=order.order_no, choice=DelayChoice.REFUND, at=LATER).status
        == "REFUNDED"
    )
    sound()


def test_a_refund_afterwards_gives_the_price_back_and_the_new_goods_to_the_shelf() -> None:
    order = make.paid(3, price_fen=1000)
    line = order.lines.get()
    old, other = line.sku_id, counter.goods(2000)
    offer(order, (line.pk, other.pk))
    take(order, {line.pk: other.pk})
    made = aftersales.refund(
        order_no=order.order_no,
        wish=planning.Wish(units={line.pk: 1}),
        reason="买家不要了",
        token="t",
        approved=True,
        operator=None,
        at=LATER,
    )
    assert made.goods_fen == 1000
    assert free(old, other.pk) == [100, 98]
    sound()


def test_it_may_be_put_off_again_and_swapped_back() -> None:
    order = make.paid(2)
    line = order.lines.get()
    old, other = line.sku, counter.goods()
    offer(order, (line.pk, other.pk))
    take(order, {line.pk: other.pk})
    offer(order, (line.pk, old.pk), at=LATER)
    take(order, {line.pk: old.pk}, at=LATER)
    assert free(old.pk, other.pk) == [98, 100]
    assert Hold.objects.filter(order_no=order.order_no).count() == 2
    assert StockEntry.objects.filter(kind="SWAP").count() == 2
    sound()


def test_only_what_leaves_nobody_worse_off_may_be_offered() -> None:
    order = make.paid(2, 1, price_fen=1000)
    line, beside = order.lines.all()
    cheaper, few = counter.goods(999), counter.goods(2000, units=1)
    hidden = counter.goods(2000)
    hidden.product.on_sale = False
    hidden.product.save()
    fresh = counter.goods(2000)
    fresh.product.returns = "FRESH"
    fresh.product.save()
    for offers, word in (
        ([(line.pk, cheaper.pk)], "低于原单价"),
        ([(line.pk, few.pk)], "现货 1 件，不足 2 件"),
        ([(line.pk, hidden.pk)], "在售"),
        ([(line.pk, fresh.pk)], "七天无理由"),
        ([(line.pk, beside.sku_id)], "不在本订单中"),
        ([(line.pk, line.sku_id)], "不在本订单中"),
        ([(line.pk + 999, few.pk)], "尚未发出"),
        ([(line.pk, counter.goods().pk)] * 2, "同一规格"),
        ([(line.pk, counter.goods().pk) for _ in range(11)], "最多提供 10 种"),
    ):
        with pytest.raises(OffersRefused) as refused:
            offer(order, *offers)
        assert word in "".join(fault.text for fault in refused.value.faults)
    assert not Delay.objects.exists()
    # Of what has left in part, nothing is offered.
    fulfillment.parcel(order, quantities={line.pk: 1})
    with pytest.raises(OffersRefused):
        offer(order, (line.pk, counter.goods(2000).pk))


def test_what_left_or_went_back_before_the_answer_cannot_be_swapped() -> None:
    sent, refunded = make.paid(2), make.paid(2)
    for order in (sent, refunded):
        offer(order, (order.lines.get().pk, counter.goods().pk))
    fulfillment.parcel(sent, quantities={sent.lines.get().pk: 1})
    aftersales.refund(
        order_no=refunded.order_no,
        wish=planning.Wish(units={refunded.lines.get().pk: 1}),
        reason="少买一件",
        token="t",
        approved=True,
        operator=None,
        at=NOW,
    )
    for order in (sent, refunded):
        line = order.lines.get()
        with pytest.raises(SwapGone):
            take(order, {line.pk: DelayOffer.objects.get(line=line).sku_id})
        assert Delay.objects.get(order=order).status == "ASKED"
    sound()


def test_the_buyer_is_told_of_the_choice_where_there_is_one() -> None:
    order = make.paid(1)
    offer(order, (order.lines.get().pk, counter.goods().pk))
    plain = make.paid(1)
    offer(plain)
    said = []
    for each in (order, plain):
        told = telling.delayed(subject=each.order_no, member_id=each.member_id, at=NOW)
        assert told is not None
        said.append(told.values["choices"])
    assert said == ["等待、换货或退款", "等待或退款"]


def test_the_api_shows_what_is_offered_and_takes_one_for_each_line(
    shopper_of: Callable[[Member], Any],
) -> None:
    now = timezone.now()
    order = fulfillment.paid_order(1, 1, at=now)
    make.owed(order, at=now)
    line, beside = order.lines.all()
    one, two = counter.goods(), counter.goods()
    offer(order, (line.pk, one.pk), (beside.pk, two.pk), at=now)
    shopper = shopper_of(order.member)
    address = f"/orders/{order.order_no}"
    delay = shopper.call("GET", address).json()["delay"]
    assert delay["choices"] == ["wait", "swap", "refund"]
    assert [
        (each["line_id"], each["sku_id"], each["available"], each["chosen"]) for each in delay["swaps"]
    ] == [
        (line.pk, one.pk, 100, False),
        (beside.pk, two.pk, 100, False),
    ]
    good = [{"line_id": line.pk, "sku_id": one.pk}, {"line_id": beside.pk, "sku_id": two.pk}]
    for bad in (
        {"choice": "swap"},
        {"choice": "swap", "swaps": []},
        {"choice": "swap", "swaps": good[:1]},
        {"choice": "swap", "swaps": good[:1] * 2},
        {"choice": "swap", "swaps": [*good, {"line_id": 10**9, "sku_id": one.pk}]},
        {"choice": "swap", "swaps": [good[0], {"line_id": beside.pk, "sku_id": one.pk}]},
        {"choice": "swap", "swaps": [{"line_id": "x", "sku_id": None}]},
        {"choice": "swap", "swaps": "all"},
        {"choice": "wait", "swaps": good},
    ):
        refused = shopper.call("POST", f"{address}/delay-answer", bad)
        assert (refused.status_code, list(refused.json()["details"])) == (400, ["swaps"]), bad
    taken = shopper.call("POST", f"{address}/delay-answer", {"choice": "swap", "swaps": good})
    assert taken.status_code == 200
    assert (taken.json()["delay"]["status"], taken.json()["delay"]["choices"]) == ("SWAPPED", [])
    assert all(each["chosen"] for each in taken.json()["delay"]["swaps"])
    whole = shopper.call("GET", address).json()
    assert whole["delay"] == taken.json()["delay"]
    assert [item["sku_id"] for item in whole["items"]] == [one.pk, two.pk]
    assert whole["payable_fen"] == order.payable_fen
    # What is free is told as it is, also when it is too late to choose.
    assert [each["available"] for each in whole["delay"]["swaps"]] == [99, 99]
    told = [
        (move["move"], move["from"], move["to"], move["actor"], move["note"]) for move in whole["history"]
    ]
    assert told[-2:] == [
        ("swap", "PAID", "PAID", "member", f"{was.title} → {sku.product.title} × 1")
        for was, sku in ((line, one), (beside, two))
    ]


def test_swap_without_an_offer_is_no_choice(shopper_of: Callable[[Member], Any]) -> None:
    now = timezone.now()
    order = fulfillment.paid_order(1, at=now)
    make.owed(order, at=now)
    offer(order, at=now)
    shopper = shopper_of(order.member)
    line = order.lines.get()
    assert shopper.call("GET", f"/orders/{order.order_no}").json()["delay"]["choices"] == ["wait", "refund"]
    told = {"choice": "swap", "swaps": [{"line_id": line.pk, "sku_id": line.sku_id}]}
    refused = shopper.call("POST", f"/orders/{order.order_no}/delay-answer", told)
    assert (refused.status_code, refused.json()["code"]) == (409, "delay_not_open")


def test_what_a_line_named_before_is_never_rewritten() -> None:
    order = make.paid(1)
    line = order.lines.get()
    other = counter.goods()
    offer(order, (line.pk, other.pk))
    take(order, {line.pk: other.pk})
    with pytest.raises(IntegrityError), transaction.atomic():
        LineSwap.objects.update(was_title="别的")
    assert deadline_facts.shown_of(order)["delay"]["status"] == "SWAPPED"


@pytest.mark.parametrize("counted", [True, False])
def test_packing_and_gifts_are_no_lines_to_swap(counted: bool, shopper_of: Callable[[Member], Any]) -> None:
    now = timezone.now()
    fulfillment.carriers()
    box, cup, other = packings.option(uses_stock=counted), counter.goods(), counter.goods()
    if counted:
        assert box.sku is not None
        stocked.stock(box.sku, 9)
    placed = counter.order(*counter.buyer(), [(cup, 1)], at=now, packing=Wanted(option_id=box.pk))
    counter.pay(placed, at=now)
    order = Order.objects.get(pk=placed.pk)
    make.owed(order, at=now)
    goods, packing = order.lines.order_by("is_packing")
    assert [line.pk for line in swapping.swappable(planning.standing_of(order))] == [goods.pk]
    dearer = counter.goods(9900)
    with pytest.raises(OffersRefused) as refused:
        offer(order, (packing.pk, dearer.pk), at=now)
    assert "包装" in refused.value.faults[0].text
    with pytest.raises(OffersRefused):
        offer(order, (goods.pk, packings.option("礼盒", price_fen=9900).sku_id or 0), at=now)

    row = offer(order, (goods.pk, other.pk), at=now)
    # As a release before this one might have offered it.
    DelayOffer.objects.create(
        delay=row, line=packing, was_title="", was_option_text="", sku=dearer, title="", option_text=""
    )
    shopper, address = shopper_of(order.member), f"/orders/{order.order_no}"
    shown = shopper.call("GET", address).json()["delay"]
    assert [each["line_id"] for each in shown["swaps"]] == [goods.pk]
    good = {"line_id": goods.pk, "sku_id": other.pk}
    bad = {"line_id": packing.pk, "sku_id": dearer.pk}
    for swaps in ([bad], [good, bad]):
        answer = shopper.call("POST", f"{address}/delay-answer", {"choice": "swap", "swaps": swaps})
        assert (answer.status_code, answer.json()["code"]) == (400, "delay_swaps_invalid")
    taken = shopper.call("POST", f"{address}/delay-answer", {"choice": "swap", "swaps": [good]})
    assert taken.status_code == 200
    assert set(order.lines.values_list("sku_id", flat=True)) == {other.pk, packing.sku_id}


def test_a_gift_is_no_line_to_swap() -> None:
    order = make.paid(1, 1)
    _, gift = order.lines.all()
    OrderLine.objects.filter(pk=gift.pk).update(is_gift=True, list_fen=0, payable_fen=0)
    with pytest.raises(OffersRefused):
        offer(order, (gift.pk, counter.goods().pk))
    # Without any offer it is still no answer.
    offer(order)
    with pytest.raises(delaying.SwapsInvalid):
        take(order, {gift.pk: counter.goods().pk})


def sibling(sku: Sku, returns: str) -> Sku:
    """Another SKU of the same product, which goes back by these rules now."""
    type(sku.product).objects.filter(pk=sku.product_id).update(returns=returns)
    made = Sku.objects.create(
        product_id=sku.product_id, code=f"{sku.code}-B", price_fen=9900, option_values={"款": "B"}
    )
    stocked.stock(made, 9)
    return made


@pytest.mark.parametrize(
    ("shown", "confirmed", "now", "then"),
    [
        ("CONFIRMED", True, "CONFIRMED", ("CONFIRMED", True)),
        ("CONFIRMED", False, "CONFIRMED", ("CONFIRMED", False)),
        ("SEVEN_DAYS", False, "CONFIRMED", ("SEVEN_DAYS", False)),
        ("SEVEN_DAYS", False, "FRESH", ("SEVEN_DAYS", False)),
        ("CONFIRMED", True, "SEVEN_DAYS", ("SEVEN_DAYS", False)),
    ],
)
def test_another_sku_of_the_same_product_keeps_what_its_buyer_was_promised(
    shown: str, confirmed: bool, now: str, then: tuple[str, bool]
) -> None:
    order = make.paid(1)
    line = order.lines.get()
    OrderLine.objects.filter(pk=line.pk).update(
        returns=shown, returns_text=f"当时：{shown}", returns_confirmed=confirmed
    )
    other = sibling(line.sku, now)
    offer(order, (line.pk, other.pk))
    take(order, {line.pk: other.pk})
    line.refresh_from_db()
    assert (line.sku_id, line.returns, line.returns_confirmed) == (other.pk, *then)
    assert line.returns_text.startswith("当时") == (now != "SEVEN_DAYS")


def test_goods_whose_terms_became_harder_after_the_offer_leave_by_those_of_before() -> None:
    order = make.paid(1)
    line, other = order.lines.get(), counter.goods()
    offer(order, (line.pk, other.pk))
    type(other.product).objects.filter(pk=other.product_id).update(returns="FRESH")
    take(order, {line.pk: other.pk})
    line.refresh_from_db()
    assert (line.sku_id, line.returns) == (other.pk, "SEVEN_DAYS")


def test_an_exception_of_other_goods_that_nobody_confirmed_is_no_better_than_seven_days() -> None:
    order = make.paid(1)
    line, other = order.lines.get(), counter.goods()
    type(other.product).objects.filter(pk=other.product_id).update(returns="CONFIRMED")
    with pytest.raises(OffersRefused):
        offer(order, (line.pk, other.pk))
    OrderLine.objects.filter(pk=line.pk).update(returns="CONFIRMED", returns_confirmed=True)
    offer(order, (line.pk, other.pk))
    take(order, {line.pk: other.pk})
    line.refresh_from_db()
    assert (line.returns, line.returns_confirmed) == ("CONFIRMED", False)


def test_while_an_application_is_open_on_the_line_nothing_is_swapped_and_the_offer_stays(
    shopper_of: Callable[[Member], Any],
) -> None:
    now = timezone.now()
    order = make.paid(2, at=now)
    line, other = order.lines.get(), counter.goods()
    offer(order, (line.pk, other.pk), at=now)
    apply.rules(instant_per_day=0)
    asked = apply.applied(order, {line.sku: 1}, at=now)
    shopper = shopper_of(order.member)
    told = {"choice": "swap", "swaps": [{"line_id": line.pk, "sku_id": other.pk}]}
    refused = shopper.call("POST", f"/orders/{order.order_no}/delay-answer", told)
    assert (refused.status_code, refused.json()["code"]) == (409, "delay_swap_after_sale")
    assert refused.json()["details"] == {"line_id": line.pk, "after_sale_no": asked.after_sale_no}
    assert f"买家已申请售后（{asked.after_sale_no}）" in refused.json()["message"]
    assert (Delay.objects.get().status, DelayOffer.objects.filter(chosen=True).count()) == ("ASKED", 0)
    assert free(line.sku_id, other.pk) == [98, 100]

    applying.cancel(member=order.member, after_sale_no=asked.after_sale_no, at=now)
    assert shopper.call("POST", f"/orders/{order.order_no}/delay-answer", told).status_code == 200
    sound()
