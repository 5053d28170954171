"""What cannot be kept is offered to the shopper: to wait until a new day, other goods, or the money back.

Who does not answer in time waits: that is the written rule. Goods and money move a storey above (``aftersales``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Q

from apps.base import transactions
from apps.base.days import shop_day
from apps.deadlines import reckoning
from apps.deadlines import selectors as deadline_facts
from apps.deadlines.models import Deadline, Delay, DelayOffer
from apps.deadlines.services import promising
from apps.deadlines.states import ANSWERS, LIFECYCLE, DelayChoice, DelayReason, DelayStatus
from apps.orders import reach
from apps.orders import services as orders
from apps.orders.models import Order, OrderLine
from apps.orders.states import Status
from apps.outbox import services as outbox
from mall.errors import Invalid, Kind, NotFound, ShopError
from mall.events import LateParcelAsked, OrderDelayed
from mall.lifecycle import MoveRefused

# Whoever is put off more often than that is to be called.
MOST_DELAYS: Final = 3
FARTHEST: Final = timedelta(days=60)


class NothingToDelay(ShopError):
    """Only an order that is paid and has not left can be put off. ``details``: ``status``."""

    code = "order_not_delayable"
    message = "只有待发货的订单可以登记延迟"
    kind = Kind.CONFLICT


class DelayOpen(ShopError):
    """The shopper was asked already and has not answered."""

    code = "delay_open"
    message = "此订单已告知买家，正在等待答复"
    kind = Kind.CONFLICT


class TooManyDelays(ShopError):
    """An order is put off so often at most. ``details``: ``max``."""

    code = "too_many_delays"
    message = f"同一订单最多登记 {MOST_DELAYS} 次延迟，请联系买家"
    kind = Kind.CONFLICT


class DelayDayInvalid(Invalid):
    """The new day is neither in the past, nor before what was promised, nor too far away."""

    code = "delay_day_invalid"
    message = f"新的发货日须晚于今天和原承诺，且不超过 {FARTHEST.days} 天"


class DelayNotOpen(ShopError):
    """There is no delay to answer, or it was answered otherwise, or its time is over. ``details``: ``status``."""

    code = "delay_not_open"
    message = "延迟发货的选择已结束"
    kind = Kind.CONFLICT


class SwapsInvalid(Invalid):
    """One of the offered SKUs is to be named for each line of which some are offered, and nothing else."""

    code = "delay_swaps_invalid"
    message = "请为每件可换的商品选择一个可换的规格"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """Goods that may take the place of a line's, as they are called now; whether they may, is the caller's to know."""

    line: OrderLine
    sku_id: int
    title: str
    option_text: str


def ask(
    *,
    order_no: str,
    reason: DelayReason,
    note: str,
    ships_on: date,
    offers: Sequence[Offered] = (),
    operator: Any,
    at: datetime,
) -> Delay:
    """Say that an order cannot leave as promised, and ask its buyer; the new promise is the end of ``ships_on``.

    Where the shop is closed on that day, of the next one on which it works. ``offers`` are goods that the buyer may take
    instead, which the caller has judged (``aftersales``). Publishes OrderDelayed. Raises NotFound,
    NothingToDelay, DelayOpen, TooManyDelays, DelayDayInvalid.
    """
    with transaction.atomic(), transactions.refine({"delay_one_open_per_order": DelayOpen}):
        order = orders.lock(order_no=order_no)
        reach.require(order, operator=operator)
        deadline = Deadline.objects.filter(order=order, ended_at__isnull=True).first()
        if order.status != Status.PAID or deadline is None:
            raise NothingToDelay(details={"status": order.status})
        before = list(Delay.objects.filter(order=order).values_list("status", flat=True))
        if DelayStatus.ASKED in before:
            raise DelayOpen
        if len(before) >= MOST_DELAYS:
            raise TooManyDelays(details={"max": MOST_DELAYS})
        rules, today = deadline_facts.rules(), shop_day(at)
        promised_at = reckoning.by_day(ships_on, days=deadline_facts.days_from(today, by=rules))
        if not today <= ships_on <= today + FARTHEST or promised_at <= deadline.promised_at:
            raise DelayDayInvalid(details={"ships_on": f"{ships_on}"})
        row = Delay.objects.create(
            order=order,
            reason=reason,
            note=note,
            was_promised_at=deadline.promised_at,
            promised_at=promised_at,
            asked_at=at,
            answer_until=min(at + timedelta(hours=rules.answer_hours), promised_at),
            operator=operator,
        )
        DelayOffer.objects.bulk_create(
            DelayOffer(
                delay=row,
                line=each.line,
                was_title=each.line.title,
                was_option_text=each.line.option_text,
                sku_id=each.sku_id,
                title=each.title,
                option_text=each.option_text,
            )
            for each in offers
        )
        outbox.publish(OrderDelayed(order_no=order_no, member_id=order.member_id, delay_id=row.pk), at=at)
    return row


def answer(
    *, order: Order, choice: DelayChoice, swaps: Mapping[int, int] | None = None, at: datetime
) -> tuple[Delay, bool]:
    """Take the shopper's answer to the delay of an order that the caller has locked; say whether it is new.

    The same answer again is the same answer. With ``wait`` the new promise holds; with ``swap`` the one that was given
    stays, and ``swaps`` says which SKU is taken for which line, by their ids. What ``swap`` and ``refund`` mean is the
    caller's to do, in this transaction. Raises DelayNotOpen, SwapsInvalid.
    """
    transactions.require()
    row = Delay.objects.filter(order=order).order_by("-id").first()
    if row is None:
        raise DelayNotOpen(details={"status": None})
    target = LIFECYCLE.target(move=ANSWERS[choice], current=DelayStatus.ASKED)
    if row.status == target and (choice != DelayChoice.SWAP or chosen_of(row) == dict(swaps or {})):
        return row, False
    if row.status != DelayStatus.ASKED or at >= row.answer_until or order.status != Status.PAID:
        raise DelayNotOpen(details={"status": row.status})
    if choice == DelayChoice.SWAP:
        _choose(row, swaps or {})
    _move(row, ANSWERS[choice], at=at)
    if choice == DelayChoice.WAIT:
        _let_wait(order, row, at=at)
    return row, True


def chosen_of(row: Delay) -> dict[int, int]:
    """Which SKU the shopper took for which line, by their ids; nothing where nothing was."""
    return dict(DelayOffer.objects.filter(delay=row, chosen=True).values_list("line_id", "sku_id"))


def _choose(row: Delay, swaps: Mapping[int, int]) -> None:
    """Mark what the shopper takes: one of what is offered for each line of which something is. Raises SwapsInvalid."""
    lines = OrderLine.objects.filter(order=row.order_id, pk__in=swaps)
    if lines.filter(Q(is_gift=True) | Q(is_packing=True)).exists():
        raise SwapsInvalid(details={"swaps": [SwapsInvalid.message]})
    offers = list(deadline_facts.offers_of(row))
    if not offers:
        raise DelayNotOpen("商家没有提供可换的商品", details={"status": row.status})
    chosen = [each.pk for each in offers if swaps.get(each.line_id) == each.sku_id]
    if set(swaps) != {each.line_id for each in offers} or len(chosen) != len(swaps):
        raise SwapsInvalid(details={"swaps": [SwapsInvalid.message]})
    DelayOffer.objects.filter(pk__in=chosen).update(chosen=True)


def note_refund(*, row: Delay, refund_no: str) -> Delay:
    """Keep under which number the money of an answered delay goes back; in the answer's transaction."""
    transactions.require()
    row.refund_no = refund_no
    row.save(update_fields=["refund_no"])
    return row


def lapse(*, order_no: str, at: datetime) -> bool:
    """Nobody answered in time: the buyer waits. Say whether this call said so. Raises NotFound."""
    with transaction.atomic():
        order = orders.lock(order_no=order_no)
        row = _open(order)
        if row is None or at < row.answer_until:
            return False
        _move(row, "lapse", at=at)
        _let_wait(order, row, at=at)
    return True


def void(*, order: Order, at: datetime) -> bool:
    """The order left, or its money went back, before an answer came; the caller has locked the order."""
    transactions.require()
    row = _open(order)
    if row is None:
        return False
    _move(row, "void", at=at)
    return True


def of_order(*, order_no: str) -> Delay:
    """The last delay of an order. Raises NotFound."""
    row = Delay.objects.filter(order__order_no=order_no).order_by("-id").first()
    if row is None:
        raise NotFound
    return row


def _open(order: Order) -> Delay | None:
    return Delay.objects.filter(order=order, status=DelayStatus.ASKED).first()


def _move(row: Delay, move: str, *, at: datetime) -> None:
    """The one writer of a delay's status: one guarded statement, so that of two answers one is taken."""
    status = DelayStatus(LIFECYCLE.target(move=move, current=DelayStatus.ASKED))
    taken = Delay.objects.filter(pk=row.pk, status=DelayStatus.ASKED).update(status=status, answered_at=at)
    if not taken:
        raise MoveRefused(details={"move": move, "status": row.status})
    row.status, row.answered_at = status, at


def _let_wait(order: Order, row: Delay, *, at: datetime) -> None:
    """From now on the new promise holds; WeChat is told of one that the buyer agreed to and that is past its limit."""
    deadline = promising.move_promise(order=order, promised_at=row.promised_at)
    agreed = row.status == DelayStatus.WAITS
    if agreed and deadline.limit_at is not None and row.promised_at > deadline.limit_at:
        outbox.publish(LateParcelAsked(order_no=order.order_no), at=at)
