"""A pickup from payment to the counter: its code, lying ready, being handed over once, being called off."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction

from apps.base import audit, days, transactions, tries
from apps.fulfillment.services import local, receipt
from apps.messaging import services as messaging
from apps.orders import services as orders
from apps.orders.models import Order
from apps.orders.states import Actor, DeliveryKind, Status
from apps.pickup import codes
from apps.pickup import selectors as pickup_facts
from apps.pickup.models import Pickup, PickupTries
from apps.pickup.states import LIFECYCLE, OPEN, PickupStatus
from apps.stores import selectors as place_facts
from mall.errors import Kind, NotFound, ShopError

# A code that was used says so for a day to whoever scans it again; later nobody knows it.
REMEMBERED: Final = timedelta(days=1)
# So many wrong codes an operator may type within an hour.
MOST_WRONG: Final = 20
_WAIT: Final = "取货码错误次数过多，请稍后再试"


class CodeInvalid(ShopError):
    """No order is fetched by this code: mistyped, or long over."""

    code = "pickup_code_invalid"
    message = "取货码无效，请核对或请买家刷新"
    kind = Kind.NOT_FOUND


class CodeExpired(ShopError):
    """The picture was good some minutes ago; the digits below it still are."""

    code = "pickup_code_expired"
    message = "二维码已过期，请买家刷新后再扫"


class FetchedAlready(ShopError):
    """Somebody handed it over before. ``details``: ``fetched_at``."""

    code = "pickup_fetched_already"
    message = "该订单已取货"


class NotReady(ShopError):
    """The goods were not put ready, or the order was called off."""

    code = "pickup_not_ready"
    message = "该订单尚未备好，请先「备货完成」"


class OtherPlace(ShopError):
    """It lies in another shop. ``details``: ``place``."""

    code = "pickup_elsewhere"
    message = "该订单不在本店自提"


class GoodsChanged(ShopError):
    """Since the goods were shown, something of the order was refunded."""

    code = "pickup_changed"
    message = "订单刚刚有变动，请重新核对商品"
    kind = Kind.CONFLICT


class _CodeTaken(ShopError):
    """Another open pickup has this code; one more is drawn."""


def open_for(*, order: Order, at: datetime) -> None:
    """Give a paid order that is fetched its code, unless it has one. The caller has the order's lock."""
    transactions.require()
    if order.delivery is None or Pickup.objects.filter(order=order).exists():
        return
    while True:
        code = codes.draw()
        try:
            with transactions.refine({"pickup_code_once_while_open": _CodeTaken}):
                Pickup.objects.create(
                    order=order,
                    place_id=order.delivery["place_id"],
                    code_hash=codes.digest(code),
                    code_sealed=codes.seal(code, order_id=order.pk),
                    created_at=at,
                )
                return
        except _CodeTaken:
            continue


def call_off(*, order: Order) -> None:
    """The order was refunded: nobody fetches it any more. One that was fetched stays so. The caller has the order's lock."""
    transactions.require()
    row = _locked(order)
    if row is not None and row.status in OPEN:
        _write(row, "call_off", code_sealed="")


def ask_back(*, order: Order, after_sale_no: str) -> None:
    """An application after the sale is open, or none any more (empty): meanwhile nothing is handed over.

    The caller has the order's lock.
    """
    transactions.require()
    Pickup.objects.filter(order=order, status__in=OPEN).update(asked_back=after_sale_no)


def lie_ready(*, order_no: str, operator: Any, at: datetime) -> Order:
    """Say that an order lies ready in its shop: it is SHIPPED (待自提), its buyer and WeChat are told.

    It is to be fetched until the end of the PICKUP_REFUND_DAYS-th Shanghai day after this one, and of the day of its slot
    at the earliest; the buyer is reminded when PICKUP_REMIND_DAYS are over. Raises NotFound, also for who works at other
    shops; NotShippable.
    """
    with transaction.atomic():
        place_id = Pickup.objects.filter(order__order_no=order_no).values_list("place_id", flat=True).first()
        if place_id is not None and place_facts.is_out_of_reach(place_id, operator=operator):
            raise NotFound
        order = local.leave(order_no=order_no, kind=DeliveryKind.PICKUP, operator=operator, at=at)
        row = _locked(order)
        if row is None:
            raise NotFound
        last = days.shop_day(at) + timedelta(days=settings.PICKUP_REFUND_DAYS)
        if order.slot:
            last = max(last, date.fromisoformat(order.slot["day"]))
        fetch_by = days.day_window(last)[1]
        _write(row, "lie_ready", ready_at=at, fetch_by=fetch_by)
        remind_at = at + timedelta(days=settings.PICKUP_REMIND_DAYS)
        if remind_at < fetch_by:
            messaging.write(
                scene="pickup_waiting",
                member_id=order.member_id,
                subject=order_no,
                occasion=order_no,
                due_at=remind_at,
                expires_at=fetch_by,
                at=at,
            )
    return order


def look_up(*, operator: Any, code: str, place_id: int, at: datetime) -> Pickup:
    """The pickup behind a code or a picture's word, ready at this counter; nothing is handed over yet.

    Wrong codes count: twenty of one operator within an hour, then TooManyTries. Raises CodeInvalid, which alone counts,
    CodeExpired, FetchedAlready, NotReady, OtherPlace (to who works at other shops: before anything else is told). Not to
    be called inside a transaction.
    """
    tries.charge(PickupTries, who=operator.pk, at=at, most=MOST_WRONG, message=_WAIT)
    row, until = _found(codes.typed(code), at=at)
    tries.discharge(PickupTries, who=operator.pk)
    if place_facts.is_out_of_reach(row.place_id, operator=operator):
        raise OtherPlace(f"该订单在「{row.place}」自提", details={"place": str(row.place)})
    if until is not None and until <= at:
        raise CodeExpired
    _require_ready(row, place_id)
    return row


def hand_over(*, operator: Any, code: str, place_id: int, seen: str = "", at: datetime) -> Pickup:
    """Hand the order behind a code over: it is RECEIVED, and the code opens nothing any more.

    ``seen`` is the ``selectors.fingerprint`` of the goods that were shown. Of two counters at once one hands over, the
    other is told that it is done. Raises as ``look_up`` does, and GoodsChanged. Not to be called inside a transaction.
    """
    found = look_up(operator=operator, code=code, place_id=place_id, at=at)
    return give(found, operator=operator, seen=seen, at=at)


def give(found: Pickup, *, operator: Any, seen: str = "", at: datetime) -> Pickup:
    """Hand a pickup over that was looked up: whoever has its lock first does. Raises as ``hand_over`` does."""
    with transaction.atomic():
        order = orders.lock(order_no=found.order.order_no)
        row = _locked(order)
        if row is None:
            raise CodeInvalid
        _require_ready(row, found.place_id)
        if order.status != Status.SHIPPED:
            raise NotReady("订单当前状态不能取货", details={"status": order.status})
        if seen and seen != pickup_facts.fingerprint(row):
            raise GoodsChanged
        _write(row, "hand_over", fetched_at=at, operator=operator, code_sealed="")
        receipt.confirm(
            order_no=order.order_no,
            actor=Actor.OPERATOR,
            operator=operator,
            note=f"在{row.place}取货"[:200],
            handed_over=True,
            at=at,
        )
        audit.record(
            operator=operator,
            action="核销取货",
            subject=order.order_no,
            note=str(row.place),
            row=row,
            at=at,
        )
    return row


def _found(said: str, *, at: datetime) -> tuple[Pickup, datetime | None]:
    """The pickup, and until when a picture's word was good. Raises CodeInvalid."""
    rows = Pickup.objects.select_related("order__member", "place")
    word = codes.read_word(said)
    if word is not None:
        row = rows.filter(pk=word[0]).first()
    elif len(said) == codes.DIGITS and said.isascii() and said.isdigit():
        known = rows.filter(code_hash__in=codes.digests(said))
        # An open one before one that was fetched not long ago by the same digits.
        row = (
            known.filter(status__in=OPEN).first()
            or known.filter(status=PickupStatus.FETCHED, fetched_at__gt=at - REMEMBERED)
            .order_by("-fetched_at")
            .first()
        )
    else:
        row = None
    if row is None:
        raise CodeInvalid
    return row, word[1] if word else None


def _require_ready(row: Pickup, place_id: int) -> None:
    if row.status == PickupStatus.FETCHED:
        raise FetchedAlready(details={"fetched_at": row.fetched_at})
    if row.place_id != place_id:
        raise OtherPlace(f"该订单在「{row.place}」自提", details={"place": str(row.place)})
    if row.status == PickupStatus.OFF:
        raise NotReady("该订单已退款，不能取货")
    if row.status != PickupStatus.READY:
        raise NotReady
    if row.asked_back:
        raise NotReady(
            f"买家已申请售后（{row.asked_back}），处理后才能交付", details={"after_sale_no": row.asked_back}
        )


def _locked(order: Order) -> Pickup | None:
    rows = Pickup.objects.select_for_update(of=("self",), no_key=True).select_related("place")
    return rows.filter(order=order).first()


def _write(row: Pickup, move: str, **columns: Any) -> None:
    """Make a named move of a locked pickup: the one writer of its status."""
    row.status = PickupStatus(LIFECYCLE.target(move=move, current=row.status))
    for name, value in columns.items():
        setattr(row, name, value)
    row.save(update_fields=["status", *columns])
