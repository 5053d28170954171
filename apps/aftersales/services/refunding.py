"""Refunding an order, in part or whole: one transaction, in which money and all that came with it go back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.aftersales import application_selectors as application_facts
from apps.aftersales import differences, planning
from apps.aftersales.planning import OrderNotRefundable, Plan, Wish
from apps.aftersales.services import bounds, lowering
from apps.base import numbers, transactions
from apps.checkout import scarce
from apps.fulfillment.services import parcels
from apps.orders import selectors as order_facts
from apps.orders import services as orders
from apps.orders.models import OrderRefund
from apps.orders.states import Actor, Status
from apps.outbox import services as outbox
from apps.payments import services as payments
from apps.pickup import selectors as pickup_facts
from mall.errors import Invalid, Kind, ShopError
from mall.events import OrderRefunded


class NotWholeAnyMore(OrderNotRefundable):
    """Only an order that is paid, and of which no parcel has left, can be refunded whole."""

    message = "只有已付款且尚未发货的订单可以全额退款"


class RefundChanged(ShopError):
    """Since the figures were shown, somebody refunded or shipped something of the order."""

    code = "refund_changed"
    message = "订单刚刚有变动，退款金额或内容与核对时不一致，请重新核对"
    kind = Kind.CONFLICT


class RefundTokenReused(ShopError):
    """The page's token was used for another order."""

    code = "refund_token_reused"
    message = "页面已失效，请返回后重新打开"
    kind = Kind.CONFLICT


class TwoPeopleNeeded(ShopError):
    """So much of an order is refunded by an application that two people approve, not by one person's page.

    What one person refunded of it before counts. ``details``: ``most_fen``.
    """

    code = "refund_two_people"
    message = "此订单由一人办理的退款合计超过双人复核起点，请由买家提交售后申请，两位同事先后同意"
    kind = Kind.FORBIDDEN


class RestockExchanged(ShopError):
    """What was exchanged for another SKU comes back by an application, whose inspection shelves what it is."""

    code = "refund_restock_exchanged"
    message = "换过货的商品请走退货售后，验收时按实物入库"
    kind = Kind.CONFLICT


class ReasonMissing(Invalid):
    """A refund has a reason: the buyer reads it."""

    code = "reason_missing"
    message = "请填写退款原因"


def refund(
    *,
    order_no: str,
    wish: Wish,
    reason: str,
    token: str,
    seen: str = "",
    approved: bool = False,
    of: int | None = None,
    operator: Any,
    at: datetime,
) -> OrderRefund:
    """Refund a part of an order, or all that is left of it.

    One transaction, the order's lock first: WeChat is asked for its part under a number that is stable for this
    refund (a sweep submits it), stored value gets its own; points, growth and gift coupons follow in proportion;
    units that had not left, and those that are said to be back, return to the shelf. With the last unit the
    order is REFUNDED; where everything else has left by then it is SHIPPED. The coupon and the uses of
    promotions come back only if nothing ever left.

    ``token`` (at most 64 characters) makes it once: the same one answers the same refund. ``seen`` is the
    ``Plan.fingerprint`` that the operator agreed to. ``approved`` says that as many people as the rules ask for have
    agreed; without it one operator refunds up to that amount, and no units that an open application has. ``of`` is the
    id of the application that is paid by it; every other one is lowered to what is left. Raises NotFound,
    OrderNotRefundable, UnitsInvalid, ShippingTooMuch, NothingToRefund, AmountTooHigh, UnitsAsked,
    TwoPeopleNeeded, RestockExchanged, RefundChanged, RefundTokenReused, ReasonMissing.
    """
    if not reason.strip():
        raise ReasonMissing
    reused = {"order_refund_once_per_token": RefundTokenReused}
    with transaction.atomic(), transactions.refine(reused):
        order = orders.lock(order_no=order_no)
        before = OrderRefund.objects.filter(token=token).first()
        if before is not None:
            if before.order_id != order.pk:
                raise RefundTokenReused
            return before
        standing = planning.standing_of(order)
        plan = planning.plan(standing, wish)
        if wish.restock and not application_facts.exchanged(standing.lines).isdisjoint(wish.restock):
            raise RestockExchanged
        if not approved:
            _require_operators(plan, operator=operator)
        if seen and seen != plan.fingerprint():
            raise RefundChanged
        return _carry_out(plan, token=token, reason=reason.strip(), of=of, operator=operator, at=at)


def refund_unshipped(*, order_no: str, reason: str, operator: Any, at: datetime) -> bool:
    """Refund all that is left of a paid order of which no parcel has left; say whether this call did it.

    Done before: False, nothing changes. Raises NotFound, NotWholeAnyMore, UnitsAsked, TwoPeopleNeeded.
    """
    with transaction.atomic():
        order = orders.lock(order_no=order_no)
        if order.status == Status.REFUNDED:
            return False
        standing = planning.standing_of(order)
        if order.status not in planning.WAITING or standing.anything_left:
            raise NotWholeAnyMore(details={"status": order.status})
        plan = planning.plan(standing, planning.everything_left(standing))
        _require_operators(plan, operator=operator)
        _carry_out(plan, token=f"whole:{order_no}", reason=reason, operator=operator, at=at)
    return True


def refund_unfetched(*, order_no: str, at: datetime) -> bool:
    """Refund all that is left of an order that lies ready and was not fetched in time; say whether this call did it.

    Whoever is first at the order's lock decides, the counter that hands it over or the clock. Raises NotFound, and what
    ``planning.plan`` refuses.
    """
    with transaction.atomic():
        order = orders.lock(order_no=order_no)
        if order.status != Status.SHIPPED or not pickup_facts.is_overdue(order, at=at):
            return False
        standing = planning.standing_of(order)
        plan = planning.plan(standing, planning.everything_left(standing))
        _carry_out(plan, token=f"unfetched:{order_no}", reason="逾期未自提", operator=None, at=at)
    return True


def return_price(
    *,
    order_no: str,
    now_fen: Mapping[int, int],
    token: str,
    reason: str,
    at: datetime,
) -> OrderRefund | None:
    """Give back what an order paid more than the price that holds now, for the units that are not refunded.

    ``now_fen`` is a unit's price by SKU id; what was paid is the price that the unit had, whichever price was the best
    (``Ref.sets_price``), before sums that were taken off it. Percentages that were taken off are taken off the difference
    too (``differences``). Never more than is left of a line; the units stay the buyer's, and later refunds of them are
    worth so much less. ``token`` makes it once. None where nothing is to be given back. Raises NotFound.
    """
    with transaction.atomic():
        order = orders.lock(order_no=order_no)
        before = OrderRefund.objects.filter(token=token).first()
        if before is not None or order.status == Status.REFUNDED:
            return before
        standing = planning.standing_of(order)
        more_fen = differences.of_lines(standing.lines, now_fen=now_fen)
        back_fen = {
            line.pk: min(more_fen.get(line.pk, 0), standing.left_fen(line)) for line in standing.lines
        }
        if not any(back_fen.values()):
            return None
        plan = planning.plan_price_back(standing, back_fen)
        return _carry_out(plan, token=token, reason=reason, operator=None, at=at)


def refund_price(
    *,
    order_no: str,
    back_fen: Mapping[int, int],
    reason: str,
    token: str,
    operator: Any,
    at: datetime,
) -> OrderRefund:
    """Give back a part of the price of units that the buyer keeps, in fen by order line id.

    Nothing else comes back; later refunds of the units are worth so much less. ``token`` makes it once. Raises NotFound,
    OrderNotRefundable, NothingToRefund, UnitsInvalid for more than is left of a line.
    """
    with transaction.atomic():
        order = orders.lock(order_no=order_no)
        before = OrderRefund.objects.filter(token=token).first()
        if before is not None:
            return before
        plan = planning.plan_price_back(planning.standing_of(order), back_fen)
        return _carry_out(plan, token=token, reason=reason, operator=operator, at=at)


def refund_as_console_did(*, order_no: str, at: datetime) -> bool:
    """Refund all that is left of an order whose money WeChat's merchant console has given back; say whether this did it.

    What is at WeChat decides, not what we asked for: with nothing left of what was captured nothing more may be shipped.
    An order that has left, or of which money is left, stays as it is, for a person. Raises NotFound.
    """
    with transaction.atomic():
        order = orders.lock(order_no=order_no)
        if order.status not in planning.WAITING or payments.left_of_order(order_id=order.pk):
            return False
        standing = planning.standing_of(order)
        plan = planning.plan(standing, planning.everything_left(standing))
        _carry_out(plan, token=f"console:{order_no}", reason="商户平台已退款", operator=None, at=at)
    return True


def _require_operators(plan: Plan, *, operator: Any) -> None:
    """Raise UnitsAsked, TwoPeopleNeeded for what no operator refunds alone; what the shop does by rule is nobody's."""
    if operator is not None:
        bounds.require_free(plan)
        most_fen = application_facts.rules().second_person_above_fen
        if plan.amount_fen + application_facts.by_one_fen(plan.order) > most_fen:
            raise TwoPeopleNeeded(details={"most_fen": most_fen})


def _carry_out(
    plan: Plan, *, token: str, reason: str, of: int | None = None, operator: Any, at: datetime
) -> OrderRefund:
    order, refund_no = plan.order, numbers.dated("RO", at=at)
    if plan.wechat_fen:
        _ask_wechat(plan, refund_no=refund_no, reason=reason, at=at)
    noted = order_facts.spent_gifts_noted(order)
    restored = scarce.restore(order=order, part=plan.as_part(refund_no=refund_no), at=at)
    made = orders.record_refund(
        order=order,
        refund_no=refund_no,
        token=token,
        lines=[part.as_refunded() for part in plan.lines],
        shipping_fen=plan.shipping_fen,
        balance_fen=plan.balance_fen,
        effects=orders.Effects(
            points_back=restored.points.back,
            points_taken=restored.points.taken,
            points_short=restored.points.short,
            growth_taken=restored.points.growth,
            coupons_revoked=restored.gifts.revoked,
            coupons_spent=[coupon for coupon in restored.gifts.spent if coupon not in noted],
        ),
        reason=reason[:80],
        operator=operator,
        at=at,
    )
    _move_on(plan, reason=reason, operator=operator, at=at)
    lowering.fit_all(order, but=of, why=reason, at=at)
    news = OrderRefunded(order_no=order.order_no, member_id=order.member_id, refund_no=refund_no)
    outbox.publish(news, at=at)
    return made


def _ask_wechat(plan: Plan, *, refund_no: str, reason: str, at: datetime) -> None:
    """Out of the payments that the order had, under a cause that is stable for this refund."""
    payments.refund_order(
        order_id=plan.order.pk,
        amount_fen=plan.wechat_fen,
        reason=reason,
        business_key=order_facts.refund_cause(refund_no),
        at=at,
    )


def _move_on(plan: Plan, *, reason: str, operator: Any, at: datetime) -> None:
    """The order goes where it stands now: REFUNDED without anything bought, SHIPPED without anything to send."""
    order = plan.order
    if order.status == Status.REFUNDED:
        return  # postage that was kept at first
    was_waiting = order.status == Status.PAID
    if plan.ends:
        orders.move(
            order_no=order.order_no,
            move="refund",
            actor=Actor.OPERATOR if operator is not None else Actor.SYSTEM,
            operator=operator,
            note=reason,
            at=at,
        )
        if was_waiting and not plan.undone and not order.virtual:
            parcels.tell_wechat_again(order_no=order.order_no, at=at)
    elif (
        was_waiting
        and not order.virtual
        and any(part.units for part in plan.lines)
        and not parcels.units_left(order)
    ):
        parcels.nothing_more_leaves(order_no=order.order_no, operator=operator, at=at)
