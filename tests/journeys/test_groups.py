"""Friends buy together over HTTP: a group of three that becomes five, and one whose time runs out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.checkout import closing, grouping
from apps.groupbuy import services as groupbuy
from apps.groupbuy.models import Group, GroupBuy
from apps.outbox import services as outbox
from apps.payments.services import refunds
from apps.wechat.sandbox.control import Sandbox
from tests.apps.groupbuy import make
from tests.journeys.shopper import Shopper

pytestmark = pytest.mark.django_db(transaction=True)


def friends(shop: str, wechat: Sandbox, *names: str) -> list[Shopper]:
    people = [Shopper(shop, wechat, name) for name in names]
    for person in people:
        person.logs_in()
    return people


def orders(person: Shopper, row: GroupBuy, group_no: str | None = None) -> Any:
    """Order a unit, opening a group or joining one."""
    activity = {"kind": "group_buy", "id": row.pk} | ({"group_no": group_no} if group_no else {})
    sku_id = row.prices.values_list("sku_id", flat=True)[0]
    return person.places(
        {
            "items": [{"sku_id": sku_id, "quantity": 1}],
            "address_id": person.writes_address(),
            "activity": activity,
        }
    )


def pays(person: Shopper, order_no: str, *, until: str) -> Any:
    person.pays(order_no)
    return person.waits_for(order_no, until)


def post() -> None:
    """What was announced reaches everybody, and WeChat is asked for the refunds."""
    for _ in range(4):
        outbox.deliver_due(at=timezone.now())
    refunds.submit_due(at=timezone.now())


def test_three_friends_become_five_and_the_first_four_get_the_difference_back(
    shop: str, wechat: Sandbox
) -> None:
    row = make.campaign(make.goods(50_00, units=10), make.THREE_OR_FIVE, **make.today())
    people = friends(shop, wechat, "小满", "立夏", "白露", "霜降", "冬至")
    leader = people[0]
    first = orders(leader, row)
    seen = pays(leader, first["order_no"], until="GATHERING")
    group_no = seen["activity"]["group_no"]
    placed = [first["order_no"]]
    paid = [first["payable_fen"]]
    for number, person in enumerate(people[1:], start=2):
        told = person.does("GET", f"/groups/{group_no}")
        assert (told["joined"], told["joinable"], told["is_mine"]) == (number - 1, True, False)
        mine = orders(person, row, group_no)
        assert mine["payable_fen"] == told["price_fen"]
        pays(person, mine["order_no"], until="GATHERING" if number < 3 else "PAID")
        placed.append(mine["order_no"])
        paid.append(mine["payable_fen"])
    assert paid == [39_00, 39_00, 39_00, 39_00, 35_00]
    told = leader.does("GET", f"/groups/{group_no}")
    assert (told["status"], told["joined"], told["joinable"], told["next_tier"]) == ("FORMED", 5, False, None)
    assert [person.sees(order_no)["status"] for person, order_no in zip(people, placed, strict=True)] == [
        "PAID"
    ] * 5

    post()
    post()
    assert sorted(refund["refund_fen"] for refund in wechat.refunds()) == [4_00] * 4
    for person, order_no in zip(people[:4], placed, strict=False):
        wechat.wait(lambda: person.sees(order_no)["refunds"][0]["status"] == "DONE")  # noqa: B023
        shown = person.sees(order_no)
        assert (shown["status"], shown["refunded_fen"], shown["items"][0]["refunded"]) == ("PAID", 4_00, 0)
        assert shown["refunds"][0]["reason"] == "拼团达到 5 人价，退还差价"
    assert people[4].sees(placed[4])["refunds"] == []
    late = friends(shop, wechat, "小寒")[0]
    quote = {
        "items": [{"sku_id": row.prices.values_list("sku_id", flat=True)[0], "quantity": 1}],
        "activity": {"kind": "group_buy", "id": row.pk, "group_no": group_no},
    }
    answer = late.call("POST", "/checkout/quote", quote)
    assert (answer.status, answer.body["code"]) == (409, "group_full")


def test_a_group_whose_time_runs_out_gives_everybody_back_and_closes_who_did_not_pay(
    shop: str, wechat: Sandbox
) -> None:
    row = make.campaign(make.goods(50_00, units=10), {4: 39_00}, **make.today())
    leader, second, late, lazy = friends(shop, wechat, "小满", "立夏", "白露", "霜降")
    first = orders(leader, row)["order_no"]
    group_no = pays(leader, first, until="GATHERING")["activity"]["group_no"]
    joined = orders(second, row, group_no)["order_no"]
    pays(second, joined, until="GATHERING")
    too_late = orders(late, row, group_no)["order_no"]
    asked = late.asks_to_pay(too_late)
    unpaid = orders(lazy, row, group_no)["order_no"]

    # The hour is over, by a second; nobody has looked at it yet.
    over = timezone.now() - timedelta(seconds=1)
    Group.objects.update(opened_at=over - timedelta(hours=1), ends_at=over)
    answer = lazy.call("POST", f"/orders/{unpaid}/pay")
    assert (answer.status, answer.body["code"]) == (409, "group_closed")
    wechat.pay(late.openid, asked)
    late.waits_for(too_late, "GATHERING")  # its money is there, and goes back

    groupbuy.end_due(at=timezone.now())
    post()
    closing.close_expired(at=timezone.now())
    statuses = [
        person.sees(order_no)["status"]
        for person, order_no in ((leader, first), (second, joined), (late, too_late), (lazy, unpaid))
    ]
    assert statuses == ["REFUNDED", "REFUNDED", "REFUNDED", "CLOSED"]
    assert sorted(refund["refund_fen"] for refund in wechat.refunds()) == [39_00] * 3
    assert leader.does("GET", f"/groups/{group_no}")["status"] == "FAILED"
    product_id = row.product_id
    assert leader.sees_in_stock(product_id) == 10
    post()
    assert len(wechat.refunds()) == 3


def test_who_paid_in_time_is_in_the_group_though_the_shop_hears_of_it_after_the_end(
    shop: str, wechat: Sandbox
) -> None:
    row = make.campaign(make.goods(50_00, units=10), {2: 39_00}, **make.today())
    leader, second, lazy = friends(shop, wechat, "小满", "立夏", "白露")
    first = orders(leader, row)["order_no"]
    group_no = pays(leader, first, until="GATHERING")["activity"]["group_no"]
    Group.objects.update(largest=3)
    joined = orders(second, row, group_no)["order_no"]
    unpaid = orders(lazy, row, group_no)["order_no"]
    begun, left_open = second.asks_to_pay(joined), lazy.asks_to_pay(unpaid)
    wechat.fault("notify_lost")
    wechat.pay(second.openid, begun)
    assert second.sees(joined)["status"] == "UNPAID"

    # The end comes: WeChat is asked about both seats before anything is decided.
    end = Group.objects.get().ends_at
    assert grouping.end_due(at=end) == 1
    post()
    statuses = [
        person.sees(order_no)["status"]
        for person, order_no in ((leader, first), (second, joined), (lazy, unpaid))
    ]
    assert statuses == ["PAID", "PAID", "CLOSED"]
    assert wechat.refunds() == []
    with pytest.raises(Exception, match="订单已关闭"):
        wechat.pay(lazy.openid, left_open)
