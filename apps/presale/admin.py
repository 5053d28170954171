"""Pre-sales for operators: each one's rule in a sentence, the orders that wait, goods that arrive, reports to WeChat."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import action

from apps.base import days, fault_words
from apps.base.admin import ReadOnlyAdmin, chip, fault_column, link, with_way
from apps.base.asking import Done, operator
from apps.base.finding import Number
from apps.campaigns.campaign_page import CampaignPage
from apps.campaigns.forms import COMMON
from apps.orders.parts import OfOrders
from apps.orders.states import Status
from apps.presale import forms, inputs
from apps.presale import selectors as presale_facts
from apps.presale import services as presales
from apps.presale.models import Presale, Report, Reservation
from apps.presale.states import PlanStatus, ReportStatus
from mall.money import priced

_PLAN_COLOURS = {PlanStatus.PLANNED: "warning", PlanStatus.ARRIVED: "success"}
_REPORT_COLOURS = {
    ReportStatus.WAITING: "warning",
    ReportStatus.DONE: "success",
    ReportStatus.FAILED: "danger",
}


class PresalePage(CampaignPage):
    """The campaigns, newest first. The desk registers it, where a sample can be priced."""

    table = "presale.presale"
    campaigns = presales.CAMPAIGNS

    form = forms.PresaleForm
    list_display = ["title", "phase", "goods_shown", "starts_at", "ends_at", "ships_by", "orders_counted"]
    readonly_fields = ["sentence", "phase", "arrived_at"]
    actions_detail = [*CampaignPage.actions_detail, "arrive"]
    fieldsets = [
        (None, {"fields": ["sentence", "phase"]}),
        ("活动", {"fields": [*COMMON]}),
        ("商品与价格", {"fields": ["plan", ("deposit_fen", "deposit_worth_fen"), "deposit_refundable"]}),
        ("尾款与发货", {"fields": [("balance_from", "balance_until"), "ships_by", "arrived_at"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Presale]:
        rows: QuerySet[Presale] = super().get_queryset(request)
        paid = Q(reservations__order__paid_at__isnull=False)
        return rows.prefetch_related("goods__sku__product").annotate(
            ordered=Count("reservations"),
            reserved=Count("reservations", filter=Q(reservations__order__status=Status.RESERVED)),
            paid=Count("reservations", filter=paid),
        )

    def usable(self, row: Presale) -> list[str]:
        return [*super().usable(row), "arrive"]

    def rule(self, row: Presale) -> str:
        cheapest = min((good.price_fen for good in row.goods.all()), default=0)
        until = f"，{_minute(row.ships_by)} 前发货"
        if row.deposit_fen is None or row.balance_until is None:
            return f"全款预售 {priced(cheapest)} 起{until}"
        worth = ""
        if row.growth_fen and row.deposit_worth_fen is not None:
            worth = f"（抵 {priced(row.deposit_worth_fen)}）"
        kept = "退还定金" if row.deposit_refundable else "定金不退"
        return (
            f"预售价 {priced(cheapest)} 起，每件定金 {priced(row.deposit_fen)}{worth}，"
            f"{_minute(row.balance_from)} 至 {_minute(row.balance_until)} 付尾款，逾期未付{kept}{until}"
        )

    @admin.display(description="商品与计划")
    def plan(self, row: Presale) -> str:
        """The goods, for those who may only look; the form has a field of this name."""
        return "；".join(inputs.write_goods(presales.CAMPAIGNS.draft_of(row).goods).splitlines()) or "—"

    def came_of(self, row: Any) -> list[str]:
        """Whose balances are still to come, with the way to its orders."""
        return [with_way(self.waiting(row), "presale_reservation", presale__id__exact=row.pk)]

    @admin.display(description="商品")
    def goods_shown(self, row: Presale) -> str:
        """One product's; how many SKUs of it, where there are several."""
        goods = list(row.goods.all())
        more = f"（{len(goods)} 个规格）" if len(goods) > 1 else ""
        return f"{goods[0].sku.product.title}{more}" if goods else "—"

    @admin.display(description="下单 / 待付尾款 / 付清")
    def orders_counted(self, row: Any) -> str:
        return f"{row.ordered:,} / {row.reserved:,} / {row.paid:,}"

    def waiting(self, row: Any) -> str:
        return f"下单 {row.ordered:,}，待付尾款 {row.reserved:,}，已付清 {row.paid:,}"

    @action(
        description=forms.ArriveForm.title,
        permissions=["presale.arrive_presale"],
        url_path="arrive",
        icon="inventory",
    )
    def arrive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Receive goods and hold them for the orders that wait."""
        row: Presale = self.row(request, object_id)
        wanted = presale_facts.wanted_of(row.pk)

        def arrive(asked: forms.ArriveForm) -> Done:
            done = presales.arrive(
                presale_id=row.pk,
                place_id=asked.cleaned_data["place"].pk,
                units=asked.cleaned_data["units"],
                token=asked.cleaned_data["token"].hex,
                operator=operator(request),
                at=timezone.now(),
            )
            warning = f"还有 {done.waiting} 单因数量不足未配到，入库后自动配货" if done.waiting else ""
            return Done(f"已到货，{done.given} 单已配货", warning=warning)

        facts = [("待到货", inputs.write_arrived(wanted) or "没有等待到货的订单"), ("规则", self.rule(row))]
        return self.ask(
            request,
            forms.ArriveForm,
            arrive,
            row=row,
            heading=str(row),
            facts=facts,
            initial={"units": inputs.write_arrived(wanted)},
        )


@admin.register(Reservation)
class ReservationAdmin(OfOrders, ReadOnlyAdmin):
    """The orders of pre-sales: who paid what, and whose goods are here."""

    list_display = [
        "order",
        "member",
        "presale",
        "order_status",
        "payable",
        "balance_until",
        "goods",
        "arrived_at",
    ]
    list_filter = ["status", "order__status", "presale"]
    linked_by = ["presale__id__exact"]
    list_select_related = ["order__member", "presale"]
    found_by = (Number("order__order_no", ends=True), Number("order__member__public_id"))
    search_help_text = "订单号或会员编号"
    fields = [
        ("order_shown", "member", "presale"),
        ("order_status", "payable"),
        ("balance_until", "goods", "arrived_at"),
    ]
    readonly_fields = ["order_shown", "member", "order_status", "payable", "goods"]

    @admin.display(description="订单", ordering="order")
    def order_shown(self, row: Reservation) -> SafeString:
        return link(reverse("admin:orders_order_change", args=[row.order_id]), row.order.order_no)

    @admin.display(description="会员")
    def member(self, row: Reservation) -> str:
        return str(row.order.member)

    @admin.display(description="订单状态", ordering="order__status")
    def order_status(self, row: Reservation) -> str:
        return str(Status(row.order.status).label)

    @admin.display(description="应付", ordering="order__payable_fen")
    def payable(self, row: Reservation) -> str:
        return priced(row.order.payable_fen)

    @admin.display(description="到货", ordering="status")
    def goods(self, row: Reservation) -> SafeString:
        status = PlanStatus(row.status)
        return chip(status.label, _PLAN_COLOURS.get(status, ""))


@admin.register(Report)
class ReportAdmin(OfOrders, ReadOnlyAdmin):
    """What WeChat was told of payments whose goods leave late; what it refused has a button."""

    trouble = fault_column("last_error", "最近错误")
    list_display = ["order", "transaction_id", "delay_to", "state", "reported_at", "trouble"]
    list_filter = ["status"]
    list_select_related = ["order"]
    found_by = (Number("order__order_no", ends=True), Number("transaction_id"))
    search_help_text = "订单号或微信支付单号"
    fields = [("order", "transaction_id"), ("delay_to", "state", "reported_at"), "trouble"]
    readonly_fields = ["trouble", "state"]
    actions_detail = ["report_again"]

    def usable(self, row: Report) -> list[str]:
        """Only what WeChat refused is reported again."""
        return ["report_again"] if row.status == ReportStatus.FAILED else []

    @admin.display(description="状态", ordering="status")
    def state(self, row: Report) -> SafeString:
        status = ReportStatus(row.status)
        return chip(status.label, _REPORT_COLOURS[status])

    @action(
        description=forms.ReportAgainForm.title,
        permissions=["presale.change_report"],
        url_path="report-again",
        icon="refresh",
    )
    def report_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Tell WeChat once more."""
        row: Report = self.row(request, object_id)

        def again(_: forms.ReportAgainForm) -> str:
            presales.report_again(report_id=row.pk, at=timezone.now())
            return "已排队，稍后自动报备。"

        facts = [("微信的答复", fault_words.told(row.last_error)), ("报备发货时间", _minute(row.delay_to))]
        return self.ask(request, forms.ReportAgainForm, again, row=row, heading=str(row), facts=facts)


def _minute(moment: datetime | None) -> str:
    return days.minute(moment, at=timezone.now()) if moment else "—"
