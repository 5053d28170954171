"""Several bills of one order and everybody at once: never more back than each payment has, one upload row for each."""

from __future__ import annotations

import pytest

from apps.fulfillment.models import ShippingUpload
from apps.fulfillment.services import uploads
from apps.orders.models import Order
from apps.payments import services as payments
from apps.payments.models import Payment, Refund
from tests.apps.payments import make
from tests.races.together import all_answers

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def in_two_stages() -> Order:
    """An order of thirty yuan, paid in a deposit of ten and a balance of twenty."""
    order = make.order(price_fen=3000)
    for kind, amount_fen in (("deposit", 1000), ("balance", 2000)):
        make.attempt(
            order,
            bill_kind=kind,
            amount_fen=amount_fen,
            captured_fen=amount_fen,
            status="CAPTURED",
            transaction_id=f"4200{kind}",
            captured_at=make.AT,
        )
    return order


def refund(order: Order, cause: str, amount_fen: int) -> str:
    made = payments.refund_order(
        order_id=order.pk, amount_fen=amount_fen, reason="", business_key=cause, at=make.AT
    )
    return "+".join(str(row.amount_fen) for row in made)


def promised() -> list[int]:
    return sorted(sum(row.amount_fen for row in payment.refunds.all()) for payment in Payment.objects.all())


def test_eight_refunds_at_once_never_take_more_than_each_payment_has() -> None:
    order = in_two_stages()
    answers = all_answers([lambda cause=cause: refund(order, cause, 700) for cause in "abcdefgh"])
    # 20.00 give 7.00 twice; the third 7.00 are 6.00 of them and 1.00 of the deposit, the fourth all of that.
    assert answers == {"700": 3, "600+100": 1, "refund_too_much": 4}
    assert promised() == [800, 2000]


def test_one_cause_at_once_is_one_refund_in_two_parts() -> None:
    order = in_two_stages()
    assert all_answers([lambda: refund(order, "refund:RO1", 2500)] * 8) == {"2000+500": 8}
    assert list(Refund.objects.order_by("part").values_list("part", "amount_fen")) == [(1, 2000), (2, 500)]


def test_letters_about_an_orders_parcels_at_once_make_one_row_for_each_bill() -> None:
    order = make.order()
    ShippingUpload.objects.create(order=order)  # as the first parcel leaves it

    def tell(kind: str) -> str:
        return uploads.upload(
            order_no=order.order_no, bill_kind=kind, bill_no=order.order_no, transaction_id=None, at=make.AT
        ).value

    kinds = ["deposit", "balance"] * 4
    assert all_answers([lambda kind=kind: tell(kind) for kind in kinds]) == {"NOT_NEEDED": 8}
    assert sorted(ShippingUpload.objects.values_list("bill_kind", flat=True)) == ["balance", "deposit"]
