"""One rulebook for promotions: what the form refuses the service refuses, with the same words at the same field."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apps.base.models import AuditEntry
from apps.catalog import scopes
from apps.catalog.models import Sku
from apps.inventory import selectors as stock_facts
from apps.promotions import drafts
from apps.promotions import selectors as promotion_facts
from apps.promotions import services as promotions
from apps.promotions.drafts import PromotionDraft
from apps.promotions.models import Campaign, MemberDay, Promotion, PromotionSku, Tally
from mall.errors import Fault, Invalid, NotFound
from tests.apps.inventory.make import stock
from tests.apps.promotions import make
from tests.apps.promotions.make import NOW
from tests.apps.promotions.test_admin import ADD, typed

pytestmark = pytest.mark.django_db
DAY = {"starts_at": datetime(2026, 11, 22, 16, tzinfo=UTC), "ends_at": datetime(2026, 11, 23, 16, tzinfo=UTC)}
CUP = 7_000_001  # the SKU id of the cup: fixed, so that the table below can name it


def draft(**figures: Any) -> PromotionDraft:
    """What ``typed`` says, as a program says it: a day of 满100减15 if nothing else is said."""
    plain = {} if "kind" in figures else {"kind": "STEPPED", "steps": [(10000, 1500)]}
    return PromotionDraft(**{"label": "春茶节", **DAY, **plain, **figures})


def only(kind: str) -> Any:
    return scopes.Goods(kind=kind)


@pytest.fixture
def cup(db: None) -> Sku:
    """A cup at 100 yuan of which one is there, a festival next month, a Friday and a member day that is off."""
    product = make.product()
    product.title, product.on_sale = "茶杯", True
    product.save()
    cup = Sku.objects.create(pk=CUP, product=product, code="CUP", price_fen=100_00)
    stock(cup, 1)
    Campaign.objects.create(
        pk=71,
        name="双旦",
        starts_at=datetime(2026, 12, 24, tzinfo=UTC),
        ends_at=datetime(2027, 1, 2, tzinfo=UTC),
    )
    MemberDay.objects.create(pk=72, name="周五会员日", weekdays=[5])
    MemberDay.objects.create(pk=73, name="停用的", weekdays=[1], enabled=False)
    return cup


# (what an operator types, what a program says, the field of the draft, the reason)
REFUSED: list[tuple[dict[str, Any], dict[str, Any], str, str]] = [
    ({"steps": ""}, {"steps": ()}, "", "请至少设置一档满减"),
    (
        {"steps": "100-15，100-20"},
        {"steps": [(10000, 1500), (10000, 2000)]},
        "",
        "满减的门槛和优惠金额必须逐档提高",
    ),
    ({"steps": "10-15"}, {"steps": [(1000, 1500)]}, "", "优惠金额不能超过门槛金额"),
    ({"label": "长" * 31}, {"label": "长" * 31}, "label", "30"),
    ({"ends_at_0": "2026-11-23"}, {"ends_at": DAY["starts_at"]}, "ends_at", "结束时间必须晚于开始时间"),
    ({"campaign": "71"}, {"campaign_id": 71}, "campaign", "促销时间必须在节日活动「双旦」的时间之内"),
    ({"member_day": "72"}, {"member_day_id": 72}, "member_day", "促销时间内没有这样的日子"),
    ({"member_day": "73"}, {"member_day_id": 73}, "member_day", "「停用的」已停用"),
    ({"limit_total": "0"}, {"limit_total": 0}, "limit_total", "次数限制至少为 1，不限制请留空"),
    ({"limit_total": "-1"}, {"limit_total": -1}, "limit_total", "最小为 0。"),
    (
        {"limit_total": "10", "limit_per_day": "11"},
        {"limit_total": 10, "limit_per_day": 11},
        "limit_per_day",
        "每天总次数不能超过总次数（10）",
    ),
    (
        {"limit_per_member": "10", "limit_per_member_day": "11"},
        {"limit_per_member": 10, "limit_per_member_day": 11},
        "limit_per_member_day",
        "每人每天次数不能超过每人次数（10）",
    ),
    ({"scope": "PRODUCTS"}, {"goods": only("PRODUCTS")}, "", "请至少选择一项适用商品"),
    ({"scope": "BRANDS"}, {"goods": only("BRANDS")}, "", "请至少选择一项适用商品"),
    ({"kind": "PERCENT"}, {"kind": "PERCENT"}, "", "请填写折扣"),
    ({"kind": "PERCENT", "off_bp": "10"}, {"kind": "PERCENT", "off_bp": 0}, "off_bp", "折扣必须低于 10 折"),
    (
        {"kind": "PERCENT", "off_bp": "9", "cap_fen": "0"},
        {"kind": "PERCENT", "off_bp": 1000, "cap_fen": 0},
        "",
        "最高优惠金额必须大于 0",
    ),
    ({"kind": "FIXED"}, {"kind": "FIXED"}, "", "请填写每件减多少或一口价，只能选一种"),
    ({"kind": "FIXED", "price_fen": "100"}, {"kind": "FIXED", "price_fen": 10000}, "", "特价必须低于售价"),
    (
        {"kind": "N_FOR_M", "pieces": "3", "price_fen": "300"},
        {"kind": "N_FOR_M", "pieces": 3, "price_fen": 30000},
        "",
        "范围内最贵的 3 件也只要 ¥300.00",
    ),
    (
        {"kind": "N_FOR_M", "pieces": "2000000000", "price_fen": "30"},
        {"kind": "N_FOR_M", "pieces": 2_000_000_000, "price_fen": 3000},
        "",
        "任选件数最多为 99 件",
    ),
    (
        {"kind": "N_FOR_M", "pieces": "99999999999", "price_fen": "30"},
        {"kind": "N_FOR_M", "pieces": 99_999_999_999, "price_fen": 3000},
        "pieces",
        "最大为",
    ),
    ({"kind": "SECOND_HALF"}, {"kind": "SECOND_HALF"}, "", "请填写第二件的折扣"),
    (
        {"kind": "STEP_PRICE", "ladder": "100-5，200-4"},
        {"kind": "STEP_PRICE", "steps": [(100, 5000), (200, 6000)]},
        "",
        "价格必须逐档上涨",
    ),
    (
        {"kind": "STEP_PRICE", "ladder": "100-5", "rise_bp": "10"},
        {"kind": "STEP_PRICE", "steps": [(100, 5000)], "rise_bp": 1000},
        "",
        "请同时填写涨幅和间隔小时数",
    ),
    ({"kind": "FREE_POSTAGE"}, {"kind": "FREE_POSTAGE"}, "threshold_fen", "请填写包邮门槛，不限金额请填 0"),
    (
        {"kind": "FREE_POSTAGE", "threshold_fen": "99", "scope": "PRODUCTS"},
        {"kind": "FREE_POSTAGE", "threshold_fen": 9900, "goods": only("PRODUCTS")},
        "scope",
        "满额包邮针对整单运费",
    ),
    (
        {"kind": "FREE_POSTAGE", "threshold_fen": "99", "regions": "江浙沪"},
        {"kind": "FREE_POSTAGE", "threshold_fen": 9900, "regions": ["江浙沪"]},
        "regions",
        "「江浙沪」是几个地区的合称",
    ),
    ({"kind": "GIFT", "gifts": ""}, {"kind": "GIFT"}, "", "请至少设置一档买赠"),
    (
        {"kind": "GIFT", "gifts": "0：CUP"},
        {"kind": "GIFT", "parts": [(0, CUP, 1)]},
        "",
        "买赠的门槛必须大于 0",
    ),
    (
        {"kind": "GIFT", "gifts": "100：CUP×2"},
        {"kind": "GIFT", "parts": [(10000, CUP, 2)]},
        "parts",
        "赠品「茶杯」没有库存：每单需要 2 件，可用 1 件",
    ),
    (
        {"kind": "BUNDLE", "bundle": "CUP×2", "price_fen": "200"},
        {"kind": "BUNDLE", "parts": [(0, CUP, 2)], "price_fen": 20000},
        "",
        "套餐价必须低于单独购买的总价 ¥200.00",
    ),
    ({"kind": "BUNDLE", "bundle": "CUP×2"}, {"kind": "BUNDLE", "parts": [(0, CUP, 2)]}, "", "请填写套餐价"),
    (
        {"kind": "BUNDLE", "bundle": "CUP×2", "price_fen": "90", "scope": "BRANDS"},
        {"kind": "BUNDLE", "parts": [(0, CUP, 2)], "price_fen": 9000, "goods": only("BRANDS")},
        "scope",
        "套餐的商品由套餐本身决定",
    ),
]
_TYPED_AS = {"GIFT": "gifts", "BUNDLE": "bundle", "STEP_PRICE": "ladder"}


@pytest.mark.parametrize(("as_typed", "as_said", "field", "reason"), REFUSED, ids=[row[3] for row in REFUSED])
def test_form_and_service_refuse_the_same_with_the_same_words_at_the_same_field(
    admin_client: Client, cup: Sku, as_typed: dict[str, Any], as_said: dict[str, Any], field: str, reason: str
) -> None:
    with pytest.raises(promotions.PromotionRefused) as refused:
        promotions.save(draft(**as_said), at=NOW, stock=stock_facts.available)
    assert [fault.field for fault in refused.value.faults if reason in fault.text] == [field]

    answer = admin_client.post(ADD, typed(**as_typed))
    assert answer.status_code == 200
    name = _TYPED_AS.get(as_typed.get("kind", ""), field) if field in {"steps", "parts"} else field
    shown = answer.context["adminform"].form.errors
    assert reason in "".join(shown.get(name or "__all__", ()))
    assert not Promotion.objects.exists()


@pytest.mark.parametrize(
    ("as_said", "fault"),
    [
        ({"kind": "LOTTERY"}, ("kind", "LOTTERY")),
        ({"off_bp": 1500}, ("off_bp", "此类型的促销不使用这一项")),
        ({"combines": False, "excludes": ["COUPON"]}, ("excludes", "此类型的促销不使用这一项")),
        ({"campaign_id": 9}, ("campaign", "没有这个节日活动")),
        ({"member_day_id": 9}, ("member_day", "没有这个会员日")),
        ({"goods": scopes.Goods(kind="SHOPS")}, ("scope", "适用范围有误")),
        ({"goods": scopes.Goods(kind="BRANDS", ids=frozenset({9}))}, ("brands", "品牌不存在：9")),
        ({"excludes": ["WEATHER"]}, ("", "未知的优惠类型：WEATHER")),
        ({"kind": "GIFT", "parts": [(100, 9, 1)]}, ("parts", "赠品或套餐商品不存在")),
        ({"kind": "GIFT", "parts": [(100, CUP, 0)]}, ("parts", "数量至少为 1")),
        ({"kind": "GIFT", "parts": [(100, CUP, 1), (100, CUP, 2)]}, ("parts", "只能出现一次")),
    ],
)
def test_what_no_form_can_say_is_refused_to_a_program(
    cup: Sku, as_said: dict[str, Any], fault: tuple[str, str]
) -> None:
    with pytest.raises(promotions.PromotionRefused) as refused:
        promotions.save(draft(**as_said), at=NOW)
    [found] = refused.value.faults
    assert (found.field, fault[1] in found.text) == (fault[0], True)
    assert refused.value.details == {fault[0] or "non_field_errors": [found.text]}
    assert not Promotion.objects.exists()


def test_all_faults_are_told_at_once(db: None) -> None:
    with pytest.raises(promotions.PromotionRefused) as refused:
        promotions.save(draft(ends_at=DAY["starts_at"], limit_total=0, label=""), at=NOW)
    assert {fault.field for fault in refused.value.faults} == {"label", "ends_at", "limit_total"}


def test_one_sort_of_goods_is_meant_or_it_is_refused(db: None) -> None:
    with pytest.raises(Invalid, match="只能选择一种适用范围"):
        scopes.meant(product_ids=[1], brand_ids=[2])


def test_a_draft_becomes_a_promotion_is_changed_in_place_and_its_operator_is_written_down(
    admin_user: User, cup: Sku
) -> None:
    made = promotions.save(draft(), at=NOW, operator=admin_user).promotion
    changed = replace(
        drafts.of_row(made),
        kind="GIFT",
        steps=(),
        parts=((10000, CUP, 1),),
        goods=scopes.meant(product_ids=[cup.product_id]),
    )
    again = promotions.save(changed, at=NOW, operator=admin_user).promotion
    assert again.pk == made.pk
    row = Promotion.objects.get()
    assert (row.kind, row.steps, row.scope, [one.pk for one in row.products.all()]) == (
        "GIFT",
        [],
        "PRODUCTS",
        [cup.product_id],
    )
    assert list(PromotionSku.objects.values_list("at_least", "sku_id", "quantity")) == [(10000, CUP, 1)]
    assert list(AuditEntry.objects.order_by("pk").values_list("action", "note")) == [
        ("新建促销", ""),
        ("修改促销", "类型、阶梯、适用范围"),
    ]


def test_a_promotion_that_is_not_there_cannot_be_changed(db: None) -> None:
    with pytest.raises(NotFound):
        promotions.save(draft(promotion_id=9), at=NOW)
    assert not Promotion.objects.exists()


def test_a_draft_of_a_row_saves_as_the_same_row(cup: Sku) -> None:
    made = make.promotion("GIFT", parts=[(100_00, CUP, 1)], product_ids=[cup.product_id])
    before = promotion_facts.offers_for(member=None, at=NOW)
    promotions.save(drafts.of_row(made), at=NOW)
    assert promotion_facts.offers_for(member=None, at=NOW) == before
    assert Promotion.objects.count() == 1


def test_a_new_limit_counts_what_was_used_and_an_old_one_is_not_counted_again(cup: Sku) -> None:
    made = make.promotion()
    promotions.save(replace(drafts.of_row(made), limit_total=5), at=NOW)
    assert Tally.objects.filter(promotion=made).count() == 0
    assert Promotion.objects.get().limit_total == 5


def test_a_member_price_that_is_no_advantage_is_refused_to_a_program_too(cup: Sku) -> None:
    gold = make.level()
    with pytest.raises(promotions.LevelPriceRefused) as refused:
        promotions.price_for_level(level_id=gold.pk, prices_fen={CUP: 100_00})
    assert refused.value.faults == (Fault("price_fen", "会员价必须低于售价 ¥100.00"),)
    promotions.price_for_level(level_id=gold.pk, prices_fen={CUP: 99_99})
