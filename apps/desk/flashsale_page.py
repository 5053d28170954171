"""The page of a flash sale at the desk: it prices a sample of its goods through the same quote as every order."""

from __future__ import annotations

from django.contrib import admin
from django.utils import timezone

from apps.checkout import samples
from apps.checkout.samples import Step
from apps.desk.results_page import ResultsPage
from apps.flashsale import selectors as flash_facts
from apps.flashsale.admin import SessionPage
from apps.flashsale.models import Session

# A long session shows its first goods: the others are priced likewise.
_MOST = 5


@admin.register(Session)
class SessionAdmin(ResultsPage, SessionPage):
    """The sessions, with what a shopper pays."""

    def samples(self, row: Session) -> list[str]:
        """What one unit of each of the first goods costs now, and what does not go with it."""
        goods = flash_facts.of_session(row)[:_MOST]
        return samples.priced(
            kind=self.campaigns.kind,
            label="秒杀价",
            steps=[Step(good.pk, good.sku_id, good.price_fen) for good in goods],
            combines=row.combines,
            at=timezone.now(),
        )
