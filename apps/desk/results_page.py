"""What the desk adds to the page of every campaign: a sample priced as the counter would, what came of it, the sheet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from unfold.decorators import action

from apps.base import audit, sheets
from apps.campaigns.campaign_page import CampaignPage, tried_of
from apps.desk import campaign_results

# Nobody compares more campaigns in one sheet.
_MOST = 5_000


class ResultsPage(CampaignPage):
    """A campaign's page at the desk; a kind says what its samples are (``samples``)."""

    actions_list = ["results_sheet"]

    def __init_subclass__(cls) -> None:
        """Make the button for the sheet, for whoever may see this kind."""
        super().__init_subclass__()
        if not hasattr(cls, "table"):
            return
        app, _, name = cls.table.partition(".")

        @action(
            description="导出效果",
            permissions=[f"{app}.view_{name}"],
            url_path="results-sheet",
            icon="download",
        )
        def results_sheet(self: ResultsPage, request: HttpRequest) -> HttpResponseBase:
            return self.exported(request)

        cls.results_sheet = results_sheet

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [*super().get_readonly_fields(request, obj), "sample", "results"]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        first, *others = super().get_fieldsets(request, obj)
        return [first, ("试算与效果", {"fields": ["sample", "results"]}), *others]

    @admin.display(description="试算（最少购买件数，普通会员，不含运费）")
    def sample(self, row: Any) -> SafeString | str:
        if tried := tried_of(row):
            return _in_lines(tried.samples) or "—"
        if row.pk is None:
            return "点「试算」即可预览"
        return _in_lines(self.samples(row)) or "—"

    @admin.display(description="活动效果")
    def results(self, row: Any) -> SafeString | str:
        """What every campaign is asked, then what only this kind can tell."""
        if row.pk is None:
            return "—"
        found = campaign_results.of(self.campaigns, [row])[row.pk]
        return _in_lines([*campaign_results.told(found), *self.came_of(row)])

    def exported(self, request: HttpRequest) -> HttpResponseBase:
        """The figures of all campaigns of this kind, the newest first; who takes them along is written down."""
        rows = list(self.model._default_manager.order_by("-id")[:_MOST])
        at = timezone.now()
        audit.record(
            operator=request.user,
            action="导出活动效果",
            subject=f"{self.campaigns.label}活动",
            note=f"{len(rows)} 个",
            at=at,
        )
        name = f"{self.campaigns.kind.replace('_', '-')}-results"
        return sheets.download(campaign_results.sheet(self.campaigns, rows, at=at), name=name)


def _in_lines(lines: Iterable[str | SafeString]) -> SafeString:
    return format_html_join(mark_safe("<br>"), "{}", ((line,) for line in lines))
