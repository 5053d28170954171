"""Everything that reads deadlines: the rules and days in force, what burns, and what a shopper is shown."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import Combinable

from apps.deadlines import reckoning
from apps.deadlines.models import Deadline, DeadlineRules, Delay, DelayOffer, Promise, ShopDay
from apps.deadlines.states import DelayChoice, DelayStatus, Source
from apps.inventory import selectors as stock_facts
from apps.orders.models import Order
from apps.orders.states import Status
from apps.pictures import stored


def rules() -> DeadlineRules:
    """The rules in force."""
    return DeadlineRules.objects.first() or DeadlineRules(pk=1)


def days_from(first: date, *, by: DeadlineRules) -> reckoning.Days:
    """When the shop works from that day on. One statement."""
    weekend = {5: by.saturday_closed, 6: by.sunday_closed}
    rows = ShopDay.objects.filter(day__gte=first, day__lt=first + reckoning.FARTHEST).order_by()
    return reckoning.Days(
        closed_weekdays=frozenset(day for day, closed in weekend.items() if closed),
        otherwise=dict(rows.values_list("day", "closed")),
    )


def promises_of(order: Order) -> list[Promise | None]:
    """For each good that was bought: what its SKU promises, else its product, else nothing. Two statements."""
    lines = order.lines.filter(is_gift=False, is_packing=False)
    goods = list(lines.values_list("sku_id", "sku__product_id"))
    found = Promise.objects.filter(
        Q(sku__in=[sku for sku, _ in goods]) | Q(product__in=[product for _, product in goods])
    )
    by_sku: dict[int, Promise] = {}
    by_product: dict[int, Promise] = {}
    for row in found:
        if row.sku_id is not None:
            by_sku[row.sku_id] = row
        elif row.product_id is not None:
            by_product[row.product_id] = row
    return [by_sku.get(sku) or by_product.get(product) for sku, product in goods]


def burning(rows: QuerySet[Deadline] | None = None) -> QuerySet[Deadline]:
    """What was promised and has not left: of all, or of these rows."""
    found = Deadline.objects.all() if rows is None else rows
    return found.filter(ended_at__isnull=True, order__status=Status.PAID)


def pressing(rows: QuerySet[Deadline] | None = None, *, at: datetime | Combinable) -> QuerySet[Deadline]:
    """Those of them that were warned of, or are due; ``at`` may be an expression."""
    return burning(rows).filter(Q(warned_at__isnull=False) | Q(due_at__lte=at))


def with_delay(rows: QuerySet[Deadline]) -> QuerySet[Deadline]:
    """Rows with ``delay_status``: how the last delay of each order stands, None without one."""
    last = Delay.objects.filter(order=OuterRef("order")).order_by("-id").values("status")[:1]
    return rows.annotate(delay_status=Subquery(last))


def to_warn(*, at: datetime, ahead: timedelta) -> QuerySet[Deadline]:
    """What is due within so long and was not warned of, the earliest first."""
    return burning().filter(warned_at__isnull=True, due_at__lte=at + ahead).order_by("due_at", "id")


def unanswered(*, at: datetime, limit: int) -> list[str]:
    """The orders whose buyers did not answer in time, the longest overdue first."""
    rows = Delay.objects.filter(status=DelayStatus.ASKED, answer_until__lte=at).order_by("answer_until")
    return list(rows.values_list("order__order_no", flat=True)[:limit])


def unended(*, limit: int) -> list[str]:
    """Orders that have left, or whose money went back, though their deadline still burns: news was missed."""
    over = (Status.SHIPPED, Status.RECEIVED, Status.REFUNDED)
    rows = Deadline.objects.filter(ended_at__isnull=True, order__status__in=over).order_by("due_at", "id")
    return list(rows.values_list("order__order_no", flat=True)[:limit])


def unfixed(*, limit: int) -> list[str]:
    """Paid orders of which a parcel is to be sent, or that agreed on a slot, without a deadline yet, the oldest first."""
    promised = Q(delivery__isnull=True) | Q(delivery__slot__id__isnull=False)
    waiting = Order.objects.filter(promised, status=Status.PAID, virtual=False)
    rows = waiting.filter(deadline__isnull=True).order_by("paid_at")
    return list(rows.values_list("order_no", flat=True)[:limit])


def late_parcel(order: Order) -> datetime | None:
    """Until when WeChat is to be told that an order may leave; None where its own limit is late enough.

    A promise that stood when it was bought, or a delay that the shopper agreed to: nobody's silence is reported.
    """
    row = Deadline.objects.filter(order=order, ended_at__isnull=True).first()
    if row is None or row.limit_at is None or row.promised_at <= row.limit_at:
        return None
    agreed = Delay.objects.filter(order=order, status=DelayStatus.WAITS, promised_at=row.promised_at)
    stood = row.source in (Source.PROMISE, Source.SLOT) and row.promised_at == row.first_promised_at
    return row.promised_at if stood or agreed.exists() else None


def shown_of(order: Order) -> dict[str, Any]:
    """What an order answers of its deadline: ``ship_by``, and the last ``delay`` that was offered.

    One statement, and two or three where something was ever put off.
    """
    put_off = Exists(Delay.objects.filter(order=OuterRef("order")))
    row = Deadline.objects.filter(order=order).annotate(put_off=put_off).only("promised_at").first()
    if row is None:
        return {"ship_by": None, "delay": None}
    delay = Delay.objects.filter(order=order).order_by("-id").first() if row.put_off else None
    return {"ship_by": row.promised_at, "delay": delay and delay_shown(delay)}


def offers_of(row: Delay) -> QuerySet[DelayOffer]:
    """What may be taken in the place of late goods; of a gift or packing nothing is, whatever was once offered."""
    return DelayOffer.objects.filter(delay=row, line__is_gift=False, line__is_packing=False)


def delay_shown(row: Delay) -> dict[str, Any]:
    """A delay as the API shows it; ``choices`` are what may still be answered. A statement, two where goods are offered."""
    offers = list(offers_of(row).select_related("sku__product"))
    is_open = row.status == DelayStatus.ASKED
    choices = [choice for choice in DelayChoice.values if choice != DelayChoice.SWAP or offers]
    free = stock_facts.available([each.sku_id for each in offers]) if offers else {}
    return {
        "status": row.status,
        "status_text": row.get_status_display(),
        "reason": row.reason,
        "reason_text": row.get_reason_display(),
        "note": row.note,
        "was_ship_by": row.was_promised_at,
        "ship_by": row.promised_at,
        "asked_at": row.asked_at,
        "answer_until": row.answer_until,
        "answered_at": row.answered_at,
        "choices": choices if is_open else [],
        "swaps": [_offer_shown(each, available=free.get(each.sku_id, 0)) for each in offers],
        "refund_no": row.refund_no or None,
    }


def _offer_shown(row: DelayOffer, *, available: int) -> dict[str, Any]:
    """What may be taken for a line; the picture is the SKU's own, else its product's."""
    return {
        "line_id": row.line_id,
        "was_title": row.was_title,
        "was_option_text": row.was_option_text,
        "sku_id": row.sku_id,
        "title": row.title,
        "option_text": row.option_text,
        "image_url": stored.address(row.sku.image.name or row.sku.product.cover.name or "", stored.Size.LIST),
        "available": available,
        "chosen": row.chosen,
    }
