"""What a refund of an order would be: which units, how much, and where it goes back to. Decides, changes nothing."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from apps.checkout import activities, holders
from apps.fulfillment import selectors as parcel_facts
from apps.fulfillment.services import parcels
from apps.orders import selectors as order_facts
from apps.orders.models import Order, OrderLine
from apps.orders.services import Refunded
from apps.orders.states import DeliveryKind, Status
from mall import money
from mall.errors import Invalid, Kind, ShopError

# Paid, and nothing need have left yet: what has not is still on the shelf.
WAITING: Final = frozenset({Status.GATHERING, Status.PAID})


class OrderNotRefundable(ShopError):
    """Nothing was paid yet, or nothing is left to refund."""

    code = "order_not_refundable"
    message = "订单当前状态不能退款"
    kind = Kind.CONFLICT


class UnitsInvalid(Invalid):
    """More units than can still be refunded, or a line of another order."""

    code = "refund_units_invalid"
    message = "退款件数超出可退件数"


class ShippingTooMuch(Invalid):
    """More postage than was paid and is not refunded yet. ``details``: ``left_fen``."""

    code = "refund_shipping_invalid"
    message = "退还的运费超出可退运费"


class NothingToRefund(Invalid):
    """Neither units nor postage."""

    code = "nothing_to_refund"
    message = "请至少选择一件商品，或填写退还的运费"


class AmountTooHigh(Invalid):
    """More than the units are worth. ``details``: ``most_fen``."""

    code = "amount_too_high"
    message = "退款金额超过可退金额"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be refunded: units by order line id, postage, and the lines whose sent units are back on the shelf.

    ``amount_fen`` is what is asked in all, where that is less than it is worth; None for all of it.
    """

    units: Mapping[int, int]
    shipping_fen: int = 0
    restock: Collection[int] = frozenset()
    amount_fen: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How an order stands before a refund: ``to_send`` is units that have not left, by line id.

    ``paid_by_points_fen`` is how much of each line points paid, ``back_fen`` how much of each went back, by line id.
    """

    order: Order
    lines: Sequence[OrderLine]
    to_send: Mapping[int, int]
    so_far: order_facts.RefundedSoFar
    anything_left: bool
    paid_by_points_fen: Mapping[int, int]
    back_fen: Mapping[int, int]

    @property
    def shipping_left_fen(self) -> int:
        """The postage that was paid and is not refunded yet."""
        return self.order.shipping_fen - self.so_far.shipping_fen

    def left_fen(self, line: OrderLine) -> int:
        """What is still paid for the units of a line that are not refunded."""
        return line.payable_fen - self.back_fen.get(line.pk, 0)

    def before_points_fen(self, line: OrderLine) -> int:
        """What a line's price was before points were deducted."""
        return line.payable_fen + self.paid_by_points_fen.get(line.pk, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinePart:
    """Units of one line, those that have not left first; ``part_fen`` is their price before points were deducted.

    ``waived_fen`` is what the units are worth beyond ``amount_fen``: it is not given to others of the line later.
    """

    line: OrderLine
    units: int
    unsent: int
    restock: bool
    amount_fen: int
    part_fen: int
    waived_fen: int = 0

    @property
    def restocked(self) -> int:
        """How many go back on the shelf: what never left always, what had left where somebody says so."""
        return self.units if self.restock else self.unsent

    def as_refunded(self) -> Refunded:
        """As the order keeps it."""
        return Refunded(
            line_id=self.line.pk,
            units=self.units,
            units_sent=self.units - self.unsent,
            restocked=self.restocked,
            amount_fen=self.amount_fen,
            waived_fen=self.waived_fen,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A refund worked out.

    ``ends``: nothing bought is left, the order becomes or is REFUNDED. ``undone``: moreover nothing ever left the
    shop. ``kept_fen`` and ``shipping_kept_fen`` are what stays paid for goods and postage; ``whole_fen`` is the goods
    before points were deducted.
    """

    order: Order
    lines: Sequence[LinePart]
    shipping_fen: int
    wechat_fen: int
    balance_fen: int
    kept_fen: int
    shipping_kept_fen: int
    whole_fen: int
    ends: bool
    undone: bool

    @property
    def goods_fen(self) -> int:
        """What goes back for goods."""
        return sum(part.amount_fen for part in self.lines)

    @property
    def amount_fen(self) -> int:
        """What goes back in all."""
        return self.goods_fen + self.shipping_fen

    @property
    def part_fen(self) -> int:
        """The refund's share of ``whole_fen``."""
        return sum(part.part_fen for part in self.lines)

    @property
    def paid_fen(self) -> int:
        """What was paid for the units that go back, whatever of it their buyer waived."""
        return sum(part.amount_fen + part.waived_fen for part in self.lines if part.units)

    def as_part(self, *, refund_no: str) -> holders.Part:
        """What the counter is to give back."""
        bought: Counter[int] = Counter()
        restocked: Counter[int] = Counter()
        packing = self.order.packing or {}
        for part in self.lines:
            # Packing that no stock is kept of was never held.
            if not part.line.is_packing or packing.get("uses_stock"):
                restocked[part.line.sku_id] += part.restocked
            if not part.line.is_gift and not part.line.is_packing:
                bought[part.line.sku_id] += part.units
        return holders.Part(
            refund_no=refund_no,
            undone=self.undone,
            kept_fen=None if self.ends else self.kept_fen,
            part_fen=self.part_fen,
            whole_fen=self.whole_fen,
            paid_fen=self.paid_fen,
            price_back_fen=sum(part.amount_fen for part in self.lines if not part.units),
            balance_fen=self.balance_fen,
            units=bought,
            restocked=+restocked,
        )

    def fingerprint(self) -> str:
        """A short word for all that an operator was shown: another refund has another one."""
        shown = (
            [(part.line.pk, part.units, part.unsent, part.restocked, part.amount_fen) for part in self.lines],
            (self.shipping_fen, self.wechat_fen, self.balance_fen, self.ends),
        )
        return hashlib.sha256(repr(shown).encode()).hexdigest()[:32]


def may_refund(order: Order) -> bool:
    """Whether the order stands where it can be refunded; an activity may say otherwise than goods do."""
    return order.status in activities.refundable_from(order) or _owes_postage(order)


def _owes_postage(order: Order) -> bool:
    """Whether all units of an order were refunded and the postage was not: that can still go back."""
    return order.status == Status.REFUNDED and order.refunded_fen < order.payable_fen


def standing_of(order: Order) -> Standing:
    """How the order stands, in five queries. Binding under the order's lock, a preview without it.

    Virtual goods have left with the payment, when their buyer could see them; not before the group is formed.
    """
    delivered = order.virtual and order.status != Status.GATHERING
    by_points = activities.kinds_paid_by_points()
    lines = list(OrderLine.objects.filter(order=order).order_by("id"))
    return Standing(
        order=order,
        lines=lines,
        to_send={} if delivered else parcels.units_left(order) if _lies_here(order) else {},
        so_far=order_facts.refunded_so_far(order),
        anything_left=delivered
        or (
            not _lies_here(order) if order.delivery is not None else bool(parcel_facts.parcels_of([order.pk]))
        ),
        paid_by_points_fen={line.pk: line.reduced_fen(lambda ref: ref.kind in by_points) for line in lines},
        back_fen=order_facts.refunded_by_line(order),
    )


def _lies_here(order: Order) -> bool:
    """Whether goods of it may still be in the shop's hands: what lies ready to be fetched is, until it is handed over."""
    if order.status in WAITING:
        return True
    return order.status == Status.SHIPPED and order.delivery_kind is DeliveryKind.PICKUP


def everything_left(standing: Standing) -> Wish:
    """All units and all postage that are not refunded yet."""
    units = {line.pk: line.quantity - line.refunded for line in standing.lines}
    return Wish(units=units, shipping_fen=standing.shipping_left_fen)


def plan(standing: Standing, wish: Wish) -> Plan:
    """Work out a refund.

    A line's units are worth their shares of what is still paid for it (``money.split_units``), taken one after the
    other, so that all of them are worth exactly the line, less what came back of its price. With the last unit that
    was bought, gifts that have not left stay here; if nothing ever left, postage and packing go back. Postage that was kept
    can go back later, alone. Where less is asked than it is worth, postage goes back first and each line gives in
    proportion; what is waived goes to no other unit. The sum is split between WeChat and stored value in the proportion
    in which they paid, by what is refunded in all, so that everything back is exactly each.
    Raises OrderNotRefundable, UnitsInvalid, ShippingTooMuch, NothingToRefund, AmountTooHigh.
    """
    order = standing.order
    if not may_refund(order):
        raise OrderNotRefundable(details={"status": order.status})
    units = _units(standing, wish)
    ends = leaves_no_goods(standing, units)
    is_over = order.status == Status.REFUNDED
    undone = ends and not is_over and not standing.anything_left
    if ends:
        for line in standing.lines:
            if (line.is_gift or (line.is_packing and undone)) and (
                unsent := standing.to_send.get(line.pk, 0)
            ):
                units[line.pk] = max(units.get(line.pk, 0), unsent)
    shipping_fen = standing.shipping_left_fen if undone else wish.shipping_fen
    if not 0 <= shipping_fen <= standing.shipping_left_fen:
        raise ShippingTooMuch(details={"left_fen": standing.shipping_left_fen})
    if not units and not shipping_fen:
        raise NothingToRefund
    parts = [
        # A card that was seen is sold to nobody else, whoever says that it is back.
        _part(line, units[line.pk], standing=standing, restock=line.pk in wish.restock and not order.virtual)
        for line in standing.lines
        if line.pk in units
    ]
    lowered, shipping_fen = _lowered(parts, shipping_fen=shipping_fen, amount_fen=wish.amount_fen)
    return _plan(standing, lowered, shipping_fen=shipping_fen, ends=ends, undone=undone)


def leaves_no_goods(standing: Standing, units: Mapping[int, int]) -> bool:
    """Whether nothing that was bought is left of the order once these units, by line id, are refunded too."""
    return all(
        line.is_gift or line.is_packing or line.refunded + units.get(line.pk, 0) == line.quantity
        for line in standing.lines
    )


def plan_price_back(standing: Standing, back_fen: Mapping[int, int]) -> Plan:
    """Work out the return of a part of the price, in fen by line id, of units that the buyer keeps.

    Nothing else comes back, no goods and no gifts; of points goes what the difference had earned. Later refunds of the units
    are worth so much less. Raises OrderNotRefundable, NothingToRefund, UnitsInvalid for more than is left of a line.
    """
    order = standing.order
    if order.status == Status.REFUNDED or not may_refund(order):
        raise OrderNotRefundable(details={"status": order.status})
    left_fen = {line.pk: standing.left_fen(line) for line in standing.lines if line.refunded < line.quantity}
    if any(not 0 <= fen <= left_fen.get(line_id, 0) for line_id, fen in back_fen.items()):
        raise UnitsInvalid
    parts = [
        LinePart(line=line, units=0, unsent=0, restock=False, amount_fen=back_fen[line.pk], part_fen=0)
        for line in standing.lines
        if back_fen.get(line.pk)
    ]
    if not parts:
        raise NothingToRefund
    return _plan(standing, parts, shipping_fen=0, ends=False, undone=False)


def _plan(
    standing: Standing, parts: Sequence[LinePart], *, shipping_fen: int, ends: bool, undone: bool
) -> Plan:
    """The refund of these parts and so much postage, split between WeChat and stored value."""
    order, so_far = standing.order, standing.so_far
    goods_fen = sum(part.amount_fen for part in parts)
    after_fen = so_far.amount_fen + goods_fen + shipping_fen
    _, balance_fen = money.allocate(after_fen, [order.due_fen, order.balance_fen])
    balance_fen -= so_far.balance_fen
    wechat_fen = goods_fen + shipping_fen - balance_fen
    return Plan(
        order=order,
        lines=parts,
        shipping_fen=shipping_fen,
        wechat_fen=wechat_fen,
        balance_fen=balance_fen,
        kept_fen=order.goods_fen - order.reduction_fen - so_far.goods_fen - goods_fen,
        shipping_kept_fen=standing.shipping_left_fen - shipping_fen,
        whole_fen=sum(map(standing.before_points_fen, standing.lines)),
        ends=ends,
        undone=undone,
    )


def _units(standing: Standing, wish: Wish) -> dict[int, int]:
    """The wished units without zeros. Raises UnitsInvalid."""
    refundable = {line.pk: line.quantity - line.refunded for line in standing.lines}
    if any(not 0 <= units <= refundable.get(line_id, -1) for line_id, units in wish.units.items()):
        raise UnitsInvalid(details={"refundable": refundable})
    return {line_id: units for line_id, units in wish.units.items() if units}


def _lowered(
    parts: Sequence[LinePart], *, shipping_fen: int, amount_fen: int | None
) -> tuple[Sequence[LinePart], int]:
    """These parts and their postage for ``amount_fen`` in all: postage first, then each part less in proportion.

    Raises AmountTooHigh for more than it is worth.
    """
    worth_fen = sum(part.amount_fen for part in parts)
    if amount_fen is None or amount_fen == worth_fen + shipping_fen:
        return parts, shipping_fen
    if not 0 <= amount_fen < worth_fen + shipping_fen:
        raise AmountTooHigh(details={"most_fen": worth_fen + shipping_fen})
    shipping_fen = min(shipping_fen, amount_fen)
    shares_fen = money.allocate(amount_fen - shipping_fen, [part.amount_fen for part in parts])
    lowered = [
        replace(part, amount_fen=fen, waived_fen=part.amount_fen - fen)
        for part, fen in zip(parts, shares_fen, strict=True)
    ]
    return lowered, shipping_fen


def _part(line: OrderLine, units: int, *, standing: Standing, restock: bool) -> LinePart:
    return LinePart(
        line=line,
        units=units,
        unsent=min(units, standing.to_send.get(line.pk, 0)),
        restock=restock,
        amount_fen=sum(money.split_units(standing.left_fen(line), line.quantity - line.refunded)[:units]),
        part_fen=_next_units_fen(line, units, of_fen=standing.before_points_fen(line)),
    )


def _next_units_fen(line: OrderLine, units: int, *, of_fen: int) -> int:
    """What the next units of a line were worth of its total before points, after those that were refunded before."""
    return sum(money.split_units(of_fen, line.quantity)[line.refunded : line.refunded + units])
