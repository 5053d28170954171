"""What is true of a bargain when its member is told that friends have cut all there is."""

from __future__ import annotations

from datetime import datetime

from apps.bargain.models import Run
from apps.bargain.states import RunStatus
from apps.messaging.board import Facts


def at_floor(*, subject: str, member_id: int, at: datetime) -> Facts | None:
    """The run by its number, as long as it is open, at its floor and in time; worth telling until it ends."""
    run = (
        Run.objects.select_related("bargain__sku__product")
        .filter(bargain_no=subject, member_id=member_id, status=RunStatus.OPEN, ends_at__gt=at)
        .first()
    )
    if run is None or run.start_fen - run.cut_fen > run.floor_fen:
        return None
    return Facts(
        values={
            "bargain_no": subject,
            "product": run.bargain.sku.product.title,
            "price": run.floor_fen,
            "ends_at": run.ends_at,
        },
        until=run.ends_at,
    )
