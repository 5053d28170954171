"""What fulfillment says on the page of an order: parcels and what WeChat was told of them; sending, and putting right."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from unfold.enums import ActionVariant

from apps.base import audit
from apps.base.admin import fault_column, link
from apps.base.asking import AskForm, Asking, operator
from apps.base.parts import Button, Door, Part, Parted
from apps.fulfillment import printing, wave
from apps.fulfillment.admin import upload_shown
from apps.fulfillment.models import Parcel, ShippingUpload
from apps.fulfillment.services import addresses, parcels
from apps.fulfillment.ship_form import AddressForm, CorrectForm, ShipForm
from apps.fulfillment.states import UploadStatus
from apps.fulfillment.waybill_page import WAYBILLS as WAYBILLS
from apps.orders import versions
from apps.orders.models import AddressChange, Order
from apps.orders.parts import OrderPart, address_facts, masked_address
from apps.orders.states import Status


class ParcelInline(OrderPart):
    """What was sent. A number is put right here while WeChat still takes a correction."""

    model = Parcel
    verbose_name_plural = "包裹"
    fields = ["parcel_no", "carrier", "tracking_no", "content", "shipped_at", "operator", "correct"]
    readonly_fields = fields

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        """Without the link for who may not use it, or where the order is past correction."""
        usable = request.user.has_perm("orders.change_order") and (
            getattr(obj, "status", None) in (Status.PAID, Status.SHIPPED)
        )
        return [name for name in self.fields if usable or name != "correct"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Parcel]:
        rows: QuerySet[Parcel] = super().get_queryset(request)
        return rows.select_related("carrier", "operator").prefetch_related("lines__order_line")

    @admin.display(description="内容")
    def content(self, row: Parcel) -> SafeString:
        lines = ((line.order_line.title, line.quantity) for line in row.lines.all())
        return format_html_join(mark_safe("<br>"), "{} × {}", lines)

    @admin.display(description="更正")
    def correct(self, row: Parcel) -> SafeString:
        return link(reverse("admin:orders_order_correct", args=[row.order_id, row.parcel_no]), "修改单号")


class UploadInline(OrderPart):
    """What WeChat was told, and what it answered."""

    model = ShippingUpload
    verbose_name_plural = "微信发货信息"
    trouble = fault_column("last_error", "最近错误")
    fields = [
        *("state", "uploaded_parcels", "uploaded_at", "verified_at", "wechat_state"),
        *("settles_at", "confirmed_at", "settled_at", "trouble"),
    ]
    readonly_fields = fields

    @admin.display(description="状态")
    def state(self, row: ShippingUpload) -> SafeString:
        return upload_shown(row)


class AddressChangeInline(OrderPart):
    """What the address was before it was put right, as much of it as the page itself shows."""

    model = AddressChange
    verbose_name_plural = "收货信息修改"
    fields = ["at", "was", "became", "reason", "operator"]
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[AddressChange]:
        rows: QuerySet[AddressChange] = super().get_queryset(request)
        return rows.select_related("operator")

    @admin.display(description="原收货信息")
    def was(self, row: AddressChange) -> str:
        return masked_address(row.before)

    @admin.display(description="新收货信息")
    def became(self, row: AddressChange) -> str:
        return masked_address(row.after)


class UploadAgainForm(AskForm):
    """A question before an order's parcels are told to WeChat again."""

    title = "重新上传发货信息"
    explanation = "将把此订单的全部发货信息重新上传微信。"


def _ship(page: Asking, request: HttpRequest, order: Order) -> HttpResponse:
    if why := parcels.why_not(order):
        refused = parcels.NothingTravels if order.virtual else why
        page.message_user(request, refused.message, level=messages.ERROR)
        return redirect(page.page_of(order))

    def send(filled: ShipForm) -> str:
        parcel = parcels.ship(
            order_no=order.order_no,
            carrier_code=filled.cleaned_data["carrier"].code,
            tracking_no=filled.cleaned_data["tracking_no"],
            quantities=filled.quantities(),
            seen=seen,
            operator=operator(request),
            at=timezone.now(),
        )
        return f"包裹 {parcel.parcel_no} 已发出，发货信息将自动上传微信。"

    # A page that was opened before the address was put right would send the parcel to the old one, and one from before
    # other goods took a line's place would send the wrong ones.
    seen = versions.of(order)
    told = page.told_before(order) if isinstance(page, Parted) else []
    told.append(("收货信息", " ".join(value for _, value in address_facts(order))))
    if order.remark:
        told.append(("买家留言", order.remark))
    asked = partial(ShipForm, lines=list(order.lines.all()), left=parcels.units_left(order))
    shown = page.ask(
        request,
        asked,
        send,
        row=order,
        heading=order.order_no,
        facts=told,
        seen=seen,
    )
    # However the page came to be shown: a form that comes back with a mistake shows name, phone and address as well.
    _note_look(request, order, shown, action="发货页查看收货信息")
    return shown


def _note_look(request: HttpRequest, order: Order, shown: HttpResponse, *, action: str) -> None:
    """Write down who was shown a whole address."""
    if shown.status_code != HTTPStatus.FOUND:
        audit.record(
            operator=operator(request), action=action, subject=order.order_no, at=timezone.now(), row=order
        )


def _correct_address(page: Asking, request: HttpRequest, order: Order) -> HttpResponse:
    """Show and take another address; who left the shop is not shown any more."""
    if order.member.erased_at:
        raise PermissionDenied

    def put_right(filled: AddressForm) -> str:
        addresses.correct(
            order_no=order.order_no,
            address=filled.address(),
            reason=filled.cleaned_data["reason"],
            operator=operator(request),
            at=timezone.now(),
        )
        return "收货信息已修改。"

    now = {part: order.address.get(part, "") for part in AddressForm.base_fields}
    shown = page.ask(request, AddressForm, put_right, row=order, heading=order.order_no, initial=now)
    _note_look(request, order, shown, action="修改页查看收货信息")
    return shown


def _correct(page: Asking, request: HttpRequest, order: Order, *, parcel_no: str) -> HttpResponse:
    """Show and take the correction of a parcel's number."""
    parcel = Parcel.objects.filter(order=order, parcel_no=parcel_no).select_related("carrier").first()
    if parcel is None:
        raise Http404

    def put_right(filled: CorrectForm) -> str:
        parcels.correct(
            parcel_no=parcel_no,
            carrier_code=filled.cleaned_data["carrier"].code,
            tracking_no=filled.cleaned_data["tracking_no"],
            operator=operator(request),
            at=timezone.now(),
        )
        return "快递单号已修改，将重新上传微信（每笔支付微信只允许更正一次）。"

    now = {"carrier": parcel.carrier.code, "tracking_no": parcel.tracking_no}
    heading = f"{order.order_no} · 包裹 {parcel_no}"
    return page.ask(request, CorrectForm, put_right, row=order, heading=heading, initial=now)


def _upload_again(page: Asking, request: HttpRequest, order: Order) -> HttpResponse:
    def ask(_: UploadAgainForm) -> str:
        parcels.upload_again(order_no=order.order_no, at=timezone.now())
        return "已排队，稍后自动上传。"

    return page.ask(request, UploadAgainForm, ask, row=order, heading=order.order_no)


def pick_list(request: HttpRequest, chosen: QuerySet[Order]) -> HttpResponse:
    """The pick list of the chosen orders that can be sent, as PDF. Raises WaveTooLarge, NothingToPick."""
    slips = wave.slips(_keys(chosen))
    return _pdf(printing.pick_list(wave.picked(slips), slips, at=timezone.now()), name="pick-list")


def packing_slips(request: HttpRequest, chosen: QuerySet[Order]) -> HttpResponse:
    """The packing slips of the chosen orders that can be sent, as PDF; who printed addresses is written down.

    Raises WaveTooLarge, NothingToPick.
    """
    slips, at = wave.slips(_keys(chosen)), timezone.now()
    rows = {order.order_no: order for order in chosen}
    for slip in slips:
        order = rows[slip.order_no]
        audit.record(operator=operator(request), action="打印装箱单", subject=slip.order_no, at=at, row=order)
    return _pdf(printing.packing_slips(slips, at=at), name="packing-slips")


def _keys(chosen: QuerySet[Order]) -> list[int]:
    """The chosen orders' keys, at most one more than are printed."""
    return list(chosen.order_by("pk").values_list("pk", flat=True)[: wave.MOST_ORDERS + 1])


def _pdf(content: bytes, *, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    patch_cache_control(response, no_store=True, private=True)
    return response


def _waits(order: Order) -> bool:
    return parcels.why_not(order) is None


def _refused(order: Order) -> bool:
    return ShippingUpload.objects.filter(order=order, status=UploadStatus.FAILED).exists()


SENDING: Final = Part(
    room="fulfillment",
    buttons=[
        Button(
            name="ship",
            title="发货",
            path="ship",
            needs="orders.change_order",
            icon="local_shipping",
            variant=ActionVariant.PRIMARY,
            press=_ship,
            usable=_waits,
        ),
        Button(
            name="correct_address",
            title="修改收货信息",
            path="address",
            needs="orders.change_order",
            icon="edit_location",
            press=_correct_address,
            usable=addresses.is_correctable,
        ),
    ],
    inlines=[AddressChangeInline],
)
PARCELS: Final = Part(
    room="fulfillment",
    inlines=[ParcelInline, UploadInline],
    buttons=[
        Button(
            name="upload_again",
            title="重新上传发货信息",
            path="upload",
            needs="orders.change_order",
            icon="cloud_upload",
            press=_upload_again,
            usable=_refused,
        )
    ],
    doors=[
        Door(
            name="correct",
            path="parcels/<str:parcel_no>/correct/",
            needs="orders.change_order",
            enter=_correct,
        )
    ],
)
