"""The order's page continued: what was refunded of it, and the buttons that refund."""

from __future__ import annotations

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from unfold.decorators import action
from unfold.enums import ActionVariant

from apps.aftersales import planning, selectors, wording
from apps.aftersales import services as aftersales
from apps.aftersales.admin import RefundInline
from apps.aftersales.forms import PartForm, WholeForm
from apps.desk.order_page import OrderAdmin
from apps.orders.models import Order
from apps.orders.states import Status
from mall import money
from mall.errors import ShopError

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

    def usable_buttons(self, order: Order) -> set[str]:
        usable = super().usable_buttons(order)
        if order.status in planning.REFUNDABLE:
            usable.add("refund_part")
        if order.status == Status.PAID and not order.parcels.exists():
            usable.add("refund_whole")
        return usable

    @action(
        description="全额退款",
        url_path="refund",
        permissions=["operate"],
        icon="undo",
        variant=ActionVariant.DANGER,
    )
    def refund_whole(self, request: HttpRequest, object_id: str) -> HttpResponse:
        order = self._order(request, object_id)

        def refund(filled: WholeForm) -> str:
            done = aftersales.refund_unshipped(
                order_no=order.order_no,
                reason=filled.cleaned_data["reason"],
                operator=request.user,
                at=timezone.now(),
            )
            if not done:
                raise aftersales.NotWholeAnyMore("此订单已经退款，无需重复操作")
            return "订单已退款：款项将原路退回，库存、优惠券、积分和储值已退还。"

        form = WholeForm(request.POST if request.method == "POST" else None)
        left_fen = order.payable_fen - order.refunded_fen
        return self._form_page(
            request,
            order,
            form,
            refund,
            title="全额退款",
            warning=f"将退还买家 ¥{money.yuan(left_fen)}，此操作不能撤销。",
        )

    @action(description="退款", url_path="refund-part", permissions=["operate"], icon="currency_exchange")
    def refund_part(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask what to refund, show what that means, and carry it out when that is confirmed."""
        order = self._order(request, object_id)
        if order.status not in planning.REFUNDABLE:
            self.message_user(request, planning.OrderNotRefundable.message, level=messages.ERROR)
            return self._back(order)
        standing = planning.standing_of(order)
        form = PartForm(request.POST if request.method == "POST" else None, standing=standing)
        preview: selectors.Preview | None = None
        step = request.POST.get("step", "")
        if form.is_bound and step != "edit" and form.is_valid():
            try:
                if step == "confirm" and form.cleaned_data["seen"]:
                    return self._refund(request, order, form)
                preview = selectors.preview(standing, form.wish())
            except ShopError as refusal:
                form.add_error(None, refusal.text)
        return self._part_page(request, order, form, preview, editing=step == "edit")

    def _refund(self, request: HttpRequest, order: Order, form: PartForm) -> HttpResponse:
        made = aftersales.refund(
            order_no=order.order_no,
            wish=form.wish(),
            reason=form.cleaned_data["reason"],
            token=str(form.cleaned_data["token"]),
            seen=form.cleaned_data["seen"],
            operator=request.user,
            at=timezone.now(),
        )
        said = f"售后退款 {made.refund_no} 已办理：微信 ¥{money.yuan(made.wechat_fen)} 将原路退回"
        if made.balance_fen:
            said += f"，储值 ¥{money.yuan(made.balance_fen)} 已退回"
        self.message_user(request, f"{said}。", level=messages.SUCCESS)
        if made.coupons_spent:
            warning = f"有 {len(made.coupons_spent)} 张随订单赠送的券已被使用，未能收回，请与买家协商。"
            self.message_user(request, warning, level=messages.WARNING)
        return self._back(order)

    def _part_page(
        self,
        request: HttpRequest,
        order: Order,
        form: PartForm,
        preview: selectors.Preview | None,
        *,
        editing: bool,
    ) -> HttpResponse:
        if editing:
            form.errors.clear()
        context = {
            **self.admin_site.each_context(request),
            "title": f"退款 · {order.order_no}",
            "form": form,
            "order": order,
            "preview": preview,
            "lines": wording.lines(preview) if preview else [],
            "facts": wording.facts(preview, reason=form.cleaned_data["reason"]) if preview else [],
            "typed": _typed(form, seen=preview.plan.fingerprint()) if preview else [],
            "opts": self.opts,
        }
        response = TemplateResponse(request, "admin/orders/refund.html", context)
        patch_cache_control(response, no_store=True, private=True)
        return response


def _typed(form: PartForm, *, seen: str) -> list[tuple[str, str]]:
    """What was filled in, for the hidden fields of the page that asks to confirm."""
    kept = {name: str(form.data.get(name, "")) for name in form.fields if form.data.get(name)}
    return list((kept | {"seen": seen}).items())
