"""Freight templates: a default always remains, regions are ones that addresses have, and goods without a weight are told."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.db.models.fields.files import FieldFile
from django.test import Client
from django.urls import reverse

from apps.catalog.models import Product, Sku
from apps.fulfillment import selectors as parcel_facts
from apps.fulfillment.models import FreightTemplate, FreightZone, ProductFreight
from apps.fulfillment.services import templates
from mall.regions import RegionUnknown
from tests.apps.catalog import make as catalog
from tests.apps.promotions import make as promotions

pytestmark = pytest.mark.django_db


def template(
    name: str = "普通快递",
    *,
    is_default: bool = True,
    charged_by: str = "PIECE",
    regions: list[str] | None = None,
) -> FreightTemplate:
    zones = [FreightZone(first_fee_fen=1000)]
    zones += [FreightZone(regions=regions, first_fee_fen=4000)] if regions else []
    return templates.save(
        template=FreightTemplate(name=name, is_default=is_default, charged_by=charged_by), zones=zones
    )


def test_the_first_template_is_the_default_and_a_new_default_takes_over() -> None:
    first = template("普通快递", is_default=False)
    assert FreightTemplate.objects.get(pk=first.pk).is_default

    second = template("新的默认")

    assert list(FreightTemplate.objects.filter(is_default=True)) == [second]


def test_the_default_can_neither_be_deleted_nor_given_up() -> None:
    usual = template()
    template("另一个", is_default=False)

    with pytest.raises(templates.DefaultNeeded):
        templates.remove(template=usual)
    usual.is_default = False
    with pytest.raises(templates.DefaultNeeded):
        templates.save(template=usual)

    assert FreightTemplate.objects.get(is_default=True).name == "普通快递"


def test_a_template_that_products_use_is_not_deleted_and_others_are() -> None:
    template()
    own, spare = template("大件", is_default=False), template("备用", is_default=False)
    ProductFreight.objects.create(product=catalog.product(), template=own)

    with pytest.raises(templates.TemplateUsed):
        templates.remove(template=own)
    templates.remove(template=spare)

    assert set(FreightTemplate.objects.values_list("name", flat=True)) == {"普通快递", "大件"}


@pytest.mark.parametrize("act", ["delete", "give up"])
def test_the_database_keeps_the_last_default_from_whoever_asks(act: str) -> None:
    usual = FreightTemplate.objects.filter(pk=template().pk)

    with pytest.raises(IntegrityError, match="no default freight template"), transaction.atomic():
        FreightZone.objects.all().delete()
        usual._raw_delete("default") if act == "delete" else usual.update(is_default=False)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS freight_template_default_remains IMMEDIATE")

    assert usual.get().is_default


def test_regions_are_kept_by_their_canonical_names() -> None:
    saved = template(regions=["新疆", "内蒙古", "南京鼓楼"])
    assert saved.zones.exclude(regions=[]).get().regions == [
        "新疆维吾尔自治区",
        "内蒙古自治区",
        "南京市/鼓楼区",
    ]


def test_a_region_that_no_address_has_saves_nothing() -> None:
    with pytest.raises(RegionUnknown):
        template(regions=["火星"])
    assert not FreightTemplate.objects.exists()


def saved(client: Client, template_id: int | None = None, **typed: Any) -> Any:
    """The answer to the template's form with one tariff for some regions."""
    url = (
        reverse("admin:fulfillment_freighttemplate_change", args=[template_id])
        if template_id
        else reverse("admin:fulfillment_freighttemplate_add")
    )
    zone = {
        "regions": "新疆、内蒙古",
        "first_units": 1,
        "first_fee_fen": "40",
        "next_units": 1,
        "next_fee_fen": "0",
    }
    form = {"name": "普通快递", "charged_by": "PIECE", "usual": "on"}
    zones = {f"zones-0-{name}": value for name, value in zone.items()}
    counts = {
        f"{prefix}-{name}": value
        for prefix, total in (("zones", 1), ("productfreight_set", 0))
        for name, value in {"TOTAL_FORMS": total, "INITIAL_FORMS": 0, "MAX_NUM_FORMS": 1000}.items()
    }
    return client.post(url, {**form, **zones, **counts, **typed}, follow=True)


@pytest.mark.parametrize("typed", ["新疆、内蒙古", "新疆；内蒙古", "新疆，内蒙古自治区", "新疆\u200b/内蒙古"])
def test_the_form_understands_short_names_with_any_sign_between(admin_client: Client, typed: str) -> None:
    saved(admin_client, **{"zones-0-regions": typed})
    assert FreightZone.objects.get().regions == ["新疆维吾尔自治区", "内蒙古自治区"]


def test_the_form_proposes_the_name_that_was_meant(admin_client: Client) -> None:
    answer = saved(admin_client, **{"zones-0-regions": "新疆省、鼓楼区"})
    page = answer.content.decode()
    assert "没有「新疆省」这个地区，是否应为「新疆维吾尔自治区」" in page
    assert "「鼓楼区」不止一处，请写明城市，例如 「南京市/鼓楼区」" in page
    assert not FreightZone.objects.exists()


def test_the_form_makes_another_default_and_never_none(admin_client: Client) -> None:
    first = template()
    saved(admin_client, name="新的默认")
    second = FreightTemplate.objects.get(is_default=True)
    assert second.name == "新的默认"

    answer = saved(admin_client, second.pk, name="新的默认", usual="")

    assert templates.DefaultNeeded.message in answer.content.decode()
    assert FreightTemplate.objects.get(is_default=True) == second
    assert not FreightTemplate.objects.get(pk=first.pk).is_default


def test_the_list_does_not_delete_the_default_with_others(admin_client: Client) -> None:
    usual, other = template(), template("另一个", is_default=False)
    chosen = {"action": "delete_selected", "_selected_action": [usual.pk, other.pk], "post": "yes"}
    page = admin_client.post(reverse("admin:fulfillment_freighttemplate_changelist"), chosen, follow=True)
    assert templates.DefaultNeeded.message in page.content.decode()
    assert FreightTemplate.objects.count() == 2


def test_goods_of_0_g_are_told_when_a_template_by_weight_is_saved(admin_client: Client) -> None:
    catalog.sku(title="茶壶", weight_g=0)
    catalog.sku(title="茶杯", weight_g=350)

    by_piece = saved(admin_client).content.decode()
    by_weight = saved(admin_client, name="按重量", charged_by="WEIGHT").content.decode()

    assert "重量为 0 克" not in by_piece
    assert "茶壶（" in by_weight and "重量为 0 克，按重量计费时无论买多少都只收首费" in by_weight
    assert "茶杯（" not in by_weight


def test_only_goods_whose_freight_goes_by_weight_are_told() -> None:
    light, heavy, off = (catalog.sku(title=title) for title in ("茶壶", "茶杯", "茶盘"))
    template()
    by_weight = template("按重量", is_default=False, charged_by="WEIGHT")
    for sku in (heavy, off):
        ProductFreight.objects.create(product=sku.product, template=by_weight)
    Product.objects.filter(pk=off.product_id).update(on_sale=False)

    assert [row["title"] for row in parcel_facts.weightless()] == ["茶杯"]
    assert [row["title"] for row in parcel_facts.weightless(template_ids=[by_weight.pk])] == ["茶杯", "茶盘"]
    assert parcel_facts.weightless(product_ids=[light.product_id]) == []

    Sku.objects.filter(pk=heavy.pk).update(weight_g=300)
    assert parcel_facts.weightless() == []


def test_the_products_form_tells_of_0_g_too(admin_client: Client) -> None:
    template(charged_by="WEIGHT")
    product = catalog.product("茶壶")
    page = reverse("admin:catalog_product_change", args=[product.pk])
    form = admin_client.get(page).context["adminform"].form
    sent = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    sent = {
        name: form.fields[name].prepare_value(value)
        for name, value in sent.items()
        if value not in (None, [])
    }
    sent = {name: value for name, value in sent.items() if not isinstance(value, FieldFile)}
    sku = product.skus.get()
    rows = {"skus-0-id": sku.pk, "skus-0-product": product.pk, "skus-0-code": sku.code, "skus-0-price_fen": "100",
            "skus-0-weight_g": 0, "skus-0-enabled": "on"}  # fmt: skip
    counts = {f"{prefix}-{name}": value for prefix, total in (("skus", 1), ("images", 0))
              for name, value in {"TOTAL_FORMS": total, "INITIAL_FORMS": total}.items()}  # fmt: skip
    answer = admin_client.post(page, {**sent, **rows, **counts}, follow=True)
    assert f"茶壶（{sku.code}）的重量为 0 克" in answer.content.decode()


def old_zone(*names: str) -> None:
    """A tariff as it was kept before names were looked at."""
    FreightZone.objects.create(template=template(), regions=list(names))


def test_home_shows_what_is_set_up_wrong_and_nothing_where_all_is_well(admin_client: Client) -> None:
    def cards() -> dict[str, tuple[str, str]]:
        tasks = admin_client.get(reverse("admin:index")).context["tasks"]
        titles = {"商品无法配送", "运费地区有误", "促销地区有误", "规格重量为 0"}
        return {card.title: (card.value, card.note) for card in tasks if card.title in titles}

    assert cards() == {}

    old_zone("新疆；内蒙古", "新疆维吾尔自治区")
    offer = promotions.promotion("FREE_POSTAGE", threshold_fen=99_00, regions=["浙江省"])
    type(offer).objects.filter(pk=offer.pk).update(regions=["江浙沪"])
    FreightTemplate.objects.update(charged_by="WEIGHT")
    catalog.sku(title="茶壶", weight_g=0)

    shown = cards()
    assert {title: value for title, (value, _) in shown.items()} == {
        "运费地区有误": "1",
        "促销地区有误": "1",
        "规格重量为 0": "1",
    }
    assert "「普通快递」：没有「新疆；内蒙古」这个地区" in shown["运费地区有误"][1]
    assert "请写成「江苏省、浙江省、上海市」" in shown["促销地区有误"][1]


def test_goods_without_any_template_are_told_on_home(admin_client: Client) -> None:
    FreightTemplate.objects.create(name="大件")
    catalog.product()
    assert parcel_facts.without_freight() == 1
    page = admin_client.get(reverse("admin:index")).content.decode()
    assert "商品无法配送" in page


def test_a_command_tells_the_regions_that_no_address_has(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("check_regions")
    assert "所有地区名称都与收货地址一致" in capsys.readouterr().out

    old_zone("新疆；内蒙古", "内蒙古")
    with pytest.raises(CommandError, match="1 个地区名称有误"):
        call_command("check_regions")
    assert "运费模板「普通快递」：没有「新疆；内蒙古」这个地区" in capsys.readouterr().out
