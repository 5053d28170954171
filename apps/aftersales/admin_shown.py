"""How an application is shown to operators: in its list, on its page, and on the pages that ask about it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from apps.aftersales import application_selectors as application_facts
from apps.aftersales.models import AfterSale, AfterSaleLine
from apps.aftersales.states import MOVE_LABELS, AfterSaleKind, AfterSaleStatus
from apps.base import days
from apps.base.admin import ReadOnlyTabular, chip, link, yuan_column
from apps.payments.admin import money_shown
from apps.payments.states import MONEY_OF, MoneyBack
from apps.pictures.stored import Size, address
from mall.money import priced

_COLOURS: Final = {
    AfterSaleStatus.APPLIED: "warning",
    AfterSaleStatus.APPROVED: "info",
    AfterSaleStatus.RETURNING: "info",
    AfterSaleStatus.RETURNED: "warning",
    AfterSaleStatus.DONE: "success",
    AfterSaleStatus.REFUSED: "danger",
    AfterSaleStatus.CANCELLED: "",
}
# What is left of a deadline when it turns red.
_BURNS: Final = timedelta(hours=12)


class LineInline(ReadOnlyTabular):
    """Its units, line by line, and what was found of them."""

    model = AfterSaleLine
    verbose_name_plural = "售后商品"
    amount = yuan_column("amount_fen", "可退金额")
    cost = yuan_column("cost_fen", "新件成本")
    fields = ["called", "quantity", "amount", "exchanged", "accepted", "damaged", "gone", "cost"]
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[AfterSaleLine]:
        rows: QuerySet[AfterSaleLine] = super().get_queryset(request)
        return rows.select_related("order_line", "new_sku__product")

    @admin.display(description="商品")
    def called(self, row: AfterSaleLine) -> str:
        line = row.order_line
        return f"{line.mark}{line.title} {line.option_text}".strip()

    @admin.display(description="换成")
    def exchanged(self, row: AfterSaleLine) -> str:
        if row.after_sale.kind != AfterSaleKind.EXCHANGE:
            return "—"
        return str(row.new_sku) if row.new_sku is not None else "同款"


class Shown:
    """The columns of an application."""

    amount = yuan_column("amount_fen", "金额")
    goods = yuan_column("goods_fen", "可退商品金额")
    freight = yuan_column("freight_fen", "可退运费")
    carriage = yuan_column("carriage_fen", "退货运费补偿")

    @admin.display(description="状态", ordering="status")
    def standing(self, row: AfterSale) -> SafeString:
        label = "待复核" if row.waits_for_second else row.get_status_display()
        shown = chip(label, _COLOURS[AfterSaleStatus(row.status)])
        return format_html("{} {}", shown, chip("已升级", "danger")) if row.escalated_at else shown

    @admin.display(description="剩余时间", ordering="deadline_at")
    def clock(self, row: AfterSale) -> SafeString | str:
        """How long until something happens by itself, red in its last half day."""
        if row.deadline_at is None:
            return "—"
        left = row.deadline_at - timezone.now()
        if left <= timedelta(0):
            return chip("已超时", "danger")
        hours, minutes = divmod(int(left.total_seconds()) // 60, 60)
        told = f"{hours // 24} 天 {hours % 24} 小时" if hours >= 48 else f"{hours} 小时 {minutes} 分"
        return chip(told, "danger" if left < _BURNS else "")

    @admin.display(description="订单", ordering="order__order_no")
    def order_shown(self, row: AfterSale) -> SafeString:
        return link(reverse("admin:orders_order_change", args=[row.order_id]), row.order.order_no)

    @admin.display(description="退款到账")
    def money(self, row: Any) -> SafeString | str:
        if row.refund_id is None:
            return "—"
        return money_shown(MONEY_OF[row.money_status] if row.money_status else MoneyBack.DONE)

    @admin.display(description="售后退款单")
    def refund_shown(self, row: AfterSale) -> SafeString | str:
        if row.refund is None:
            return "—"
        return link(reverse("admin:orders_orderrefund_change", args=[row.refund_id]), row.refund.refund_no)

    @admin.display(description="经过与留言")
    def story(self, row: AfterSale) -> SafeString:
        """Everything that happened and was said, with who and the pictures, oldest first."""
        whole, now = application_facts.whole().get(pk=row.pk), timezone.now()
        lines = (
            (
                days.minute(one.at, at=now),
                one.who,
                MOVE_LABELS[one.move],
                one.text,
                _pictures(one),
            )
            for one in application_facts.history(whole, inside=True)
        )
        return format_html_join(
            mark_safe("<br>"),
            '<span class="text-font-subtle-light">{}</span> <strong>{}</strong> {}：{} {}',
            lines,
        )


def _pictures(one: application_facts.Happened) -> SafeString:
    return format_html_join(
        "",
        '<a href="{}" target="_blank" rel="noopener" class="inline-block mr-1"><img src="{}" alt="售后图片" '
        'style="height:64px;width:64px;object-fit:cover" class="rounded-default inline-block"></a>',
        ((address(each.file), address(each.file, Size.LIST)) for each in one.pictures),
    )


def told(row: AfterSale) -> str:
    amount = f" · {priced(row.amount_fen)}" if row.amount_fen else ""
    return f"{row.after_sale_no} · {row.get_kind_display()}{amount} · {row.get_status_display()}"


def facts(row: AfterSale) -> list[tuple[str, Any]]:
    lines = row.lines.select_related("order_line").order_by("id")
    facts: list[tuple[str, Any]] = [
        ("商品", "、".join(f"{line.order_line.title} × {line.quantity}" for line in lines)),
        ("原因", f"{row.reason_label}{f'：{row.text}' if row.text else ''}"),
    ]
    if row.proposed_fen:
        facts.append(("可退金额", priced(row.proposed_fen)))
    if row.waits_for_second:
        facts.append(("初审人", str(row.first_approved_by)))
    return facts


def receiver(row: AfterSale) -> list[tuple[str, str]]:
    """Where the new parcel goes: where the order went."""
    to = row.order.address
    where = "".join(str(to.get(part, "")) for part in ("province", "city", "district", "detail"))
    return [("收货人", f"{to.get('name', '')} {to.get('phone', '')}"), ("收货地址", where)]


def standing_of(row: AfterSale) -> str:
    """What must not have changed between looking and sending."""
    return f"{row.status}:{row.first_approved_by_id}:{row.amount_fen}"
