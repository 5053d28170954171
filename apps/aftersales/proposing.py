"""What an application may ask for: which units, why, until when, and for how much. Decides, changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from apps.aftersales import application_selectors as application_facts
from apps.aftersales import planning
from apps.aftersales.models import AfterSaleReason
from apps.aftersales.planning import Plan, Standing, Wish
from apps.aftersales.states import OF_MONEY, AfterSaleKind
from apps.base import days
from apps.catalog.models import NO_REASON_DAYS, Product, Returns, Sku
from apps.orders.models import Order, OrderLine
from apps.orders.states import Status
from mall.errors import Invalid, Kind, ShopError

_OVER: Final = frozenset({Status.CLOSED, Status.REFUNDED})
_NOT_PAID: Final = frozenset({Status.UNPAID, Status.RESERVED})


class AfterSaleClosed(ShopError):
    """It is too late: the time after receipt is over (``details.days``), or the order is (``details.status``)."""

    code = "after_sale_closed"
    message = "已超过售后申请期限"
    kind = Kind.CONFLICT


class AfterSaleExists(ShopError):
    """A line has one open application at a time. ``details``: ``line_id``, ``after_sale_no``."""

    code = "after_sale_exists"
    message = "该商品已有正在处理的售后申请"
    kind = Kind.CONFLICT


class AfterSaleTooMany(ShopError):
    """More units than can still be asked for. ``details``: ``line_id``, ``left``."""

    code = "after_sale_too_many"
    message = "申请件数超过可申请件数"
    kind = Kind.CONFLICT


class NotSentYet(ShopError):
    """Only what has left whole is sent back, exchanged or sent anew; until then its money can be asked for."""

    code = "after_sale_not_sent"
    message = "该商品尚未全部发出，请申请仅退款，或待全部发出后再申请"
    kind = Kind.CONFLICT


class NoReasonRefused(ShopError):
    """The goods do not go back without a reason, as the buyer was shown. ``details``: ``line_id``, ``text``."""

    code = "after_sale_needs_reason"
    message = "该商品不支持无理由退货"
    kind = Kind.CONFLICT


class NothingTravels(ShopError):
    """Virtual goods are not sent back, exchanged or sent anew. ``details``: ``kind``."""

    code = "after_sale_virtual"
    message = "虚拟商品只能申请仅退款，由商家审核"
    kind = Kind.CONFLICT


class NowhereToSend(ShopError):
    """The order was fetched in a shop: the shop knows no address to send a parcel to."""

    code = "after_sale_no_address"
    message = "自提订单没有收货地址，请到店换货，或申请退款、退货"
    kind = Kind.CONFLICT


class PackingStays(ShopError):
    """Packing goes back with the last of the goods, of an order of which nothing has left; never alone, never after.

    ``details``: ``line_id``.
    """

    code = "after_sale_packing"
    message = "包装随整单在发货前一并退款，不能单独申请售后"
    kind = Kind.CONFLICT


class LineUnknown(Invalid):
    """No line of this order, or one that was named twice. ``details``: ``line_id``."""

    code = "line_unknown"
    message = "订单中没有该商品"


class ReasonUnknown(Invalid):
    """Not one of the reasons of this kind."""

    code = "after_sale_reason_unknown"
    message = "请选择售后原因"


class NotExchangeable(Invalid):
    """The other SKU is not for sale, or has another price. ``details``: ``line_id``, ``sku_id``."""

    code = "after_sale_not_exchangeable"
    message = "只能换成在售且价格相同的规格"


class AmountTooLow(Invalid):
    """Nothing is asked for though there is something to give back. ``details``: ``most_fen``."""

    code = "amount_too_low"
    message = "退款金额须大于 0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a shopper asks for: units by order line id, why, and perhaps for less than they are worth.

    ``new_skus`` names by line id what an exchange is for, where it is not the same SKU.
    """

    kind: str
    units: Mapping[int, int]
    reason: str
    text: str = ""
    pictures: Sequence[str] = ()
    amount_fen: int | None = None
    new_skus: Mapping[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Units of a line, and what they are worth."""

    line: OrderLine
    quantity: int
    amount_fen: int
    new_sku_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What may be given for an application; ``plan`` is the refund of all of it, None where a parcel is asked for."""

    standing: Standing
    reason: AfterSaleReason
    parts: Sequence[Part]
    plan: Plan | None
    amount_fen: int
    unsent: int

    @property
    def goods_fen(self) -> int:
        """The most for goods."""
        return self.plan.goods_fen if self.plan else 0

    @property
    def freight_fen(self) -> int:
        """The most for postage."""
        return self.plan.shipping_fen if self.plan else 0


def propose(standing: Standing, ask: Ask, *, at: datetime) -> Proposal:
    """Work out what may be given. Binding under the order's lock, a preview without it.

    Raises ReasonUnknown, LineUnknown, OrderNotRefundable, AfterSaleClosed, AfterSaleExists, AfterSaleTooMany, NotSentYet,
    NothingTravels, NowhereToSend, NoReasonRefused, NotExchangeable, AmountTooHigh, AmountTooLow, PackingStays, and what
    ``planning.plan`` refuses.
    """
    reason = application_facts.reason(kind=ask.kind, code=ask.reason)
    if reason is None:
        raise ReasonUnknown(details={"reason": ["请选择售后原因"]})
    lines = {line.pk: line for line in standing.lines}
    for line_id in ask.units:
        if line_id not in lines:
            raise LineUnknown(details={"line_id": line_id})
    _require_in_time(standing.order, at=at)
    if standing.order.virtual and ask.kind != AfterSaleKind.REFUND:
        raise NothingTravels(details={"kind": ask.kind})
    if ask.kind not in OF_MONEY and not standing.order.address:
        raise NowhereToSend
    _require_wrapped_goods(standing, ask)
    for line_id, quantity in ask.units.items():
        _require_left(standing, lines[line_id], quantity, kind=ask.kind)
        if reason.is_no_reason:
            _require_returnable(standing.order, lines[line_id], at=at)
    plan = None
    if ask.kind in OF_MONEY:
        plan = planning.plan(standing, Wish(units=ask.units))
    worth_fen = {part.line.pk: part.amount_fen for part in plan.lines} if plan else {}
    new_skus = _exchanged(ask, lines, at=at)
    return Proposal(
        standing=standing,
        reason=reason,
        parts=[
            Part(
                line=lines[line_id],
                quantity=quantity,
                amount_fen=worth_fen.get(line_id, 0),
                new_sku_id=new_skus.get(line_id),
            )
            for line_id, quantity in sorted(ask.units.items())
        ],
        plan=plan,
        amount_fen=_asked_fen(ask, plan),
        unsent=sum(part.unsent for part in plan.lines) if plan else 0,
    )


def until(order: Order, *, days_after: int) -> datetime | None:
    """Until when something may be asked for after receipt; None before it.

    The day of receipt does not count, and the last day counts whole (《民法典》第二百零一条、第二百零三条).
    """
    if order.received_at is None:
        return None
    last = days.shop_day(order.received_at) + timedelta(days=days_after)
    return days.day_window(last)[1]


def goes_back_without_reason(line: OrderLine) -> bool:
    """Whether a line goes back without a reason by what its buyer was shown; what was not confirmed binds nobody."""
    if line.returns == Returns.CONFIRMED:
        return not line.returns_confirmed
    return line.returns in ("", Returns.SEVEN_DAYS)


def _require_in_time(order: Order, *, at: datetime) -> None:
    if order.status in _NOT_PAID:
        raise planning.OrderNotRefundable("订单尚未付款，无需申请售后", details={"status": order.status})
    if order.status in _OVER:
        raise AfterSaleClosed("订单已结束，不能再申请售后", details={"status": order.status})
    days_after = application_facts.rules().apply_days
    last = until(order, days_after=days_after)
    if last is not None and last <= at:
        raise AfterSaleClosed(details={"days": days_after})


def _require_wrapped_goods(standing: Standing, ask: Ask) -> None:
    """Raise PackingStays for packing without the goods, or of an order of which something has left."""
    packing = [line.pk for line in standing.lines if line.is_packing and line.pk in ask.units]
    if packing and (standing.anything_left or not planning.leaves_no_goods(standing, ask.units)):
        raise PackingStays(details={"line_id": packing[0]})


def _require_left(standing: Standing, line: OrderLine, quantity: int, *, kind: str) -> None:
    """Raise AfterSaleExists, NotSentYet, AfterSaleTooMany for units that cannot be asked for now."""
    if number := application_facts.open_of_line(line.pk):
        raise AfterSaleExists(details={"line_id": line.pk, "after_sale_no": number})
    if kind != AfterSaleKind.REFUND and standing.to_send.get(line.pk, 0):
        raise NotSentYet(details={"line_id": line.pk})
    left = line.quantity - line.refunded
    if kind == AfterSaleKind.RESHIP:
        left -= application_facts.reshipped_of_line(line.pk)
    if quantity > left:
        raise AfterSaleTooMany(details={"line_id": line.pk, "left": max(left, 0)})


def _require_returnable(order: Order, line: OrderLine, *, at: datetime) -> None:
    if not goes_back_without_reason(line):
        raise NoReasonRefused(details={"line_id": line.pk, "text": line.returns_text})
    last = until(order, days_after=NO_REASON_DAYS)
    if last is not None and last <= at:
        raise AfterSaleClosed("已超过七天无理由退货期限", details={"days": NO_REASON_DAYS})


def _asked_fen(ask: Ask, plan: Plan | None) -> int:
    """What is asked for in all: what was said, else all of it. Raises AmountTooHigh, AmountTooLow."""
    most_fen = plan.amount_fen if plan else 0
    if ask.amount_fen is None:
        return most_fen
    if ask.amount_fen > most_fen:
        raise planning.AmountTooHigh(details={"most_fen": most_fen})
    if not ask.amount_fen and most_fen:
        raise AmountTooLow(details={"most_fen": most_fen})
    return ask.amount_fen


def _exchanged(ask: Ask, lines: Mapping[int, OrderLine], *, at: datetime) -> dict[int, int]:
    """What each line is exchanged against. Raises NotExchangeable.

    Of the same price is what costs today what the ordered SKU costs today: a price that changed since concerns both.
    """
    if ask.kind != AfterSaleKind.EXCHANGE or not ask.new_skus:
        return {}
    wanted = {line_id: sku_id for line_id, sku_id in ask.new_skus.items() if line_id in lines}
    ids = {*wanted.values(), *(lines[line_id].sku_id for line_id in wanted)}
    skus = Sku.objects.in_bulk(ids)
    sold = Product.objects.on_sale_at(at).filter(pk__in={sku.product_id for sku in skus.values()})
    on_sale = frozenset(sold.order_by().values_list("pk", flat=True))
    for line_id, sku_id in wanted.items():
        old, new = skus.get(lines[line_id].sku_id), skus.get(sku_id)
        good = old and new and new.enabled and new.product_id in on_sale and new.price_fen == old.price_fen
        good = good and new is not None and not new.virtual
        if not good:
            raise NotExchangeable(details={"line_id": line_id, "sku_id": sku_id})
    had = application_facts.had_of([lines[line_id] for line_id in wanted])
    return {line_id: sku_id for line_id, sku_id in wanted.items() if sku_id not in had[line_id][:1]}
