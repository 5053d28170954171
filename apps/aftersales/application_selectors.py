"""Everything that reads applications after the sale: a member's own, those that wait for an operator, how money stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db.models import F, Max, Prefetch, Q, QuerySet, Sum

from apps.aftersales.models import (
    AfterSale,
    AfterSaleLine,
    AfterSaleMessage,
    AfterSalePicture,
    AfterSaleReason,
    AfterSaleRules,
    AfterSaleStep,
)
from apps.aftersales.states import MOVE_LABELS, OPEN, AfterSaleKind, AfterSaleStatus, By
from apps.base import days
from apps.catalog.models import Sku
from apps.fulfillment.models import ParcelLine
from apps.members.models import Member
from apps.orders import selectors as order_facts
from apps.orders.models import Order, OrderLine, OrderRefund, OrderRefundLine
from apps.payments import selectors as payment_facts
from apps.payments.states import MoneyBack, RefundStatus, money_back
from apps.stores.models import Place
from mall.errors import NotFound

_LONGEST_NO: Final = 32
# What operators do among themselves: shoppers see what came of it.
_INSIDE: Final = frozenset({"first", "escalate", "pay"})
# By which the shopper tells the parcel that brings goods back: the row has it, until it is forgotten.
_PARCEL_TOLD: Final = frozenset({"send_back", "parcel"})


def rules() -> AfterSaleRules:
    """The rules in force: the operator's row, or the defaults."""
    return AfterSaleRules.objects.filter(pk=1).first() or AfterSaleRules()


def reasons(*, kind: str) -> QuerySet[AfterSaleReason]:
    """The reasons that a kind of application can have, in their order."""
    return AfterSaleReason.objects.filter(kind=kind, enabled=True).order_by("position", "id")


def reason(*, kind: str, code: str) -> AfterSaleReason | None:
    """One of them by its code."""
    return AfterSaleReason.objects.filter(kind=kind, code=code, enabled=True).first()


def open_of_line(line_id: int) -> str | None:
    """The number of the open application that has an order line; None without one."""
    held = AfterSaleLine.objects.filter(order_line=line_id, is_open=True)
    return held.values_list("after_sale__after_sale_no", flat=True).first()


def asked_of(order: Order) -> dict[int, tuple[AfterSale, int]]:
    """The units of each line, by its id, that an open application has and for which no money went yet; with that one."""
    lines = AfterSaleLine.objects.filter(
        is_open=True, after_sale__order=order, after_sale__refund__isnull=True
    ).select_related("after_sale")
    return {line.order_line_id: (line.after_sale, line.units) for line in lines if line.units}


def by_one_fen(order: Order, *, but: int | None = None) -> int:
    """What operators refunded of an order without a second person, and what they approved so and is not paid yet.

    ``but`` is the id of an application that is left out.
    """
    made = OrderRefund.objects.filter(order=order, operator__isnull=False)
    by_two = AfterSale.objects.filter(order=order, first_approved_by__isnull=False, refund__isnull=False)
    made_fen = made.exclude(pk__in=by_two.values("refund")).aggregate(
        sum=Sum(F("goods_fen") + F("shipping_fen"), default=0)
    )["sum"]
    promised = AfterSale.objects.filter(
        order=order,
        status__in=OPEN,
        approved_by__isnull=False,
        first_approved_by__isnull=True,
        refund__isnull=True,
    )
    promised_fen = promised.exclude(pk=but or 0).aggregate(sum=Sum("amount_fen", default=0))["sum"]
    return int(made_fen + promised_fen)


def went_otherwise(row: AfterSale) -> bool:
    """Whether, since an application was made, units of its lines that had not left were refunded, and none has left."""
    refunded = OrderRefundLine.objects.filter(
        order_line__after_sale_lines__after_sale=row, refund__at__gt=row.applied_at, units__gt=F("units_sent")
    )
    left = ParcelLine.objects.filter(
        order_line__after_sale_lines__after_sale=row, parcel__shipped_at__gt=row.applied_at
    )
    return refunded.exists() and not left.exists()


def reshipped_of_line(line_id: int) -> int:
    """How many units of an order line were sent anew because they were missing."""
    done = AfterSaleLine.objects.filter(
        order_line=line_id,
        after_sale__kind=AfterSaleKind.RESHIP,
        after_sale__status=AfterSaleStatus.DONE,
    )
    sent: int = done.aggregate(sum=Sum(F("quantity") - F("gone"), default=0))["sum"]
    return sent


def instant_today(*, member_id: int, at: datetime) -> int:
    """How many of a member's applications were approved at once by rule this Shanghai day."""
    start, end = days.day_window(days.shop_day(at))
    return AfterSale.objects.filter(
        member=member_id, is_instant=True, applied_at__gte=start, applied_at__lt=end
    ).count()


def whole() -> QuerySet[AfterSale]:
    """Applications with everything that is shown of them."""
    pictures = AfterSalePicture.objects.order_by("position", "id")
    rows = AfterSale.objects.select_related("order", "reason", "place", "new_carrier", "refund")
    return rows.prefetch_related(
        Prefetch("lines", AfterSaleLine.objects.select_related("order_line__sku", "new_sku").order_by("id")),
        Prefetch("steps", AfterSaleStep.objects.select_related("operator").order_by("id")),
        Prefetch("messages", AfterSaleMessage.objects.select_related("operator").order_by("id")),
        Prefetch("steps__pictures", pictures),
        Prefetch("messages__pictures", pictures),
    )


def list_of_member(*, member: Member) -> QuerySet[AfterSale]:
    """A member's applications with everything about them."""
    return whole().filter(member=member)


def of_member(*, member: Member, after_sale_no: str) -> AfterSale:
    """One of a member's applications with everything about it. Raises NotFound, for another's as for none."""
    if len(after_sale_no) > _LONGEST_NO or "\x00" in after_sale_no:
        raise NotFound
    row = list_of_member(member=member).filter(after_sale_no=after_sale_no).first()
    if row is None:
        raise NotFound
    return row


class Happened(NamedTuple):
    """Something in an application's history, as its shopper reads it; ``who`` names the operator, for operators alone."""

    at: datetime
    by: str
    move: str
    text: str
    pictures: Sequence[AfterSalePicture]
    who: str


def history(row: AfterSale, *, inside: bool = False) -> list[Happened]:
    """What happened to an application and what was said about it, oldest first: read with ``of_member``, no statement.

    ``inside`` adds what operators did among themselves, and names who of them did each step.
    """
    found = [
        Happened(
            step.at,
            step.by,
            step.move,
            _told(row, step),
            list(step.pictures.all()),
            _who(step, inside=inside),
        )
        for step in row.steps.all()
        if inside or step.move not in _INSIDE
    ]
    found += [
        Happened(said.at, said.by, "message", said.text, list(said.pictures.all()), _who(said, inside=inside))
        for said in row.messages.all()
    ]
    return sorted(found, key=lambda one: one.at)


class LastWords(NamedTuple):
    """The shop's latest message about an application, by its id, and the moment of the member's; None for none."""

    shop_id: int | None
    member_at: datetime | None


def last_words(*, after_sale_no: str) -> LastWords:
    """Who spoke last about an application: one statement."""
    found = AfterSaleMessage.objects.filter(after_sale__after_sale_no=after_sale_no).aggregate(
        shop_id=Max("id", filter=Q(by=By.OPERATOR)), member_at=Max("at", filter=Q(by=By.MEMBER))
    )
    return LastWords(**found)


def _who(one: AfterSaleStep | AfterSaleMessage, *, inside: bool) -> str:
    return str(one.operator) if inside and one.operator_id is not None else str(By(one.by).label)


def _told(row: AfterSale, step: AfterSaleStep) -> str:
    if step.move == "apply":
        return row.text or row.reason_label
    if step.move in _PARCEL_TOLD and row.return_tracking_no and step.pk == _last_told_of_parcel(row):
        return f"{row.return_carrier} {row.return_tracking_no}"
    return step.note or str(MOVE_LABELS[step.move])


def _last_told_of_parcel(row: AfterSale) -> int:
    """The step that told the parcel back as it is now; what was put right stands nowhere any more."""
    return max(one.pk for one in row.steps.all() if one.move in _PARCEL_TOLD)


def money_of(rows: Iterable[AfterSale]) -> dict[int, MoneyBack]:
    """How the money of these applications stands, by their id, for those that were refunded: one statement at most."""
    refunded = [row for row in rows if row.refund_id is not None and row.refund is not None]
    if not refunded:
        return {}
    parts = _parts(refunded)
    return {row.pk: money_back(parts.get(row.pk, ())) for row in refunded}


def is_written_back(row: AfterSale) -> bool:
    """Whether two people decided that a part of the money stays with the shop, and nothing is awaited any more."""
    parts = _parts([row]).get(row.pk, [])
    over = {RefundStatus.SETTLED, RefundStatus.PAID_OUTSIDE, RefundStatus.WRITTEN_BACK}
    return RefundStatus.WRITTEN_BACK in parts and set(parts) <= over


def _parts(rows: Sequence[AfterSale]) -> dict[int, list[RefundStatus]]:
    """The statuses of what WeChat was asked for, by application id: the latest number of each."""
    sent = payment_facts.refunds_of_orders({row.order_id for row in rows})
    found: dict[int, list[RefundStatus]] = {}
    for row in rows:
        cause = order_facts.refund_cause(row.refund.refund_no) if row.refund is not None else ""
        found[row.pk] = [
            RefundStatus(one.latest.status)
            for one in sent.get(row.order_id, [])
            if one.first.business_key == cause
        ]
    return found


def refunded_by(*, refund_no: str) -> str | None:
    """The application whose money WeChat's refund number carries, or carried before it got a successor; None for others."""
    cause = payment_facts.first_cause_of(refund_no=refund_no)
    prefix = order_facts.refund_cause("")
    if cause is None or not cause.startswith(prefix):
        return None
    made = AfterSale.objects.filter(refund__refund_no=cause.removeprefix(prefix))
    return made.values_list("after_sale_no", flat=True).first()


def due(*, at: datetime, limit: int) -> list[str]:
    """The numbers of applications whose deadline is over, the longest overdue first."""
    rows = AfterSale.objects.filter(deadline_at__lte=at).order_by("deadline_at", "id")
    return list(rows.values_list("after_sale_no", flat=True)[:limit])


def waiting_for_operator() -> QuerySet[AfterSale]:
    """Applications that an operator has to do something about: answer, take in, look at, send."""
    sends = Q(status=AfterSaleStatus.APPROVED, kind=AfterSaleKind.RESHIP) | Q(
        status=AfterSaleStatus.APPROVED, kind=AfterSaleKind.EXCHANGE, inspected_at__isnull=False
    )
    return AfterSale.objects.filter(Q(status__in=[AfterSaleStatus.APPLIED, AfterSaleStatus.RETURNED]) | sends)


def escalated() -> QuerySet[AfterSale]:
    """Open applications that were brought to the shop's head."""
    return AfterSale.objects.filter(status__in=sorted(OPEN), escalated_at__isnull=False)


def return_place(row: AfterSale | None = None) -> Place | None:
    """Where goods are sent back to: what the application says, else the rules, else the place that is sent from first."""
    if row is not None and row.place is not None:
        return row.place
    return rules().return_place or Place.objects.order_by("-ships", "priority", "id").first()


def units_of(row: AfterSale) -> dict[int, int]:
    """What leaves anew for an exchange or a reship, by SKU id: the accepted units, all of them before a look at them.

    The same again is what the buyer has, which is not what was ordered where it was exchanged before.
    """
    lines = list(row.lines.all())
    had = had_of([line.order_line for line in lines], before=row.pk)
    units: Counter[int] = Counter()
    for line in lines:
        units.update(line.new_sku_id or sku_id for sku_id in had[line.order_line_id][: line.units])
    return dict(units)


def had_of(lines: Iterable[OrderLine], *, before: int | None = None) -> dict[int, list[int]]:
    """Which SKU the buyer has of each unit of these lines, by their ids; ``before`` an application, None for now.

    What an exchange brought stands first: where a line is of several SKUs by then, it is taken for what comes back first.
    One statement.
    """
    had = {line.pk: [line.sku_id] * line.quantity for line in lines}
    earlier = AfterSaleLine.objects.filter(order_line__in=had, accepted__gt=0)
    if before is not None:
        earlier = earlier.filter(after_sale__lt=before)
    for each in earlier.select_related("after_sale").order_by("after_sale_id"):
        have = had[each.order_line_id]
        came, kept = have[: each.accepted], have[each.accepted :]
        sent = came[: each.units] if each.after_sale.dispatched_at else []
        had[each.order_line_id] = [each.new_sku_id or sku_id for sku_id in sent] + kept
    return had


def exchanged(lines: Iterable[OrderLine]) -> frozenset[int]:
    """The ids of those of the lines of which the buyer has another SKU than was ordered. One statement."""
    ordered = {line.pk: line.sku_id for line in lines}
    had = had_of(lines)
    return frozenset(pk for pk, sku_id in ordered.items() if any(each != sku_id for each in had[pk]))


def had_instead(row: AfterSale, lines: Iterable[AfterSaleLine]) -> dict[int, Sku]:
    """What the buyer has of these lines of an application where that is not what was ordered, by order line id."""
    ordered = {line.order_line_id: line.order_line for line in lines}
    had = had_of(ordered.values(), before=row.pk)
    others = {pk: sku_ids[0] for pk, sku_ids in had.items() if sku_ids and sku_ids[0] != ordered[pk].sku_id}
    skus = Sku.objects.in_bulk(others.values()) if others else {}
    return {pk: skus[sku_id] for pk, sku_id in others.items()}


def said_last(*, after_sale_id: int, by: By) -> Any:
    """What one side said last, None where it said nothing."""
    return AfterSaleMessage.objects.filter(after_sale=after_sale_id, by=by).order_by("-id").first()
