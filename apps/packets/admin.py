"""Packets for operators: which orders bring one, and each packet with who opened it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from apps.base.admin import KeptAdmin, ReadOnlyAdmin, ReadOnlyTabular, chip, with_way, yuan_column
from apps.base.finding import Number
from apps.base.forms import MONEY_IN_YUAN
from apps.packets import selectors as packet_facts
from apps.packets import services as packets
from apps.packets.forms import PacketRuleForm
from apps.packets.models import Packet, PacketRule, Part
from apps.packets.states import PacketStatus, PartStatus
from mall.money import priced

_COLOURS = {
    PacketStatus.OPEN: "success",
    PacketStatus.LAPSED: "warning",
    PacketStatus.CLOSED: "danger",
}
_PART_COLOURS = {
    PartStatus.HELD: "warning",
    PartStatus.GIVEN: "success",
    PartStatus.REFUSED: "danger",
    PartStatus.TAKEN_BACK: "danger",
}


@admin.register(PacketRule)
class PacketRuleAdmin(KeptAdmin):
    """Which orders bring a packet, newest rule first."""

    form = PacketRuleForm
    saves = staticmethod(packets.save_rule)
    formfield_overrides = MONEY_IN_YUAN
    list_display = ["title", "sentence", "coupon", "starts_at", "ends_at", "enabled", "came_of"]
    list_filter = ["enabled"]
    list_select_related = ["coupon"]
    autocomplete_fields: ClassVar[list[str]] = ["coupon"]
    fieldsets = [
        (None, {"fields": [("title", "enabled"), ("starts_at", "ends_at")]}),
        ("哪些订单", {"fields": [("buyers", "order_from_fen")]}),
        (
            "里面有什么",
            {
                "fields": [("least_fen", "most_fen"), ("friends", "hours"), "coupon", "opens_per_day"],
                "description": "付款后买家自动得到自己的一份，其余由好友各领一份；领到的是一张优惠券，下次购物时使用。"
                "只为付款和领取发放，分享本身不奖励。订单退款后低于门槛的，未使用的全部收回。",
            },
        ),
    ]

    @admin.display(description="规则")
    def sentence(self, row: PacketRule) -> str:
        low, high = priced(row.least_fen), priced(row.most_fen)
        total = low if low == high else f"{low} 至 {high}"
        return (
            f"{row.get_buyers_display()}商品实付满 {priced(row.order_from_fen)}：共 {total}，"
            f"买家和 {row.friends} 位好友各得一份，{row.hours} 小时内领取"
        )

    @admin.display(description="已产生")
    def came_of(self, row: PacketRule) -> SafeString:
        return with_way(f"{row.packets.count():,} 个", "packets_packet", rule__id__exact=row.pk)


class PartInline(ReadOnlyTabular):
    """Who got which part."""

    model = Part
    verbose_name_plural = "领取记录"
    amount = yuan_column("amount_fen", "金额")
    fields = ["whose", "member", "amount", "standing", "opened_at", "coupon_status", "note"]
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Part]:
        return super().get_queryset(request).select_related("member", "coupon")

    @admin.display(description="份")
    def whose(self, row: Part) -> str:
        return f"好友 {row.place}" if row.place else "买家"

    @admin.display(description="状态")
    def standing(self, row: Part) -> SafeString:
        return chip(row.get_status_display(), _PART_COLOURS.get(PartStatus(row.status), ""))

    @admin.display(description="优惠券")
    def coupon_status(self, row: Part) -> SafeString | str:
        if row.coupon is None:
            return "—"
        return with_way(row.coupon.get_status_display(), "coupons_coupon", member__id__exact=row.member_id)


@admin.register(Packet)
class PacketAdmin(ReadOnlyAdmin):
    """What orders brought, and who opened it."""

    total = yuan_column("sum_fen", "总额")
    given = yuan_column("given_fen", "已发放")
    list_display = [
        *("packet_no", "member", "rule", "total", "opened_of", "given", "waits", "standing", "made_at"),
        *("ends_at", "order_no"),
    ]
    list_filter = ["status", "rule", "made_at"]
    list_select_related = ["member", "rule"]
    found_by = (
        Number("packet_no"),
        Number("order_no"),
        Number("member__public_id"),
        Number("parts__member__public_id"),
    )
    search_help_text = "立减金编号、订单号、买家或好友的会员编号"
    linked_by = ["rule__id__exact", "member__id__exact"]
    fields = [
        ("packet_no", "rule", "member"),
        ("order_no", "total", "opened_of"),
        ("standing", "given", "reason"),
        ("made_at", "ends_at", "over_at"),
    ]
    inlines = [PartInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Packet]:
        return packet_facts.with_openings()

    @admin.display(description="好友领取")
    def opened_of(self, row: Packet) -> str:
        return f"{row.opened} / {row.friends}"

    @admin.display(description="待核实", ordering="held")
    def waits(self, row: Any) -> str:
        return str(row.held or "")

    @admin.display(description="状态", ordering="status")
    def standing(self, row: Packet) -> SafeString:
        status = row.status_at(timezone.now())
        return chip(status.label, _COLOURS.get(status, ""))
