"""Plain makers for tests of bargains: a pot at ¥199.00 that ten friends cut to ¥99.00, runs, helps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from apps.bargain import services as bargains
from apps.bargain.drafts import BargainDraft
from apps.bargain.models import Bargain, Help, Run
from apps.catalog.models import Sku
from apps.risk.models import Rule
from tests.apps.checkout import make as counter
from tests.apps.members import make as members

NOW = datetime(2026, 11, 28, 2, 0, tzinfo=UTC)  # ten in the morning in Shanghai
HOUR = timedelta(hours=1)
_codes = count(1)

member = members.member


def pot(*, units: int = 100) -> Sku:
    """A pot at ¥199.00."""
    return counter.goods(199_00, units=units)


def draft(sku: Sku, **said: Any) -> BargainDraft:
    """From now on for ten hours."""
    always: dict[str, Any] = {
        "code": f"POT-{next(_codes)}",
        "title": "陶壶砍到99",
        "sku_id": sku.pk,
        "floor_fen": 99_00,
        "helpers": 10,
        "starts_at": NOW,
        "ends_at": NOW + 10 * HOUR,
    }
    return BargainDraft(**{**always, **said})


def bargain(sku: Sku | None = None, *, approved: bool = True, at: datetime = NOW, **said: Any) -> Bargain:
    """A bargain that is approved."""
    row = bargains.CAMPAIGNS.save(draft(sku or pot(), **said), at=at).row
    if approved:
        bargains.CAMPAIGNS.approve(row, at=at)
        row.refresh_from_db()
    return row


def run(row: Bargain, *, member_id: int | None = None, at: datetime = NOW) -> Run:
    """A member's run of it."""
    return bargains.open_run(
        bargain_id=row.pk, member_id=member().pk if member_id is None else member_id, at=at
    )


def helped(found: Run, *, times: int = 1, at: datetime = NOW) -> Run:
    """The run after so many friends have helped."""
    for _ in range(times):
        bargains.help_run(bargain_no=found.bargain_no, member_id=member().pk, at=at)
    found.refresh_from_db()
    return found


def held(found: Run, *, at: datetime = NOW) -> Help:
    """A help in the run that waits for a look."""
    return Help.objects.create(run=found, member=member(), held=True, reason="一分钟内已有 60 人帮砍", at=at)


def rule(clue: str, threshold: int) -> None:
    """From this figure on a clue holds a help."""
    Rule.objects.update_or_create(clue=clue, defaults={"threshold": threshold, "weight": 60})
