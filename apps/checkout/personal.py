"""What stands in the way of an erasure that no room below sees alone: money and news of recharges under way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from apps.base import personal
from apps.base.personal import Open, Person, Room
from apps.fulfillment.models import ShippingUpload
from apps.fulfillment.states import UploadStatus
from apps.payments.models import Payment, Refund
from apps.payments.states import RefundStatus
from apps.wallet.models import Recharge

_UNTOLD: Final = (UploadStatus.WAITING, UploadStatus.FAILED)
_UNDER_WAY: Final = (RefundStatus.REQUESTED, RefundStatus.PROCESSING, RefundStatus.FAILED)


def export(person: Person) -> Mapping[str, personal.Table]:
    """How the member's recharges were paid and refunded: wallet and payments are neighbours."""
    numbers = _recharges(person)
    payments = Payment.objects.filter(order=None, bill_no__in=numbers).order_by("id")
    refunds = Refund.objects.filter(payment__order=None, payment__bill_no__in=numbers).order_by("id")
    return {
        "充值支付": personal.table(
            payments, "payment_no", "bill_no", "status", "amount_fen", "captured_fen", "refunded_fen",
            "transaction_id", "started_at", "captured_at",
        ),
        "充值退款": personal.table(
            refunds, "refund_no", "status", "amount_fen", "reason", "requested_at", "settled_at",
            支付单号="payment__payment_no",
        ),
    }  # fmt: skip


def still_open(person: Person) -> Sequence[Open]:
    """Refunds of recharges that have not arrived, and recharges of which WeChat has not been told yet."""
    numbers = _recharges(person)
    if not numbers:
        return []
    refunds = Refund.objects.filter(
        payment__order=None, payment__bill_no__in=numbers, status__in=_UNDER_WAY
    ).order_by("id")
    untold = ShippingUpload.objects.filter(order=None, bill_no__in=numbers, status__in=_UNTOLD)
    found: list[Open] = []
    if back := tuple(refunds.values_list("refund_no", flat=True)):
        found.append(Open(code="recharge_refunds", text="还有充值退款尚未到账", numbers=back))
    if silent := tuple(untold.order_by("id").values_list("bill_no", flat=True)):
        found.append(Open(code="shipping", text="充值信息正在上传微信", numbers=silent, settles_itself=True))
    return found


def _recharges(person: Person) -> list[str]:
    mine = Recharge.objects.filter(member_id=person.member_id)
    return list(mine.values_list("recharge_no", flat=True))


ROOM = Room(name="checkout", holdings=(), export=export, still_open=still_open)
