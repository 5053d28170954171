"""A paid order brings a packet: which orders do, what is in it, and what becomes of it when the order goes back."""

from __future__ import annotations

import pytest

from apps.coupons.models import Coupon, Template
from apps.fulfillment.models import FreightZone
from apps.packets import handlers
from apps.packets import selectors as packet_facts
from apps.packets import services as packets
from apps.packets.models import Packet, PacketRule
from apps.packets.services import giving
from mall import events
from tests.apps.checkout import make as counter
from tests.apps.packets import make
from tests.apps.packets.make import DAY, HOUR, LATER, NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_postage() -> None:
    counter.freight(0)


def test_the_parts_of_thirty_packets_add_up_to_their_sums_to_the_fen():
    make.rule(least_fen=4, most_fen=5000, friends=3)
    paid = [make.order() for _ in range(30)]
    sums = set()
    for order in paid:
        made = packets.make(order_no=order.order_no, at=NOW)
        assert made is not None
        parts = list(made.parts.values_list("amount_fen", flat=True))
        assert (len(parts), sum(parts), min(parts) >= 1) == (4, made.sum_fen, True)
        sums.add(made.sum_fen)
    assert len(sums) > 15
    assert (min(sums) >= 4, max(sums) <= 5000) == (True, True)
    assert not packet_facts.unbalanced().exists()


def test_a_packet_of_as_many_fen_as_people_gives_each_one_fen():
    make.rule(least_fen=4, most_fen=4)
    assert list(make.packet().parts.values_list("amount_fen", flat=True)) == [1, 1, 1, 1]


def test_the_buyers_own_part_is_a_coupon_at_once_for_seven_days_whether_or_not_it_is_shared():
    make.rule()
    packet = make.packet()
    own = packet.parts.get(place=0)
    coupon = Coupon.objects.get(member=packet.member)
    assert (own.status, own.coupon) == ("GIVEN", coupon)
    assert (coupon.own_off_fen, coupon.way, coupon.valid_until) == (own.amount_fen, "PACKET", NOW + 7 * DAY)
    assert make.standing(packet) == ["GIVEN", "FREE", "FREE", "FREE"]


def test_sharing_a_packet_gives_its_buyer_nothing_more():
    make.rule()
    packet = make.packet()
    for _ in range(3):
        make.token(packet)
    assert Coupon.objects.filter(member=packet.member).count() == 1


def test_the_news_of_a_payment_told_ten_times_makes_one_packet():
    make.rule()
    order = make.order()
    news = events.OrderPaid(order_no=order.order_no, member_id=order.member_id)
    for _ in range(10):
        handlers.make_on_order_paid(news, at=NOW)
    assert (Packet.objects.count(), Coupon.objects.count()) == (1, 1)


@pytest.mark.parametrize(("price_fen", "brings"), [(2999, False), (3000, True)])
def test_an_order_of_exactly_the_threshold_brings_one_and_of_a_fen_less_none(price_fen, brings):
    make.rule(order_from_fen=3000)
    made = packets.make(order_no=make.order(price_fen=price_fen).order_no, at=NOW)
    assert (made is not None) is brings


def test_what_a_promotion_takes_off_does_not_count_and_postage_neither():
    FreightZone.objects.update(first_fee_fen=900)
    make.rule(order_from_fen=5000)
    counter.promotion()
    # 100.00 less 15.00, and 9.00 of postage: 85.00 of goods.
    first = packets.make(order_no=make.order(price_fen=10_000).order_no, at=NOW)
    assert first is not None
    assert (first.order_from_fen, packets.make(order_no=make.order(price_fen=4999).order_no, at=NOW)) == (
        5000,
        None,
    )


def test_of_several_rules_the_one_holds_that_wants_most():
    make.rule(order_from_fen=1000)
    rich = make.rule(order_from_fen=4000, friends=8, title="满40立减金")
    make.rule(order_from_fen=9000)
    packet = make.packet(price_fen=5000)
    assert (packet.rule, packet.friends, packet.parts.count()) == (rich, 8, 9)


def test_a_rule_for_newcomers_is_for_first_orders_only():
    make.rule(buyers="NEWCOMERS")
    who = make.buyer()
    assert packets.make(order_no=make.order(who).order_no, at=NOW) is not None
    assert packets.make(order_no=make.order(who).order_no, at=NOW) is None


@pytest.mark.parametrize("said", [{"enabled": False}, {"ends_at": NOW}, {"starts_at": NOW + HOUR}])
def test_a_rule_that_is_off_over_or_not_begun_makes_none(said):
    make.rule(**said)
    assert packets.make(order_no=make.order().order_no, at=NOW) is None


def test_an_unpaid_order_brings_none():
    make.rule()
    unpaid = counter.order(*make.buyer(), [(counter.goods(5000), 1)])
    assert packets.make(order_no=unpaid.order_no, at=NOW) is None


def test_a_coupon_that_is_sold_out_leaves_the_part_waiting_and_the_clock_gives_it_later():
    template = make.template(quota=1)
    make.rule(coupon=template)
    make.packet()
    packet = make.packet()
    assert (make.standing(packet)[0], packet.parts.get(place=0).note) == ("HELD", "优惠券已领完")
    assert packets.give_waiting(at=LATER) == 0
    template.quota = 5
    template.save()
    assert (packets.give_waiting(at=LATER), packets.give_waiting(at=LATER)) == (1, 0)
    assert make.standing(packet)[0] == "GIVEN"


def test_a_coupon_that_stays_stopped_keeps_nobody_waiting_for_another_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(giving, "_BATCH", 1)
    won = []
    for quota in (1, 1):
        template = make.template(quota=quota)
        rule = make.rule(coupon=template)
        make.packet()
        won.append((make.packet(), template))
        PacketRule.objects.filter(pk=rule.pk).update(enabled=False)
    assert [make.standing(packet)[0] for packet, _ in won] == ["HELD", "HELD"]
    Template.objects.filter(pk=won[1][1].pk).update(quota=5)
    assert packets.give_waiting(at=LATER) == 1
    assert [make.standing(packet)[0] for packet, _ in won] == ["HELD", "GIVEN"]


def test_a_refund_before_anybody_opened_it_closes_the_packet_and_takes_the_buyers_part_back():
    make.rule()
    packet = make.packet()
    assert make.refund(packet) == 1
    assert (make.fresh(packet).status, make.standing(packet)) == (
        "CLOSED",
        ["TAKEN_BACK", "FREE", "FREE", "FREE"],
    )
    assert Coupon.objects.get().status == "REVOKED"
    with pytest.raises(packets.PacketClosed):
        make.open_it(packet, make.member())


def test_a_refund_takes_back_what_friends_have_not_used_yet_and_leaves_what_they_have():
    make.rule()
    packet = make.packet()
    for name in ("甲", "乙"):
        make.open_it(packet, make.member(name))
    spent = packet.parts.get(place=1)
    Coupon.objects.filter(pk=spent.coupon_id).update(status="USED", order_no="SO1")
    assert make.refund(packet) == 2
    assert make.standing(packet) == ["TAKEN_BACK", "GIVEN", "TAKEN_BACK", "FREE"]
    assert packet.parts.get(place=1).note == "已用于订单，未能收回"
    assert packets.take_back(order_no=packet.order_no, at=LATER) == 0


def test_a_refund_of_some_units_closes_it_only_where_too_little_is_left():
    make.rule(order_from_fen=3000)
    bought = make.order(price_fen=2000, units=3)
    packet = packets.make(order_no=bought.order_no, at=NOW)
    assert packet is not None
    # 60.00, then 40.00 of 30.00, then 20.00.
    assert (make.refund(packet, units=1), make.fresh(packet).status) == (0, "OPEN")
    assert (make.refund(packet, units=1), make.fresh(packet).status) == (1, "CLOSED")


def test_bought_and_refunded_ten_times_leaves_nothing_to_spend():
    make.rule()
    who = make.buyer()
    for _ in range(10):
        make.refund(make.packet(who))
    assert set(Coupon.objects.values_list("status", flat=True)) == {"REVOKED"}


def test_a_refund_that_was_told_before_the_payment_makes_none():
    make.rule()
    bought = make.order()
    make.sale.refund(bought, {line.sku: line.quantity for line in bought.lines.all()})
    assert packets.take_back(order_no=bought.order_no, at=LATER) == 0
    assert packets.make(order_no=bought.order_no, at=LATER) is None


def test_when_its_hours_are_over_the_sweep_closes_it_once_and_what_was_given_stays():
    make.rule(hours=2)
    packet = make.packet()
    make.open_it(packet, make.member(), at=NOW + HOUR)
    assert packets.lapse_due(at=NOW + 2 * HOUR - HOUR / 60) == 0
    assert (packets.lapse_due(at=NOW + 2 * HOUR), packets.lapse_due(at=NOW + 2 * HOUR)) == (1, 0)
    assert (make.fresh(packet).status, make.standing(packet)) == (
        "LAPSED",
        ["GIVEN", "GIVEN", "FREE", "FREE"],
    )
