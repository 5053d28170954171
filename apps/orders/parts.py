"""What orders say on shared pages: an order's lines, receiver and history; what a member has bought."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from unfold.admin import ModelAdmin

from apps.base import audit, days
from apps.base.admin import ReadOnlyTabular, chip, with_way, yuan_column
from apps.base.asking import Asking, operator
from apps.base.parts import Button, Fact, Part
from apps.catalog.models import Product
from apps.members.models import Member
from apps.orders import reach
from apps.orders import selectors as order_facts
from apps.orders.models import Order, OrderLine, OrderMove
from apps.orders.states import LEAVES, MOVE_LABELS, ONLINE, Actor, Status, status_reads
from apps.stores.admin_bound import EVERYWHERE
from mall import text as texts
from mall.money import changed, priced

_ORDER_COLOURS: dict[str, str] = {
    Status.UNPAID: "warning",
    Status.RESERVED: "warning",
    Status.GATHERING: "info",
    Status.PAID: "danger",
    Status.SHIPPED: "info",
    Status.RECEIVED: "success",
}


def status_shown(status: str, *, of: Order) -> SafeString:
    """Return a status of an order in Chinese on its colour, as its buyer reads it: by how the order comes."""
    online = of.virtual and status == Status.PAID
    colour = _ORDER_COLOURS.get(Status.SHIPPED if online else status, "")
    return chip(status_reads(status, virtual=of.virtual, kind=of.delivery_kind), colour)


def reductions_shown(rows: list[dict[str, Any]]) -> SafeString | str:
    """Return reductions, as an order keeps them, as lines of "label -¥amount"."""
    if not rows:
        return "—"
    lines = ((row["label"], changed(-row["amount_fen"])) for row in rows)
    return format_html_join(mark_safe("<br>"), "{} {}", lines)


def way_shown(row: OrderLine) -> SafeString | str:
    """Return a line's way from its list price to what is paid, a step on each row with what it leaves."""
    if not row.reductions:
        return "—"
    left_fen, steps = row.list_fen, []
    for reduction in row.reductions:
        left_fen -= reduction["amount_fen"]
        steps.append((reduction["label"], changed(-reduction["amount_fen"]), priced(left_fen)))
    return format_html_join(mark_safe("<br>"), "{} {} → {}", steps)


def refusals_shown(rows: list[dict[str, Any]]) -> SafeString | str:
    """Return the offers that did not apply, as an order keeps them, those with the same reason on one line."""
    labels: dict[str, list[str]] = {}
    for row in rows:
        labels.setdefault(row["reason"], []).append(row["label"])
    lines = (("、".join(named), reason) for reason, named in labels.items())
    return format_html_join(mark_safe("<br>"), "{}：{}", lines) or "—"


class OfOrders(ModelAdmin):
    """An admin of rows that are of an order, ``of_order`` away: who works at some shops finds those of their orders alone.

    In lists and searches as by the row's own address, and so with every button and chosen row (``orders.reach``).
    """

    of_order: ClassVar[str] = "order"
    # Where a row knows its order by its number only: the column.
    of_order_no: ClassVar[str] = ""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        if self.of_order_no:
            return reach.numbered(
                super().get_queryset(request), operator=request.user, number=self.of_order_no
            )
        return reach.narrowed(super().get_queryset(request), operator=request.user, of=self.of_order)


class OrderPart(ReadOnlyTabular):
    """Rows that whoever may see the order sees with it, whichever room offers them."""

    hide_title = True
    show_change_link = False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm("orders.view_order")


class LineInline(OrderPart):
    """What was bought, at which price, and how that price came about, step by step."""

    model = OrderLine
    verbose_name_plural = "商品与优惠"
    unit_price = yuan_column("unit_price_fen", "单价")
    list_price = yuan_column("list_fen", "小计")
    payable = yuan_column("payable_fen", "实付")
    fields = ["called", "option_text", "unit_price", "quantity", "list_price", "why", "payable", "refunded"]
    readonly_fields = fields

    @admin.display(description="商品")
    def called(self, row: OrderLine) -> str:
        return f"{row.mark}{row.title}"

    @admin.display(description="优惠明细")
    def why(self, row: OrderLine) -> SafeString | str:
        return way_shown(row)


class MoveInline(OrderPart):
    """Every move, with who and when."""

    model = OrderMove
    verbose_name_plural = "历史"
    fields = ["at", "moved", "became", "who", "note"]
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderMove]:
        rows: QuerySet[OrderMove] = super().get_queryset(request)
        return rows.select_related("operator", "order")

    @admin.display(description="动作")
    def moved(self, row: OrderMove) -> str:
        if row.move == "ship" and row.order.virtual:
            return ONLINE
        if row.move == "ship" and row.order.delivery_kind in LEAVES:
            return LEAVES[row.order.delivery_kind]
        return MOVE_LABELS.get(row.move, row.move)

    @admin.display(description="状态")
    def became(self, row: OrderMove) -> SafeString:
        return status_shown(row.to_status, of=row.order)

    @admin.display(description="操作方")
    def who(self, row: OrderMove) -> str:
        actor = str(Actor(row.actor).label)
        return f"{actor}（{row.operator}）" if row.operator else actor


_ADDRESS: Final = {
    "name": "收货人",
    "phone": "手机号",
    "province": "省",
    "city": "市",
    "district": "区县",
    "detail": "详细地址",
    "postal_code": "邮编",
}


def address_facts(order: Order) -> list[tuple[str, str]]:
    """Return where an order goes, whole, part by part; whoever shows it writes down who looked."""
    return [(label, str(order.address[part])) for part, label in _ADDRESS.items() if order.address.get(part)]


def masked_address(told: Mapping[str, Any]) -> str:
    """An address as pages show it to whoever may see the order: the first sign of the name, a masked number, the region."""
    if not told:
        return "—"
    name, phone = str(told.get("name", "")), str(told.get("phone", ""))
    region = "".join(str(told.get(part, "")) for part in ("province", "city", "district"))
    return f"{name[:1]}** {texts.masked_phone(phone)} {region}****"


def _reveal(page: Asking, request: HttpRequest, order: Order) -> HttpResponse:
    """Show the address on a page that no cache and no cookie keeps, and note who looked."""
    if order.member.erased_at:
        # PIPL Art. 47: what the law has kept of somebody who left is stored, and nothing else is done with it.
        raise PermissionDenied
    audit.record(
        operator=operator(request),
        action="查看收货信息",
        subject=order.order_no,
        at=timezone.now(),
        row=order,
    )
    context = {
        **page.admin_site.each_context(request),
        "title": f"收货信息 · {order.order_no}",
        "facts": address_facts(order),
        "back": page.page_of(order),
        "back_label": "返回订单",
        "opts": page.opts,
    }
    response = TemplateResponse(request, "admin/reveal.html", context)
    patch_cache_control(response, no_store=True, private=True)
    return response


def _bought(member: Member) -> SafeString:
    mine = order_facts.bought_by(member=member)
    return with_way(
        f"已付款 {mine.orders} 单，共 {priced(mine.paid_fen)}", "orders_order", member__id__exact=member.pk
    )


# On a product's page stand so many of those who hold it.
_MOST_HOLDERS: Final = 20


def _unpaid_of(member: Member) -> SafeString:
    mine = order_facts.unpaid_by(member=member)
    return with_way(
        f"待付款 {mine.orders} 单，占用 {mine.units} 件", "orders_order", member__id__exact=member.pk
    )


def _holders(product: Product) -> SafeString | str:
    rows, now = order_facts.unpaid_units(product_id=product.pk, most=_MOST_HOLDERS), timezone.now()
    listed = format_html_join(
        "",
        "<div>{}（会员 {}） {} 件，订单 {}，{} 前付款</div>",
        (
            (
                row.nickname or "未填昵称",
                row.member_id,
                row.units,
                row.order_no,
                days.minute(row.expires_at, at=now),
            )
            for row in rows
        ),
    )
    return with_way(listed, "orders_orderline", sku__product=product.pk) if rows else "没有待付款的订单"


HOLDERS: Final = Part(
    room="orders",
    facts=[
        Fact(
            name="holders",
            label="待付款占用",
            under="库存",
            needs="orders.view_order",
            also_needs=EVERYWHERE,
            shown=_holders,
        )
    ],
)
LINES: Final = Part(room="orders", inlines=[LineInline])
HISTORY: Final = Part(
    room="orders",
    inlines=[MoveInline],
    buttons=[
        Button(
            name="reveal",
            title="查看完整收货信息",
            path="reveal",
            needs="orders.change_order",
            icon="visibility",
            press=_reveal,
        )
    ],
)
BOUGHT: Final = Part(
    room="orders",
    facts=[
        Fact(name="unpaid", label="待付款", under="资产与消费", needs="orders.view_order", shown=_unpaid_of),
        Fact(name="bought", label="消费", under="资产与消费", needs="orders.view_order", shown=_bought),
    ],
)
