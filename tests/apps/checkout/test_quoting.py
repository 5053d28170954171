"""Quoting over HTTP: explained figures, and every refusal of a choice that cannot be bought."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.catalog.models import Product, Sku
from apps.fulfillment.models import FreightTemplate, FreightZone
from apps.fulfillment.services import templates
from apps.inventory import selectors as stock_facts
from apps.members.models import Member
from apps.orders.models import Order
from tests.apps.catalog import make as catalog
from tests.apps.checkout import make
from tests.apps.members import make as members

pytestmark = pytest.mark.django_db
Shoppers = Callable[[Member], Any]


def _quote(shopper: Any, *wanted: tuple[Sku, int], **more: Any) -> Any:
    items = [{"sku_id": sku.pk, "quantity": quantity} for sku, quantity in wanted]
    return shopper.call("POST", "/checkout/quote", {"items": items, **more})


def test_a_quote_says_what_applied_what_did_not_and_what_is_missing(shopper_of: Shoppers) -> None:
    member, address = make.buyer()
    cup, pot = make.goods(3000), make.goods(6000)
    off = make.promotion(label="满100减15", steps=[[100_00, 15_00]])
    free = make.promotion("FREE_POSTAGE", label="满199包邮", threshold_fen=199_00)
    make.freight(800)

    quote = _quote(shopper_of(member), (cup, 2), (pot, 1), address_id=address.pk).json()

    assert quote["goods_fen"] == 12_000
    assert quote["reduction_fen"] == 1500
    assert quote["shipping_fen"] == 800
    assert quote["payable_fen"] == 11_300
    assert [item["payable_fen"] for item in quote["items"]] == [5250, 5250]
    assert sum(item["payable_fen"] for item in quote["items"]) + quote["shipping_fen"] == quote["payable_fen"]
    assert [(entry["label"], entry["amount_fen"]) for entry in quote["applied"]] == [(off.label, 1500)]
    assert [(entry["label"], entry["short_by_fen"]) for entry in quote["declined"]] == [
        (free.label, 199_00 - 105_00)
    ]
    assert quote["shipping_known"] is True


def test_a_quote_reserves_and_stores_nothing(shopper_of: Shoppers) -> None:
    member, _ = make.buyer()
    cup = make.goods(5000, units=1)
    assert _quote(shopper_of(member), (cup, 1)).status_code == 200
    assert stock_facts.available([cup.pk]) == {cup.pk: 1}
    assert not Order.objects.exists()


def test_without_an_address_freight_is_not_known_yet(shopper_of: Shoppers) -> None:
    member, _ = make.buyer()
    make.freight(800)
    quote = _quote(shopper_of(member), (make.goods(5000), 1)).json()
    assert (quote["shipping_fen"], quote["payable_fen"], quote["shipping_known"]) == (0, 5000, False)


def test_a_member_of_a_level_pays_95_percent(shopper_of: Shoppers) -> None:
    member, _ = make.buyer(level=members.level("金卡", discount_bp=9500))
    quote = _quote(shopper_of(member), (make.goods(10_000), 2)).json()
    assert (quote["goods_fen"], quote["payable_fen"]) == (20_000, 19_000)
    assert quote["items"][0]["unit_price_fen"] == 10_000


def test_an_offer_on_a_category_reaches_the_goods_below_it(shopper_of: Shoppers) -> None:
    member, _ = make.buyer()
    root = catalog.category("茶")
    cup = make.goods(10_000, category=catalog.category("绿茶", parent=root))
    other = make.goods(10_000)
    make.promotion("PERCENT", off_bp=1000, category_ids=[root.pk])
    quote = _quote(shopper_of(member), (cup, 1), (other, 1)).json()
    assert [item["payable_fen"] for item in quote["items"]] == [9000, 10_000]


def test_the_same_sku_twice_adds_up(shopper_of: Shoppers) -> None:
    member, _ = make.buyer()
    cup = make.goods(5000)
    quote = _quote(shopper_of(member), (cup, 1), (cup, 2)).json()
    assert [(item["quantity"], item["list_fen"]) for item in quote["items"]] == [(3, 15_000)]


def test_what_is_off_sale_cannot_be_quoted(shopper_of: Shoppers) -> None:
    member, _ = make.buyer()
    cup, gone, disabled = make.goods(5000), make.goods(5000), make.goods(5000)
    Product.objects.filter(pk=gone.product_id).update(on_sale=False)
    Sku.objects.filter(pk=disabled.pk).update(enabled=False)
    answer = _quote(shopper_of(member), (cup, 1), (gone, 1), (disabled, 1))
    assert (answer.status_code, answer.json()["code"]) == (409, "not_on_sale")
    assert answer.json()["details"] == {"sku_ids": [gone.pk, disabled.pk]}


def test_what_is_not_yet_on_sale_cannot_be_quoted(shopper_of: Shoppers) -> None:
    member, _ = make.buyer()
    tomorrow = make.goods(5000, sale_starts_at=datetime.now(tz=UTC) + timedelta(days=1))
    assert _quote(shopper_of(member), (tomorrow, 1)).json()["code"] == "not_on_sale"


@pytest.mark.parametrize("quantity", [1, 3, 8])
def test_quantity_limits_of_a_product_hold(shopper_of: Shoppers, quantity: int) -> None:
    member, _ = make.buyer()
    pack = make.goods(5000, min_quantity=2, quantity_step=2, max_quantity=6)
    answer = _quote(shopper_of(member), (pack, quantity))
    assert (answer.status_code, answer.json()["code"]) == (409, "quantity_not_allowed")
    assert answer.json()["details"] == {"product_id": pack.product_id, "min": 2, "max": 6, "step": 2}
    assert _quote(shopper_of(member), (pack, 4)).status_code == 200


def test_limits_count_all_skus_of_a_product_together(shopper_of: Shoppers) -> None:
    member, _ = make.buyer()
    product = catalog.product(
        options=[{"name": "色", "values": ["白", "青"]}],
        max_quantity=3,
        skus=[catalog.unsaved_sku(option_values={"色": color}) for color in ("白", "青")],
    )
    white, blue = product.skus.all()
    assert _quote(shopper_of(member), (white, 2), (blue, 1)).status_code == 200
    assert _quote(shopper_of(member), (white, 2), (blue, 2)).json()["code"] == "quantity_not_allowed"


def test_added_up_quantities_stay_below_ten_thousand(shopper_of: Shoppers) -> None:
    member, _ = make.buyer()
    cup = make.goods(5000)
    assert _quote(shopper_of(member), (cup, 9999), (cup, 1)).json()["code"] == "quantity_not_allowed"


def test_a_region_nobody_drives_to_is_said(shopper_of: Shoppers) -> None:
    member, address = make.buyer()
    make.freight(800, regions=["广东省"])
    cup = make.goods(5000)
    answer = _quote(shopper_of(member), (cup, 1), address_id=address.pk)
    assert (answer.status_code, answer.json()["code"]) == (409, "undeliverable")
    assert answer.json()["details"] == {"sku_ids": [cup.pk]}


def test_without_a_freight_template_goods_cannot_be_ordered_instead_of_shipping_free(
    shopper_of: Shoppers,
) -> None:
    member, address = make.buyer()
    FreightTemplate.objects.create(name="大件")  # which no product uses, and no default
    cup = make.goods(5000)
    answer = _quote(shopper_of(member), (cup, 1), address_id=address.pk)
    assert (answer.status_code, answer.json()["code"]) == (409, "undeliverable")
    assert answer.json()["message"] == "部分商品暂无法配送"
    assert answer.json()["details"] == {"sku_ids": [cup.pk]}


@pytest.mark.parametrize(
    ("province", "city", "district", "shipping_fen"),
    [
        ("新疆维吾尔自治区", "乌鲁木齐市", "天山区", 4000),
        ("新疆", "乌鲁木齐", "", 4000),
        ("新疆维吾尔自治区", "自治区直辖县级行政区划", "石河子市", 4000),
        ("江苏省", "南京市", "鼓楼区", 2000),
        ("福建省", "福州市", "鼓楼区", 1000),
        ("香港特别行政区", "香港特别行政区", "观塘区", 3000),
        ("河南省", "郑州市", "郑州高新技术产业开发区", 500),
        ("浙江省", "杭州市", "西湖区", 1000),
    ],
)
def test_postage_to_a_region_is_charged_however_region_and_address_are_written(
    shopper_of: Shoppers, province: str, city: str, district: str, shipping_fen: int
) -> None:
    zones = {"": 1000, "新疆；内蒙古": 4000, "南京鼓楼": 2000, "九龙": 3000, "郑州高新区": 500}
    templates.save(
        template=FreightTemplate(name="普通快递", is_default=True),
        zones=[
            FreightZone(regions=[typed] if typed else [], first_fee_fen=fee_fen)
            for typed, fee_fen in zones.items()
        ],
    )
    member, _ = make.buyer()
    address = members.address(member, province=province, city=city, district=district)
    cup = make.goods(5000)
    quote = _quote(shopper_of(member), (cup, 1), address_id=address.pk).json()
    assert quote["shipping_fen"] == shipping_fen


def test_a_short_name_that_was_kept_long_ago_is_the_region(shopper_of: Shoppers) -> None:
    template = make.freight(1000)
    FreightZone.objects.create(template=template, regions=["新疆"], first_fee_fen=4000)
    member, _ = make.buyer()
    address = members.address(member, province="新疆维吾尔自治区", city="哈密市", district="伊州区")
    cup = make.goods(5000)
    quote = _quote(shopper_of(member), (cup, 1), address_id=address.pk).json()
    assert quote["shipping_fen"] == 4000


def test_freight_by_weight_counts_begun_kilograms(shopper_of: Shoppers) -> None:
    member, address = make.buyer()
    template = make.freight(800, first_units=1000, next_units=1000, next_fee_fen=200)
    template.charged_by = "WEIGHT"
    template.save()
    pot = make.goods(5000, weight_g=1200)
    quote = _quote(shopper_of(member), (pot, 2), address_id=address.pk).json()
    assert quote["shipping_fen"] == 800 + 2 * 200  # 2,400 g: 1 kg, then two begun ones


def test_another_member_s_address_does_not_exist(shopper_of: Shoppers) -> None:
    member, _ = make.buyer()
    _, strangers = make.buyer()
    answer = _quote(shopper_of(member), (make.goods(5000), 1), address_id=strangers.pk)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"coupon_id": "1"}, 404, "coupon_not_found"),
        ({"activity": {"kind": "groupbuy", "id": 1}}, 404, "activity_not_found"),
        ({"use_points": 100}, 409, "points_not_enough"),
        ({"use_balance": 100}, 404, "wallet_off"),
        ({"use_balance": True}, 404, "wallet_off"),
    ],
)
def test_what_nobody_holds_cannot_be_used(
    shopper_of: Shoppers, more: dict[str, Any], status: int, code: str
) -> None:
    member, _ = make.buyer()
    answer = _quote(shopper_of(member), (make.goods(5000), 1), **more)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    "more",
    [
        {"coupon_id": None},
        {"coupon_id": ""},
        {"coupon_id": "none"},
        {"use_points": 0},
        {"use_points": True},
        {"use_balance": False},
        {"activity": None},
    ],
)
def test_wishing_for_no_extra_is_fine(shopper_of: Shoppers, more: dict[str, Any]) -> None:
    member, _ = make.buyer()
    assert _quote(shopper_of(member), (make.goods(5000), 1), **more).status_code == 200


@pytest.mark.parametrize("quantity", ["1", "１", 1.5, 1.0, True, None, 0, -1, 10_000, 10**30, [1], {}])
def test_a_quantity_is_an_integer_from_1_to_9999(shopper_of: Shoppers, quantity: Any) -> None:
    member, _ = make.buyer()
    cup = make.goods(5000)
    body = {"items": [{"sku_id": cup.pk, "quantity": quantity}]}
    answer = shopper_of(member).call("POST", "/checkout/quote", body)
    assert answer.status_code == 400
    assert set(answer.json()) == {"code", "message", "details", "request_id"}


@pytest.mark.parametrize("sku_id", ["1", 1.0, True, None, 0, -1, 2**63, 10**40, "１"])
def test_a_sku_id_is_the_id_of_a_row(shopper_of: Shoppers, sku_id: Any) -> None:
    member, _ = make.buyer()
    body = {"items": [{"sku_id": sku_id, "quantity": 1}]}
    assert shopper_of(member).call("POST", "/checkout/quote", body).status_code == 400


def test_an_unknown_sku_is_not_on_sale(shopper_of: Shoppers) -> None:
    member, _ = make.buyer()
    body = {"items": [{"sku_id": 2**63 - 1, "quantity": 1}]}
    assert shopper_of(member).call("POST", "/checkout/quote", body).json()["code"] == "not_on_sale"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"items": []},
        {"items": None},
        {"items": {}},
        {"items": "all"},
        {"items": [7]},
        {"items": [{}]},
        {"items": [{"sku_id": 1, "quantity": 1}], "from_cart": True},
        {"items": [{"sku_id": n + 1, "quantity": 1} for n in range(121)]},
        {"from_cart": "true"},
        {"from_cart": 1},
        {"from_cart": False},
        {"items": [{"sku_id": 1, "quantity": 1}], "address_id": "1"},
        {"items": [{"sku_id": 1, "quantity": 1}], "address_id": 2**63},
        {"items": [{"sku_id": 1, "quantity": 1}], "use_points": "all"},
        {"items": [{"sku_id": 1, "quantity": 1}], "use_points": -1},
        {"items": [{"sku_id": 1, "quantity": 1}], "use_points": 1.5},
        {"items": [{"sku_id": 1, "quantity": 1}], "activity": "seckill"},
        {"items": [{"sku_id": 1, "quantity": 1}], "activity": [1]},
        {"items": [{"sku_id": 1, "quantity": 1}], "coupon_id": 1},
        {"items": [{"sku_id": 1, "quantity": 1}], "coupon_id": "c" * 37},
        {"items": [{"sku_id": 1, "quantity": 1}], "use_balance": "all"},
        {"items": [{"sku_id": 1, "quantity": 1}], "use_balance": -1},
        {"items": [{"sku_id": 1, "quantity": 1}], "use_balance": 2**63},
    ],
)
def test_a_choice_that_makes_no_sense_is_refused(shopper_of: Shoppers, body: dict[str, Any]) -> None:
    member, _ = make.buyer()
    answer = shopper_of(member).call("POST", "/checkout/quote", body)
    assert answer.status_code == 400, answer.content
    assert set(answer.json()) == {"code", "message", "details", "request_id"}


def test_ticked_cart_lines_are_quoted_and_an_empty_cart_is_said(shopper_of: Shoppers) -> None:
    member, _ = make.buyer()
    shopper = shopper_of(member)
    answer = shopper.call("POST", "/checkout/quote", {"from_cart": True})
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_selected")
    shopper.call("POST", "/cart/items", {"sku_id": make.goods(5000).pk, "quantity": 2})
    assert shopper.call("POST", "/checkout/quote", {"from_cart": True}).json()["payable_fen"] == 10_000


def test_a_ticked_line_that_went_off_sale_is_never_left_out_in_silence(shopper_of: Shoppers) -> None:
    member, _ = make.buyer()
    shopper = shopper_of(member)
    cup, gone = make.goods(5000), make.goods(5000)
    for sku in (cup, gone):
        shopper.call("POST", "/cart/items", {"sku_id": sku.pk, "quantity": 1})
    Product.objects.filter(pk=gone.product_id).update(on_sale=False)
    assert shopper.call("POST", "/checkout/quote", {"from_cart": True}).json()["details"] == {
        "sku_ids": [gone.pk]
    }


def test_twenty_lines_take_as_many_statements_as_one(shopper_of: Shoppers) -> None:
    member, address = make.buyer()
    make.freight(800)
    make.promotion()
    shopper = shopper_of(member)
    skus = [make.goods(100) for _ in range(20)]
    # What is the same for everybody is kept from now on.
    _quote(shopper, *((sku, 1) for sku in skus), address_id=address.pk)
    counts = []
    for some in (skus[:1], skus[:1], skus):
        with CaptureQueriesContext(connection) as counted:
            assert _quote(shopper, *((sku, 1) for sku in some), address_id=address.pk).status_code == 200
        counts.append(len(counted))
    # What is the same for everybody is read by the first and kept from then on.
    assert counts[0] <= 8
    assert counts[1] == counts[2] <= 2
