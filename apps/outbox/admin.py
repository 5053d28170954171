"""The post room for operators: what was announced, who got it, and what has to be delivered again."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from apps.base.admin import ReadOnlyAdmin, ReadOnlyTabular, chip, fault_column, for_chosen
from apps.base.admin_lists import CappedPaginator
from apps.outbox import selectors as outbox_facts
from apps.outbox import services as outbox
from apps.outbox.models import Announcement, Delivery
from apps.outbox.states import DeliveryStatus
from mall import text as texts

_COLOURS: dict[str, str] = {
    DeliveryStatus.WAITING: "warning",
    DeliveryStatus.DONE: "success",
    DeliveryStatus.DEAD: "danger",
}


def _status(row: Delivery) -> SafeString:
    return chip(row.get_status_display(), _COLOURS[row.status])


class SearchedByContent(ReadOnlyAdmin):
    """A list that is searched by the numbers that its news tells of, among the newest of it."""

    search_help_text = f"单号或事件编号；单号在最近 {outbox_facts.SEARCHED // 10_000} 万个事件里查找"
    # How a row of the list leads to its announcement, and to what this tells.
    told_in = "pk"
    search_fields = ("payload",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Search for what was typed in its one form."""
        if asked := texts.searched(search_term):
            # One more than are counted: a search that finds more says so.
            found = outbox_facts.telling_of(asked, most=CappedPaginator.most + 1)
            queryset = queryset.filter(**{f"{self.told_in}__in": found})
        return queryset, False


class DeliveryInline(ReadOnlyTabular):
    model = Delivery
    trouble = fault_column("last_error", "最近错误")
    fields = ["listener", "state", "attempts", "due_at", "done_at", "trouble"]
    readonly_fields = fields

    @admin.display(description="状态")
    def state(self, row: Delivery) -> SafeString:
        return _status(row)


@admin.register(Announcement)
class AnnouncementAdmin(SearchedByContent):
    """What happened, newest first. What stays without 分拣时间 is news that no running worker knows."""

    list_display = ["id", "kind", "announced_at", "sorted_at"]
    list_filter = ["kind", ("sorted_at", admin.EmptyFieldListFilter)]
    inlines = [DeliveryInline]


@admin.register(Delivery)
class DeliveryAdmin(SearchedByContent):
    """Each event on its way to each listener."""

    told_in = "announcement"
    search_fields = ("announcement__payload",)

    trouble = fault_column("last_error", "最近错误")
    readonly_fields = ["trouble"]
    list_display = ["id", "announcement", "listener", "state", "attempts", "due_at", "trouble"]
    list_filter = ["status", "listener"]
    list_select_related = ["announcement"]
    actions = ["deliver_again"]

    @admin.display(description="状态", ordering="status")
    def state(self, row: Delivery) -> SafeString:
        return _status(row)

    @for_chosen(description="重新投递（仅限已停止重试的）", permission="outbox.change_delivery")
    def deliver_again(self, request: HttpRequest, chosen: QuerySet[Delivery]) -> None:
        at = timezone.now()
        dead = chosen.filter(status=DeliveryStatus.DEAD)
        count = 0
        for delivery in dead:
            outbox.redeliver(delivery_id=delivery.pk, at=at)
            count += 1
        self.message_user(request, f"已重新排队 {count} 条投递。")
