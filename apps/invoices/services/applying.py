"""A member applies for the invoice of an order that they received."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from apps.base import numbers, replica, transactions
from apps.invoices import selectors as invoice_facts
from apps.invoices.models import Invoice, InvoiceTitle
from apps.members.models import Member
from apps.orders import selectors as order_facts
from apps.orders import services as orders
from apps.orders.models import Order
from apps.orders.states import Status
from mall.errors import Invalid, ShopError


class InvoicesOff(ShopError):
    """The shop takes no applications."""

    code = "invoices_off"
    message = "商家暂未开放发票申请"


class NotReceived(ShopError):
    """Invoices are of what arrived."""

    code = "invoice_order_not_received"
    message = "确认收货后才能申请发票"


class NothingPaid(ShopError):
    """Nothing is left of what was paid, or it was never money."""

    code = "invoice_nothing_paid"
    message = "该订单没有可开票的金额"


class InvoiceClosed(ShopError):
    """The time for applying is over. ``details``: ``days``."""

    code = "invoice_closed"
    message = "已超过发票申请期限"


class InvoiceExists(ShopError):
    """The order has one that holds. ``details``: ``invoice_no`` where it is known."""

    code = "invoice_exists"
    message = "该订单已申请发票"


class TitleUnknown(Invalid):
    """No title of the member's has this id; ``details`` names the field."""

    code = "invoice_title_unknown"
    message = "发票抬头不存在"


def apply(*, member: Member, order_no: str, title_id: int, at: datetime) -> Invoice:
    """Apply for an invoice of what is left of what was really paid, made out to one of the member's titles.

    Raises NotFound for an order that is not the member's, InvoicesOff, TitleUnknown, NotReceived, NothingPaid,
    InvoiceExists, InvoiceClosed.
    """
    rules = invoice_facts.rules()
    order_facts.of_member(member=member, order_no=order_no)
    if not rules.enabled:
        raise InvoicesOff
    exists = {_ONE: InvoiceExists}
    with transaction.atomic(), transactions.refine(exists):
        order = orders.lock(order_no=order_no)
        title = InvoiceTitle.objects.filter(member=member, pk=title_id).first()
        if title is None:
            raise TitleUnknown(details={"field": "title_id"})
        amount_fen = _require_invoiceable(order, days=rules.apply_days, at=at)
        row = _write(order, title, amount_fen=amount_fen, at=at)
    replica.wrote_for(Member, member.pk)
    return row


_ONE: Final = "invoice_one_live_per_order"


def _require_invoiceable(order: Order, *, days: int, at: datetime) -> int:
    """What the invoice of a locked order would say, in fen. Raises as ``apply`` does."""
    if order.status == Status.REFUNDED:
        raise NothingPaid
    if order.status != Status.RECEIVED or order.received_at is None:
        raise NotReceived
    live = invoice_facts.live_of(order)
    if live is not None:
        raise InvoiceExists(details={"invoice_no": live.invoice_no})
    amount_fen = invoice_facts.really_paid_fen(order)
    if amount_fen < 1:
        raise NothingPaid
    # Who had one refused or reversed has the whole time again: they could not help it.
    began = max(filter(None, [order.received_at, invoice_facts.last_end_of(order)]))
    if began + timedelta(days=days) <= at:
        raise InvoiceClosed(details={"days": days})
    return amount_fen


def _write(order: Order, title: InvoiceTitle, *, amount_fen: int, at: datetime) -> Invoice:
    return Invoice.objects.create(
        invoice_no=numbers.dated("IV", at=at),
        order=order,
        member_id=order.member_id,
        kind=title.kind,
        name=title.name,
        tax_no=title.tax_no,
        email=title.email,
        asked_fen=amount_fen,
        amount_fen=amount_fen,
        waits_since=at,
        applied_at=at,
    )
