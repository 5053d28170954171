"""Electronic waybills in the admin: accounts with couriers, and the waybills that were asked for."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from unfold.decorators import action

from apps.base.admin import ReadOnlyAdmin, chip, fault_column
from apps.base.asking import AskForm
from apps.base.finding import Number
from apps.fulfillment.models import Waybill, WaybillAccount
from apps.fulfillment.services import waybills
from apps.fulfillment.states import WaybillStatus
from apps.orders.parts import OfOrders

WAYBILL_COLOURS: dict[str, str] = {
    WaybillStatus.ASKED: "warning",
    WaybillStatus.MADE: "success",
    WaybillStatus.REFUSED: "danger",
    WaybillStatus.CANCELLED: "",
}


class FetchAccountsForm(AskForm):
    """A question before the accounts are read from WeChat again."""

    title = "更新面单账号"
    explanation = "从微信物流助手读取已绑定的快递账号、服务和面单余额；已解绑的保留，不再可选。"


@admin.register(WaybillAccount)
class WaybillAccountAdmin(ReadOnlyAdmin):
    """Accounts are bound in WeChat's console (物流助手)."""

    list_display = ["carrier", "service_name", "biz_id", "quota", "bound"]
    list_filter = ["bound"]
    list_select_related = ["carrier"]
    search_fields = ["biz_id", "carrier__name"]
    actions_list = ["fetch"]

    @action(
        description="更新面单账号",
        url_path="fetch",
        permissions=["fulfillment.change_carrier"],
        icon="sync",
    )
    def fetch(self, request: HttpRequest) -> HttpResponse:
        def read(_: FetchAccountsForm) -> str:
            return f"已更新，共 {waybills.fetch_accounts()} 项服务。"

        return self.ask(request, FetchAccountsForm, read, outside=True)


@admin.register(Waybill)
class WaybillAdmin(OfOrders, ReadOnlyAdmin):
    """What was asked for and what came of it; printed and cancelled on the order's page."""

    trouble = fault_column("last_error", "最近错误")
    list_display = ["waybill_no", "order", "account", "state", "tracking_no", "asked_at", "trouble"]
    list_filter = ["status"]
    list_select_related = ["order", "account__carrier"]
    found_by = (
        Number("waybill_no"),
        Number("parcel__tracking_no", ends=True),
        Number("order__order_no", ends=True),
    )
    search_help_text = "面单号、快递单号或订单号"
    fields = [
        *("waybill_no", "order", "account", "state", "tracking_no", "parcel", "operator"),
        *("asked_at", "made_at", "ended_at", "tries", "ask_at", "trouble"),
    ]
    readonly_fields = ["trouble", "state"]

    @admin.display(description="状态", ordering="status")
    def state(self, row: Waybill) -> SafeString:
        return chip(row.get_status_display(), WAYBILL_COLOURS.get(row.status, ""))
