"""What came of campaigns of every kind: figures that can be added in the head, in one statement, and their sheet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.bargain import services as bargains
from apps.base.models import AuditEntry
from apps.checkout import activities
from apps.desk import campaign_results
from apps.desk.campaign_results import Results
from apps.flashsale import services as flashsale
from apps.flashsale.models import Good
from apps.groupbuy import services as groupbuy
from apps.members.models import Member
from apps.orders.models import Order
from apps.presale import services as presales
from apps.shares.models import Share
from apps.shares.services import visiting
from tests.apps.bargain import make as bargain
from tests.apps.checkout import make as counter
from tests.apps.flashsale import make as flash
from tests.apps.groupbuy import make as group_buys
from tests.apps.members import make as members
from tests.apps.presale import make as presale

pytestmark = pytest.mark.django_db
NOW = flash.NOW
MINUTE = timedelta(minutes=1)
BEFORE = NOW - timedelta(days=1)


def shared(kind: str, subject: str, *, by: Member | None = None) -> Share:
    """Somebody's card of a thing."""
    owner = by or members.member()
    return Share.objects.create(
        member=owner, kind=kind, subject=subject, title="", token=f"{kind}{subject}{owner.pk}"[-32:],
        opened_at=BEFORE, shared_at=BEFORE,
    )  # fmt: skip


def came(
    share: Share,
    member: Member | None = None,
    mark: str = "",
    *,
    new: bool = False,
    at: datetime = NOW - timedelta(hours=1),
) -> None:
    """Somebody comes by it."""
    share.visits.create(
        member=member,
        visitor_id=mark,
        day=at.date(),
        first_at=at,
        last_at=at,
        registered=new,
    )


def brought(order: Order) -> None:
    """What the post tells of an order."""
    visiting.note_order(order_no=order.order_no, member_id=order.member_id, placed_at=order.created_at)
    if order.paid_at:
        visiting.note_payment(order_no=order.order_no, paid_at=order.paid_at)


def bought(who: Any, good: Good, *, paid: bool = True) -> Order:
    """An order of a good for ¥9 instead of ¥50."""
    order = flash.order(who, good)
    if paid:
        counter.pay(order, at=NOW + MINUTE)
    return Order.objects.get(pk=order.pk)


def sold() -> Good:
    """A session for which five orders were placed: two by newcomers, one by an old friend, one unpaid, one given back."""
    counter.freight(0)
    good = flash.good(flash.goods(50_00), price_fen=9_00, quota=10)
    old, one, two, late, sorry = (flash.buyer() for _ in range(5))
    counter.pay(counter.order(*old, [(flash.goods(1_00), 1)], at=BEFORE), at=BEFORE)
    mine = shared("flash_sale", str(good.pk))
    others = shared("flash_sale", str(good.pk))
    elsewhere = shared("flash_sale", str(good.pk + 1_000))
    came(mine, one[0], new=True)
    came(mine, mark="phone-1")
    came(mine)
    came(others, late[0], new=True)
    came(others, one[0])
    came(elsewhere, two[0], new=True)
    for who in (old, one, two):
        brought(bought(who, good))
    brought(bought(late, good, paid=False))
    back = bought(sorry, good)
    Order.objects.filter(pk=back.pk).update(status="REFUNDED", refunded_fen=9_00)
    given_back(Order.objects.get(member=two[0]), 2_00)
    return good


def given_back(order: Order, fen: int) -> None:
    """A part of what the only unit cost."""
    made = order.refunds.create(
        refund_no=f"RO{order.pk}", token=f"{order.pk}", reason="破损", goods_fen=fen, shipping_fen=0,
        wechat_fen=fen, balance_fen=0, units_unsent=1, units_sent=0, at=NOW,
    )  # fmt: skip
    made.lines.create(order_line=order.lines.get(), units=1, units_sent=0, restocked=1, amount_fen=fen)
    Order.objects.filter(pk=order.pk).update(refunded_fen=fen)


def test_a_session_tells_who_ordered_paid_was_new_and_came_by_friends() -> None:
    good = sold()
    found = campaign_results.of(flashsale.CAMPAIGNS, [good.session])[good.session_id]
    assert found == Results(
        placed=5,
        paid=4,
        buyers=3,
        newcomers=2,
        revenue_fen=25_00,  # three at ¥9, of which ¥2 went back
        discount_fen=123_00,  # three times ¥41
        sharers=2,
        visitors=4,  # one and late by login, a phone, and somebody who says nothing
        registered=2,
        brought=2,  # two's order came by another thing's card
        brought_paid=1,
    )
    assert campaign_results.told(found) == [
        "下单 5 笔，付款 4 笔，付款率 80.00%",
        "成交 3 人，其中新客 2 人（首次付款）；销售额 ¥25.00（不含运费），活动优惠 ¥123.00",
        "分享 2 人，带来访客 4 人、注册 2 人；访客下单 2 笔，付款 1 笔，访客付款率 25.00%",
        "裂变系数 K 1.00（平均每位分享者带来的注册人数）",
    ]


def test_of_a_group_buy_only_groups_that_formed_sold_anything_and_each_group_is_sent() -> None:
    counter.freight(0)
    row = group_buys.campaign(group_buys.goods(50_00), {2: 39_00})
    opener, friend = group_buys.buyer(), group_buys.buyer()
    formed = group_buys.opened(row, opener)
    came(shared("group", formed.group_no, by=opener[0]), friend[0], at=group_buys.NOW - MINUTE)
    brought(group_buys.joined(formed, friend))
    waiting = group_buys.opened(row)
    shared("group", waiting.group_no)
    shared("group", "SOMEBODY-ELSES")
    found = campaign_results.of(groupbuy.CAMPAIGNS, [row])[row.pk]
    assert found == Results(
        placed=3, paid=3, buyers=2, newcomers=2, revenue_fen=78_00, discount_fen=22_00,
        sharers=2, visitors=1, registered=0, brought=1, brought_paid=1,
    )  # fmt: skip
    assert found.k_hundredths == 0


def test_what_a_group_got_back_was_taken_off_by_it_and_postage_is_no_revenue() -> None:
    counter.freight(8_00)
    row = group_buys.campaign(group_buys.goods(36_00), {3: 25_00, 5: 20_01}, minutes_per_group=60)
    group = group_buys.opened(row)
    for _ in range(3):
        group_buys.joined(group_buys.fresh(group))
    group_buys.post()
    before = campaign_results.of(groupbuy.CAMPAIGNS, [row])[row.pk]
    assert (before.revenue_fen, before.discount_fen) == (4 * 25_00, 4 * 11_00)
    group_buys.joined(group_buys.fresh(group))
    group_buys.post()
    found = campaign_results.of(groupbuy.CAMPAIGNS, [row])[row.pk]
    assert (found.revenue_fen, found.discount_fen) == (5 * 20_01, 5 * (36_00 - 20_01))
    assert sum(Order.objects.values_list("refunded_fen", flat=True)) == 4 * (25_00 - 20_01)


def test_of_a_bargain_each_run_is_sent_and_ordered() -> None:
    counter.freight(0)
    row = bargain.bargain(floor_fen=99_00)
    who = counter.buyer()
    run = bargain.helped(bargain.run(row, member_id=who[0].pk), times=row.helpers)
    came(shared("bargain", run.bargain_no, by=who[0]), mark="phone-1")
    ticket = activities.read({"kind": "bargain", "id": run.bargain_no})
    order = counter.order(*who, [(row.sku, 1)], activity=ticket, at=bargain.NOW)
    counter.pay(order, at=bargain.NOW)
    found = campaign_results.of(bargains.CAMPAIGNS, [row])[row.pk]
    assert found == Results(
        placed=1, paid=1, buyers=1, newcomers=1, revenue_fen=99_00, discount_fen=100_00, sharers=1, visitors=1
    )


def test_a_presale_has_sold_what_is_paid_whole() -> None:
    counter.freight(0)
    row = presale.presale(presale.tea())
    whole = presale.paid(row)
    presale.reserved(row)
    came(shared("presale", str(row.pk)))
    found = campaign_results.of(presales.CAMPAIGNS, [row])[row.pk]
    assert found == Results(
        placed=2,
        paid=1,
        buyers=1,
        newcomers=1,
        revenue_fen=whole.payable_fen,
        discount_fen=200_00 - whole.payable_fen,
        sharers=1,
        visitors=1,
    )


@pytest.mark.parametrize(
    ("campaigns", "made"),
    [
        (flashsale.CAMPAIGNS, lambda: flash.good().session),
        (groupbuy.CAMPAIGNS, lambda: group_buys.campaign(group_buys.goods(50_00))),
        (bargains.CAMPAIGNS, bargain.bargain),
        (presales.CAMPAIGNS, lambda: presale.presale(presale.tea())),
    ],
)
def test_figures_of_ten_campaigns_ask_as_often_as_those_of_one(
    campaigns: Any, made: Callable[[], Any]
) -> None:
    rows = [made() for _ in range(10)]
    for few in (rows[:1], rows):
        with CaptureQueriesContext(connection) as asked:
            found = campaign_results.of(campaigns, few)
        assert found == {row.pk: Results() for row in few}
        assert len(asked) <= 3


KINDS: Final = {
    "flashsale/session": lambda: flash.good(flash.goods(50_00), title="=1+1").session,
    "groupbuy/groupbuy": lambda: group_buys.campaign(group_buys.goods(50_00), title="=1+1"),
    "bargain/bargain": lambda: bargain.bargain(title="=1+1"),
    "presale/presale": lambda: presale.presale(presale.tea(), title="=1+1"),
}


@pytest.mark.parametrize("page", KINDS)
def test_the_sheet_has_a_line_for_each_campaign_and_no_formula_and_it_is_written_down(
    admin_client: Client, page: str
) -> None:
    row = KINDS[page]()
    answer = admin_client.get(f"/admin/{page}/results-sheet/")
    head, line = b"".join(answer.streaming_content).decode().strip("\ufeff").splitlines()  # type: ignore[attr-defined]
    assert head.startswith("编码,名称,状态,开始时间,结束时间,下单笔数,付款笔数,成交人数,新客人数")
    assert line.startswith(f"{row.code},'=1+1,")
    assert line.endswith(",0,0,0,0,0.00,0.00,0,0,0,0,0,")
    assert AuditEntry.objects.filter(action="导出活动效果", note="1 个").count() == 1


def test_who_may_not_see_a_kind_gets_no_sheet_of_it(client: Client) -> None:
    operator = User.objects.create_user("clerk", password="x", is_staff=True)
    operator.user_permissions.add(
        Permission.objects.get(codename="view_session", content_type__app_label="flashsale")
    )
    client.force_login(operator)
    assert client.get("/admin/flashsale/session/results-sheet/").status_code == 200
    assert client.get("/admin/bargain/bargain/results-sheet/").status_code == 403
