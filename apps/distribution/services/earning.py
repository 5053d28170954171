"""What a payment brings: commissions are written, looked at, and frozen where the goods have arrived already."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.distribution.services import commissions, looking
from apps.orders import services as orders


@transaction.atomic
def earn(*, order_no: str, at: datetime) -> int:
    """Write what a paid order earns and have risk look at it; return how many commissions. Again: nothing.

    The news of a payment may come after that of the receipt: then the after-sales window runs at once.
    """
    written = commissions.accrue(order_no=order_no, at=at)
    if written:
        looking.look(order_no=order_no, at=at)
        if orders.lock(order_no=order_no).received_at is not None:
            commissions.freeze(order_no=order_no, at=at)
    return written
