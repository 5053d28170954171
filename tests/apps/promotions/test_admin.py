"""The operators' promotion pages: what they say of an offer, what they take, what they refuse and why."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import localtime

from apps.catalog.models import Brand
from apps.promotions import selectors as promotion_facts
from apps.promotions import services as promotions
from apps.promotions.models import Campaign, LevelPrice, MemberDay, PriceFloor, Promotion, Usage
from mall.pricing.offers import (
    EVERY_LANE,
    ActivityPrice,
    Bundle,
    FixedOff,
    Gift,
    Lane,
    NForM,
    PercentOff,
    SecondHalf,
    Step,
    Stepped,
)
from tests.apps.inventory.make import sku, stock
from tests.apps.promotions import make
from tests.apps.promotions.make import NOW

pytestmark = pytest.mark.django_db
ADD = "/admin/promotions/promotion/add/"
LIST = "/admin/promotions/promotion/"


def typed(**figures: Any) -> dict[str, Any]:
    """What an operator sends: a day of 满100减15 if nothing else is said."""
    return {
        "kind": "STEPPED",
        "label": "春茶节",
        "enabled": "on",
        "combines": "on",
        "starts_at_0": "2026-11-23",
        "starts_at_1": "00:00:00",
        "ends_at_0": "2026-11-24",
        "ends_at_1": "00:00:00",
        "scope": "ALL",
        "steps": "100-15",
    } | figures


def offers_after(client: Client, **figures: Any) -> list[Any]:
    answer = client.post(ADD, typed(**figures))
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    return promotion_facts.offers_for(member=None, at=NOW)


def test_steps_are_typed_in_yuan(admin_client: Client):
    [offer] = offers_after(admin_client, steps="100-15，199-30.50\n300-60")
    assert isinstance(offer, Stepped)
    assert offer.steps == (Step(100_00, 15_00), Step(199_00, 30_50), Step(300_00, 60_00))


def test_a_discount_is_typed_as_it_is_said(admin_client: Client):
    [offer] = offers_after(admin_client, kind="PERCENT", off_bp="8.5", cap_fen="20")
    assert isinstance(offer, PercentOff)
    assert (offer.off_bp, offer.cap_fen) == (1500, 20_00)


def test_a_window_is_typed_in_shanghai_time(admin_client: Client):
    offers_after(admin_client)
    promotion = Promotion.objects.get()
    assert promotion.starts_at.isoformat() == "2026-11-22T16:00:00+00:00"


def test_figures_of_another_kind_and_goods_outside_the_scope_are_not_kept(admin_client: Client):
    cup = make.product()
    [offer] = offers_after(
        admin_client, off_bp="8.5", threshold_fen="99", regions="江浙沪", products=[cup.pk]
    )
    row = Promotion.objects.get()
    assert isinstance(offer, Stepped)
    assert (row.off_bp, row.threshold_fen, row.regions, row.products.count()) == (None, None, [], 0)


@pytest.mark.parametrize(
    "said",
    [
        "满100减15，满199减30.50",
        "满 100 元，减 15 元；满 199 元 立减 30.50 元",
        "每满100-15\n满199减30.50元",
        "￥100－￥15、￥199～￥30.50",
    ],
)
def test_steps_are_understood_as_they_are_said(admin_client: Client, said: str) -> None:
    [offer] = offers_after(admin_client, steps=said)
    assert offer.steps == (Step(100_00, 15_00), Step(199_00, 30_50))


@pytest.mark.parametrize(
    ("figures", "reason"),
    [
        ({"steps": ""}, "请至少设置一档满减"),
        ({"steps": "100-15，100-20"}, "满减的门槛和优惠金额必须逐档提高"),
        ({"steps": "100-15，199-10"}, "满减的门槛和优惠金额必须逐档提高"),
        ({"steps": "10-15"}, "优惠金额不能超过门槛金额"),
        ({"steps": "100-0"}, "满减的门槛和优惠金额必须大于 0"),
        ({"steps": "满100送15"}, "无法识别「满100送15」"),
        ({"steps": "１００-15"}, "无法识别「１００-15」"),
        ({"steps": "2.5-15", "by_pieces": "on"}, "无法识别「2.5-15」"),
        ({"kind": "PERCENT"}, "请填写折扣"),
        ({"kind": "PERCENT", "off_bp": "85"}, "请填写 0 到 10 之间的折扣"),
        ({"kind": "PERCENT", "off_bp": "-1"}, "请填写 0 到 10 之间的折扣"),
        ({"kind": "PERCENT", "off_bp": "9", "cap_fen": "0"}, "最高优惠金额必须大于 0"),
        ({"kind": "PERCENT", "off_bp": "9", "cap_fen": "-5"}, "请填写金额"),
        ({"kind": "FREE_POSTAGE"}, "请填写包邮门槛，不限金额请填 0"),
        ({"kind": "FREE_POSTAGE", "threshold_fen": "99", "scope": "PRODUCTS"}, "满额包邮针对整单运费"),
        (
            {"kind": "FREE_POSTAGE", "threshold_fen": "99", "regions": "江浙沪"},
            "请写成「江苏省、浙江省、上海市」",
        ),
        ({"kind": "LOTTERY"}, "LOTTERY"),
        ({"scope": "PRODUCTS"}, "请至少选择一项适用商品"),
        ({"scope": "CATEGORIES"}, "请至少选择一项适用商品"),
        ({"scope": "BRANDS"}, "请至少选择一项适用商品"),
        ({"ends_at_0": "2026-11-23"}, "结束时间必须晚于开始时间"),
        ({"ends_at_0": "明天"}, "输入一个有效的日期"),
    ],
)
def test_what_nobody_could_explain_is_refused_with_the_reason(
    admin_client: Client, figures: dict[str, Any], reason: str
):
    answer = admin_client.post(ADD, typed(**figures))
    assert answer.status_code == 200
    assert reason in answer.content.decode()
    assert not Promotion.objects.exists()


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"limit_total": "10", "limit_per_day": "11"}, "每天总次数不能超过总次数（10）"),
        ({"limit_total": "10", "limit_per_member": "11"}, "每人次数不能超过总次数（10）"),
        ({"limit_per_day": "10", "limit_per_member_day": "11"}, "每人每天次数不能超过每天总次数（10）"),
        ({"limit_per_member": "10", "limit_per_member_day": "11"}, "每人每天次数不能超过每人次数（10）"),
        ({"limit_total": "10", "limit_per_member_day": "11"}, "每人每天次数不能超过总次数（10）"),
    ],
)
def test_a_limit_that_another_one_keeps_from_ever_being_reached_is_refused(
    admin_client: Client, limits: dict[str, str], reason: str
):
    assert reason in admin_client.post(ADD, typed(**limits)).content.decode()
    assert not Promotion.objects.exists()


def test_limits_as_large_as_the_whole_they_are_part_of_are_fine(admin_client: Client):
    names = ("limit_total", "limit_per_day", "limit_per_member", "limit_per_member_day")
    assert len(offers_after(admin_client, **dict.fromkeys(names, "3"))) == 1


def test_a_member_day_that_never_comes_while_the_promotion_runs_is_refused(admin_client: Client):
    # 2026-11-23, the only day of the promotion, is a Monday.
    friday = MemberDay.objects.create(name="周五会员日", weekdays=[5])
    off = MemberDay.objects.create(name="停用的", weekdays=[1], enabled=False)
    for member_day, reason in ((friday, "「周五会员日」是每周五"), (off, "「停用的」已停用")):
        answer = admin_client.post(ADD, typed(member_day=member_day.pk))
        assert f"{reason}，促销时间内没有这样的日子" in answer.content.decode()
    assert not Promotion.objects.exists()
    assert admin_client.post(ADD, typed(member_day=friday.pk, ends_at_0="2026-11-28")).status_code == 302


def test_an_offer_says_with_what_it_does_not_combine(admin_client: Client):
    [offer] = offers_after(admin_client, excludes=["COUPON", "POINTS"])
    assert offer.combines_with == EVERY_LANE - {Lane.COUPON, Lane.POINTS}
    assert "满100减15；不与优惠券、积分抵扣同享" in admin_client.get(LIST).content.decode()


def test_an_offer_that_combines_with_nothing_has_nothing_to_exclude(admin_client: Client):
    [offer] = offers_after(admin_client, combines="", excludes=["COUPON"])
    assert offer.combines_with == frozenset({Lane.SHIPPING})
    assert Promotion.objects.get().excludes == []
    assert "满100减15；不与其他减价同享" in admin_client.get(LIST).content.decode()


def test_only_lanes_can_be_excluded(admin_client: Client):
    assert admin_client.post(ADD, typed(excludes=["WEATHER"])).status_code == 200
    assert not Promotion.objects.exists()


@pytest.mark.parametrize(
    ("figures", "sentence"),
    [
        (
            {"steps": [[100, 5000]], "rise_bp": 1000, "rise_hours": 1},
            "前100件5折，之后每小时涨10%；现在限时5折",
        ),
        ({"steps": [[1, 9000], [2, 2500]]}, "前1件1折，到第2件7.5折，之后恢复原价；现在限时1折"),
        (
            {"steps": [[9, 500]], "rise_bp": 250, "rise_hours": 6},
            "前9件9.5折，之后每6小时涨2.5%；现在限时9.5折",
        ),
    ],
)
def test_a_step_up_price_is_told_as_a_whole_and_as_it_is_now(
    admin_client: Client, figures: dict[str, Any], sentence: str
):
    make.promotion("STEP_PRICE", **figures)
    assert sentence in admin_client.get(LIST).content.decode()


def test_the_list_names_the_goods_that_an_offer_is_for(admin_client: Client):
    brands = [Brand.objects.create(name=name).pk for name in ("青山", "景德", "龙泉", "宜兴")]
    make.promotion("FIXED", off_fen=8_00, cap_fen=20_00, brand_ids=brands[:1])
    make.promotion(brand_ids=brands)
    shown = admin_client.get(LIST).content.decode()
    assert "直降8元，最多减20元" in shown
    assert "指定品牌：青山" in shown
    assert "等 4 项" in shown


def test_a_promotion_comes_back_as_it_was_typed(admin_client: Client):
    rows = [
        make.promotion(steps=[[100_00, 15_00], [199_00, 30_50]]),
        make.promotion(steps=[[3, 20_00]], by_pieces=True),
        make.promotion(excludes=["PRICE", "COUPON"]),
        make.promotion("PERCENT", off_bp=1500, cap_fen=20_00),
        make.promotion("FREE_POSTAGE", threshold_fen=99_00, regions=["浙江省", "上海市"]),
        make.promotion(brand_ids=[Brand.objects.create(name="青山").pk]),
    ]
    before = [promotion_facts.offers_for(member=None, at=NOW)]
    for row in rows:
        form = admin_client.get(f"{LIST}{row.pk}/change/").context["adminform"].form
        again = {bound.html_name: bound.value() for bound in form if bound.value() not in (None, False)}
        for name in ("starts_at", "ends_at"):
            moment = localtime(again.pop(name))
            again |= {f"{name}_0": f"{moment:%Y-%m-%d}", f"{name}_1": f"{moment:%H:%M:%S}"}
        answer = admin_client.post(f"{LIST}{row.pk}/change/", again)
        assert answer.status_code == 302, answer.context["adminform"].form.errors
    assert [promotion_facts.offers_for(member=None, at=NOW)] == before


def test_the_list_tells_each_offer_in_a_sentence_and_what_is_wrong_with_a_broken_one(admin_client: Client):
    make.promotion(steps=[[100_00, 15_00], [199_00, 30_50]])
    make.promotion(steps=[[3, 20_00]], by_pieces=True)
    make.promotion("PERCENT", off_bp=1500, cap_fen=20_00)
    make.promotion("PERCENT", off_bp=10_000)
    make.promotion("FREE_POSTAGE", threshold_fen=99_00, regions=["浙江省", "上海市"])
    make.promotion("FREE_POSTAGE", threshold_fen=0)
    make.promotion(product_ids=[make.product().pk]).products.clear()
    shown = admin_client.get(LIST).content.decode()
    for sentence in [
        "满100减15，满199减30.50",
        "满3件减20",
        "8.5折，最多减20元",
        "免费",
        "满99包邮，仅限上海市、浙江省",
        ">包邮<",
        "设置有误，未生效：请至少选择一项适用商品",
    ]:
        assert sentence in "".join(shown.split()), sentence


@pytest.mark.parametrize("state", ["now", "later", "over", "off", "nonsense"])
def test_the_list_filters_by_state(admin_client: Client, state: str):
    make.promotion()
    assert admin_client.get(f"{LIST}?running={state}").status_code == 200


def test_the_list_takes_the_same_number_of_statements_for_one_promotion_and_twenty(
    admin_client: Client, django_assert_max_num_queries: Any
):
    def statements() -> int:
        with django_assert_max_num_queries(20) as counted:
            admin_client.get(LIST)
        return len(counted)

    make.promotion(product_ids=[make.product().pk])
    statements()  # the first page of a session notes that it was used
    one = statements()
    for _ in range(19):
        make.promotion(product_ids=[make.product().pk])
    assert statements() == one


def test_a_promotion_is_switched_off_and_not_deleted(admin_client: Client):
    row = make.promotion()
    assert admin_client.post(f"{LIST}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    admin_client.post(LIST, {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})
    assert Promotion.objects.exists()


def test_a_member_price_is_set_by_code_and_must_be_lower(admin_client: Client):
    cup, gold = sku(price_fen=10_00), make.level()
    page = "/admin/promotions/levelprice/add/"
    for price, code, reason in [
        ("10", cup.code, "会员价必须低于售价 ¥10.00"),
        ("9", "NO-SUCH", "没有这个商家编码的 SKU"),
        ("-9", cup.code, "请填写金额"),
    ]:
        answer = admin_client.post(page, {"level": gold.pk, "sku": code, "price_fen": price})
        assert reason in answer.content.decode()
    answer = admin_client.post(page, {"level": gold.pk, "sku": cup.code, "price_fen": "9"})
    assert answer.status_code == 302
    row = LevelPrice.objects.get()
    assert (row.sku, row.price_fen) == (cup, 9_00)
    shown = admin_client.get(f"/admin/promotions/levelprice/{row.pk}/change/").content.decode()
    assert f'value="{cup.code}"' in shown
    listed = admin_client.get("/admin/promotions/levelprice/").content.decode()
    assert "¥9.00" in listed


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ({"kind": "FIXED", "off_fen": "8"}, FixedOff(ref="", label="", off_fen=8_00)),
        ({"kind": "FIXED", "price_fen": "59.5"}, FixedOff(ref="", label="", price_fen=59_50)),
        (
            {"kind": "N_FOR_M", "pieces": "3", "price_fen": "99"},
            NForM(ref="", label="", pieces=3, price_fen=99_00),
        ),
        ({"kind": "SECOND_HALF", "off_bp": "5", "same_sku": "on"}, SecondHalf(ref="", label="")),
        ({"kind": "STEP_PRICE", "ladder": "100-5，200-7"}, ActivityPrice(ref="", label="", off_bp=5000)),
    ],
)
def test_each_kind_is_typed_as_it_is_said(admin_client: Client, figures: dict[str, Any], expected: Any):
    sku(price_fen=100_00)
    [offer] = offers_after(admin_client, **figures)
    names = [name for name in expected.__slots__ if name not in ("ref", "label")]
    assert {name: getattr(offer, name) for name in names} == {name: getattr(expected, name) for name in names}


def test_gifts_and_bundles_are_typed_by_code_and_come_back_as_they_were_typed(admin_client: Client):
    pot, mug = sku(price_fen=120_00), sku(price_fen=40_00)
    for goods in (pot, mug):
        stock(goods, 5)
    typed_gifts = f"100：{mug.code}\n199.50：{mug.code}×2，{pot.code}"
    bundle, gift = None, None
    for figures in (
        {"kind": "GIFT", "gifts": typed_gifts},
        {"kind": "BUNDLE", "bundle": f"{pot.code}，{mug.code}*2", "price_fen": "160"},
    ):
        answer = admin_client.post(ADD, typed(**figures))
        assert answer.status_code == 302, answer.context["adminform"].form.errors
    bundle, gift = promotion_facts.live(at=NOW)[1], promotion_facts.live(at=NOW)[0]
    assert isinstance(gift, Gift)
    assert isinstance(bundle, Bundle)
    assert [
        (step.at_least, [(item.sku_id, item.quantity) for item in step.gifts]) for step in gift.steps
    ] == [
        (100_00, [(mug.pk, 1)]),
        (199_50, [(mug.pk, 2), (pot.pk, 1)]),
    ]
    assert [(item.sku_id, item.quantity) for item in bundle.items] == [(pot.pk, 1), (mug.pk, 2)]
    rows = list(Promotion.objects.order_by("pk"))
    shown = [admin_client.get(f"{LIST}{row.pk}/change/").context["adminform"].form.initial for row in rows]
    assert (shown[0]["gifts"], shown[1]["bundle"]) == (typed_gifts, f"{pot.code}，{mug.code}×2")


@pytest.mark.parametrize(
    ("figures", "reason"),
    [
        ({"kind": "FIXED"}, "请填写每件减多少或一口价，只能选一种"),
        ({"kind": "FIXED", "off_fen": "5", "price_fen": "5"}, "请填写每件减多少或一口价，只能选一种"),
        ({"kind": "FIXED", "price_fen": "100"}, "特价必须低于售价，范围内最贵的商品售价 ¥100.00"),
        ({"kind": "N_FOR_M", "pieces": "3", "price_fen": "300"}, "范围内最贵的 3 件也只要 ¥300.00"),
        ({"kind": "N_FOR_M", "pieces": "-3", "price_fen": "30"}, "最小为 0。"),
        ({"kind": "N_FOR_M", "pieces": "1", "price_fen": "30"}, "任选件数至少为 2 件"),
        ({"kind": "N_FOR_M", "pieces": "2000000000", "price_fen": "30"}, "任选件数最多为 99 件"),
        ({"kind": "N_FOR_M", "pieces": "99999999999999999999", "price_fen": "30"}, "最大为"),
        ({"kind": "SECOND_HALF"}, "请填写第二件的折扣"),
        ({"kind": "STEP_PRICE", "ladder": ""}, "请至少设置一档阶梯价"),
        ({"kind": "STEP_PRICE", "ladder": "100-5，200-4"}, "价格必须逐档上涨"),
        ({"kind": "STEP_PRICE", "ladder": "100-5，100-7"}, "件数必须逐档增加"),
        ({"kind": "STEP_PRICE", "ladder": "1e3-5"}, "无法识别「1e3-5」"),
        ({"kind": "STEP_PRICE", "ladder": "100-5", "rise_bp": "10"}, "请同时填写涨幅和间隔小时数"),
        (
            {"kind": "STEP_PRICE", "ladder": "100-5", "rise_bp": "十", "rise_hours": "1"},
            "请填写 0 到 999 之间的百分数",
        ),
        ({"kind": "GIFT", "gifts": ""}, "请至少设置一档买赠"),
        ({"kind": "GIFT", "gifts": "100：NO-SUCH"}, "没有这个商家编码的 SKU：NO-SUCH"),
        ({"kind": "GIFT", "gifts": "满100送杯"}, "无法识别「满100送杯」"),
        ({"kind": "GIFT", "gifts": "100："}, "请至少设置一档买赠"),
        ({"kind": "GIFT", "gifts": "100：CUP，CUP"}, "商品「CUP」重复"),
        ({"kind": "GIFT", "gifts": "100：CUP×2"}, "赠品「茶杯」没有库存：每单需要 2 件，可用 1 件"),
        ({"kind": "GIFT", "gifts": "0：CUP"}, "买赠的门槛必须大于 0"),
        ({"kind": "BUNDLE", "bundle": "CUP×2", "price_fen": "200"}, "套餐价必须低于单独购买的总价 ¥200.00"),
        ({"kind": "BUNDLE", "bundle": "CUP", "price_fen": "90"}, "套餐至少包含两件商品"),
        ({"kind": "BUNDLE", "bundle": "CUP×2"}, "请填写套餐价"),
        (
            {"kind": "BUNDLE", "bundle": "CUP×2", "price_fen": "90", "scope": "BRANDS"},
            "套餐的商品由套餐本身决定",
        ),
        ({"limit_total": "0"}, "次数限制至少为 1，不限制请留空"),
        ({"limit_per_member": "-1"}, "最小为 0。"),
    ],
)
def test_what_nobody_could_explain_of_the_other_kinds_is_refused_with_the_reason(
    admin_client: Client, figures: dict[str, Any], reason: str
):
    cup = sku(price_fen=100_00)
    type(cup).objects.filter(pk=cup.pk).update(code="CUP")
    type(cup.product).objects.filter(pk=cup.product_id).update(title="茶杯")
    stock(cup, 1)
    answer = admin_client.post(ADD, typed(**figures))
    assert answer.status_code == 200
    assert reason in answer.content.decode()
    assert not Promotion.objects.exists()


def test_a_bundle_of_goods_that_are_not_on_sale_is_refused(admin_client: Client):
    cup = sku(price_fen=100_00)
    type(cup.product).objects.filter(pk=cup.product_id).update(on_sale=False)
    answer = admin_client.post(ADD, typed(kind="BUNDLE", bundle=f"{cup.code}×2", price_fen="90"))
    assert f"套餐商品「{cup.product.title}」未上架" in answer.content.decode()


def test_a_promotion_that_could_sell_below_cost_is_saved_with_a_warning_or_refused(admin_client: Client):
    cup = sku(price_fen=100_00)
    type(cup).objects.filter(pk=cup.pk).update(cost_fen=90_00)
    said = f"最不利的订单中「{cup.product.title}」单价 ¥85.00，低于底价 ¥90.00"
    promotions.set_floor(mode="REFUSE")
    answer = admin_client.post(ADD, typed())
    assert f"会突破价格底线：{said}" in answer.content.decode()
    assert not Promotion.objects.exists()
    promotions.set_floor(mode="WARN")
    answer = admin_client.post(ADD, typed(), follow=True)
    assert f"注意价格底线：{said}" in answer.content.decode()
    assert Promotion.objects.exists()


def test_a_limit_set_on_a_running_promotion_counts_what_was_used_before(admin_client: Client):
    row = make.promotion()
    Usage.objects.create(
        promotion=row,
        order_no="SO1",
        member=make.member(),
        verb="hold",
        uses=1,
        amount_fen=15_00,
        day=NOW.date(),
        at=NOW,
    )
    answer = admin_client.post(f"{LIST}{row.pk}/change/", typed(limit_total="1"))
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    assert promotion_facts.live(at=NOW) == []
    assert "1 单，共优惠 ¥15.00" in admin_client.get(f"{LIST}{row.pk}/change/").content.decode()


def test_member_days_are_ticked_and_typed(admin_client: Client):
    page = "/admin/promotions/memberday/add/"
    asked = {
        "name": "会员日",
        "enabled": "on",
        "weekdays": ["5"],
        "month_days": "15，1，15",
        "points_bp": "200",
    }
    for wrong, reason in [
        ({"month_days": "32"}, "「32」不是每月的日期"),
        ({"month_days": "十五"}, "「十五」不是每月的日期"),
        ({"weekdays": ["8"]}, "8"),
        ({"weekdays": [], "month_days": ""}, "请至少选择一个每周或每月的日子"),
        ({"points_bp": "50"}, "积分倍率须在 1 到 10 倍之间"),
    ]:
        assert reason in admin_client.post(page, asked | wrong).content.decode()
    assert admin_client.post(page, asked).status_code == 302
    row = MemberDay.objects.get()
    assert (row.weekdays, row.month_days, row.points_bp) == ([5], [1, 15], 20_000)
    listed = admin_client.get("/admin/promotions/memberday/").content.decode()
    assert "每周五、每月1日、每月15日" in listed
    assert "2 倍" in listed
    assert (
        'value="1，15"' in admin_client.get(f"/admin/promotions/memberday/{row.pk}/change/").content.decode()
    )


def festival(**said: str) -> dict[str, str]:
    """What an operator sends: a festival on 23 November with a day of preheat."""
    days = {"preheat_at": "2026-11-22", "starts_at": "2026-11-23", "ends_at": "2026-11-24"} | said
    parts = {f"{name}_0": day for name, day in days.items()} | {f"{name}_1": "00:00:00" for name in days}
    return {"name": "茶具节"} | parts


def test_whoever_saves_a_festival_is_told_of_those_at_the_same_time(admin_client: Client):
    page = "/admin/promotions/campaign/"

    def saved(name: str, **said: str) -> str:
        sent = festival(**said) | {"name": name}
        return admin_client.post(f"{page}add/", sent, follow=True).content.decode()

    assert "重叠" not in saved("茶具节")
    assert "重叠" not in saved(
        "中秋节", preheat_at="2026-11-24", starts_at="2026-11-25", ends_at="2026-11-26"
    )
    # Its preheat lies in the time of the first, its own time after it, and then in the preheat of the second.
    between = saved("新茶周", preheat_at="2026-11-23", starts_at="2026-11-24", ends_at="2026-11-25")
    assert "与「茶具节」（2026-11-23 00:00 至 2026-11-24 00:00）的展示时间重叠" in between
    assert "与「中秋节」（2026-11-25 00:00 至 2026-11-26 00:00）的展示时间重叠" in between
    both = saved("周年庆", preheat_at="2026-11-20", starts_at="2026-11-22", ends_at="2026-11-24")
    first = Campaign.objects.get(name="茶具节")
    assert "与「茶具节」（2026-11-23 00:00 至 2026-11-24 00:00）同时生效" in both
    assert f'href="{page}{first.pk}/change/"' in both and "与「中秋节」" not in both
    shown = admin_client.get(f"{page}{first.pk}/change/").content.decode()
    assert "与「周年庆」" in shown and "与「中秋节」" not in shown


def test_a_promotion_fits_into_its_festival_and_a_festival_round_its_promotions(admin_client: Client):
    page = "/admin/promotions/campaign/"
    for wrong, reason in [
        ({"ends_at": "2026-11-23"}, "结束时间必须晚于开始时间"),
        ({"preheat_at": "2026-11-23"}, "预热开始必须早于活动开始"),
    ]:
        assert reason in admin_client.post(f"{page}add/", festival(**wrong)).content.decode()
    assert admin_client.post(f"{page}add/", festival()).status_code == 302
    row = Campaign.objects.get()
    answer = admin_client.post(ADD, typed(campaign=row.pk, ends_at_0="2026-11-25"))
    assert "促销时间必须在节日活动「茶具节」的时间之内" in answer.content.decode()
    assert admin_client.post(ADD, typed(campaign=row.pk)).status_code == 302
    moved = festival(starts_at="2026-11-23", ends_at="2026-11-24") | {"starts_at_1": "08:00:00"}
    assert (
        "促销「春茶节」不在新的活动时间内"
        in admin_client.post(f"{page}{row.pk}/change/", moved).content.decode()
    )
    assert "满减 · 春茶节" in admin_client.get(f"{page}{row.pk}/change/").content.decode()


def test_the_price_floor_is_one_row_typed_in_percent(admin_client: Client):
    page = "/admin/promotions/pricefloor/"
    assert (
        admin_client.post(f"{page}1/change/", {"mode": "REFUSE", "above_cost_bp": "12.5"}).status_code == 302
    )
    assert admin_client.get(f"{page}add/").status_code == 403
    row = PriceFloor.objects.get()
    assert (row.pk, row.mode, row.above_cost_bp) == (1, "REFUSE", 1250)
    assert 'value="12.5"' in admin_client.get(page, follow=True).content.decode()
    assert admin_client.post(f"{page}1/change/", {"mode": "WARN", "above_cost_bp": "0"}).status_code == 302
    assert PriceFloor.objects.get().mode == "WARN"


def test_the_ledger_of_uses_is_read_and_never_written(admin_client: Client):
    assert admin_client.get("/admin/promotions/usage/").status_code == 200
    assert admin_client.get("/admin/promotions/usage/add/").status_code == 403
