"""What was sold is counted once an order, when it is paid."""

from __future__ import annotations

import pytest

from apps.catalog.models import Product
from apps.checkout import paying
from apps.outbox import services as outbox
from tests.apps.checkout import make

pytestmark = pytest.mark.django_db


def test_a_paid_order_adds_its_units_to_the_sales_of_its_products_once() -> None:
    member, address = make.buyer()
    cup, pot = make.goods(0), make.goods(0)
    order = make.order(member, address, [(cup, 3), (pot, 1)])
    outbox.deliver_due(at=make.NOW)
    assert set(Product.objects.values_list("sold_count", flat=True)) == {0}

    paying.pay(member=member, order_no=order.order_no, at=make.NOW)
    outbox.deliver_due(at=make.NOW)
    outbox.deliver_due(at=make.NOW)

    assert Product.objects.get(pk=cup.product_id).sold_count == 3
    assert Product.objects.get(pk=pot.product_id).sold_count == 1
