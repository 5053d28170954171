"""The operators' pages of the catalogue: they render, they save what makes sense, they refuse the rest with a reason."""

from __future__ import annotations

import base64
import json
import re
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from apps.catalog import rules
from apps.catalog.models import Brand, Category, Product, Sku
from apps.inventory.models import StockEntry
from apps.pictures import stored
from apps.stores.models import Place
from tests.admin.browser import Browser
from tests.apps.catalog import make
from tests.apps.groupbuy import make as group_buys
from tests.apps.inventory import make as stock
from tests.apps.pictures import make as pictures

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(settings: Any, tmp_path: Path) -> Client:
    settings.MEDIA_ROOT = tmp_path
    settings.PRIVATE_ROOT = tmp_path / "private"
    client = Browser()
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
        "returns": "SEVEN_DAYS",
        "freight_insurance": "NONE",
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


def test_what_an_operator_uploads_is_drawn_anew_in_three_sizes_and_shoppers_get_the_small_one(
    operator: Client,
) -> None:
    photo = pictures.picture(
        "TIFF",
        compression="tiff_deflate",
        size=(2600, 1300),
        exif=pictures.on_its_side(),
        icc_profile=pictures.display_p3(),
    )
    category = make.category("茶杯")
    sent = form({}, category=category.pk, cover=SimpleUploadedFile("杯 子.tif", photo))
    sent |= {
        "images-TOTAL_FORMS": 1,
        "images-0-position": 0,
        "images-0-image": SimpleUploadedFile("a.bmp", pictures.picture("BMP")),
    }
    operator.post("/admin/catalog/product/add/", sent, follow=True)
    cup = Product.objects.get()
    assert re.fullmatch(r"products/[0-9a-f]{32}/full\.jpg", cup.cover.name)
    assert re.fullmatch(r"products/[0-9a-f]{32}/full\.jpg", cup.images.get().image.name)
    sides = {}
    for size in stored.Size:
        with default_storage.open(stored.sized(cup.cover.name, size)) as file:
            shown = Image.open(file)
            assert (shown.format, dict(shown.getexif())) == ("JPEG", {})
            sides[size.value] = shown.size
    assert sides == {"list": (240, 480), "page": (540, 1080), "full": (1024, 2048)}
    Product.objects.update(on_sale=True)
    row = operator.get("/api/v1/products").json()["results"][0]
    page = operator.get(f"/api/v1/products/{cup.pk}").json()
    assert row["cover_url"].endswith("/list.jpg") and page["cover_url"].endswith("/list.jpg")
    assert [url.rpartition("/")[2] for url in page["images"] + page["images_full"]] == [
        *("page.jpg", "page.jpg"),
        *("full.jpg", "full.jpg"),
    ]


def test_a_logo_stays_transparent(operator: Client) -> None:
    logo = pictures.picture("PNG", (200, 30, 30, 0), mode="RGBA")
    operator.post("/admin/catalog/brand/add/", {"name": "青禾", "logo": SimpleUploadedFile("a.png", logo)})
    assert Brand.objects.get().logo.name.endswith("/full.webp")
    # Saved again without a new picture, it is the same.
    before = Brand.objects.get().logo.name
    operator.post(f"/admin/catalog/brand/{Brand.objects.get().pk}/change/", {"name": "青禾茶舍"})
    assert (Brand.objects.get().name, Brand.objects.get().logo.name) == ("青禾茶舍", before)


@pytest.mark.parametrize("model", ["brand", "category", "product"])
def test_no_door_of_operators_decodes_a_picture_that_was_made_to_stop_the_shop(
    operator: Client, model: str
) -> None:
    bomb = SimpleUploadedFile("a.jpg", pictures.many_scans(200, side=64))
    sent = {
        "brand": {"name": "青禾", "logo": bomb},
        "category": {"name": "茶器", "position": 0, "icon": bomb},
        "product": form({}, category=make.category("茶杯").pk, cover=bomb),
    }[model]
    page = operator.post(f"/admin/catalog/{model}/add/", sent).content.decode()
    assert "图片过于复杂，无法处理，请另存为普通 JPG 后上传" in page
    # The category is the one that the product was to lie in.
    assert (Brand.objects.count(), Product.objects.count(), Category.objects.count()) == (0, 0, 1)


def test_a_pasted_page_is_completed_and_what_went_is_said_after_saving(operator: Client) -> None:
    inside = base64.b64encode(pictures.picture("PNG", size=(60, 40))).decode()
    bomb = base64.b64encode(pictures.many_scans(200, side=64)).decode()
    page = added(
        operator,
        {},
        detail_html=f'<p><img src="x.gif" data-src="//a.cn/1.jpg"><img src="data:image/png;base64,{inside}"></p>\n'
        f'<img src="data:image/jpeg;base64,{bomb}">\n<iframe src="https://v.qq.com"></iframe>',
    )
    cup = Product.objects.get()
    assert re.fullmatch(
        r'<p><img src="https://a\.cn/1\.jpg"><img src="/media/details/[0-9a-f]{32}/page\.jpg"></p>\s*',
        cup.detail_html,
    )
    assert "图文详情第 2 行：粘贴的图片无法收下，已去掉：图片过于复杂" in page
    assert "图文详情第 3 行：嵌入的网页不能放在详情里，已去掉" in page


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
        ({}, {"stock": "-1"}, "最小为 0。"),
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


def changed(operator: Client, product: Product, sent: dict[str, Any], **columns: Any) -> str:
    """Post a product's page with this grid and return the page that comes back."""
    filled = form(category=product.category_id, **columns) | {"grid": json.dumps(sent)}
    return operator.post(f"/admin/catalog/product/{product.pk}/change/", filled, follow=True).content.decode()


def page_of(operator: Client, product: Product) -> dict[str, Any]:
    """The grid of a product's page as it is opened."""
    return opened(operator.get(f"/admin/catalog/product/{product.pk}/change/").content.decode())


def test_a_product_of_150_skus_is_saved_in_one_go(operator: Client) -> None:
    colours, sizes = [f"色{number}" for number in range(15)], [f"{number}码" for number in range(10)]
    rows = [{"values": [colour, size], "code": ""} for colour in colours for size in sizes]
    added(operator, *rows, options=[("颜色", colours), ("尺码", sizes)])
    product = Product.objects.get()
    assert product.skus.count() == 150
    assert product.skus.first().code == f"P{product.pk}-1"  # type: ignore[union-attr]


def test_more_skus_than_a_page_can_show_are_refused(operator: Client) -> None:
    values = [f"{number}" for number in range(25)]
    rows = [{"values": [one, other], "code": ""} for one in values for other in values]
    page = added(operator, *rows, options=[("甲", values), ("乙", values)])
    assert "一件商品最多 600 个 SKU，现有 625 个" in page
    assert Product.objects.count() == 0


def test_nothing_that_was_typed_or_chosen_is_lost_when_one_cell_is_wrong(operator: Client) -> None:
    chosen = operator.post("/admin/catalog/product/picture/", {"picture": picture()}).json()
    rows = [
        {"values": ["月白"], "price": "168", "picture": chosen["token"], "url": chosen["url"], "stock": "7"},
        {"values": ["天青"], "price": "一百", "picture": chosen["token"], "url": chosen["url"], "stock": "8"},
    ]
    page = added(operator, *rows, options=[("颜色", ["月白", "天青"])])
    assert told(page)["faults"] == {"1": {"price": "请填写金额，单位为元，最多两位小数，例如 12.50"}}
    back = opened(page)
    assert [row["price"] for row in back["skus"]] == ["168", "一百"]
    held = re.search(r'name="cover-held" value="([^"]+)"', page)
    assert held is not None

    back["skus"][1]["price"] = "158"
    sent = form(category=Category.objects.get().pk) | {
        "grid": json.dumps(back),
        "cover-held": unescape(held[1]),
    }
    operator.post("/admin/catalog/product/add/", sent, follow=True)
    product = Product.objects.get()
    assert product.cover.size > 0
    first, second = product.skus.order_by("id")
    assert (first.price_fen, second.price_fen) == (16_800, 15_800)
    assert first.image.name == second.image.name
    assert first.image.size > 0


def test_what_is_refused_itself_is_not_held(operator: Client) -> None:
    category = make.category("茶杯")
    sent = form({}, category=category.pk, cover=heavy_picture())
    page = operator.post("/admin/catalog/product/add/", sent).content.decode()
    assert "cover-held" not in page
    refused = operator.post("/admin/catalog/product/picture/", {"picture": heavy_picture()})
    assert (refused.status_code, refused.json()) == (400, {"error": "图片不能超过 5 MB"})


def test_a_cell_that_nobody_touched_does_not_take_back_what_another_operator_wrote(operator: Client) -> None:
    cup = make.product(price_fen=10_000)
    sent = page_of(operator, cup)
    Sku.objects.update(price_fen=8_800)
    sent["skus"][0]["weight"] = "250"
    changed(operator, cup, sent)
    assert Sku.objects.values_list("price_fen", "weight_g").get() == (8_800, 250)


def test_a_cell_that_two_operators_changed_is_said_to_be_so(operator: Client) -> None:
    cup = make.product(price_fen=10_000)
    sent = page_of(operator, cup)
    Sku.objects.update(price_fen=8_800)
    sent["skus"][0]["price"] = "95"
    page = changed(operator, cup, sent)
    assert "您打开页面后已被改为 88.00；再次保存将改为您填的" in said(page)
    assert Sku.objects.get().price_fen == 8_800

    sent["skus"][0]["was"] |= told(page)["now"]["0"]
    changed(operator, cup, sent)
    assert Sku.objects.get().price_fen == 9_500


def test_a_sku_that_another_operator_added_meanwhile_is_shown_and_never_deleted(operator: Client) -> None:
    sizes = [{"name": "尺寸", "values": ["大"]}]
    cup = make.product(skus=[make.unsaved_sku(code="A", option_values={"尺寸": "大"})], options=sizes)
    sent = page_of(operator, cup)
    other = page_of(operator, cup)
    other["options"][0]["values"].append("小")
    other["skus"].append({"id": None, "code": "B", "values": ["小"], "price": "9", "enabled": True})
    changed(operator, cup, other)

    sent["skus"][0]["price"] = "95"
    page = changed(operator, cup, sent)
    assert "他人修改了规格与 SKU，已列在表中；请核对后再次保存" in page
    assert [row["code"] for row in told(page)["restored"]] == ["B"]
    sent |= {"opened": told(page)["opened"], "options": told(page)["opened"]["options"]}
    sent["skus"] += told(page)["restored"]
    changed(operator, cup, sent)
    assert list(cup.skus.order_by("id").values_list("code", "price_fen")) == [("A", 9_500), ("B", 900)]


def test_who_may_not_set_prices_leaves_them_and_makes_no_sku(operator: Client) -> None:
    cup = make.product(price_fen=10_000)
    clerk = User.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=["view_product", "change_product"]))
    operator.force_login(clerk)
    sent = page_of(operator, cup)
    sent["skus"][0] |= {"price": "1", "weight": "250"}
    changed(operator, cup, sent)
    assert Sku.objects.values_list("price_fen", "weight_g").get() == (10_000, 250)
    sent["skus"].append({"id": None, "code": "B", "values": [], "price": "9", "enabled": True})
    assert "新增 SKU 需要改价权限" in said(changed(operator, cup, sent))


def test_codes_and_values_may_change_places(operator: Client) -> None:
    skus = [
        make.unsaved_sku(code=code, option_values={"尺寸": size}) for code, size in (("A", "大"), ("B", "小"))
    ]
    cup = make.product(skus=skus, options=[{"name": "尺寸", "values": ["大", "小"]}])
    sent = page_of(operator, cup)
    one, other = sent["skus"]
    one["code"], other["code"] = other["code"], one["code"]
    one["values"], other["values"] = other["values"], one["values"]
    changed(operator, cup, sent)
    assert list(cup.skus.order_by("id").values_list("code", "option_values")) == [
        ("B", {"尺寸": "小"}),
        ("A", {"尺寸": "大"}),
    ]


def test_a_sku_that_something_rests_on_is_shown_again_instead_of_deleted(operator: Client) -> None:
    skus = [
        make.unsaved_sku(code=code, option_values={"尺寸": size}) for code, size in (("A", "大"), ("B", "小"))
    ]
    cup = make.product(skus=skus, options=[{"name": "尺寸", "values": ["大", "小"]}])
    stock.stock(skus[1], 5)
    sent = page_of(operator, cup)
    sent["options"][0]["values"] = ["大"]
    del sent["skus"][1]
    page = changed(operator, cup, sent)
    assert "B 有库存、订单或购物车记录，不能删除，请改为停用" in page
    assert [row["choice"] for row in told(page)["restored"]] == [{"尺寸": "小"}]
    assert cup.skus.count() == 2


def test_a_sku_that_nothing_rests_on_goes_with_its_value(operator: Client) -> None:
    skus = [
        make.unsaved_sku(code=code, option_values={"尺寸": size}) for code, size in (("A", "大"), ("B", "小"))
    ]
    cup = make.product(skus=skus, options=[{"name": "尺寸", "values": ["大", "小"]}])
    sent = page_of(operator, cup)
    sent["options"][0]["values"] = ["大"]
    del sent["skus"][1]
    changed(operator, cup, sent)
    cup.refresh_from_db()
    assert cup.options == [{"name": "尺寸", "values": ["大"]}]
    assert [sku.code for sku in cup.skus.all()] == ["A"]


def test_new_skus_start_with_the_stock_that_was_typed_in_the_place_that_sends_first(operator: Client) -> None:
    Place.objects.create(name="备用仓", priority=5)
    Place.objects.create(name="主仓", priority=1)
    rows = [{"values": ["大"], "stock": "120"}, {"values": ["小"], "stock": ""}]
    page = added(operator, *rows, options=[("尺寸", ["大", "小"])])
    assert "1 个新 SKU 已入库到「主仓」" in page
    entry = StockEntry.objects.select_related("stock__place", "stock__sku").get()
    assert (entry.stock.place.name, entry.stock.sku.code, entry.on_hand_change) == ("主仓", "A0", 120)
    assert entry.operator == User.objects.get()
    assert '<td class="field-free' in operator.get("/admin/catalog/product/").content.decode()


def test_who_may_not_book_stock_or_see_it_has_no_such_column(operator: Client) -> None:
    clerk = User.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.set(
        Permission.objects.filter(
            codename__in=["view_product", "add_product", "change_product", "price_product"]
        )
    )
    operator.force_login(clerk)
    shown = told(operator.get("/admin/catalog/product/add/").content.decode())
    assert (shown["stock"], shown["free"]) == (False, False)
    added(operator, {"stock": "5"})
    assert Product.objects.count() == 1
    assert StockEntry.objects.count() == 0


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


def test_whoever_changes_in_how_many_a_product_is_bought_is_told_which_campaigns_sell_it(
    operator: Client,
) -> None:
    sku = group_buys.goods(50_00)
    group_buys.campaign(sku, title="春茶三人团", limit_per_member=2, **group_buys.today())
    group_buys.campaign(group_buys.goods(50_00), title="别的团", **group_buys.today())
    grid_now = page_of(operator, sku.product)
    silent = changed(operator, sku.product, grid_now, title="明前龙井")
    assert "春茶三人团" not in silent
    told_of = changed(operator, sku.product, grid_now, min_quantity=2)
    assert "拼团「春茶三人团」正在使用此商品，新的起购和倍数对活动订单立即生效" in told_of
    assert "别的团" not in told_of
    misfit = changed(operator, sku.product, grid_now, min_quantity=3)
    assert "拼团「春茶三人团」需要调整" in misfit and "3 件起购，每人限购 2 件，没有人能下单" in misfit
