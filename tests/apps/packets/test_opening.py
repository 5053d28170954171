"""Friends open a packet: each once, never the buyer, nobody by another token; odd ones wait for a look."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.coupons import selectors as coupon_facts
from apps.coupons.models import Coupon
from apps.packets import services as packets
from apps.packets.models import Part
from apps.risk import selectors as risk_facts
from apps.risk import services as risk
from tests.apps.checkout import make as counter
from tests.apps.fulfillment.make import operator
from tests.apps.packets import make
from tests.apps.packets.make import HOUR, LATER, NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_postage() -> None:
    counter.freight(0)


def test_three_friends_open_it_and_the_fourth_is_too_late():
    make.rule()
    packet = make.packet()
    got = [make.open_it(packet, make.member()) for _ in range(3)]
    own_fen = packet.parts.get(place=0).amount_fen
    assert own_fen + sum(part.amount_fen for part in got) == 800
    assert (make.fresh(packet).status, make.fresh(packet).opened) == ("DONE", 3)
    with pytest.raises(packets.PacketEmpty):
        make.open_it(packet, make.member())


def test_what_a_friend_opened_is_taken_off_their_next_order_to_the_fen():
    make.rule()
    packet, friend = make.packet(), make.neighbour()
    part = make.open_it(packet, friend[0])
    (offer,) = coupon_facts.offers_for(member=friend[0], at=LATER)
    order = counter.order(*friend, [(counter.goods(5000), 1)], coupon_id=str(part.coupon.public_id), at=LATER)
    assert (offer.off_fen, order.reduction_fen) == (part.amount_fen, part.amount_fen)
    assert order.payable_fen == 5000 - part.amount_fen


def test_below_the_threshold_it_is_of_no_use():
    make.rule()
    friend = make.neighbour()
    assert make.open_it(make.packet(), friend[0]).status == "GIVEN"
    assert counter.order(*friend, [(counter.goods(4999), 1)], at=LATER).reduction_fen == 0


def test_a_friend_who_opens_it_twice_has_one_part_and_gets_the_same_answer():
    make.rule()
    packet, friend = make.packet(), make.member()
    assert make.open_it(packet, friend) == make.open_it(packet, friend, at=LATER + HOUR)
    assert (make.fresh(packet).opened, Coupon.objects.filter(member=friend).count()) == (1, 1)


def test_nobody_opens_their_own():
    make.rule()
    packet = make.packet()
    with pytest.raises(packets.OwnPacket):
        make.open_it(packet, packet.member)


def test_only_the_buyers_own_token_for_this_packet_opens_it():
    make.rule()
    packet, other = make.packet(), make.packet()
    mine = make.token(packet)
    for wrong in (make.token(other), mine[:-1] + ("a" if mine[-1] != "a" else "b"), "", "x" * 28):
        with pytest.raises(packets.TokenInvalid):
            packets.open_part(
                packet_no=packet.packet_no, share_token=wrong, member_id=make.member().pk, at=LATER
            )
    assert make.fresh(packet).opened == 0


def test_at_the_last_moment_it_opens_and_at_its_end_no_more():
    make.rule(hours=2)
    packet = make.packet()
    end = NOW + 2 * HOUR
    make.open_it(packet, make.member(), at=end - timedelta(microseconds=1))
    with pytest.raises(packets.PacketOver):
        make.open_it(packet, make.member(), at=end)


def test_a_refund_whose_news_has_not_come_yet_closes_it_already():
    make.rule()
    packet = make.packet()
    sent = make.token(packet)
    bought = make.sale.Order.objects.get(order_no=packet.order_no)
    make.sale.refund(bought, {line.sku: line.quantity for line in bought.lines.all()})
    with pytest.raises(packets.PacketClosed):
        make.open_it(packet, make.member(), by=sent)


def test_so_many_a_shanghai_day_and_the_next_day_again():
    make.rule(opens_per_day=2, hours=48)
    friend = make.member()
    for _ in range(2):
        make.open_it(make.packet(), friend)
    packet = make.packet()
    with pytest.raises(packets.OpenedEnough) as refused:
        make.open_it(packet, friend)
    assert refused.value.details == {"limit": 2}
    assert make.open_it(packet, friend, at=NOW + timedelta(days=1)).status == "GIVEN"


def held_part() -> tuple[Part, int]:
    """A part that a second account on the buyer's phone number opened, and the look that holds it."""
    make.rule()
    packet = make.packet(make.buyer(phone="13912345678"))
    return make.open_it(packet, make.member(phone="13912345678")), risk_facts.waiting().get().pk


def test_a_friend_with_the_buyers_phone_number_waits_for_a_look_and_the_part_is_theirs():
    part, _ = held_part()
    assert (part.status, part.coupon, part.packet.opened) == ("HELD", None, 1)
    assert packets.give_waiting(at=LATER) == 0


def test_released_it_is_given_and_rejected_to_nobody():
    part, look_id = held_part()
    risk.release(look_ids=[look_id], operator=operator(), at=LATER)
    part.refresh_from_db()
    assert (part.status, part.coupon.own_off_fen) == ("GIVEN", part.amount_fen)


def test_a_rejected_part_goes_to_nobody():
    part, look_id = held_part()
    risk.reject(look_ids=[look_id], reason="小号", operator=operator(), at=LATER)
    part.refresh_from_db()
    assert (part.status, part.note, part.coupon) == ("REFUSED", "小号", None)


def test_a_held_part_whose_order_went_back_waits_for_nobody_any_more_and_cannot_be_released():
    part, look_id = held_part()
    make.refund(part.packet)
    assert not risk_facts.waiting().exists()
    with pytest.raises(risk.NothingToJudge):
        risk.release(look_ids=[look_id], operator=operator(), at=LATER)
    part.refresh_from_db()
    assert (part.status, part.coupon) == ("TAKEN_BACK", None)
