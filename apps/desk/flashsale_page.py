"""The page of a flash sale at the desk: it prices a sample of its goods through the same quote as every order."""

from __future__ import annotations

from django.contrib import admin
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

from apps.checkout import samples
from apps.flashsale import selectors as flash_facts
from apps.flashsale.admin import SessionPage
from apps.flashsale.models import Session

# A long session shows its first goods: the others are priced likewise.
_MOST = 5


@admin.register(Session)
class SessionAdmin(SessionPage):
    """The sessions, with what a shopper pays."""

    readonly_fields = [*SessionPage.readonly_fields, "sample"]
    fieldsets = [
        (None, {"fields": [("title", "code"), "phase", "sentence", "sample", "results"]}),
        *SessionPage.fieldsets[1:],
    ]

    @admin.display(description="试算（一件，普通会员）")
    def sample(self, row: Session) -> SafeString | str:
        """What one unit of each of the first goods costs now, and what does not go with it."""
        if row.pk is None:
            return "保存后显示"
        goods = flash_facts.of_session(row)[:_MOST]
        told = samples.priced(
            kind=flash_facts.KIND,
            label="秒杀价",
            prices_fen={good.pk: (good.sku_id, good.price_fen) for good in goods},
            combines=row.combines,
            at=timezone.now(),
        )
        return format_html_join(mark_safe("<br>"), "{}", ((line,) for line in told))
