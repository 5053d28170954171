"""What a shopper answers to a delay: to wait, to take other goods, or to have the money of what has not left back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from apps.aftersales import planning
from apps.aftersales.planning import Wish
from apps.aftersales.services import refunding, swapping
from apps.deadlines.models import Delay
from apps.deadlines.services import delaying
from apps.deadlines.states import DelayChoice
from apps.members.models import Member
from apps.orders import selectors as order_facts
from apps.orders import services as orders


def answer_delay(
    *,
    member: Member,
    order_no: str,
    choice: DelayChoice,
    swaps: Mapping[int, int] | None = None,
    at: datetime,
) -> Delay:
    """Take the member's answer to the open delay of an order; the same answer again is the same answer.

    One transaction, the order's lock first: with ``refund`` all units that have not left are refunded by the services
    of every refund, under a token that makes it once. It is the shop that cannot keep its word, so nobody has to agree,
    whatever the amount. With ``swap`` the order's lines become those of ``swaps``, SKU ids by line id. Raises NotFound for
    another's order, DelayNotOpen, SwapsInvalid, and what refunding and swapping raise; then nothing is changed.
    """
    order_facts.of_member(member=member, order_no=order_no)
    with transaction.atomic():
        order = orders.lock(order_no=order_no)
        row, is_new = delaying.answer(order=order, choice=choice, swaps=swaps, at=at)
        if is_new and choice == DelayChoice.REFUND:
            standing = planning.standing_of(order)
            # With the last of an order all postage goes back as well, if no parcel has left.
            wish = Wish(units=standing.to_send)
            made = refunding.refund(
                order_no=order_no,
                wish=wish,
                reason=f"无法按时发货（{row.get_reason_display()}），买家选择退款",
                token=f"delay:{row.pk}",
                approved=True,
                operator=None,
                at=at,
            )
            row = delaying.note_refund(row=row, refund_no=made.refund_no)
        elif is_new and choice == DelayChoice.SWAP:
            swapping.carry_out(order=order, row=row, swaps=swaps or {}, at=at)
    return row
