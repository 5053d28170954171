"""The operators' pages of group-buys: a form that says the rule and prices a basket, buttons, results, groups."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from apps.base.models import AuditEntry
from apps.campaigns.models import SkuWindow
from apps.catalog.models import Product
from apps.desk import campaign_results
from apps.groupbuy import inputs, results
from apps.groupbuy import selectors as group_facts
from apps.groupbuy import services as groupbuy
from apps.groupbuy.models import Group, GroupBuy
from apps.orders.models import Order
from tests.apps.groupbuy import make
from tests.apps.groupbuy.make import NOW

pytestmark = pytest.mark.django_db
PAGE = "/admin/groupbuy/groupbuy/"
GROUPS = "/admin/groupbuy/group/"


def typed(code: str, **more: Any) -> dict[str, Any]:
    return {
        "title": "春茶阶梯团",
        "code": "SPRING-TEA",
        "starts_at_0": "2026-11-28",
        "starts_at_1": "00:00:00",
        "ends_at_0": "2126-11-28",
        "ends_at_1": "00:00:00",
        "combines": ["coupon"],
        "people": "3，5",
        "ladder": f"{code}：39，35.00，团长 30",
        "minutes_per_group": "1440",
        "limit_per_member": "2",
        "quota": "",
        **more,
    }


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def test_what_is_typed_becomes_a_draft_whose_rule_is_said_in_a_sentence(admin_client: Client) -> None:
    cup = make.goods(50_00)
    answer = admin_client.post(f"{PAGE}add/", typed(cup.code), follow=True)
    assert answer.status_code == 200
    row = GroupBuy.objects.get()
    assert (row.approval, row.product_id, row.limit_per_member, row.quota) == (
        "DRAFT",
        cup.product_id,
        2,
        None,
    )
    assert list(row.prices.values_list("size", "price_fen")) == [(1, 30_00), (3, 39_00), (5, 35_00)]
    shown = text_of(admin_client.get(f"{PAGE}{row.pk}/change/"))
    assert (
        "3 人团每件 ¥39.00，5 人团每件 ¥35.00；人数越多越便宜，多付的差价在团结束时退还；开团者每件 ¥30.00；"
        "开团者付款后 24 小时内未满 3 人则全额退款；每人限购 2 件"
    ) in shown
    assert f"{cup.code}：39.00，35.00，团长 30.00" in shown
    assert AuditEntry.objects.filter(action="新建拼团活动").count() == 1


def test_the_form_prices_a_basket_with_todays_offers_as_the_counter_would(admin_client: Client) -> None:
    make.counter.promotion(label="满30减10", steps=[[30_00, 10_00]])
    pot = make.goods(50_00)
    make.counter.promotion("FIXED", label="别的商品立减", off_fen=1_00, product_ids=[pot.product_id])
    cup = make.goods(50_00)
    row, _ = groupbuy.CAMPAIGNS.save(make.draft(cup, combines=[]), at=NOW)
    other, _ = groupbuy.CAMPAIGNS.save(make.draft(make.goods(50_00), combines=["promotions"]), at=NOW)
    shown = text_of(admin_client.get(f"{PAGE}{row.pk}/change/"))
    assert f"{cup.code} 3 人团：原价 ¥50.00，3 人团价 -¥11.00，实付 ¥39.00；不同享：满30减10" in shown
    assert "别的商品立减" not in shown
    assert "满30减10 -¥10.00，实付 ¥29.00" in text_of(admin_client.get(f"{PAGE}{other.pk}/change/"))


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"people": "3，6"}, "成团人数不能超过 5 人"),
        ({"people": "三"}, "无法识别「三」"),
        ({"people": "3，3"}, "同一人数只能填写一次"),
        ({"ladder": "NONE：39，35"}, "没有这个商家编码的 SKU：NONE"),
        ({"ladder": "39"}, "每行请写成"),
        ({"ladder": "{code}：39"}, "应有 2 个价格"),
        ({"ladder": "{code}：39，3x"}, "中的价格"),
        ({"ladder": "{code}：39，35\n{code}：39，35"}, "重复"),
        ({"ladder": "{code}：60，35"}, "活动价必须低于原价"),
        ({"ladder": "{code}：35，39"}, "人数越多，价格不能越高"),
        ({"ends_at_0": "2020-01-01"}, "结束时间必须晚于开始时间"),
        ({"minutes_per_group": "0"}, "1"),
    ],
)
def test_what_makes_no_sense_is_said_in_the_form(admin_client: Client, more: Any, told: str) -> None:
    cup = make.goods(50_00)
    if "ladder" in more:
        more = {"ladder": more["ladder"].replace("{code}", cup.code)}
    answer = admin_client.post(f"{PAGE}add/", typed(cup.code, **more))
    assert answer.status_code == 200
    assert told in text_of(answer)
    assert GroupBuy.objects.count() == 0


def test_prices_are_read_as_they_are_written() -> None:
    assert inputs.read_prices("A-1: 39 / 35；团长价：30\nB：40，36", [3, 5]) == {
        "A-1": {1: 30_00, 3: 39_00, 5: 35_00},
        "B": {3: 40_00, 5: 36_00},
    }
    assert inputs.read_sizes("5人、3 人") == [3, 5]


def test_a_second_campaign_of_the_same_goods_is_refused_in_the_form_by_the_firsts_name(
    admin_client: Client,
) -> None:
    cup = make.goods(50_00)
    make.campaign(cup, title="先来的团", **make.today())
    row, _ = groupbuy.CAMPAIGNS.save(make.draft(cup, **make.today()), at=NOW)
    answer = admin_client.post(f"{PAGE}{row.pk}/approve/", {}, follow=True)
    assert "先来的团" in text_of(answer)
    assert make.fresh(row).approval == "DRAFT"


def test_a_form_is_tried_out_before_it_is_saved_and_nothing_that_was_typed_is_lost(
    admin_client: Client,
) -> None:
    cup = make.goods(50_00)
    make.campaign(cup, title="先来的团", **make.today())
    answer = admin_client.post(f"{PAGE}add/", typed(cup.code, title="年货团", _try_out=""))
    shown = text_of(answer)
    assert answer.status_code == 200
    assert (
        "3 人团每件 ¥39.00，5 人团每件 ¥35.00" in shown
        and f"{cup.code} 开团者：原价 ¥50.00，开团者价 -¥20.00，实付 ¥30.00" in shown
    )
    assert "尚未保存" in shown and "批准前请调整" in shown and "已参加拼团「先来的团」" in shown
    assert 'value="年货团"' in shown and f"{cup.code}：39，35.00，团长 30" in shown
    assert GroupBuy.objects.count() == 1
    faulty = text_of(admin_client.post(f"{PAGE}add/", typed(cup.code, people="三", _try_out="")))
    assert "无法识别「三」" in faulty and "尚未保存" not in faulty
    changed = typed(cup.code, ladder=f"{cup.code}：38，34", _try_out="")
    row, _ = groupbuy.CAMPAIGNS.save(make.draft(make.goods(50_00)), at=NOW)
    assert "3 人团每件 ¥38.00" in text_of(admin_client.post(f"{PAGE}{row.pk}/change/", changed))
    assert "¥38.00" not in text_of(admin_client.get(f"{PAGE}{row.pk}/change/"))


def test_trying_out_a_change_tells_no_group_that_runs(
    admin_client: Client, django_assert_num_queries: Any
) -> None:
    cup = make.goods(50_00)
    row = make.campaign(cup, **make.today())
    group = make.opened(row, at=timezone.now())
    group_facts.progress_of(group.group_no)
    changed = typed(cup.code, ladder=f"{cup.code}：38，34", _try_out="") | {"code": row.code}
    assert "尚未保存" in text_of(admin_client.post(f"{PAGE}{row.pk}/change/", changed))
    with django_assert_num_queries(0):
        group_facts.progress_of(group.group_no)


def test_a_draft_whose_time_is_over_or_whose_goods_another_has_is_told_so_when_it_is_saved() -> None:
    cup = make.goods(50_00)
    make.campaign(cup, title="先来的团")
    saved = groupbuy.CAMPAIGNS.save(make.draft(cup), at=NOW)
    assert [told.partition("：")[0] for told in saved.warnings] == ["批准前请调整"]
    over = groupbuy.CAMPAIGNS.save(make.draft(make.goods(50_00)), at=saved.row.ends_at)
    assert over.warnings == ["活动时间已过，请先修改时间"]


def test_the_refusal_leads_to_the_campaign_that_has_the_goods(admin_client: Client) -> None:
    cup = make.goods(50_00)
    first = make.campaign(cup, title="先来的团", **make.today())
    row, _ = groupbuy.CAMPAIGNS.save(make.draft(cup, **make.today()), at=NOW)
    window = SkuWindow.objects.get()
    page = f"/admin/campaigns/skuwindow/{window.pk}/change/"
    assert f'href="{page}"' in text_of(admin_client.post(f"{PAGE}{row.pk}/approve/", {}))
    assert admin_client.get(page).headers["Location"] == f"{PAGE}{first.pk}/change/"


def test_a_sample_of_goods_that_are_bought_in_pairs_is_of_two(admin_client: Client) -> None:
    cup = make.goods(50_00)
    Product.objects.filter(pk=cup.product_id).update(min_quantity=2, quantity_step=2)
    row, _ = groupbuy.CAMPAIGNS.save(make.draft(cup, limit_per_member=None), at=NOW)
    shown = text_of(admin_client.get(f"{PAGE}{row.pk}/change/"))
    assert f"{cup.code} 3 人团（2 件起购）：原价 ¥100.00，3 人团价 -¥22.00，实付 ¥78.00" in shown


def test_a_copy_of_one_that_was_stopped_takes_its_place_without_another_beginning(
    admin_client: Client,
) -> None:
    row = make.campaign(make.goods(50_00), **make.today())
    copied = groupbuy.CAMPAIGNS.copy(row, code="AGAIN", at=timezone.now())
    page = f"{PAGE}{copied.pk}/approve/"
    assert "同一时间只能参加一个活动" in text_of(admin_client.post(page, {}, follow=True))
    groupbuy.CAMPAIGNS.stop(row, at=timezone.now())
    assert "同一时间只能参加一个活动" not in text_of(admin_client.post(page, {}, follow=True))
    assert (make.fresh(copied).approval, make.fresh(copied).starts_at) == ("APPROVED", row.starts_at)


def test_buttons_approve_pause_resume_stop_and_copy(admin_client: Client) -> None:
    row, _ = groupbuy.CAMPAIGNS.save(make.draft(make.goods(50_00), **make.today()), at=NOW)

    def press(button: str) -> str:
        assert admin_client.post(f"{PAGE}{row.pk}/{button}/", {}, follow=True).status_code == 200
        return str(make.fresh(row).approval)

    assert [press(button) for button in ("approve", "pause", "resume", "stop")] == [
        "APPROVED",
        "PAUSED",
        "APPROVED",
        "STOPPED",
    ]
    admin_client.post(f"{PAGE}{row.pk}/copy/", {"token": str(uuid4())})
    assert sorted(GroupBuy.objects.values_list("approval", flat=True)) == ["DRAFT", "STOPPED"]


def test_results_say_who_took_part_and_what_it_sold() -> None:
    row = make.campaign(make.goods(50_00), {2: 39_00})
    known = make.buyer()
    make.pay(make.counter.order(*known, [(make.goods(1_00), 1)]))
    make.joined(make.opened(row, known))
    make.opened(row)
    lapsed = make.order(row)
    make.counter.close(lapsed)
    failed = make.opened(row, at=NOW - timedelta(hours=2) + timedelta(hours=2))
    Group.objects.filter(pk=failed.pk).update(ends_at=failed.opened_at + timedelta(minutes=1))
    groupbuy.end_due(at=NOW + timedelta(minutes=2))
    make.post(at=NOW + timedelta(minutes=2))
    found = results.of(row)
    assert found == results.Results(opened=3, formed=1, failed=1, joiners=1)
    assert results.told(found) == "开团 3 个，成团 1 个，未成 1 个；平均每团带来 0.33 人参团"
    assert campaign_results.of(groupbuy.CAMPAIGNS, [row])[row.pk] == campaign_results.Results(
        placed=5, paid=4, buyers=2, newcomers=1, revenue_fen=78_00, discount_fen=22_00
    )


def test_a_group_shows_its_members_and_their_orders_and_can_be_ended_with_a_reason(
    admin_client: Client,
) -> None:
    row = make.campaign(make.goods(50_00), **make.today())
    group = make.opened(row, make.buyer(nickname="林小满"), at=timezone.now())
    waiting = make.order(row, group=group, at=timezone.now())
    shown = text_of(admin_client.get(f"{GROUPS}{group.pk}/change/"))
    opener = Order.objects.get(activity__group_no=group.group_no, status="GATHERING")
    for told in ("林小满", opener.order_no, waiting.order_no, "1 / 3 人", "提前结束此团"):
        assert told in shown
    assert group.group_no in text_of(admin_client.get(GROUPS, {"q": group.group_no}))
    answer = admin_client.post(f"{GROUPS}{group.pk}/end-now/", {"reason": "商品有误"}, follow=True)
    assert "已付款的团员将自动退款" in text_of(answer)
    make.post(at=timezone.now())
    assert make.statuses(opener, waiting) == ["REFUNDED", "CLOSED"]
    entry = AuditEntry.objects.get(subject=group.group_no)
    assert (entry.action, "商品有误" in entry.note) == ("提前结束团", True)
    assert "end-now" not in text_of(admin_client.get(f"{GROUPS}{group.pk}/change/"))


def test_ending_a_group_needs_a_right_of_its_own(client: Client) -> None:
    row = make.campaign(make.goods(50_00), **make.today())
    group = make.opened(row, at=timezone.now())
    reader = User.objects.create_user("客服", is_staff=True)
    reader.user_permissions.add(
        Permission.objects.get(codename="view_group", content_type__app_label="groupbuy")
    )
    client.force_login(reader)
    assert client.get(f"{GROUPS}{group.pk}/change/").status_code == 200
    assert client.post(f"{GROUPS}{group.pk}/end-now/", {"reason": "x"}).status_code == 403
    assert make.fresh(group).status == "OPEN"
