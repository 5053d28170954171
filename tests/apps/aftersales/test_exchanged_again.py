"""Goods that were exchanged for another SKU, and come back or are exchanged once more."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.aftersales import application_selectors as application_facts
from apps.aftersales.services.refunding import RestockExchanged
from apps.inventory.models import Stock
from tests.apps.aftersales import apply, make
from tests.apps.aftersales import test_units_once as units
from tests.apps.checkout import make as counter

pytestmark = pytest.mark.django_db


def test_what_was_exchanged_comes_back_as_what_the_buyer_has_by_then(admin_client: Client) -> None:
    order, (cup,) = apply.received((6900, 2))
    mug = counter.goods(6900, units=9)
    shelf = Stock.objects.filter
    row = apply.arrive(apply.approve(apply.applied(order, {cup: 2}, "EXCHANGE", new={cup: mug})))
    units.dispatch(apply.inspect(row, {cup: 2}))
    cups, mugs = shelf(sku=cup).get().on_hand, shelf(sku=mug).get().on_hand
    # The same again is a mug.
    row = apply.arrive(apply.approve(apply.applied(order, {cup: 1}, "EXCHANGE")))
    units.dispatch(apply.inspect(row, {cup: 1}))
    assert (shelf(sku=cup).get().on_hand, shelf(sku=mug).get().on_hand) == (cups, mugs)
    row = apply.arrive(apply.approve(apply.applied(order, {cup: 2}, "RETURN")))
    lines = list(row.lines.select_related("order_line"))
    assert application_facts.had_instead(row, lines) == {make.line(order, cup).pk: mug}
    page = admin_client.get(f"/admin/aftersales/aftersale/{row.pk}/inspect/")
    assert f"已换为 {mug}" in page.content.decode()
    apply.inspect(row, {cup: 2}, damaged={cup: 1})
    assert (shelf(sku=cup).get().on_hand, shelf(sku=mug).get().on_hand) == (cups, mugs + 1)


def test_what_was_exchanged_may_be_exchanged_for_what_was_ordered() -> None:
    order, (cup,) = apply.received((6900, 1))
    mug = counter.goods(6900, units=9)
    row = apply.arrive(apply.approve(apply.applied(order, {cup: 1}, "EXCHANGE", new={cup: mug})))
    units.dispatch(apply.inspect(row, {cup: 1}))
    cups, mugs = Stock.objects.get(sku=cup).on_hand, Stock.objects.get(sku=mug).on_hand
    row = apply.arrive(apply.approve(apply.applied(order, {cup: 1}, "EXCHANGE", new={cup: cup})))
    units.dispatch(apply.inspect(row, {cup: 1}))
    assert (Stock.objects.get(sku=cup).on_hand, Stock.objects.get(sku=mug).on_hand) == (cups - 1, mugs + 1)


def test_what_was_exchanged_is_not_shelved_by_a_refund_that_knows_the_order_only(
    admin_client: Client,
) -> None:
    order, (cup,) = apply.received((6900, 2))
    mug = counter.goods(6900, units=9)
    row = apply.arrive(apply.approve(apply.applied(order, {cup: 1}, "EXCHANGE", new={cup: mug})))
    units.dispatch(apply.inspect(row, {cup: 1}))
    line = make.line(order, cup).pk
    page = admin_client.get(f"/admin/orders/order/{order.pk}/refund-part/").content.decode()
    assert "换过货，退回的实物请走退货售后入库" in page
    assert f"restock_{line}" not in page
    with pytest.raises(RestockExchanged):
        make.refund(order, {cup: 1}, restock={cup})
    assert make.refund(order, {cup: 1}).amount_fen == 6900
