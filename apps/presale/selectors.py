"""Read pre-sales: what is on offer and how much of it, whose balance is overdue, what waits for goods."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.db.models import Exists, F, OuterRef, Prefetch, QuerySet, Sum

from apps.campaigns import selectors as campaign_facts
from apps.campaigns.states import Approval
from apps.orders.models import OrderLine
from apps.orders.states import Status
from apps.presale import terms as presale_terms
from apps.presale.models import Good, Presale, Report, Reservation
from apps.presale.states import KIND, PlanStatus, ReportStatus
from mall.errors import NotFound

# The contract's moments of ``balance_due``.
REMIND_BEFORE: Final = (timedelta(hours=24), timedelta(hours=2))
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


class BalanceReminder(NamedTuple):
    """A buyer is to be reminded of a balance, at ``due_at``, so long before the end of its window."""

    order_no: str
    member_id: int
    lead: timedelta
    due_at: datetime


def reminders_due(*, since: datetime, at: datetime) -> list[BalanceReminder]:
    """Whom to remind of a balance between two moments (after ``since``, up to ``at``): one statement.

    Each awaited balance has one at each of ``REMIND_BEFORE`` the end of its window; what was reserved after that moment, or
    whose window opens only then, has none. Paid, lapsed and refunded ones are awaited no more. Whoever sends messages
    asks from where they asked last; order and lead name a reminder for ever.
    """
    furthest = at + max(REMIND_BEFORE)
    rows = Reservation.objects.filter(
        balance_until__gt=at, balance_until__lte=furthest, order__status=Status.RESERVED
    )
    found = []
    for row in rows.select_related("order").order_by("balance_until", "id"):
        agreed = presale_terms.of_order(row.order)
        if row.balance_until is None or agreed is None or agreed.balance_from is None:
            continue
        begins = max(agreed.balance_from, row.order.reserved_at or agreed.balance_from)
        for lead in REMIND_BEFORE:
            due_at = row.balance_until - lead
            if max(since, begins) < due_at <= at:
                found.append(BalanceReminder(row.order.order_no, row.order.member_id, lead, due_at))
    return found


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


def failed_reports() -> QuerySet[Report]:
    """The reports that WeChat would not take."""
    return Report.objects.filter(status=ReportStatus.FAILED)
