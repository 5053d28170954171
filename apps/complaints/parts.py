"""What complaints say on the page of an order: each that was made about it, and how it stands."""

from __future__ import annotations

from typing import Final

from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

from apps.base.admin import link
from apps.base.parts import Fact, Part
from apps.complaints import selectors as complaint_facts
from apps.orders.models import Order


def _complaints_of(order: Order) -> SafeString | str:
    rows = complaint_facts.of_order(order_id=order.pk)
    lines = (
        (
            link(reverse("admin:complaints_complaint_change", args=[row.pk]), row.complaint_id),
            row.get_status_display(),
        )
        for row in rows
    )
    return format_html_join(mark_safe("<br>"), "{} {}", lines) or "—"


COMPLAINTS: Final = Part(
    room="complaints",
    facts=[
        Fact(
            name="complaints",
            label="微信投诉",
            under="投诉",
            needs="complaints.view_complaint",
            shown=_complaints_of,
        )
    ],
)
