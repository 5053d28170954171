"""Read pre-sales: what is on offer and how much of it, whose balance is overdue, what waits for goods."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Exists, F, OuterRef, Prefetch, QuerySet, Sum

from apps.campaigns import selectors as campaign_facts
from apps.campaigns.states import Approval
from apps.orders.models import OrderLine
from apps.orders.states import Status
from apps.presale.models import Good, Presale, Report, Reservation
from apps.presale.states import KIND, PlanStatus, ReportStatus
from mall.errors import NotFound

_GOODS = Prefetch("goods", Good.objects.select_related("sku__product").order_by("id"))


def on_offer(*, at: datetime, product_id: int | None = None) -> QuerySet[Presale]:
    """The pre-sales that shoppers are told of, with their goods: those that run, and those that are announced.

    Of one product or of all.
    """
    approved = Presale.objects.filter(approval=Approval.APPROVED, ends_at__gt=at)
    rows = approved.exclude(preheat_at__gt=at).prefetch_related(_GOODS)
    if product_id is None:
        return rows
    return rows.filter(Exists(Good.objects.filter(presale=OuterRef("pk"), sku__product_id=product_id)))


def told(*, presale_id: int, at: datetime) -> Presale:
    """A pre-sale that shoppers are or were told of, with its goods: two statements.

    Raises NotFound for a draft and for one that is not announced yet.
    """
    known = Presale.objects.exclude(approval=Approval.DRAFT).exclude(preheat_at__gt=at)
    row = known.filter(pk=presale_id).prefetch_related(_GOODS).first()
    if row is None:
        raise NotFound
    return row


def left_of(rows: Iterable[Presale]) -> dict[str, int]:
    """How many units of each good are still planned for nobody, by its key: one statement. The shelf has no say."""
    keys = [good.key for row in rows for good in row.goods.all()]
    return {key: left or 0 for key, left in campaign_facts.left(kind=KIND, keys=keys).items()}


def balances_past(
    *, at: datetime, after: tuple[datetime, int] | None, limit: int
) -> list[tuple[datetime, int, str]]:
    """Those whose balance was not paid in its window, the longest overdue first: until when, id, and order number.

    ``after`` is the place (until, id) that was seen last.
    """
    due = Reservation.objects.filter(balance_until__lte=at).order_by("balance_until", "id")
    if after is not None:
        until, pk = after
        due = due.filter(balance_until__gte=until).exclude(balance_until=until, id__lte=pk)
    rows = due.select_related("order")[:limit]
    return [(row.balance_until, row.pk, row.order.order_no) for row in rows if row.balance_until]


def wanted_of(presale_id: int) -> dict[int, int]:
    """How many units the orders that wait for goods still want, by SKU id: one statement."""
    lines = OrderLine.objects.filter(
        order__in=Reservation.objects.filter(
            presale_id=presale_id,
            status=PlanStatus.PLANNED,
            order__status__in=[Status.RESERVED, Status.PAID],
        ).values("order_id")
    )
    rows = lines.order_by().values_list("sku_id").annotate(units=Sum(F("quantity") - F("refunded")))
    return {sku_id: units for sku_id, units in rows if units}


def failed_reports() -> int:
    """How many payments WeChat would not take a report of."""
    return Report.objects.filter(status=ReportStatus.FAILED).count()
