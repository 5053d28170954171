"""The order's page continued: what was refunded of it, and the buttons that refund."""

from __future__ import annotations

from functools import partial

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from unfold.decorators import action
from unfold.enums import ActionVariant

from apps.aftersales import planning, selectors, wording
from apps.aftersales import services as aftersales
from apps.aftersales.admin import RefundInline
from apps.aftersales.forms import PartForm, WholeForm
from apps.base.asking import Done, Preview, operator
from apps.desk.order_page import OrderAdmin
from apps.orders.models import Order
from apps.orders.states import Status
from mall import money

# The counter knows no after-sales; its page of an order is continued here, where both are known.
admin.site.unregister(Order)


@admin.register(Order)
class RefundableOrderAdmin(OrderAdmin):
    """An order's page with what was refunded of it, and the buttons that refund."""

    inlines = [*OrderAdmin.inlines[:2], RefundInline, *OrderAdmin.inlines[2:]]
    actions_detail = [
        *OrderAdmin.actions_detail[:2],
        "refund_part",
        "refund_whole",
        *OrderAdmin.actions_detail[2:],
    ]

    def usable(self, row: Order) -> set[str]:
        usable = super().usable(row)
        if row.status in planning.REFUNDABLE:
            usable.add("refund_part")
        if row.status == Status.PAID and not row.parcels.exists():
            usable.add("refund_whole")
        return usable

    @action(
        description="全额退款",
        url_path="refund",
        permissions=["orders.change_order"],
        icon="undo",
        variant=ActionVariant.DANGER,
    )
    def refund_whole(self, request: HttpRequest, object_id: str) -> HttpResponse:
        order: Order = self.row(request, object_id)

        def refund(filled: WholeForm) -> str:
            done = aftersales.refund_unshipped(
                order_no=order.order_no,
                reason=filled.cleaned_data["reason"],
                operator=operator(request),
                at=timezone.now(),
            )
            if not done:
                raise aftersales.NotWholeAnyMore("此订单已经退款，无需重复操作")
            return "订单已退款：款项将原路退回，库存、优惠券、积分和储值已退还。"

        left_fen = order.payable_fen - order.refunded_fen
        return self.ask(
            request,
            WholeForm,
            refund,
            row=order,
            heading=f"{order.order_no} · 将退还买家 ¥{money.yuan(left_fen)}，此操作不能撤销。",
        )

    @action(
        description="退款",
        url_path="refund-part",
        permissions=["orders.change_order"],
        icon="currency_exchange",
    )
    def refund_part(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask what to refund, show what that means, and carry it out when that is confirmed."""
        order: Order = self.row(request, object_id)
        if order.status not in planning.REFUNDABLE:
            self.message_user(request, planning.OrderNotRefundable.message, level=messages.ERROR)
            return redirect(self.page_of(order))
        standing = planning.standing_of(order)

        def shown(form: PartForm) -> Preview:
            found = selectors.preview(standing, form.wish())
            return Preview(
                facts=wording.facts(found, reason=form.cleaned_data["reason"]),
                seen=found.plan.fingerprint(),
                context={"lines": wording.lines(found)},
            )

        def refund(form: PartForm) -> Done:
            made = aftersales.refund(
                order_no=order.order_no,
                wish=form.wish(),
                reason=form.cleaned_data["reason"],
                token=str(form.cleaned_data["token"]),
                seen=form.cleaned_data["seen"],
                operator=operator(request),
                at=timezone.now(),
            )
            told = f"售后退款 {made.refund_no} 已办理：微信 ¥{money.yuan(made.wechat_fen)} 将原路退回"
            if made.balance_fen:
                told += f"，储值 ¥{money.yuan(made.balance_fen)} 已退回"
            spent = len(made.coupons_spent)
            warning = f"有 {spent} 张随订单赠送的券已被使用，未能收回，请与买家协商。" if spent else ""
            return Done(f"{told}。", warning=warning)

        return self.ask(
            request,
            partial(PartForm, standing=standing),
            refund,
            row=order,
            heading=order.order_no,
            preview=shown,
            template="admin/orders/refund.html",
        )
