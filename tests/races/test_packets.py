"""Packets under real threads on PostgreSQL: the last part is one friend's, one friend has one part, one order one packet."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from apps.coupons.models import Coupon
from apps.members.models import Member
from apps.packets import selectors as packet_facts
from apps.packets import services as packets
from apps.packets.models import Packet, Part
from tests.apps.checkout import make as counter
from tests.apps.packets import make
from tests.apps.packets.make import LATER, NOW
from tests.races.together import all_answers, at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
ROUNDS = 5


@pytest.fixture(autouse=True)
def no_postage() -> None:
    counter.freight(0)


def opening(packet: Packet, friend: Member, sent: str) -> Callable[[], str]:
    def call() -> str:
        _, new = packets.open_part(
            packet_no=packet.packet_no, share_token=sent, member_id=friend.pk, at=LATER
        )
        return "new" if new else "again"

    return call


def test_two_friends_at_once_for_the_last_part_and_one_has_it():
    make.rule(friends=1)
    for _ in range(ROUNDS):
        packet = make.packet()
        sent = make.token(packet)
        friends = [make.member() for _ in range(2)]
        assert all_answers([opening(packet, friend, sent) for friend in friends]) == {
            "new": 1,
            "packet_empty": 1,
        }
        assert Coupon.objects.filter(member__in=friends).count() == 1
    assert not packet_facts.unbalanced().exists()


def test_one_friend_twenty_times_at_once_has_one_part():
    make.rule()
    packet, friend = make.packet(), make.member()
    answers = all_answers([opening(packet, friend, make.token(packet))] * 20)
    assert answers == {"new": 1, "again": 19}
    assert (make.fresh(packet).opened, Coupon.objects.filter(member=friend).count()) == (1, 1)


def test_one_friend_opens_five_packets_at_once_and_no_more_than_a_day_allows():
    make.rule(opens_per_day=2)
    friend = make.member()
    found = [make.packet() for _ in range(5)]
    answers = all_answers([opening(each, friend, make.token(each)) for each in found])
    assert answers == {"new": 2, "packet_limit_reached": 3}


def test_the_same_payment_twenty_times_at_once_is_one_packet_and_one_part_of_the_buyers():
    make.rule()
    order = make.order()
    assert at_once([lambda: packets.make(order_no=order.order_no, at=NOW)] * 20) == {"done": 20}
    assert (Packet.objects.count(), Part.objects.count(), Coupon.objects.count()) == (1, 4, 1)


def test_opened_while_the_order_goes_back_leaves_no_coupon_to_spend():
    make.rule(opens_per_day=50)
    for _ in range(ROUNDS):
        packet = make.packet()
        sent = make.token(packet)
        bought = make.sale.Order.objects.get(order_no=packet.order_no)

        def go_back(bought: make.Order = bought) -> str:
            make.sale.refund(bought, {line.sku: line.quantity for line in bought.lines.all()})
            packets.take_back(order_no=bought.order_no, at=LATER)
            return "back"

        answers = all_answers([go_back, *(opening(packet, make.member(), sent) for _ in range(3))])
        assert answers["back"] == 1
        assert make.fresh(packet).status == "CLOSED"
        assert not packet.parts.filter(status__in=["GIVEN", "HELD"]).exists()
        assert not Coupon.objects.filter(status="AVAILABLE").exists()
