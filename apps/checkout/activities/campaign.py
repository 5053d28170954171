"""What the kinds that run as campaigns share: their badges on shelf and page, from what each process keeps."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from datetime import datetime

from apps.campaigns import selectors as campaign_facts
from apps.checkout.activities.kind import ActivityKind, Badge


class CampaignKind(ActivityKind):
    """A kind whose campaigns speak for SKUs in their windows (``apps.campaigns``): that is what their badges show."""

    def badges(self, shelved: Mapping[int, frozenset[int]], *, at: datetime) -> Mapping[int, Sequence[Badge]]:
        """No statement while no campaign changes."""
        worn: dict[int, list[Badge]] = {}
        for row in self._shown(at=at):
            if row.product_id in shelved:
                badge = Badge(
                    kind=self.kind,
                    id=self.named(row.activity_id),
                    label=row.label,
                    price_fen=row.price_fen,
                    starts_at=row.starts_at,
                    ends_at=row.ends_at,
                )
                worn.setdefault(row.product_id, []).append(badge)
        return worn

    @staticmethod
    def badge_sign(*, at: datetime) -> Hashable:
        """The rows of all such kinds: they are tuples."""
        return campaign_facts.everything_shown(at=at)

    def named(self, activity_id: str) -> int | str:
        """The id as an order names it: a number, unless the kind says otherwise."""
        return int(activity_id)

    def _shown(self, *, at: datetime) -> tuple[campaign_facts.Shown, ...]:
        return campaign_facts.shown(kind=self.kind, at=at)
