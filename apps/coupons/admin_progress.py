"""What is under way, for operators: mass issues with their progress, code batches with their export."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import action

from apps.base import audit, sheets
from apps.base.admin import ReadOnlyAdmin
from apps.coupons.forms import StopJobForm
from apps.coupons.models import CodeBatch, IssueJob
from apps.coupons.services import codes
from apps.coupons.services import jobs as issues


@admin.register(IssueJob)
class IssueJobAdmin(ReadOnlyAdmin):
    """Mass issues; reload the page to see them advance."""

    list_display = [
        *("id", "template", "audience", "level", "group", "status", "progress", "issued", "unknown"),
        *("reason", "operator", "created_at", "finished_at"),
    ]
    list_filter = ["status"]
    list_select_related = ["template", "level", "group", "operator"]
    actions_row = ["stop"]
    actions_detail = ["stop"]

    @admin.display(description="进度")
    def progress(self, row: IssueJob) -> str:
        """Members reached of those meant; who was disabled meanwhile is not reached any more."""
        return f"{row.reached:,} / {row.total:,}（{row.reached * 100 // max(row.total, 1)}%）"

    @action(description="停止", permissions=["coupons.change_template"], url_path="stop", icon="stop")
    def stop(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row(request, object_id)

        def stop(form: StopJobForm) -> str:
            issues.stop(job_id=row.pk, at=timezone.now())
            return "已停止，已发放的券不受影响"

        then = reverse("admin:coupons_issuejob_changelist")
        heading = f"{row.template.name} · {self.progress(row)}"
        return self.ask(request, StopJobForm, stop, row=row, heading=heading, then=then)


@admin.register(CodeBatch)
class CodeBatchAdmin(ReadOnlyAdmin):
    """Batches of codes. Whoever exports one is written down: the file is worth money."""

    list_display = ["name", "template", "status", "progress", "expires_at", "operator", "created_at"]
    list_filter = ["status"]
    list_select_related = ["template", "operator"]
    search_fields = ["name"]
    actions_row = ["export"]
    actions_detail = ["export"]

    @admin.display(description="进度")
    def progress(self, row: CodeBatch) -> str:
        return f"{row.made:,} / {row.size:,}"

    @action(
        description="导出 CSV", permissions=["coupons.change_codebatch"], url_path="export", icon="download"
    )
    def export(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        row = self.row(request, object_id)
        audit.record(
            operator=request.user,
            action="导出兑换码",
            subject=f"兑换码批次 {row.pk}",
            note=f"{row.name}，{row.made} 个",
            at=timezone.now(),
        )
        return sheets.download(codes.exported(batch_id=row.pk), name=f"codes-{row.pk}")
