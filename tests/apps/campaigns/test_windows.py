"""A SKU is spoken for by one campaign at a time; badges show what runs and what is announced."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.campaigns import selectors as campaign_facts
from apps.campaigns import services as campaigns
from apps.campaigns.models import SkuWindow
from apps.campaigns.services import windows
from tests.apps.campaigns import make
from tests.apps.campaigns.make import HOUR, NOW, book

pytestmark = pytest.mark.django_db
MOMENT = timedelta(microseconds=1)


def test_two_campaigns_of_one_sku_at_one_time_are_refused_and_the_other_is_named():
    sku = make.sku()
    book("1", sku, title="早市")
    with pytest.raises(campaigns.SkuTaken) as refusal:
        book("2", sku, starts_at=NOW + HOUR - MOMENT, ends_at=NOW + 2 * HOUR, kind="group_buy")
    assert refusal.value.faults[0].field == "skus"
    assert "秒杀「早市」" in refusal.value.faults[0].text
    assert sku.code in refusal.value.faults[0].text


def test_windows_are_half_open_so_that_one_may_begin_when_the_other_ends():
    sku = make.sku()
    book("1", sku)
    book("2", sku, starts_at=NOW + HOUR, ends_at=NOW + 2 * HOUR)
    assert SkuWindow.objects.count() == 2


def test_another_sku_is_free():
    book("1", make.sku())
    book("2", make.sku())
    assert SkuWindow.objects.count() == 2


def test_booking_again_replaces_what_was_booked():
    one, other = make.sku(), make.sku()
    book("1", one)
    book("1", other, ends_at=NOW + 2 * HOUR)
    assert list(SkuWindow.objects.values_list("sku_id", flat=True)) == [other.pk]


def test_a_refused_booking_keeps_what_was_booked_before():
    one, other = make.sku(), make.sku()
    book("1", one)
    book("2", other)
    with pytest.raises(campaigns.SkuTaken):
        book("1", one, other)
    assert set(SkuWindow.objects.values_list("activity_id", "sku_id")) == {("1", one.pk), ("2", other.pk)}


@pytest.mark.parametrize(
    "moment, told", [(-HOUR - MOMENT, False), (-HOUR, True), (HOUR - MOMENT, True), (HOUR, False)]
)
def test_it_is_announced_from_its_preheat_until_its_end(moment: timedelta, told: bool):
    book("1", make.sku(), preheat_at=NOW - HOUR)
    assert [row.activity_id for row in campaign_facts.shown(kind="flash_sale", at=NOW + moment)] == (
        ["1"] if told else []
    )


def test_a_product_shows_the_lowest_price_of_its_skus_once():
    sku = make.sku()
    cheaper = make.sku()
    cheaper.product, cheaper.option_values = sku.product, {"净含量": "50克"}
    cheaper.save()
    book("1", sku, cheaper)
    SkuWindow.objects.filter(sku=cheaper).update(price_fen=50)
    (row,) = campaign_facts.shown(kind="flash_sale", at=NOW)
    assert (row.product_id, row.price_fen) == (sku.product_id, 50)


def test_what_is_paused_is_not_announced_and_still_speaks_for_its_skus():
    sku = make.sku()
    book("1", sku)
    windows.pause(kind="flash_sale", activity_ids=["1"], paused=True)
    assert campaign_facts.shown(kind="flash_sale", at=NOW) == ()
    with pytest.raises(campaigns.SkuTaken):
        book("2", sku)
    windows.pause(kind="flash_sale", activity_ids=["1"], paused=False)
    assert len(campaign_facts.shown(kind="flash_sale", at=NOW)) == 1


def test_what_ended_early_speaks_for_nothing_any_more():
    sku, later = make.sku(), make.sku()
    book("1", sku)
    book("2", later, starts_at=NOW + 2 * HOUR, ends_at=NOW + 3 * HOUR)
    windows.end(kind="flash_sale", activity_ids=["1", "2"])
    assert not SkuWindow.objects.exists()
    book("3", sku, later)
