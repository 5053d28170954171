"""Friends of friends buy over HTTP: who brought them earns, when a group is formed, received, and partly returned."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from apps.desk import campaign_file
from apps.fulfillment.services import parcels
from apps.orders.models import Order
from apps.wechat.sandbox.control import Sandbox
from tests.apps.aftersales import make as sale
from tests.apps.checkout import make as counter
from tests.apps.fulfillment import make as fulfillment
from tests.apps.groupbuy import make as group_buys
from tests.journeys.shopper import Shopper
from tests.journeys.test_groups import friends, orders, pays, post

pytestmark = pytest.mark.django_db(transaction=True)


def programme(*promoters: Shopper, freeze_days: int = 7) -> None:
    """Ten per cent and five, and these promote."""
    said = {
        "commission": {"rates_bp": {"first": 1000, "second": 500}, "freeze_days": freeze_days},
        "promoters": [{"openid": person.openid} for person in promoters],
    }
    campaign_file.load(json.dumps(said), at=timezone.now())


def comes_by(person: Shopper, promoter: Shopper) -> None:
    token = promoter.does("POST", "/shares", {"kind": "promoter", "id": "me"})["token"]
    assert person.call("POST", "/visits", {"share_token": token, "visitor_id": "v-1"}).status == 204


def commissions(promoter: Shopper) -> list[Any]:
    rows = promoter.does("GET", "/me/promoter/commissions")["results"]
    return [(row["amount_fen"], row["level"], row["status"]) for row in rows]


def test_a_brings_b_b_brings_c_who_buys_three_receives_them_and_gives_one_back(
    shop: str, wechat: Sandbox
) -> None:
    a, b, c = friends(shop, wechat, "小满", "立夏", "白露")
    programme(a, b)
    comes_by(b, a)
    comes_by(c, b)
    assert c.does("GET", "/me/inviter")["nickname"] == "微信用户"
    cup = counter.goods(423)
    counter.freight(0)
    wanted = {"items": [{"sku_id": cup.pk, "quantity": 3}], "address_id": c.writes_address()}
    placed = c.places(wanted)
    pays(c, placed["order_no"], until="PAID")
    post()
    assert commissions(b) == [(126, 1, "PENDING")]
    assert commissions(a) == [(63, 2, "PENDING")]
    fulfillment.carriers()
    parcels.ship(
        order_no=placed["order_no"],
        carrier_code="SF",
        tracking_no="SF1234567890",
        operator=None,
        at=timezone.now(),
    )
    c.does("POST", f"/orders/{placed['order_no']}/receive")
    post()
    assert b.does("GET", "/me/promoter")["frozen_fen"] == 126
    sale.refund(Order.objects.get(), {cup: 1}, at=timezone.now())
    post()
    assert commissions(b) == [(-42, 1, "FROZEN"), (126, 1, "FROZEN")]
    assert commissions(a) == [(-21, 2, "FROZEN"), (63, 2, "FROZEN")]
    mine = a.does("GET", "/leaderboards/promoters?period=week")
    assert [(row["nickname"], row["orders"], row["amount_fen"]) for row in mine["results"]] == [
        ("微信用户", 1, 846)
    ]
    assert mine["mine"] is None
    call_command("check_commissions")


def test_39_yuan_in_a_group_earn_390_when_it_is_formed_and_4_yuan_back_at_five_people_take_40(
    shop: str, wechat: Sandbox
) -> None:
    promoter, *people = friends(shop, wechat, "小满", "立夏", "白露", "霜降", "冬至", "小寒")
    programme(promoter)
    comes_by(people[0], promoter)
    row = group_buys.campaign(
        group_buys.goods(50_00, units=10), group_buys.THREE_OR_FIVE, **group_buys.today()
    )
    opened = orders(people[0], row)
    group_no = pays(people[0], opened["order_no"], until="GATHERING")["activity"]["group_no"]
    post()
    assert commissions(promoter) == []
    for number, friend in enumerate(people[1:], start=2):
        joined = orders(friend, row, group_no)
        pays(friend, joined["order_no"], until="GATHERING" if number < 3 else "PAID")
        if number == 3:
            post()
            assert commissions(promoter) == [(390, 1, "PENDING")]
    post()
    post()
    assert commissions(promoter) == [(-40, 1, "PENDING"), (390, 1, "PENDING")]
    call_command("check_commissions")
