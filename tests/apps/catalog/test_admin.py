"""The operators' pages of the catalogue: they render, they save what makes sense, they refuse the rest with a reason."""

from __future__ import annotations

import json
import re
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from apps.catalog import rules
from apps.catalog.models import Category, Product, Sku
from tests.apps.catalog import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(settings: Any, tmp_path: Path) -> Client:
    settings.MEDIA_ROOT = tmp_path
    client = Client()
    client.force_login(User.objects.create_superuser("operator"))
    return client


def picture() -> SimpleUploadedFile:
    drawn = BytesIO()
    Image.new("RGB", (4, 4), "white").save(drawn, "PNG")
    return SimpleUploadedFile("cup.png", drawn.getvalue(), "image/png")


def heavy_picture() -> SimpleUploadedFile:
    """A picture that any program opens, of 5 MB and some bytes."""
    light = picture()
    return SimpleUploadedFile("cup.png", light.read() + b"\0" * 5 * 1024 * 1024, "image/png")


def form(*skus: dict[str, Any], options: Any = (), **columns: Any) -> dict[str, Any]:
    """What the browser posts for a product; amounts as typed. ``options`` are pairs of a name and its values."""
    return {
        "title": "手工陶瓷茶杯",
        "role": Product.Role.PROFIT,
        "min_quantity": 1,
        "quantity_step": 1,
        "attributes": "",
        "detail_html": "",
        "images-TOTAL_FORMS": 0,
        "images-INITIAL_FORMS": 0,
        "grid": grid(*skus, options=options),
        **columns,
    }


def grid(*skus: dict[str, Any], options: Any = ()) -> str:
    """What the script of the grid writes."""
    blank = {"id": None, "values": [], "price": "39", "weight": "300", "enabled": True, "picture": None}
    rows = [{**blank, "code": f"A{number}", **sku} for number, sku in enumerate(skus)]
    named = [{"name": name, "values": list(values)} for name, values in options]
    return json.dumps({"options": named, "skus": rows})


def opened(page: str) -> dict[str, Any]:
    """The grid as a page shows it."""
    text = re.search(r"data-grid-text hidden>(.*?)</textarea>", page, re.DOTALL)
    assert text is not None
    return dict(json.loads(unescape(text[1])))


def told(page: str) -> dict[str, Any]:
    """What a page says of the grid beside it."""
    text = re.search(r'id="grid-told" type="application/json">(.*?)</script>', page, re.DOTALL)
    assert text is not None
    return dict(json.loads(text[1]))


def said(page: str) -> str:
    """What is wrong, cell by cell."""
    return " ".join(reason for cells in told(page)["faults"].values() for reason in cells.values())


def added(operator: Client, *skus: dict[str, Any], **columns: Any) -> str:
    """Post a new product and return the page that comes back."""
    category = Category.objects.first() or make.category("茶杯")
    sent = form(*skus, category=category.pk, cover=picture(), **columns)
    return operator.post("/admin/catalog/product/add/", sent, follow=True).content.decode()


def test_every_page_of_the_catalogue_renders(operator: Client) -> None:
    cup = make.product("手工陶瓷茶杯", category=make.category("茶杯", parent=make.category("茶器")))
    make.brand("青禾")
    for model in ("product", "category", "brand", "guaranteelabel"):
        for page in ("", "add/"):
            assert operator.get(f"/admin/catalog/{model}/{page}").status_code == 200
    page = operator.get(f"/admin/catalog/product/{cup.pk}/change/").content.decode()
    assert opened(page)["skus"][0]["price"] == "100.00"
    assert "茶器 / 茶杯" in page
    assert "¥100.00" in operator.get("/admin/catalog/product/").content.decode()


def test_a_product_is_saved_with_its_skus_and_everything_derived_of_them(operator: Client) -> None:
    added(
        operator,
        {"values": ["月白", "大"], "price": "168", "market": "198.5", "cost": "70.05"},
        {"values": ["天青", "小"], "price": "158.00"},
        options=[("颜色", ["月白", "天青"]), ("尺寸", ["大", "小"])],
        attributes="材质：陶瓷\n产地：景德镇",
        detail_html='<p onclick="x()">手作<script>alert(1)</script></p>',
    )
    cup = Product.objects.get()
    assert cup.options == [
        {"name": "颜色", "values": ["月白", "天青"]},
        {"name": "尺寸", "values": ["大", "小"]},
    ]
    assert cup.attributes == [{"name": "材质", "value": "陶瓷"}, {"name": "产地", "value": "景德镇"}]
    assert cup.detail_html == "<p>手作</p>"
    assert (cup.price_fen, cup.market_price_fen, cup.on_sale) == (15_800, None, False)
    assert " chabei " in cup.search_words
    first, second = Sku.objects.order_by("id")
    assert first.option_values == {"颜色": "月白", "尺寸": "大"}
    assert (first.price_fen, first.market_price_fen, first.cost_fen) == (16_800, 19_850, 7_005)
    assert second.option_values == {"颜色": "天青", "尺寸": "小"}


def test_option_values_are_shown_in_the_order_of_the_options(operator: Client) -> None:
    typed = ["一壶四杯", "月白", "大"]
    options = [("茶器组合", ["一壶四杯"]), ("颜色", ["月白"]), ("尺寸", ["大"])]
    added(operator, {"values": typed}, options=options)
    page = operator.get(f"/admin/catalog/product/{Product.objects.get().pk}/change/").content.decode()
    assert opened(page)["skus"][0]["values"] == typed
    shown = Sku.objects.get().option_values
    assert rules.described(shown, Product.objects.get().options) == "一壶四杯 / 月白 / 大"


def test_any_sign_may_stand_in_an_option_value(operator: Client) -> None:
    sizes = ["170/92A", "12枚/盒", "红,白", "甲、乙"]
    rows = [{"values": [size]} for size in sizes]
    added(operator, *rows, options=[("规格", sizes)])
    assert [sku.option_values for sku in Sku.objects.order_by("id")] == [{"规格": size} for size in sizes]


@pytest.mark.parametrize(
    ("columns", "sku", "reason"),
    [
        ({}, {"price": "39.999"}, "最多两位小数"),
        ({}, {"price": "３９"}, "最多两位小数"),
        ({}, {"price": "-1"}, "最多两位小数"),
        ({}, {"price": "999999999"}, "金额不能超过"),
        ({}, {"market": "38.99"}, "划线价不能低于售价 39.00 元"),
        ({}, {"cost": "39.01"}, "成本高于售价 39.00 元"),
        ({}, {"was": 5}, "规格表格未能读取"),
        ({"options": [("颜色", ["月白"])]}, {}, "请为每个规格选一个值：颜色"),
        ({"options": [("颜色", ["月白"])]}, {"values": ["墨"]}, "「颜色」只能是：月白"),
        ({"options": [("颜色", [])]}, {}, "「颜色」应有 1 到 50 个可选值"),
        ({"options": [("颜色", ["白", "白"])]}, {"values": ["白"]}, "可选值重复"),
        ({"options": [("色", ["白"]), ("色", ["青"])]}, {}, "规格名称重复"),
        ({"options": [(name, ["1"]) for name in "甲乙丙丁"]}, {}, "规格最多 3 个"),
        ({"attributes": "材质："}, {}, "内容应为 1 到 100 个字"),
        ({"min_quantity": 0}, {}, "起购数量至少为 1"),
        ({"min_quantity": 3, "max_quantity": 2}, {}, "每单限购不能小于起购数量"),
        ({"min_quantity": 1, "quantity_step": 2}, {}, "起购数量应是购买倍数（2）的整数倍"),
        (
            {
                "sale_starts_at_0": "2026-12-01",
                "sale_starts_at_1": "10:00",
                "sale_ends_at_0": "2026-12-01",
                "sale_ends_at_1": "10:00",
            },
            {},
            "定时下架应晚于定时上架",
        ),
        ({"video": SimpleUploadedFile("page.html", b"<script>")}, {}, "html"),
        ({"cover": SimpleUploadedFile("cup.png", b"not a picture")}, {}, "图片"),
        ({"cover": heavy_picture()}, {}, "图片不能超过 5 MB"),
        ({}, {"picture": "made-up"}, "图片已失效，请重新选择"),
        ({}, {"weight": "半斤"}, "请填写重量，单位为克，整数"),
        ({}, {"price": ""}, "请填写售价"),
        ({}, {"stock": "-1"}, "不小于 0"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_reason(
    operator: Client, columns: dict[str, Any], sku: dict[str, Any], reason: str
) -> None:
    category = make.category("茶杯")
    sent = form(sku, **{"category": category.pk, "cover": picture(), **columns})
    page = operator.post("/admin/catalog/product/add/", sent).content.decode()
    assert reason in page or reason in said(page)
    assert Product.objects.count() == 0


def test_the_same_combination_twice_is_refused(operator: Client) -> None:
    page = added(operator, {"values": ["白"]}, {"values": ["白"]}, options=[("颜色", ["白", "青"])])
    assert "与第 1 行的规格组合重复" in said(page)
    assert Product.objects.count() == 0


def test_a_loss_leader_may_cost_more_than_it_brings(operator: Client) -> None:
    added(operator, {"price": "9.9", "cost": "12"}, role=Product.Role.TRAFFIC)
    assert Product.objects.get().price_fen == 990


def test_a_product_goes_on_and_off_sale_by_action_only(operator: Client) -> None:
    cup = make.product(on_sale=False)
    sku = cup.skus.get()
    sent = form({"id": sku.pk, "code": sku.code}, category=cup.category_id, on_sale="on")
    operator.post(f"/admin/catalog/product/{cup.pk}/change/", sent)
    cup.refresh_from_db()
    assert (cup.on_sale, cup.price_fen) == (False, 3_900)

    chosen = {"action": "put_on_sale", "_selected_action": [cup.pk]}
    page = operator.post("/admin/catalog/product/", chosen, follow=True).content.decode()
    assert "已上架 1 件商品" in page
    cup.refresh_from_db()
    assert cup.on_sale

    operator.post(
        f"/admin/catalog/product/{cup.pk}/change/", {**sent, "catalog_product_save_and_take_off_sale": ""}
    )
    cup.refresh_from_db()
    assert not cup.on_sale


def test_nothing_without_an_enabled_sku_goes_on_sale(operator: Client) -> None:
    cup = make.product(on_sale=False)
    Sku.objects.update(enabled=False)
    chosen = {"action": "put_on_sale", "_selected_action": [cup.pk]}
    page = operator.post("/admin/catalog/product/", chosen, follow=True).content.decode()
    assert "「手工陶瓷茶杯」没有启用的 SKU，不能上架" in page
    cup.refresh_from_db()
    assert not cup.on_sale


def test_the_last_enabled_sku_of_a_product_on_sale_cannot_be_disabled(operator: Client) -> None:
    cup = make.product()
    sku = cup.skus.get()
    sent = form({"id": sku.pk, "code": sku.code, "enabled": False}, category=cup.category_id)
    page = operator.post(f"/admin/catalog/product/{cup.pk}/change/", sent).content.decode()
    assert "没有启用的 SKU，不能上架" in page
    assert Sku.objects.get().enabled


def test_saving_the_form_does_not_undo_sales_counted_meanwhile(operator: Client) -> None:
    cup = make.product(sold_count=5)
    sku = cup.skus.get()
    sent = form({"id": sku.pk, "code": sku.code}, category=cup.category_id, sold_count=0)
    operator.post(f"/admin/catalog/product/{cup.pk}/change/", sent)
    cup.refresh_from_db()
    assert cup.sold_count == 5


def test_operators_search_by_pinyin_and_by_code(operator: Client) -> None:
    make.product("紫砂壶", skus=[make.unsaved_sku(code="ZS-001")])
    make.product("茶盘")
    for query in ("zishahu", "zs-0"):
        page = operator.get("/admin/catalog/product/", {"q": query}).content.decode()
        assert "紫砂壶" in page
        assert "茶盘" not in page
    assert operator.get("/admin/catalog/product/", {"q": "茶" * 5000}).status_code == 200


def test_a_category_is_moved_with_all_below_it_but_never_into_itself(operator: Client) -> None:
    ware = make.category("茶器")
    cups = make.category("茶杯", parent=ware)
    page = operator.post(
        f"/admin/catalog/category/{ware.pk}/change/", {"name": "茶器", "parent": cups.pk, "position": 0}
    ).content.decode()
    assert "上级类目不能是它自己或它的下级" in page
    home = make.category("家居")
    sent = {"name": "茶器", "parent": home.pk, "position": 0, "visible": "on"}
    operator.post(f"/admin/catalog/category/{ware.pk}/change/", sent)
    cups.refresh_from_db()
    assert cups.path == f"/{home.pk}/{ware.pk}/{cups.pk}/"


def test_one_level_has_no_two_categories_of_one_name(operator: Client) -> None:
    make.category("茶器")
    page = operator.post("/admin/catalog/category/add/", {"name": "茶器", "position": 0}).content.decode()
    assert "同一级已有同名类目" in page


def test_a_renamed_brand_is_found_by_its_new_name(operator: Client) -> None:
    brand = make.brand("青禾")
    cup = make.product(brand=brand)
    operator.post(f"/admin/catalog/brand/{brand.pk}/change/", {"name": "山月"})
    cup.refresh_from_db()
    assert " shanyue " in cup.search_words
