"""A shop's counter: what is to be put ready, what lies ready, and the page on which it is handed over."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from unfold.decorators import action

from apps.base.admin import ReadOnlyAdmin, chip, for_chosen
from apps.base.asking import Done, Preview, operator
from apps.base.finding import Number
from apps.orders.models import OrderLine
from apps.pickup import admin_slots, forms
from apps.pickup import selectors as pickup_facts
from apps.pickup.models import Pickup
from apps.pickup.services import moving
from apps.pickup.states import PickupStatus
from apps.stores import selectors as place_facts
from apps.stores.admin_bound import OfPlaces
from mall import text as texts
from mall.errors import ShopError

__all__ = ["PickupAdmin", "admin_slots"]
_SHOP = "pickup_counter_place"
COLOURS: dict[str, str] = {
    PickupStatus.WAITING: "warning",
    PickupStatus.READY: "info",
    PickupStatus.FETCHED: "success",
}


@admin.register(Pickup)
class PickupAdmin(OfPlaces, ReadOnlyAdmin):
    """Orders that are fetched, newest first. Adding a row is the counter's page."""

    list_display = [
        "order",
        "state",
        "place",
        "slot",
        "buyer",
        "goods",
        "created_at",
        "fetch_by",
        "fetched_at",
    ]
    list_filter = ["status", "place", "fetched_at"]
    list_select_related = ["order__member", "place", "operator"]
    found_by = (Number("order__order_no", ends=True),)
    search_help_text = "按订单号查找"
    fields = [
        ("order", "state", "place"),
        ("buyer", "goods", "remark"),
        ("slot", "card"),
        ("created_at", "ready_at", "fetch_by"),
        ("fetched_at", "operator"),
    ]
    readonly_fields = ["state", "buyer", "goods", "remark", "slot", "card"]
    actions_list = ["counter"]
    actions_detail = ["ready"]
    actions = ["make_ready"]
    # What an empty list offers to do.
    adding = "核销取货"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Pickup]:
        rows: QuerySet[Pickup] = super().get_queryset(request)
        return rows.prefetch_related("order__lines")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whether this operator may stand at the counter."""
        return request.user.has_perm("pickup.hand_over_pickup")

    def usable(self, row: Pickup) -> list[str]:
        return ["ready"] if row.status == PickupStatus.WAITING else []

    @admin.display(description="状态", ordering="status")
    def state(self, row: Pickup) -> SafeString:
        return chip(row.get_status_display(), COLOURS.get(row.status, ""))

    @admin.display(description="买家")
    def buyer(self, row: Pickup) -> str:
        return _buyer(row)

    @admin.display(description="商品")
    def goods(self, row: Pickup) -> SafeString:
        return _goods([line for line in row.order.lines.all() if line.quantity > line.refunded])

    @admin.display(description="时段", ordering="order__seat__starts_at")
    def slot(self, row: Pickup) -> str:
        return row.order.slot_text or "—"

    @admin.display(description="贺卡")
    def card(self, row: Pickup) -> str:
        return row.order.card or "—"

    @admin.display(description="买家留言")
    def remark(self, row: Pickup) -> str:
        return row.order.remark or "—"

    @action(
        description="核销取货",
        permissions=["pickup.hand_over_pickup"],
        url_path="counter",
        icon="qr_code_scanner",
    )
    def counter(self, request: HttpRequest) -> HttpResponse:
        """Go to the counter: the plus above the list does not say what it is for."""
        return redirect(reverse("admin:pickup_pickup_add"))

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The counter: look a code up, show the goods, and hand them over when that is confirmed."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        at = timezone.now()

        def shown(form: forms.HandOverForm) -> Preview:
            typed = form.cleaned_data
            request.session[_SHOP] = typed["place"].pk
            found = moving.look_up(
                operator=operator(request), code=typed["code"], place_id=typed["place"].pk, at=at
            )
            return Preview(facts=_facts(found), seen=pickup_facts.fingerprint(found))

        def hand_over(form: forms.HandOverForm) -> Done:
            typed = form.cleaned_data
            done = moving.hand_over(
                operator=operator(request),
                code=typed["code"],
                place_id=typed["place"].pk,
                seen=typed["seen"],
                at=at,
            )
            return Done(f"已交付，订单 {done.order.order_no} 完成。", about=done)

        code = str(request.GET.get("code", ""))[:400]
        initial = {"place": request.session.get(_SHOP), **({"code": code} if code else {})}
        return self.ask(
            request,
            partial(forms.HandOverForm, initial=initial, mine=place_facts.places_of(operator=request.user)),
            hand_over,
            preview=shown,
            then=reverse("admin:pickup_pickup_add"),
            template="admin/pickup/counter.html",
            # A wrong code counts as a try though it is refused.
            outside=True,
        )

    @action(description="备货完成", permissions=["pickup.prepare_pickup"], url_path="ready", icon="inventory")
    def ready(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row(request, object_id)

        def put_ready(_: forms.ReadyForm) -> str:
            moving.lie_ready(order_no=row.order.order_no, operator=operator(request), at=timezone.now())
            return "已备好，买家将收到取货通知。"

        return self.ask(
            request, forms.ReadyForm, put_ready, row=row, heading=f"{row.order.order_no} · {row.place}"
        )

    @for_chosen(description="备货完成", permission="pickup.prepare_pickup")
    def make_ready(self, request: HttpRequest, chosen: QuerySet[Pickup]) -> None:
        """Each stands for itself: what cannot be put ready is counted and said why."""
        done, refused = 0, ""
        for order_no in chosen.order_by("pk").values_list("order__order_no", flat=True):
            try:
                moving.lie_ready(order_no=order_no, operator=operator(request), at=timezone.now())
                done += 1
            except ShopError as refusal:
                refused = f"，其余未处理（{order_no}：{refusal.text}）"
        self.message_user(request, f"已备好 {done} 单{refused}。")


def _goods(lines: Iterable[OrderLine]) -> SafeString:
    """Lines with the units that are handed over, one below the other."""
    told = (
        (
            f"{line.title} {line.option_text}".strip(),
            line.quantity - line.refunded,
            "（赠品）" if line.is_gift else "（包装）" if line.is_packing else "",
        )
        for line in lines
    )
    return format_html_join(mark_safe("<br>"), "{} × {}{}", told)


def _buyer(row: Pickup) -> str:
    """Who fetches it, as much as a counter needs to call them."""
    member = row.order.member
    name = texts.masked(member.nickname) if member.nickname else "未填昵称"
    return f"{name} {texts.masked_phone(member.phone)}" if member.phone else name


def _facts(row: Pickup) -> list[tuple[str, Any]]:
    """What the person at the counter checks before confirming."""
    lines = pickup_facts.goods_of(row)
    return [
        ("商品", _goods(lines)),
        ("共", f"{sum(line.quantity - line.refunded for line in lines)} 件"),
        ("买家", _buyer(row)),
        ("留言", row.order.remark or "—"),
        *([("时段", row.order.slot_text)] if row.order.slot else []),
        # Its last signs are what a buyer reads out; all of it is wider than a phone.
        ("订单", texts.masked_number(row.order.order_no)),
        ("门店", str(row.place)),
    ]
