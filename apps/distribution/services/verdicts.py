"""What distribution tells risk: that rewards which waited there for a look were decided here, or are gone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from apps.distribution.models import Commission
from apps.risk import services as risk

KIND: Final = "commission"


def settle(
    decided: Iterable[Commission], *, move: str, operator: Any = None, note: str = "", at: datetime
) -> None:
    """Tell, under the accounts' locks, of commissions that are held no more; what else is held of an order still waits."""
    pairs = {(row.order_no, row.promoter_id, row.promoter.member_id) for row in decided}
    for order_no, promoter_id, member_id in sorted(pairs):
        if not Commission.objects.filter(order_no=order_no, promoter_id=promoter_id, held=True).exists():
            risk.settled(
                kind=KIND,
                subject=order_no,
                member_id=member_id,
                move=move,
                operator=operator,
                note=note,
                at=at,
            )
