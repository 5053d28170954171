"""Group-buys for operators: what is offered and what came of it, the groups and who sits in them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import action

from apps.base.admin import ReadOnlyAdmin, ReadOnlyTabular, chip, link, with_way
from apps.base.asking import operator
from apps.base.finding import Number
from apps.campaigns.campaign_page import CampaignPage
from apps.campaigns.forms import COMMON
from apps.groupbuy import forms, inputs, results, wording
from apps.groupbuy import selectors as group_facts
from apps.groupbuy import services as groupbuy
from apps.groupbuy import terms as group_terms
from apps.groupbuy.models import Group, GroupBuy, Seat
from apps.groupbuy.states import GroupStatus
from mall.money import priced

_COLOURS = {GroupStatus.OPEN: "info", GroupStatus.FORMED: "success", GroupStatus.FAILED: "danger"}


class GroupBuyPage(CampaignPage):
    """What is offered to several together. The desk registers it, because only the counter can price a basket."""

    table = "groupbuy.groupbuy"
    campaigns = groupbuy.CAMPAIGNS

    form = forms.GroupBuyForm
    list_display = ["title", "code", "product", "phase", "starts_at", "ends_at", "groups_shown"]
    list_select_related = ["product"]
    search_fields = ["title", "code", "product__title"]
    fieldsets = [
        (None, {"fields": ["sentence", "phase"]}),
        ("活动", {"fields": [*COMMON]}),
        ("价格", {"fields": ["people", "ladder"]}),
        ("规则", {"fields": [*forms.LIMITS]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[GroupBuy]:
        rows: QuerySet[GroupBuy] = super().get_queryset(request)
        return results.with_groups(rows)

    def rule(self, row: GroupBuy) -> str:
        return wording.rule(row, group_terms.of_campaign(row))

    # For who may only look: the form shows its fields under these names.

    @admin.display(description="成团人数")
    def people(self, row: GroupBuy) -> str:
        return inputs.write_sizes(group_terms.of_campaign(row).sizes)

    @admin.display(description="拼团价（元）")
    def ladder(self, row: GroupBuy) -> str:
        return inputs.write_prices(group_terms.of_campaign(row), group_facts.codes_of(row))

    @admin.display(description="成团 / 开团")
    def groups_shown(self, row: Any) -> str:
        return f"{row.groups_formed:,} / {row.groups_opened:,}"

    def came_of(self, row: GroupBuy) -> list[str]:
        """Its groups, with the way to them."""
        told = results.told(results.of(row))
        return [with_way(told, "groupbuy_group", group_buy__id__exact=row.pk)]


class SeatInline(ReadOnlyTabular):
    """Who sits in it, each with the order that has the seat."""

    model = Seat
    verbose_name_plural = "团员"
    fields = ["member", "lead", "status", "order_shown", "order_status", "payable", "held_at", "paid_at"]
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Seat]:
        rows: QuerySet[Seat] = super().get_queryset(request)
        return rows.select_related("member", "order", "group")

    @admin.display(description="团长")
    def lead(self, row: Seat) -> str:
        return "团长" if row.group and row.group.leader_id == row.member_id else "—"

    @admin.display(description="订单")
    def order_shown(self, row: Seat) -> SafeString:
        return link(reverse("admin:orders_order_change", args=[row.order_id]), row.order.order_no)

    @admin.display(description="订单状态")
    def order_status(self, row: Seat) -> str:
        return str(row.order.get_status_display())

    @admin.display(description="应付 / 已退")
    def payable(self, row: Seat) -> str:
        return f"{priced(row.order.payable_fen)} / {priced(row.order.refunded_fen)}"


@admin.register(Group)
class GroupAdmin(ReadOnlyAdmin):
    """Groups, the newest first, with who is in them. What goes wrong has a button; nobody is ever made up."""

    list_display = ["group_no", "group_buy", "state", "people", "leader", "opened_at", "ends_at"]
    list_filter = ["status", "opened_at"]
    linked_by = ["group_buy__id__exact"]
    list_select_related = ["group_buy", "leader"]
    found_by = (Number("group_no"), Number("seats__order__order_no", ends=True))
    search_help_text = "团号或订单号"
    fields = [
        ("group_no", "group_buy", "state"),
        ("people", "held", "leader"),
        ("opened_at", "ends_at"),
        ("formed_at", "failed_at", "settled_at"),
        "price",
    ]
    readonly_fields = ["state", "people", "price"]
    inlines = [SeatInline]
    actions_detail = ["end_now"]

    def usable(self, row: Group) -> list[str]:
        return ["end_now"] if row.status == GroupStatus.OPEN else []

    @admin.display(description="状态", ordering="status")
    def state(self, row: Group) -> SafeString:
        status = GroupStatus(row.status)
        return chip(status.label, _COLOURS[status])

    @admin.display(description="人数")
    def people(self, row: Group) -> str:
        most = f"，最多 {row.largest} 人" if row.largest > row.size else ""
        return f"{row.joined} / {row.size} 人{most}"

    @admin.display(description="本团价格")
    def price(self, row: Group) -> str:
        kept = group_terms.Terms.read(row.kept_terms)
        told = "，".join(
            f"{size} 人 {priced(min(kept.prices_fen(people=size).values()))}" for size in kept.sizes
        )
        if row.status != GroupStatus.FORMED:
            return told
        return f"{told}；已达到 {kept.reached(row.joined)} 人价"

    @action(
        description=forms.EndForm.title,
        permissions=["groupbuy.end_group"],
        url_path="end-now",
        icon="block",
    )
    def end_now(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Group = self.row(request, object_id)

        def end(form: forms.EndForm) -> str:
            groupbuy.end_now(
                group_no=row.group_no,
                reason=form.cleaned_data["reason"],
                operator=operator(request),
                at=timezone.now(),
            )
            return "已结束，已付款的团员将自动退款"

        heading = f"{row.group_no} · {GroupStatus(row.status).label}"
        return self.ask(
            request, forms.EndForm, end, row=row, heading=heading, facts=[("人数", self.people(row))]
        )
