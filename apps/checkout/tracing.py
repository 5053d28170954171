"""Asking about parcels under way: the token of WeChat's plugin, and how they stand. Only here both are seen."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from apps.base import transactions
from apps.couriers.errors import CourierUnavailable
from apps.fulfillment import selectors as parcel_facts
from apps.fulfillment.models import ParcelLine
from apps.fulfillment.services import tracing
from apps.fulfillment.services.tracing import Asked, News
from apps.fulfillment.states import TraceSource
from apps.members.models import Member
from apps.payments import selectors as payment_facts
from apps.pictures import stored
from apps.wechat import waybills
from apps.wechat.errors import WechatRefused, WechatUnavailable

# After so many questions in a row without an answer a sweep leaves everybody alone until the next.
_PATIENCE: Final = 3
# Where the mini program shows an order.
_PAGE: Final = "pages/order/detail?order_no={order_no}"


def shown(*, member: Member, order_no: str, parcel_no: str, at: datetime) -> dict[str, Any]:
    """Return the way of a parcel of the member's own order; the first look asks for the plugin's token. Raises NotFound."""
    way = parcel_facts.trace_of(member=member, order_no=order_no, parcel_no=parcel_no)
    if way["waybill_token"] is None:
        asked = tracing.take_without_token(parcel_no=parcel_no, at=at)
        if asked is not None and _ask_for_token(asked, at=at):
            way = parcel_facts.trace_of(member=member, order_no=order_no, parcel_no=parcel_no)
    return way


def trace_due(*, at: datetime, limit: int = 200) -> int:
    """Ask for tokens and about parcels that are due, at most ``limit`` of each, the longest due first; return how many.

    One that cannot be asked about stops no other; who does not answer three times in a row is left alone until next time.
    """
    transactions.forbid("asking about parcels")
    return _tokens_due(at=at, limit=limit) + _ways_due(at=at, limit=limit)


def _tokens_due(*, at: datetime, limit: int) -> int:
    unanswered = 0
    for done in range(limit):
        asked = tracing.take_without_token(at=at) if unanswered < _PATIENCE else None
        if asked is None:
            return done
        unanswered = 0 if _ask_for_token(asked, at=at) else unanswered + 1
    return limit


def _ways_due(*, at: datetime, limit: int) -> int:
    unanswered = 0
    for done in range(limit):
        asked = tracing.take_due(at=at) if unanswered < _PATIENCE else None
        if asked is None:
            return done
        try:
            news = tracing.way_of(asked) or _standing(asked, at=at)
        except (CourierUnavailable, WechatUnavailable) as trouble:
            unanswered += 1
            tracing.could_not_ask(asked=asked, why=str(trouble), at=at)
            continue
        unanswered = 0
        if news is None:
            tracing.could_not_ask(asked=asked, why="没有可查询的渠道", at=at)
        else:
            tracing.hear(parcel_no=asked.parcel_no, tracking_no=asked.tracking_no, news=news, at=at)
    return limit


def _ask_for_token(asked: Asked, *, at: datetime) -> bool:
    """Ask WeChat for the plugin's token and keep it; whether WeChat answered, were it no."""
    transaction_id = _transaction_of(asked.order_no)
    if transaction_id is None:
        tracing.no_token(asked=asked, why="没有微信支付单", again=False, at=at)
        return True
    try:
        token = waybills.token_of(_waybill(asked, transaction_id))
    except WechatUnavailable as trouble:
        tracing.no_token(asked=asked, why=str(trouble), again=True, at=at)
        return False
    except WechatRefused as refused:
        tracing.no_token(asked=asked, why=f"{refused.errcode} {refused.errmsg}", again=False, at=at)
    else:
        tracing.keep_token(asked=asked, token=token)
    return True


def _standing(asked: Asked, *, at: datetime) -> News | None:
    """How WeChat says that the parcel stands; None without a token. It tells no lines, those are in the plugin alone."""
    if not asked.token:
        return None
    try:
        standing = waybills.standing(token=asked.token, openid=asked.openid)
    except waybills.WaybillTokenUnknown as refused:
        tracing.no_token(asked=asked, why=f"{refused.errcode} {refused.errmsg}", again=True, at=at)
        return None
    except WechatRefused:
        return None
    return News(source=TraceSource.PLUGIN, raw="" if standing is None else str(int(standing)))


def _transaction_of(order_no: str) -> str | None:
    """WeChat's number of the payment under which the parcel is known there: the order's last one (its balance, say)."""
    paid = payment_facts.used(payment_facts.of_order(order_no=order_no))
    numbers = [payment.transaction_id for payment in paid if payment.transaction_id]
    return numbers[-1] if numbers else None


def _waybill(asked: Asked, transaction_id: str) -> waybills.Waybill:
    lines = ParcelLine.objects.filter(parcel__parcel_no=asked.parcel_no).select_related("order_line")
    return waybills.Waybill(
        openid=asked.openid,
        receiver_phone=asked.phone,
        carrier_id=asked.carrier_id,
        tracking_no=asked.tracking_no,
        transaction_id=transaction_id,
        page=_PAGE.format(order_no=asked.order_no),
        goods=[
            waybills.Goods(
                line.order_line.title, stored.address(line.order_line.image, stored.Size.LIST) or ""
            )
            for line in lines.order_by("id")
        ],
    )
