"""Other goods in a line's place, and whoever sends the order: a page from before is refused, and says what is asked."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from apps.aftersales.services import swapping
from apps.aftersales.services.answering import answer_delay
from apps.deadlines.states import DelayChoice, DelayReason
from apps.fulfillment.models import Parcel
from apps.fulfillment.services import parcels
from apps.orders import versions
from apps.orders.models import Order
from tests.apps.checkout import make as counter
from tests.apps.deadlines import make
from tests.apps.fulfillment import make as fulfillment

pytestmark = pytest.mark.django_db
IMPORT = "/admin/fulfillment/parcel/import/"


def asked() -> tuple[Order, int, Any]:
    """A paid order whose buyer is asked whether other goods may leave: with its line, and those goods."""
    now = timezone.now()
    order = make.paid(2, at=now)
    line, other = order.lines.get(), counter.goods()
    swapping.put_off(
        order_no=order.order_no,
        reason=DelayReason.STOCK_OUT,
        note="",
        ships_on=timezone.localdate(now) + timedelta(days=4),
        offers=[(line.pk, other.pk)],
        operator=None,
        at=now,
    )
    return order, line.pk, other


def swap(order: Order, line_id: int, other: Any) -> None:
    answer_delay(
        member=order.member,
        order_no=order.order_no,
        choice=DelayChoice.SWAP,
        swaps={line_id: other.pk},
        at=timezone.now(),
    )


def _hidden(answer: Any) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', answer.content.decode())
    return {name: value for name, value in found if name != "csrfmiddlewaretoken"}


def test_a_ship_page_from_before_the_swap_is_refused_as_old(admin_client: Client) -> None:
    order, line_id, other = asked()
    address = f"/admin/orders/order/{order.pk}/ship/"
    before = admin_client.get(address)
    assert "已询问买家（等待、换货或退款）" in before.content.decode()
    sent = {"carrier": "ZTO", "tracking_no": "ZT0000000077", **_hidden(before)}
    swap(order, line_id, other)

    old = admin_client.post(address, sent)
    assert (old.status_code, Parcel.objects.count()) == (409, 0)
    assert "您打开页面后内容已变化" in old.content.decode()
    assert "已询问买家" not in old.content.decode()
    done = admin_client.post(address, {**sent, **_hidden(old)})
    assert (done.status_code, Parcel.objects.count()) == (302, 1)


def test_what_was_looked_at_is_compared_under_the_lock() -> None:
    order, line_id, other = asked()
    seen = versions.of(order)
    swap(order, line_id, other)
    with pytest.raises(parcels.OrderChanged):
        fulfillment.parcel(order, seen=seen)
    assert f"{line_id}={other.pk}" in versions.of(order)
    fulfillment.parcel(order, seen=versions.of(order))


def test_a_preview_of_numbers_from_before_the_swap_is_refused(admin_client: Client) -> None:
    order, line_id, other = asked()
    sheet = f"订单号,快递公司,快递单号\n{order.order_no},中通快递,ZT0000000078\n".encode()
    shown = admin_client.post(IMPORT, {"file": SimpleUploadedFile("a.csv", sheet), "step": "preview"})
    swap(order, line_id, other)
    old = admin_client.post(IMPORT, {**_hidden(shown), "step": "confirm"})
    assert (old.status_code, Parcel.objects.count()) == (409, 0)
    again = admin_client.post(IMPORT, {"file": SimpleUploadedFile("a.csv", sheet), "step": "preview"})
    for _ in range(2):  # the same page twice sends nothing twice
        done = admin_client.post(IMPORT, {**_hidden(again), "step": "confirm"})
        assert (done.status_code, Parcel.objects.count()) == (302, 1)
    # Who never saw what it would do is shown it.
    unseen = admin_client.post(IMPORT, {"file": SimpleUploadedFile("a.csv", sheet), "step": "confirm"})
    assert unseen.status_code == 200


def test_the_orders_page_tells_of_the_swap_in_its_history(admin_client: Client) -> None:
    order, line_id, other = asked()
    was = order.lines.get(pk=line_id).title
    swap(order, line_id, other)
    shown = admin_client.get(f"/admin/orders/order/{order.pk}/change/").content.decode()
    assert f"{was} → {other.product.title} × 2" in shown
    assert "换货" in shown
