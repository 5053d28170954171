"""Packets over HTTP: mine, one that a friend sent, opening it; and what is refused with nothing stored."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.packets import services as packets
from apps.packets.models import Packet, Part
from tests.apps.checkout import make as counter
from tests.apps.members import make as members
from tests.apps.packets import make
from tests.conftest import Shopper

pytestmark = pytest.mark.django_db


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def of(member: Any = None) -> Shopper:
    return Shopper(members.access_token(member) if member else "")


@pytest.fixture
def packet(now: datetime) -> Packet:
    """A packet of an order that was paid long ago, made just now."""
    counter.freight(0)
    make.rule()
    made = packets.make(order_no=make.order().order_no, at=now)
    assert made is not None
    return made


def test_the_buyer_shares_it_and_a_friend_opens_it(packet):
    mine = of(packet.member)
    (listed,) = mine.call("GET", "/me/packets").json()["results"]
    assert (listed["packet_no"], listed["order_no"], listed["status"], listed["is_mine"]) == (
        packet.packet_no,
        packet.order_no,
        "OPEN",
        True,
    )
    assert listed["mine"]["status"] == "GIVEN"
    shared = mine.call("POST", "/shares", {"kind": "packet", "id": packet.packet_no}).json()
    assert shared["path"].startswith(f"/pages/packet/index?packet_no={packet.packet_no}&share_token=")
    friend = make.member("周小舟")
    path = f"/packets/{packet.packet_no}/openings"
    first = of(friend).call("POST", path, {"share_token": shared["token"]})
    again = of(friend).call("POST", path, {"share_token": shared["token"]})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["coupon_id"] == again.json()["coupon_id"]
    (coupon,) = of(friend).call("GET", "/me/coupons").json()["results"]
    assert (coupon["id"], coupon["way"]) == (first.json()["coupon_id"], "PACKET")
    assert coupon["template"]["off_fen"] == first.json()["amount_fen"]
    assert coupon["template"]["worth"].startswith("满50减")
    seen = of().call("GET", f"/packets/{packet.packet_no}").json()
    assert (seen["opened"], seen["friends"], seen["mine"], seen["is_mine"]) == (1, 3, None, False)
    assert [opening["nickname"] for opening in seen["openings"]] == ["周**"]
    assert "order_no" not in seen


def test_packets_of_one_order_only_and_a_page_is_two_statements_and_the_caller(
    packet, now, django_assert_num_queries
):
    for _ in range(3):
        packets.make(order_no=make.order((packet.member, packet.member.addresses.all()[0])).order_no, at=now)
    mine = of(packet.member)
    (one,) = mine.call("GET", f"/me/packets?order_no={packet.order_no}").json()["results"]
    assert one["order_no"] == packet.order_no
    with django_assert_num_queries(3):
        assert len(mine.call("GET", "/me/packets").json()["results"]) == 4


def test_only_the_buyer_shares_it(packet):
    answer = of(make.member()).call("POST", "/shares", {"kind": "packet", "id": packet.packet_no})
    assert (answer.status_code, answer.json()["code"]) == (404, "share_not_found")


@pytest.mark.parametrize("said", [{}, {"share_token": 7}, {"share_token": None}, {"share_token": "x" * 33}])
def test_no_token_is_a_plain_400(packet, said):
    answer = of(make.member()).call("POST", f"/packets/{packet.packet_no}/openings", said)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


@pytest.mark.parametrize("number", ["LJ000000AAAAAAAAAAAA", "-1", "0.5", "x" * 40, "%00", "立减金"])
def test_a_number_that_names_none_is_404_at_every_door(packet, number):
    friend = of(make.member())
    assert friend.call("GET", f"/packets/{number}").json()["code"] == "packet_not_found"
    answer = friend.call("POST", f"/packets/{number}/openings", {"share_token": "x"})
    assert (answer.status_code, answer.json()["code"]) == (404, "packet_not_found")


def test_without_login_nobody_opens_it(packet):
    answer = of().call("POST", f"/packets/{packet.packet_no}/openings", {"share_token": make.token(packet)})
    assert (answer.status_code, Part.objects.filter(place__gte=1).exclude(member=None).count()) == (401, 0)


def test_a_packet_that_is_over_says_so_before_the_sweep_has_come_by(packet, now):
    Packet.objects.update(made_at=now - timedelta(days=2), ends_at=now - timedelta(days=1))
    assert of().call("GET", f"/packets/{packet.packet_no}").json()["status"] == "LAPSED"
    sent = make.token(packet)
    answer = of(make.member()).call("POST", f"/packets/{packet.packet_no}/openings", {"share_token": sent})
    assert (answer.status_code, answer.json()["code"]) == (409, "packet_over")
