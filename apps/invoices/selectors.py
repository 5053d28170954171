"""What can be read about invoices: a member's titles, an order's invoice, what was really paid, and what waits for whom."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple

from django.core import signing
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce

from apps.base import days
from apps.invoices.models import Invoice, InvoiceRules, InvoiceTitle
from apps.invoices.states import LIVE, InvoiceStatus
from apps.members.models import Member
from apps.orders import selectors as order_facts
from apps.orders.models import Order
from apps.outbox.models import Announcement
from apps.outbox.states import DeliveryStatus
from apps.payments import selectors as payment_facts
from apps.payments.models import Payment
from apps.wallet import selectors as wallet_facts
from mall.errors import NotFound

# So long the address of a file opens it.
OPENS_FOR: Final = timedelta(minutes=15)
FILE_PATH: Final = "invoice-files"
_SALT: Final = "invoices.file"
# While the news of a refund are on their way an invoice may say more than is left.
_FOLLOWERS: Final = "apps.invoices.handlers.follow_on_"


def rules() -> InvoiceRules:
    """The rules in force: the operator's row, or the defaults."""
    return InvoiceRules.objects.filter(pk=1).first() or InvoiceRules()


def titles_of(member: Member) -> QuerySet[InvoiceTitle]:
    """A member's titles, newest first."""
    return InvoiceTitle.objects.filter(member=member).order_by("-id")


def title_of(*, member: Member, title_id: int) -> InvoiceTitle:
    """One of a member's titles. Raises NotFound."""
    title = InvoiceTitle.objects.filter(member=member, pk=title_id).first()
    if title is None:
        raise NotFound
    return title


def of_order(*, member: Member, order_no: str) -> Invoice:
    """The newest invoice of a member's order. Raises NotFound."""
    order = order_facts.of_member(member=member, order_no=order_no)
    invoice = Invoice.objects.filter(order=order).select_related("order").order_by("-id").first()
    if invoice is None:
        raise NotFound
    return invoice


def live_of(order: Order) -> Invoice | None:
    """The invoice of an order that holds: applied for, or issued."""
    return Invoice.objects.filter(order=order, status__in=sorted(LIVE)).first()


def really_paid_fen(order: Order) -> int:
    """What an invoice of a paid order says, in fen; binding under the order's lock. Two statements.

    The price with its freight, less what was refunded of it, less the bonus of stored value that paid for it (the shop's
    gift, as points and coupons are, which took the price down before), less what went back by WeChat's console.
    """
    back_fen = payment_facts.console_back_fen(order_id=order.pk)
    bonus_fen = wallet_facts.bonus_spent_fen(order_no=order.order_no)
    return max(order.payable_fen - order.refunded_fen - bonus_fen - back_fen, 0)


def last_end_of(order: Order) -> datetime | None:
    """When the order's last invoice was refused or reversed: from then on it can be applied for anew."""
    return Invoice.objects.filter(order=order).order_by("-id").values_list("ended_at", flat=True).first()


def waiting_to_issue() -> QuerySet[Invoice]:
    """Applications that wait for the shop."""
    return Invoice.objects.filter(waits_since__isnull=False, status=InvoiceStatus.APPLIED)


def waiting_for_red_letter() -> QuerySet[Invoice]:
    """Reversed invoices whose red letter is not recorded."""
    return Invoice.objects.filter(waits_since__isnull=False, status=InvoiceStatus.REVERSED)


def token_of(invoice: Invoice, *, at: datetime) -> str | None:
    """What opens an invoice's file for a while, signed by the shop; None without a file."""
    if not invoice.file:
        return None
    until = int((at + OPENS_FOR).timestamp())
    return signing.dumps([invoice.invoice_no, until], salt=_SALT)


def opened_by(token: str, *, at: datetime) -> Invoice:
    """The invoice whose file a token opens. Raises NotFound for one that is forged or over, and for a file that is gone."""
    try:
        invoice_no, until = signing.loads(token, salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError):
        raise NotFound from None
    if at.timestamp() >= until:
        raise NotFound
    invoice = Invoice.objects.filter(invoice_no=invoice_no).exclude(file="").first()
    if invoice is None:
        raise NotFound
    return invoice


def in_file(rows: QuerySet[Invoice], *, chunk: int = 500) -> Iterator[Invoice]:
    """Invoices for a sheet, oldest first, some hundred at a time."""
    return rows.select_related("order").order_by("id").iterator(chunk_size=chunk)


class Unbalanced(NamedTuple):
    """An invoice that says more than was paid, or an order with several that hold."""

    what: str
    number: str
    says: int
    rows: int


def _coming(kind: str, follower: str, *, field: str, numbers: Any) -> QuerySet[Announcement]:
    """News of a kind that name one of these numbers in a field of theirs, and that have not reached invoices yet."""
    waiting = Q(deliveries__listener=f"{_FOLLOWERS}{follower}", deliveries__status=DeliveryStatus.WAITING)
    news = Announcement.objects.filter(Q(sorted_at=None) | waiting, kind=kind)
    return news.alias(number=KeyTextTransform(field, "payload")).filter(number__in=numbers)


def unbalanced() -> list[Unbalanced]:
    """Invoices that hold and say more than was really paid and is left, unless the news of a refund are on their way;
    orders with more than one that holds. Nothing, if all is well. Two statements.
    """
    order_no = [OuterRef("order__order_no")]
    coming = _coming("OrderRefunded", "order_refunded", field="order_no", numbers=order_no)
    payments = Payment.objects.filter(order_id=OuterRef(OuterRef("order_id"))).values("payment_no")
    by_console = _coming("ConsoleRefunded", "console_refunded", field="payment_no", numbers=payments)
    above = (
        Invoice.objects.filter(status__in=sorted(LIVE))
        .annotate(
            most_fen=F("order__payable_fen")
            - F("order__refunded_fen")
            - Coalesce(Subquery(wallet_facts.bonus_spent(OuterRef("order__order_no"))), 0)
            - Coalesce(Subquery(payment_facts.console_back(OuterRef("order_id"))), 0)
        )
        .filter(~Exists(coming), ~Exists(by_console), amount_fen__gt=F("most_fen"))
        .order_by("id")
        .values_list("invoice_no", "amount_fen", "most_fen")
    )
    twice = (
        Order.objects.filter(invoices__status__in=sorted(LIVE))
        .annotate(live=Count("invoices", filter=Q(invoices__status__in=sorted(LIVE))))
        .filter(live__gt=1)
        .order_by("id")
        .values_list("order_no", "live")
    )
    found = [Unbalanced("invoice", number, says, most) for number, says, most in above]
    return [*found, *(Unbalanced("order", number, live, 1) for number, live in twice)]


def paid_on(row: Invoice) -> date:
    """The Shanghai day on which an invoice's order was paid: none is issued before."""
    return days.shop_day(row.order.paid_at or row.applied_at)
