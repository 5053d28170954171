"""Two operators on one page: who comes second sees what the first changed, field by field, and nothing is lost."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.utils import timezone

from apps.aftersales.models import AfterSaleRules
from apps.base import days
from apps.base.admin_opened import FIELD
from apps.base.html_inputs import inputs_of
from apps.books.models import CostRate
from apps.catalog.models import Product
from apps.content.models import ReviewRules
from apps.coupons.models import PromoCode
from apps.fulfillment.models import Carrier, FreightTemplate
from apps.groupbuy import services as groupbuy
from apps.members.models import Document, Level
from apps.members.models import Group as MemberGroup
from apps.pickup.models import SlotClosing
from apps.pickup.services import slotting
from apps.points.models import Rules
from apps.promotions.models import Campaign, LevelPrice, MemberDay, PriceFloor
from apps.storefront.models import Shop
from tests.admin import shop
from tests.apps.catalog import make as catalog
from tests.apps.checkout import make as counter
from tests.apps.content.make import photo
from tests.apps.coupons import make as coupons
from tests.apps.fulfillment import packings
from tests.apps.groupbuy import make as group_buys
from tests.apps.members import make as members
from tests.apps.pickup import make as pickups
from tests.apps.pickup import slotted
from tests.apps.points import make as points
from tests.apps.promotions import make as promotions
from tests.apps.support import make as support
from tests.apps.wallet import make as wallet

pytestmark = pytest.mark.django_db


class Opened(NamedTuple):
    """A page as a browser has it open: its address and what it would send."""

    address: str
    inputs: dict[str, list[str]]

    def typed(self, **changes: Any) -> dict[str, Any]:
        """What is sent when these inputs were changed."""
        return {**self.inputs, **changes, "_save": "1"}


def open_page(browser: Client, row: models.Model) -> Opened:
    opts = row._meta
    address = f"/admin/{opts.app_label}/{opts.model_name}/{row.pk}/change/"
    answer = browser.get(address)
    assert answer.status_code == 200
    return Opened(address, sent_by(answer, str(opts.model_name)))


def sent_by(answer: Any, model_name: str) -> dict[str, list[str]]:
    sent: dict[str, list[str]] = {}
    for one in inputs_of(answer.content.decode(), form=f"{model_name}_form"):
        if one.sent:
            sent.setdefault(one.name, []).append(one.value)
    return sent


@pytest.fixture
def product() -> Product:
    row = catalog.product(title="龙井")
    row.cover = SimpleUploadedFile("a.jpg", photo(), "image/jpeg")
    row.save()
    return row


def priced(opened: Opened, price: str) -> str:
    """What the script of a product's grid writes when the price of its first SKU was typed."""
    grid = json.loads(opened.inputs["grid"][0])
    grid["skus"][0]["price"] = price
    return json.dumps(grid)


def test_saving_a_subtitle_does_not_take_back_the_others_price(page: Client, product: Product) -> None:
    mine, theirs = open_page(page, product), open_page(page, product)
    assert page.post(theirs.address, theirs.typed(grid=priced(theirs, "188"))).status_code == 302
    # Cells of the grid carry what they were opened with: one that was not touched is no conflict.
    assert page.post(mine.address, mine.typed(subtitle="明前")).status_code == 302
    assert (product.skus.get().price_fen, Product.objects.get(pk=product.pk).subtitle) == (188_00, "明前")


def test_where_both_typed_the_second_sees_both_values_and_decides(page: Client) -> None:
    brand = catalog.brand("狮峰")
    mine, theirs = open_page(page, brand), open_page(page, brand)
    assert page.post(theirs.address, theirs.typed(name="狮峰山")).status_code == 302
    answer = page.post(mine.address, mine.typed(name="狮峰牌"))
    assert answer.status_code == 409
    assert "店长已改为「狮峰山」，您填写的是「狮峰牌」" in answer.content.decode()
    again = sent_by(answer, "brand")
    assert again["name"] == ["狮峰牌"]
    assert page.post(mine.address, {**again, "_save": "1"}).status_code == 302
    assert type(brand).objects.get(pk=brand.pk).name == "狮峰牌"


def test_what_sells_meanwhile_is_no_conflict(page: Client, product: Product) -> None:
    mine = open_page(page, product)
    Product.objects.filter(pk=product.pk).update(sold_count=7)
    assert page.post(mine.address, mine.typed(subtitle="明前")).status_code == 302


def zoned(*names: str) -> FreightTemplate:
    """A freight template with a zone for each of these provinces."""
    template = counter.freight(100, regions=names[:1])
    for number, name in enumerate(names[1:], 2):
        template.zones.create(
            regions=[name], first_units=1, first_fee_fen=number * 100, next_units=1, next_fee_fen=1
        )
    return template


def zones_of(template: FreightTemplate) -> list[tuple[list[str], int]]:
    return list(template.zones.order_by("pk").values_list("regions", "first_fee_fen"))


def told_by(answer: Any) -> str:
    assert answer.status_code == 409
    return html.unescape(answer.content.decode())


@pytest.mark.parametrize("deleted", [0, 1, 2])
def test_a_row_that_the_other_deleted_is_told_and_leaves_the_page(page: Client, deleted: int) -> None:
    template = zoned("上海市", "浙江省", "江苏省")
    mine, theirs = open_page(page, template), open_page(page, template)
    assert page.post(theirs.address, theirs.typed(**{f"zones-{deleted}-DELETE": "on"})).status_code == 302
    left = zones_of(template)
    answer = page.post(mine.address, mine.typed(name="包邮"))
    assert f"第 {deleted + 1} 行：" in (told := told_by(answer))
    assert "已删除" in told
    assert "zones#" not in told.replace(html.unescape(sent_by(answer, "freighttemplate")[FIELD][0]), "")
    again = Opened(mine.address, sent_by(answer, "freighttemplate"))
    assert page.post(again.address, again.typed()).status_code == 302
    template.refresh_from_db()
    assert (template.name, zones_of(template)) == ("包邮", left)


def test_what_was_typed_in_a_row_that_the_other_deleted_becomes_a_new_row(page: Client) -> None:
    template = zoned("上海市", "浙江省", "江苏省")
    mine, theirs = open_page(page, template), open_page(page, template)
    assert page.post(theirs.address, theirs.typed(**{"zones-0-DELETE": "on"})).status_code == 302
    answer = page.post(
        mine.address, mine.typed(**{"zones-0-first_fee_fen": "9", "zones-2-first_fee_fen": "8"})
    )
    assert "已作为新的一行保留" in told_by(answer)
    again = Opened(mine.address, sent_by(answer, "freighttemplate"))
    assert page.post(again.address, again.typed()).status_code == 302
    assert zones_of(template) == [(["浙江省"], 200), (["江苏省"], 800), (["上海市"], 900)]


def test_a_row_that_both_deleted_is_gone_and_one_that_the_other_added_stands_on_the_page(
    page: Client,
) -> None:
    template = zoned("上海市", "浙江省")
    mine, theirs = open_page(page, template), open_page(page, template)
    template.zones.create(regions=["江苏省"], first_units=1, first_fee_fen=300, next_units=1, next_fee_fen=1)
    template.zones.filter(first_fee_fen=100).delete()
    answer = page.post(theirs.address, mine.typed(**{"zones-0-DELETE": "on", "zones-1-first_fee_fen": "8"}))
    assert "第 2 行：他人新增了这一行" in told_by(answer)
    again = Opened(mine.address, sent_by(answer, "freighttemplate"))
    assert page.post(again.address, again.typed()).status_code == 302
    assert zones_of(template) == [(["浙江省"], 800), (["江苏省"], 300)]


@pytest.mark.parametrize("sent", ["", "[" * 100_000], ids=["nothing", "deep"])
def test_a_page_without_fingerprints_keeps_a_row_that_is_gone(page: Client, sent: str) -> None:
    template = zoned("上海市", "浙江省")
    mine = open_page(page, template)
    template.zones.filter(first_fee_fen=100).delete()
    answer = page.post(mine.address, mine.typed(**{FIELD: sent}))
    again = Opened(mine.address, sent_by(answer, "freighttemplate"))
    assert answer.status_code == 409
    assert page.post(again.address, again.typed()).status_code == 302
    assert zones_of(template) == [(["浙江省"], 200), (["上海市"], 100)]


def test_a_picture_that_the_other_changed_is_told(page: Client, product: Product) -> None:
    mine = open_page(page, product)
    product.cover = SimpleUploadedFile("b.jpg", photo(60, 50), "image/jpeg")
    product.save()
    answer = page.post(mine.address, mine.typed(subtitle="明前"))
    assert answer.status_code == 409
    assert "主图" in answer.content.decode()


def rows() -> None:
    """One row of everything that has a form, beside what the shop is filled with."""
    promotions.promotion()
    PromoCode.objects.create(code="CHUN2026", template=coupons.template(), promoter=members.member("推广员"))
    Campaign.objects.create(
        name="双十一", starts_at=promotions.NOW, ends_at=promotions.NOW + timedelta(days=1)
    )
    MemberDay.objects.create(name="会员日", weekdays=[2])
    PriceFloor.objects.get_or_create(pk=1)
    LevelPrice.objects.create(level=promotions.level(), sku=catalog.product().skus.get(), price_fen=1)
    catalog.product()
    points.rules()
    points.interaction()
    points.coupon_good(coupon_template_id=coupons.template("积分券").pk)
    wallet.pack()
    groupbuy.CAMPAIGNS.save(group_buys.draft(group_buys.goods(50_00)), at=group_buys.NOW)
    Shop.objects.get_or_create(pk=1, defaults={"name": "茶里茶外"})
    support.survey()
    counter.freight()
    Carrier.objects.get_or_create(code="SF", defaults={"name": "顺丰"})
    slot = slotted.template(pickups.shop("湖滨门店", **pickups.RIDES))
    slotting.save_closing(SlotClosing(place=slot.place, day=days.shop_day(timezone.now())), at=timezone.now())
    packings.card()
    MemberGroup.objects.get_or_create(name="茶友会")
    ReviewRules.objects.get_or_create(pk=1)
    AfterSaleRules.objects.get_or_create(pk=1)
    CostRate.objects.create(since=days.shop_day(timezone.now()) + timedelta(days=1))
    Rules.objects.get_or_create(pk=1)
    Group.objects.get_or_create(name="值班")
    User.objects.create_user("小王", is_staff=True)
    # No less than any other level gives, as its form demands; the maker counts ranks up over a whole run.
    top = Level.objects.order_by("-rank").values_list("rank", flat=True)[0]
    members.level("钻石", rank=top + 1, discount_bp=1_000, points_multiplier_bp=100_000)


def editable(request: HttpRequest) -> Iterator[tuple[str, models.Model | None]]:
    """Every table whose page has a form, with the first row that may be edited."""
    for model, page in admin.site._registry.items():
        # A draft of a document is saved once: with its date, and from then on nobody changes it.
        if not page.has_change_permission(request) or model is Document:
            continue
        found = [
            row
            for row in model._default_manager.order_by("-pk")[:5]
            if page.has_change_permission(request, row)
        ]
        yield model._meta.label, found[0] if found else None


def changes(opened: Opened, row: models.Model) -> Iterator[dict[str, str]]:
    """Ways to change one input: a text becomes longer, a number one more, a box is ticked."""
    columns = {column.name: column for column in row._meta.concrete_fields}
    for name, values in opened.inputs.items():
        column = columns.get(name)
        if column is None or column.choices or column.is_relation:
            continue
        if isinstance(column, models.CharField | models.TextField):
            yield {name: f"{values[0]}二"}
        elif isinstance(column, models.IntegerField) and values[0].replace(".", "").isdigit():
            yield {name: str(Decimal(values[0]) + 1)}
    for name, column in columns.items():
        if isinstance(column, models.BooleanField):
            yield {name: "on"} if name not in opened.inputs else {name: ""}


@pytest.mark.usefixtures("bare_pages")
def test_every_form_tells_the_second_what_the_first_changed(page: Client, manager: User) -> None:
    shop.fill(1, operator=manager)
    rows()
    request = RequestFactory().get("/admin/")
    request.user = manager
    tables = dict(editable(request))
    assert {label for label, row in tables.items() if row is None} == set()
    assert len(tables) >= 22
    assert {label: fault for label, row in tables.items() if (fault := second(page, row))} == {}


@pytest.mark.usefixtures("bare_pages")
def test_what_does_not_say_what_its_page_was_opened_with_is_not_saved_and_nothing_of_it_is_lost(
    manager: User, client: Client, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    client.force_login(manager)
    shop.fill(1, operator=manager)
    rows()
    request = RequestFactory().get("/admin/")
    request.user = manager
    tables = dict(editable(request))
    assert len(tables) >= 22
    opened = {label: open_page(client, row) for label, row in tables.items()}
    for marks in ({}, {FIELD: ""}, {FIELD: "["}, {FIELD: "7"}):
        found = {
            label: fault
            for label, row in tables.items()
            if (fault := uncompared(client, row, opened[label], marks))
        }
        assert found == {}, marks


def uncompared(client: Client, row: Any, opened: Opened, marks: dict[str, str]) -> str:
    """What goes wrong when a form is sent without fingerprints, and again as it is answered; nothing where all is well."""
    sent = {name: values for name, values in opened.inputs.items() if name != FIELD} | marks
    before = list(type(row)._base_manager.filter(pk=row.pk).values())
    answer = client.post(opened.address, {**sent, "_save": "1"})
    if answer.status_code != 409:
        return f"answered {answer.status_code}"
    if "尚未保存" not in html.unescape(answer.content.decode()):
        return "does not say that it is not saved"
    if list(type(row)._base_manager.filter(pk=row.pk).values()) != before:
        return "was saved"
    again = sent_by(answer, str(row._meta.model_name))
    lost = {name for name in sent.keys() - marks.keys() if again.get(name) != sent[name]}
    if lost - {name for name in lost if name.endswith(("_FORMS", "token"))}:
        return f"lost {sorted(lost)}"
    if not again.get(FIELD):
        return "cannot be sent again"
    return ""


def second(page: Client, row: Any) -> str:
    """What goes wrong when two browsers have the row's page open and both save; nothing where all is well."""
    mine = open_page(page, row)
    if FIELD not in mine.inputs:
        return "the page carries no fingerprints"
    refusals: list[Any] = []
    for change in changes(open_page(page, row), row):
        theirs = open_page(page, row)
        sent = {**theirs.typed(), **change}
        answer = page.post(theirs.address, {name: value for name, value in sent.items() if value != ""})
        if answer.status_code == 302:
            break
        refusals.append(dict(answer.context["adminform"].form.errors))
    else:
        return f"nothing could be changed: {refusals}"
    before = list(type(row)._base_manager.filter(pk=row.pk).values())
    answer = page.post(mine.address, mine.typed())
    if answer.status_code != 409:
        return f"{change}: answered {answer.status_code}"
    if "已改为" not in html.unescape(answer.content.decode()):
        return f"{change}: does not say what changed"
    if list(type(row)._base_manager.filter(pk=row.pk).values()) != before:
        return f"{change}: was taken back"
    return ""
