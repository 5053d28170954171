"""The operators' promotion pages: what they say of an offer, what they take, what they refuse and why."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import localtime

from apps.catalog.models import Brand
from apps.promotions import selectors
from apps.promotions.models import LevelPrice, Promotion
from mall.pricing.offers import PercentOff, Step, Stepped
from tests.apps.inventory.make import sku
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
    return selectors.offers_for(member=None, at=NOW)


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
    ("figures", "reason"),
    [
        ({"steps": ""}, "请至少设置一档满减"),
        ({"steps": "100-15，100-20"}, "满减的门槛和优惠金额必须逐档提高"),
        ({"steps": "100-15，199-10"}, "满减的门槛和优惠金额必须逐档提高"),
        ({"steps": "10-15"}, "优惠金额不能超过门槛金额"),
        ({"steps": "100-0"}, "满减的门槛和优惠金额必须大于 0"),
        ({"steps": "满100减15"}, "无法识别「满100减15」"),
        ({"steps": "１００-15"}, "无法识别「１００-15」"),
        ({"steps": "2.5-15", "by_pieces": "on"}, "无法识别「2.5-15」"),
        ({"kind": "PERCENT"}, "请填写折扣"),
        ({"kind": "PERCENT", "off_bp": "85"}, "请填写 0 到 10 之间的折扣"),
        ({"kind": "PERCENT", "off_bp": "-1"}, "请填写 0 到 10 之间的折扣"),
        ({"kind": "PERCENT", "off_bp": "9", "cap_fen": "0"}, "最高优惠金额必须大于 0"),
        ({"kind": "PERCENT", "off_bp": "9", "cap_fen": "-5"}, "请填写金额"),
        ({"kind": "FREE_POSTAGE"}, "请填写包邮门槛，不限金额请填 0"),
        ({"kind": "FREE_POSTAGE", "threshold_fen": "99", "scope": "PRODUCTS"}, "满额包邮针对整单运费"),
        ({"kind": "FREE_POSTAGE", "threshold_fen": "99", "regions": "江浙沪"}, "不是完整的地区名称"),
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


def test_a_promotion_comes_back_as_it_was_typed(admin_client: Client):
    rows = [
        make.promotion(steps=[[100_00, 15_00], [199_00, 30_50]]),
        make.promotion(steps=[[3, 20_00]], by_pieces=True),
        make.promotion("PERCENT", off_bp=1500, cap_fen=20_00),
        make.promotion("FREE_POSTAGE", threshold_fen=99_00, regions=["浙江省", "上海市"]),
        make.promotion(brand_ids=[Brand.objects.create(name="青山").pk]),
    ]
    before = [selectors.offers_for(member=None, at=NOW)]
    for row in rows:
        form = admin_client.get(f"{LIST}{row.pk}/change/").context["adminform"].form
        again = {bound.html_name: bound.value() for bound in form if bound.value() not in (None, False)}
        for name in ("starts_at", "ends_at"):
            moment = localtime(again.pop(name))
            again |= {f"{name}_0": f"{moment:%Y-%m-%d}", f"{name}_1": f"{moment:%H:%M:%S}"}
        answer = admin_client.post(f"{LIST}{row.pk}/change/", again)
        assert answer.status_code == 302, answer.context["adminform"].form.errors
    assert [selectors.offers_for(member=None, at=NOW)] == before


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
