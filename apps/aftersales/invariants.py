"""What must be true between applications and the lines they are about: found by reckoning, never by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from django.db.models import F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce, Least

from apps.aftersales.models import AfterSaleLine
from apps.aftersales.states import AfterSaleKind
from apps.orders.models import OrderRefundLine

# Times are read before the order's lock is: who waited for it stands written a little before who had it.
_WAITED: Final = timedelta(minutes=1)
_LEFT = F("quantity") - F("gone")
_GIVEN = Least(Coalesce(F("accepted"), _LEFT), _LEFT)


def asked_beyond_left() -> Iterator[str]:
    """Lines of which an open application that is not paid yet has more units than were bought and are not refunded."""
    rows = (
        AfterSaleLine.objects.filter(is_open=True, after_sale__refund__isnull=True)
        .annotate(given=_GIVEN, left=F("order_line__quantity") - F("order_line__refunded"))
        .filter(given__gt=F("left"))
        .order_by("id")
        .values_list("after_sale__after_sale_no", "order_line_id", "given", "left")
    )
    for number, line_id, given, left in rows.iterator():
        yield f"{number} asks for {given} of line {line_id}, {left} are left"


def sent_beyond_left() -> Iterator[str]:
    """Units that were sent anew though they were refunded before, or because they were missing more often than bought.

    An exchange that left and is refunded afterwards is no fault: a line is refunded for no more units than it has. What
    may not be is the other order: of each parcel with new goods, its units and those of the line that had been refunded
    when it left are at most what was bought. A unit is missing once.
    """
    sent = AfterSaleLine.objects.filter(after_sale__dispatched_at__isnull=False).annotate(given=_GIVEN)
    before = (
        OrderRefundLine.objects.filter(
            order_line=OuterRef("order_line"), refund__at__lt=OuterRef("after_sale__dispatched_at") - _WAITED
        )
        .order_by()
        .values("order_line")
        .annotate(sum=Sum("units"))
        .values("sum")
    )
    late = (
        sent.annotate(before=Coalesce(Subquery(before), 0))
        .filter(given__gt=F("order_line__quantity") - F("before"))
        .order_by("id")
        .values_list("after_sale__after_sale_no", "order_line_id", "given", "before")
    )
    for number, line_id, given, refunded in late.iterator():
        yield f"{number} sent {given} of line {line_id} anew, {refunded} had been refunded"
    twice = (
        sent.filter(Q(after_sale__kind=AfterSaleKind.RESHIP))
        .values("order_line_id", "order_line__quantity")
        .annotate(sum=Sum("given"))
        .filter(sum__gt=F("order_line__quantity"))
        .order_by("order_line_id")
        .values_list("order_line_id", "sum", "order_line__quantity")
    )
    for line_id, units, quantity in twice.iterator():
        yield f"line {line_id} of {quantity} was sent anew {units} times"
