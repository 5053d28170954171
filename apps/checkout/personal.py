"""What stands in the way of an erasure that no room below sees alone: money and news of bills that are no order's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from apps.base import personal
from apps.base.personal import Open, Person, Room
from apps.checkout import bills
from apps.fulfillment.models import ShippingUpload
from apps.fulfillment.states import UploadStatus
from apps.payments import selectors as payment_facts
from apps.payments.models import Payment, Refund

_UNTOLD: Final = (UploadStatus.WAITING, UploadStatus.FAILED)


def export(person: Person) -> Mapping[str, personal.Table]:
    """How the member's bills that are no order's were paid and refunded: what was bought and payments are neighbours."""
    tables: dict[str, personal.Table] = {}
    for kind, numbers in _bills(person):
        payments = Payment.objects.filter(order=None, bill_kind=kind.name, bill_no__in=numbers).order_by("id")
        refunds = Refund.objects.filter(payment__in=payments).order_by("id")
        tables[f"{kind.label}支付"] = personal.table(
            payments, "payment_no", "bill_no", "status", "amount_fen", "captured_fen", "refunded_fen",
            "transaction_id", "started_at", "captured_at",
        )  # fmt: skip
        tables[f"{kind.label}退款"] = personal.table(
            refunds, "refund_no", "status", "amount_fen", "reason", "requested_at", "settled_at",
            支付单号="payment__payment_no",
        )  # fmt: skip
    return tables


def still_open(person: Person) -> Sequence[Open]:
    """Refunds of such bills that have not arrived, and those of which WeChat has not been told yet."""
    found: list[Open] = []
    for kind, numbers in _bills(person):
        of_kind = {"bill_kind": kind.name, "bill_no__in": numbers}
        refunds = payment_facts.still_owed().filter(
            payment__order=None, **{f"payment__{name}": said for name, said in of_kind.items()}
        )
        untold = ShippingUpload.objects.filter(order=None, **of_kind, status__in=_UNTOLD)
        if back := tuple(refunds.order_by("id").values_list("refund_no", flat=True)):
            found.append(
                Open(code=f"{kind.name}_refunds", text=f"还有{kind.label}退款尚未到账", numbers=back)
            )
        if silent := tuple(untold.order_by("id").values_list("bill_no", flat=True)):
            text = f"{kind.label}信息正在上传微信"
            found.append(Open(code="shipping", text=text, numbers=silent, settles_itself=True))
    return found


def _bills(person: Person) -> Iterator[tuple[bills.Kind, Sequence[str]]]:
    """Each kind of bill that is no order's, with the numbers of the member's."""
    for kind in bills.KINDS:
        numbers = kind.own_numbers(member_id=person.member_id)
        if numbers is not None:
            yield kind, numbers


ROOM = Room(name="checkout", holdings=(), export=export, still_open=still_open)
