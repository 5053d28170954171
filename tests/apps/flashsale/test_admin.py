"""The operators' pages of flash sales: a session is written with its goods, refused in Chinese, priced, looked back at."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from apps.base.models import AuditEntry
from apps.catalog.models import Sku
from apps.flashsale import services as flashsale
from apps.flashsale.models import Good, Plan, Session
from mall.money import yuan
from tests.admin import shop
from tests.admin.browser import Browser
from tests.apps.campaigns import make as campaign_make
from tests.apps.checkout import make as counter
from tests.apps.flashsale import make
from tests.apps.flashsale.make import HOUR, NOW, buyer, goods, order

pytestmark = pytest.mark.django_db
ADD = "/admin/flashsale/session/add/"


@pytest.fixture
def page() -> Client:
    client = Browser()
    client.force_login(User.objects.create_superuser("店长"))
    return client


def line(sku: Sku, **typed: str) -> dict[str, str]:
    return {"sku": sku.code, "price_fen": "9.00", "quota": "10", "limit_per_member": "1", **typed}


PLAN = {
    "title": "每天闪购",
    "code": "DAILY",
    "enabled": "on",
    "starts": "20:00:00",
    "minutes": "60",
    "preheat_minutes": "",
    "from_day": "2026-11-28",
    "until_day": "",
    "ahead_days": "7",
    "group": "",
}


def goods_of(*lines: dict[str, str]) -> dict[str, str]:
    """The rows of a form that has none yet."""
    typed = {f"goods-{place}-{name}": value for place, row in enumerate(lines) for name, value in row.items()}
    return {"goods-TOTAL_FORMS": str(len(lines)), "goods-INITIAL_FORMS": "0", **typed}


def form(*lines: dict[str, str], known: int = 0, **typed: str) -> dict[str, str]:
    """What the browser sends of a session from ten to twelve."""
    whole = {
        "title": "十点秒杀",
        "code": "TEN",
        "preheat_at_0": "",
        "preheat_at_1": "",
        "starts_at_0": "2026-11-28",
        "starts_at_1": "10:00:00",
        "ends_at_0": "2026-11-28",
        "ends_at_1": "12:00:00",
        "group": "",
        "goods-TOTAL_FORMS": str(len(lines)),
        "goods-INITIAL_FORMS": str(known),
    }
    for place, row in enumerate(lines):
        whole |= {f"goods-{place}-{name}": value for name, value in row.items()}
    return whole | typed


def test_a_session_is_written_with_its_goods_as_a_draft_and_the_log_says_so(page: Client) -> None:
    one, two = goods(50_00), goods(60_00)
    answer = page.post(ADD, form(line(one), line(two, price_fen="12.5", quota="3")))
    assert answer.status_code == 302, shop.shown(answer)
    row = Session.objects.get()
    assert (row.code, row.approval, row.starts_at, row.ends_at) == ("TEN", "DRAFT", NOW, NOW + 2 * HOUR)
    assert list(Good.objects.order_by("id").values_list("sku", "price_fen", "quota")) == [
        (one.pk, 9_00, 10),
        (two.pk, 12_50, 3),
    ]
    log = AuditEntry.objects.get()
    assert (log.action, log.key) == ("新建秒杀活动", str(row.pk))


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ({"ends_at_1": "10:00:00"}, "结束时间必须晚于开始时间"),
        ({"preheat_at_0": "2026-11-28", "preheat_at_1": "10:00:01"}, "预热开始不能晚于活动开始"),
        ({"goods-0-price_fen": "50.00"}, "活动价必须低于原价 ¥50.00"),
        ({"goods-0-price_fen": "0"}, "金额不能低于 0.01 元"),
        ({"goods-0-sku": "NOBODY"}, "没有这个商家编码的 SKU"),
        ({"goods-TOTAL_FORMS": "0"}, "请添加 1 到 100 个商品"),
        ({"goods-0-quota": "0"}, "数量和每人限购至少为 1"),
    ],
)
def test_what_cannot_be_is_refused_in_chinese_and_nothing_is_kept(
    page: Client, typed: dict[str, str], why: str
) -> None:
    answer = page.post(ADD, form(line(goods(50_00)), **typed))
    assert answer.status_code == 200
    assert why in "".join(shop.shown(answer))
    assert (Session.objects.count(), Good.objects.count()) == (0, 0)


def test_a_sku_of_another_campaign_is_named_when_an_approved_session_takes_it(page: Client) -> None:
    good = make.good(code="TEN")
    other = goods(60_00)
    campaign_make.book("77", other, starts_at=NOW, ends_at=NOW + HOUR, kind="group_buy", title="三人团")
    known = line(good.sku, id=str(good.pk), session=str(good.session_id))
    answer = page.post(
        f"/admin/flashsale/session/{good.session_id}/change/", form(known, line(other), known=1)
    )
    assert "「三人团」" in "".join(shop.shown(answer))
    assert Good.objects.count() == 1


def test_a_session_is_tried_out_with_its_goods_and_nothing_is_kept(page: Client) -> None:
    answer = page.post(ADD, form(line(goods(50_00, title="手冲壶")), _try_out=""))
    shown = "".join(shop.shown(answer))
    assert "所有会员 11-28 10:00 至 11-28 12:00 抢购：手冲壶 ¥9.00（限 10 件，每人 1 件）" in shown
    assert "手冲壶：原价 ¥50.00，秒杀价 -¥41.00，实付 ¥9.00" in shown
    assert "尚未保存" in shown
    assert (Session.objects.count(), Good.objects.count()) == (0, 0)
    refused = "".join(shop.shown(page.post(ADD, form(line(goods(50_00), price_fen="60"), _try_out=""))))
    assert "活动价必须低于原价 ¥50.00" in refused and "尚未保存" not in refused


def test_a_sku_that_is_typed_twice_is_said_in_the_operators_words(page: Client) -> None:
    sku = goods(50_00)
    for address, more in ((ADD, {}), ("/admin/flashsale/plan/add/", PLAN)):
        shown = "".join(shop.shown(page.post(address, form(line(sku), line(sku)) | more)))
        assert "同一商品规格只能添加一次" in shown and "sku" not in shown.lower().replace("sku）", "")


def test_who_may_only_look_reads_yuan_and_what_may_be_combined_by_its_name(client: Client) -> None:
    row = make.session(goods(50_00), combines=["coupon", "points"])
    looks = User.objects.create_user("客服", is_staff=True)
    names = ["view_session", "view_good"]
    looks.user_permissions.set(
        Permission.objects.filter(codename__in=names, content_type__app_label="flashsale")
    )
    client.force_login(looks)
    shown = shop.shown(client.get(f"/admin/flashsale/session/{row.pk}/change/"))
    (good,) = row.goods.all()
    assert f"¥{yuan(good.price_fen)}" in shown and str(good.price_fen) not in shown
    assert "优惠券、积分抵扣" in shown
    assert not {"试算（不保存）", "批准", "暂停", "复制"} & set(shown)


def test_goods_are_changed_and_taken_out_on_the_page(page: Client) -> None:
    row = make.session(goods(50_00), goods(60_00), code="TEN")
    one, two = row.goods.order_by("id")
    said = [line(each.sku, id=str(each.pk), session=str(row.pk)) for each in (one, two)]
    said[0]["price_fen"], said[1]["DELETE"] = "8.00", "on"
    answer = page.post(f"/admin/flashsale/session/{row.pk}/change/", form(*said, known=2))
    assert answer.status_code == 302, shop.shown(answer)
    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.price_fen, one.withdrawn, two.withdrawn) == (8_00, False, True)


def test_the_page_says_the_rule_prices_a_sample_and_tells_what_came_of_it(page: Client) -> None:
    counter.freight(0)
    counter.promotion(label="满40减15", steps=[[40_00, 15_00]])
    good = make.good(goods(50_00, title="手冲壶"), price_fen=9_00, quota=2)
    paid, unpaid = order(buyer(), good), order(buyer(), good)
    counter.pay(paid, at=NOW + timedelta(minutes=1))
    assert unpaid.payable_fen == 9_00
    shown = "".join(shop.shown(page.get(f"/admin/flashsale/session/{good.session_id}/change/")))
    assert "所有会员 11-28 10:00 至 11-28 12:00 抢购：手冲壶 ¥9.00（限 2 件，每人 1 件）" in shown
    assert "手冲壶：原价 ¥50.00，秒杀价 -¥41.00，实付 ¥9.00；不同享：满40减15" in shown
    assert "下单 2 笔，付款 1 笔，付款率 50.00%" in shown
    assert "成交 1 人，其中新客 1 人（首次付款）；销售额 ¥9.00（不含运费），活动优惠 ¥41.00" in shown
    assert "售出 1 件；全部售罄：11-28 10:00:00" in shown


def test_a_plan_says_its_rhythm_and_why_a_session_is_missing(page: Client) -> None:
    sku = goods(50_00)
    typed: dict[str, Any] = {
        "title": "周五闪购日", "code": "FRIDAY", "enabled": "on", "weekdays": ["5"], "starts": "20:00:00",
        "minutes": "180", "preheat_minutes": "", "from_day": "2026-11-28", "until_day": "", "ahead_days": "7",
        "group": "", "goods-TOTAL_FORMS": "1", "goods-INITIAL_FORMS": "0",
        **{f"goods-0-{name}": value for name, value in line(sku).items()},
    }  # fmt: skip
    answer = page.post("/admin/flashsale/plan/add/", typed)
    assert answer.status_code == 302, shop.shown(answer)
    friday = NOW + timedelta(days=6, hours=10)
    campaign_make.book("77", sku, starts_at=friday, ends_at=friday + HOUR, kind="group_buy", title="三人团")
    assert flashsale.make_sessions(at=NOW) == 0
    row = Plan.objects.get()
    shown = "".join(shop.shown(page.get(f"/admin/flashsale/plan/{row.pk}/change/")))
    assert "周五 20:00 开始，持续 180 分钟" in shown
    assert "2026-12-04：" in shown
    refused = page.post("/admin/flashsale/plan/add/", typed | {"code": "OTHER", "goods-TOTAL_FORMS": "0"})
    assert "请至少添加一个商品" in "".join(shop.shown(refused))


def test_who_changes_a_plan_is_told_of_the_sessions_that_stay_as_they_are(page: Client) -> None:
    now = timezone.now()
    sku = goods(50_00)
    day = f"{timezone.localdate(now):%Y-%m-%d}"
    typed = PLAN | {"from_day": day, "starts": "23:59:59"} | goods_of(line(sku))
    assert page.post("/admin/flashsale/plan/add/", typed).status_code == 302
    row = Plan.objects.get()
    made = flashsale.make_sessions(at=now)
    address = f"/admin/flashsale/plan/{row.pk}/change/"
    (good,) = row.goods.all()
    kept = {"goods-INITIAL_FORMS": "1", "goods-0-id": str(good.pk), "goods-0-plan": str(row.pk)}
    answer = page.post(address, typed | kept | {"goods-0-price_fen": "8.00"}, follow=True)
    shown = "".join(shop.shown(answer))
    assert f"已生成的 {made} 场不受此次修改影响" in shown
    assert f"/admin/flashsale/session/?plan__id__exact={row.pk}" in answer.content.decode()
    assert set(Good.objects.values_list("price_fen", flat=True)) == {9_00}
    assert page.get("/admin/flashsale/session/", {"plan__id__exact": row.pk}).status_code == 200


def test_the_rule_that_is_read_before_it_is_approved_says_the_year_that_it_ends_in(page: Client) -> None:
    row = make.good(ends_at=NOW.replace(year=2198)).session
    shown = "".join(shop.shown(page.get(f"/admin/flashsale/session/{row.pk}/change/")))
    assert f"至 2198-{timezone.localtime(NOW):%m-%d %H:%M} 抢购" in shown


def test_the_list_of_waits_tells_whose_turn_is_over(page: Client) -> None:
    counter.freight(0)
    good = make.good(quota=1)
    placed = order(buyer(), good)
    flashsale.wait(good_id=good.pk, member=buyer()[0], at=NOW)
    counter.close(placed, at=NOW)
    assert timezone.now() - NOW > timedelta(minutes=10)
    assert "已过期" in "".join(shop.shown(page.get("/admin/flashsale/wait/")))
