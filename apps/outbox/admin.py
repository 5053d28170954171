"""The post room for operators: what was announced, who got it, and what has to be delivered again."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from apps.base.admin import ReadOnlyAdmin, ReadOnlyTabular, chip, fault_column, for_chosen
from apps.outbox import services as outbox
from apps.outbox.models import Announcement, Delivery
from apps.outbox.states import DeliveryStatus

_COLOURS: dict[str, str] = {
    DeliveryStatus.WAITING: "warning",
    DeliveryStatus.DONE: "success",
    DeliveryStatus.DEAD: "danger",
}


def _status(row: Delivery) -> SafeString:
    return chip(row.get_status_display(), _COLOURS[row.status])


class DeliveryInline(ReadOnlyTabular):
    model = Delivery
    trouble = fault_column("last_error", "最近错误")
    fields = ["listener", "state", "attempts", "due_at", "done_at", "trouble"]
    readonly_fields = fields

    @admin.display(description="状态")
    def state(self, row: Delivery) -> SafeString:
        return _status(row)


@admin.register(Announcement)
class AnnouncementAdmin(ReadOnlyAdmin):
    """What happened, newest first. What stays without 分拣时间 is news that no running worker knows."""

    list_display = ["id", "kind", "announced_at", "sorted_at"]
    list_filter = ["kind", ("sorted_at", admin.EmptyFieldListFilter)]
    inlines = [DeliveryInline]


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """Each event on its way to each listener."""

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
