"""A shop's till: the page on which coupons are used, and the list of what was used, undone and exported."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import action

from apps.base import audit, sheets
from apps.base.admin import ReadOnlyAdmin, chip, yuan_column
from apps.base.asking import Preview, operator
from apps.base.finding import Number
from apps.base.seeking import Recent
from apps.catalog import scopes
from apps.coupons import forms, wording
from apps.coupons import selectors as coupon_facts
from apps.coupons.models import StoreUse
from apps.coupons.services import store_uses
from apps.stores import selectors as place_facts
from apps.stores.admin_bound import OfPlaces
from mall.money import changed, priced

_SHOP = "coupons_till_place"


@admin.register(StoreUse)
class StoreUseAdmin(OfPlaces, ReadOnlyAdmin):
    """What was used in shops, newest first. Adding a row is the till's page."""

    list_display = [
        *("use_no", "state", "place", "template", "member", "goods", "off", "due"),
        *("receipt_no", "operator", "at"),
    ]
    list_filter = ["place", ("undone_at", admin.EmptyFieldListFilter), "at", "operator"]
    list_select_related = ["place", "coupon__template", "coupon__member", "operator"]
    found_by = (Number("use_no"), Recent("receipt_no", whole=True), Number("coupon__member__public_id"))
    search_help_text = "按核销单号或会员编号查找；小票号在最近 10 万笔里查找"
    list_before_template = "admin/coupons/export_uses.html"
    fields = [
        ("use_no", "state"),
        ("coupon", "template", "member"),
        ("place", "operator", "at"),
        ("goods", "off", "due", "receipt_no"),
        ("undone_at", "undone_by", "undone_why"),
    ]
    readonly_fields = ["state", "template", "member", "goods", "off", "due"]
    actions_list = ["till"]
    actions_detail = ["undo"]
    # What an empty list offers to do.
    adding = "核销一张券"
    goods = yuan_column("goods_fen", "商品金额")
    off = yuan_column("off_fen", "优惠")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whether this operator may stand at the till."""
        return request.user.has_perm("coupons.add_storeuse")

    def get_urls(self) -> list[Any]:
        export = self.admin_site.admin_view(self.export_view)
        return [path("export/", export, name="coupons_storeuse_export"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        export = (
            reverse("admin:coupons_storeuse_export")
            if request.user.has_perm("coupons.export_storeuse")
            else ""
        )
        chosen = request.GET.urlencode()
        link = f"{export}?{chosen}" if export and chosen else export
        return super().changelist_view(request, {**(extra_context or {}), "export_url": link})

    @admin.display(description="状态", ordering="undone_at")
    def state(self, row: StoreUse) -> SafeString:
        return chip("已撤销", "warning") if row.undone_at else chip("已核销", "success")

    @admin.display(description="优惠券")
    def template(self, row: StoreUse) -> str:
        return row.coupon.template.name

    @admin.display(description="会员")
    def member(self, row: StoreUse) -> str:
        return str(row.coupon.member)

    @admin.display(description="实收")
    def due(self, row: StoreUse) -> str:
        return priced(row.due_fen)

    @action(
        description="核销一张券", permissions=["coupons.add_storeuse"], url_path="till", icon="point_of_sale"
    )
    def till(self, request: HttpRequest) -> HttpResponse:
        """Go to the till: the plus above the list does not say what it is for."""
        return redirect(reverse("admin:coupons_storeuse_add"))

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The till: look a pass up, show what it takes off, and use it when that is confirmed."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        at = timezone.now()

        def shown(form: forms.StoreUseForm) -> Preview:
            request.session[_SHOP] = form.cleaned_data["place"].pk
            found = store_uses.look_up(operator=operator(request), at=at, **form.goods())
            return Preview(facts=_facts(form.cleaned_data, found))

        def use(form: forms.StoreUseForm) -> str:
            typed = form.cleaned_data
            request.session[_SHOP] = typed["place"].pk
            used = store_uses.use(
                operator=operator(request),
                place_id=typed["place"].pk,
                receipt_no=typed["receipt_no"].strip(),
                at=at,
                **form.goods(),
            )
            return f"已核销，优惠 {priced(used.off_fen)}，应收 {priced(used.due_fen)}（{used.use_no}）"

        form_class = partial(
            forms.StoreUseForm,
            initial={"place": request.session.get(_SHOP)},
            mine=place_facts.places_of(operator=request.user),
        )
        return self.ask(
            request,
            form_class,
            use,
            preview=shown,
            then=reverse("admin:coupons_storeuse_add"),
            template="admin/coupons/till.html",
            # A wrong number counts as a try though it is refused.
            outside=True,
        )

    @action(description="撤销核销", permissions=["coupons.undo_storeuse"], url_path="undo", icon="undo")
    def undo(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row(request, object_id)

        def undo(form: forms.UndoUseForm) -> str:
            reason, at = form.cleaned_data["reason"], timezone.now()
            store_uses.undo(use_id=row.pk, operator=operator(request), reason=reason, at=at)
            return "已撤销，券已退回会员"

        subject = f"{row.use_no} · {row.coupon.template.name} · {row.place} · 优惠 {priced(row.off_fen)}"
        return self.ask(request, forms.UndoUseForm, undo, row=row, heading=subject)

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """What the list shows, all pages of it, as CSV; who exports is written down."""
        if not request.user.has_perm("coupons.export_storeuse"):
            raise PermissionDenied
        rows = self.get_changelist_instance(request).get_queryset(request)
        audit.record(
            operator=request.user,
            action="导出核销记录",
            subject="门店核销",
            note=f"{rows.count()} 条",
            at=timezone.now(),
        )
        return sheets.download(coupon_facts.store_uses_as_csv(rows), name="store-uses")


def _facts(said: dict[str, Any], found: store_uses.Found) -> list[tuple[str, str]]:
    """What the person at the till reads out before confirming."""
    coupon, template = found.coupon, found.coupon.says
    return [
        ("优惠券", f"{template.name}（{wording.worth(template)}）"),
        ("适用商品", scopes.told(template, most=20)),
        ("叠加", "可与促销叠加" if template.combines else "不与促销叠加：参加促销的商品不能用这张券"),
        ("会员", str(coupon.member)),
        ("门店", str(said["place"])),
        ("商品金额", priced(said["goods_fen"])),
        ("优惠", changed(-found.off_fen)),
        ("应收", priced(said["goods_fen"] - found.off_fen)),
    ]
