"""Who shares most (KOC): what each member's shares brought in a period, counted as shares and results count it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from django.db.models import (
    BigIntegerField,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from apps.distribution.models import Sharer
from apps.orders.models import Order, OrderRefundLine
from apps.orders.states import Status
from apps.shares import selectors as share_facts
from apps.shares.models import ShareOrder, Visit

FIGURES: Final = ("visitors", "registrations", "ordered", "paid", "revenue_fen")
_CHUNK: Final = 2_000


def active(*, since: datetime, until: datetime) -> QuerySet[Any, Any]:
    """Members by whose shares somebody came in ``[since, until)``, with what that brought.

    ``visitors``: people, each once (``share_facts.PERSON``); ``registrations`` of them. ``ordered``: orders that were
    placed then by who had come by a share, ``paid`` of them; ``revenue_fen``: what the goods of those that were kept cost,
    less what was refunded of them, without postage. A group that gathers and what went back whole sold nothing.
    """
    came = Visit.objects.filter(share__member=OuterRef("pk"), first_at__gte=since, first_at__lt=until)
    bought = _bought(OuterRef("pk"), since=since, until=until)
    return (
        Sharer.objects.filter(Exists(came), erased_at=None)
        .annotate(
            visitors=_figure(came, Count(share_facts.PERSON, distinct=True)),
            registrations=_figure(came.filter(registered=True), Count("pk")),
            ordered=_figure(bought, Count("pk")),
            paid=_figure(bought.filter(paid_at__isnull=False), Count("pk")),
            revenue_fen=_revenue_fen(since, until),
        )
        .order_by("-visitors", "pk")
    )


def by_group(*, since: datetime, until: datetime) -> Iterator[tuple[Any, ...]]:
    """``active`` as group, number, nickname and figures: a row for each group of a member, one without for those in none."""
    rows = active(since=since, until=until).order_by("memberships__group__name", "-visitors", "pk")
    return rows.values_list("memberships__group__name", "public_id", "nickname", *FIGURES).iterator(
        chunk_size=_CHUNK
    )


def _figure(rows: QuerySet[Any], what: Any) -> Coalesce:
    """An aggregate of the rows of one member, 0 where there are none."""
    grouped = rows.order_by().values("share__member").annotate(found=what).values("found")
    return Coalesce(Subquery(grouped, output_field=IntegerField()), Value(0))


def _revenue_fen(since: datetime, until: datetime) -> Combinable:
    """What the goods of a member's kept orders cost less refunds."""
    numbers = _bought(OuterRef(OuterRef("pk")), since=since, until=until).values("order_no")
    sold_nothing = [Status.GATHERING, Status.REFUNDED]
    kept = Order.objects.filter(order_no__in=numbers, paid_at__isnull=False).exclude(status__in=sold_nothing)
    back = OrderRefundLine.objects.filter(
        refund__order__order_no__in=numbers, refund__order__paid_at__isnull=False
    ).exclude(refund__order__status__in=sold_nothing)
    return _sum(kept, F("payable_fen") - F("shipping_fen")) - _sum(back, F("amount_fen"))


def _sum(rows: QuerySet[Any], amount: Any) -> Coalesce:
    whole = rows.order_by().annotate(one=Value(1)).values("one").annotate(found=Sum(amount))
    return Coalesce(Subquery(whole.values("found"), output_field=BigIntegerField()), Value(0))


def _bought(member_id: Any, *, since: datetime, until: datetime) -> QuerySet[ShareOrder]:
    """Orders that were placed then by who had come by the member's shares."""
    return ShareOrder.objects.filter(
        share__member=member_id, placed_at__gte=since, placed_at__lt=until
    ).order_by()
