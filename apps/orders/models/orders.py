"""What was promised: the order, its lines with their frozen prices and what took these down, moves, addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import cached_property
from typing import Any

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Replace

from apps.base import finding
from apps.base.fields import FenField
from apps.catalog.models import Sku
from apps.members.models import Member
from apps.orders.states import BY_PARCEL, DeliveryKind, Status
from mall.pricing import refs
from mall.pricing.quote import FREIGHT, GOODS
from mall.pricing.refs import Ref


class Order(models.Model):
    """One promise to one member. Figures are frozen at placing; only ``orders.move`` writes the status."""

    order_no = models.CharField("订单号", max_length=32)
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="orders", verbose_name="会员", db_index=False
    )
    status = models.CharField("状态", max_length=10, choices=Status.choices, default=Status.UNPAID)
    goods_fen = FenField("商品金额（分）")
    reduction_fen = FenField("优惠（分）")
    shipping_fen = FenField("运费（分）")
    payable_fen = FenField("应付（分）")
    # The part of it that stored value pays; the rest is asked of WeChat.
    balance_fen = FenField("储值支付（分）", default=0)
    # What went back of the price so far: Σ of its refunds.
    refunded_fen = FenField("已退款（分）", default=0, db_default=0)
    points_used = models.PositiveIntegerField("使用积分", default=0)
    gifts = models.JSONField("赠品", default=list)
    # For operators only: it names what goods cost.
    price_warnings = models.JSONField("价格提醒", default=list)
    applied = models.JSONField("生效优惠", default=list)
    declined = models.JSONField("未生效优惠", default=list)
    # What it is an order of, beside goods: {"kind", "id", "title", …} as shoppers are answered; None for most.
    activity = models.JSONField("营销活动", null=True, blank=True)
    # A copy: the member may change or delete the address later.
    address = models.JSONField("收货地址", default=dict)
    # How it comes to its buyer where no parcel is sent: {"kind", "place_id", "place", "distance_m", "slot"}; None is
    # EXPRESS. The slot is a copy, too: {"id", "day", "from", "until", "starts_at", "ends_at",
    # "order_by"}, or None.
    delivery = models.JSONField("配送方式", null=True, blank=True)
    # What it is wrapped in, beside the line that it costs: {"id", "name", "message", "sku_id", "uses_stock"}, or None.
    packing = models.JSONField("包装", null=True, blank=True)
    remark = models.CharField("买家留言", max_length=200, blank=True)
    # When name, phone, street and remark were erased, because their time was over (orders.personal).
    address_erased_at = models.DateTimeField("地址清空时间", null=True)
    idempotency_key = models.CharField("幂等键", max_length=80)
    # Which of its member's places for unpaid orders it took (orders.services.place): no two unpaid orders share one.
    # Nothing clears it, the status alone frees the place; None for orders of before there were places.
    unpaid_place = models.SmallIntegerField("待付款席位", null=True, editable=False)
    # Whether it took what was ticked in the cart.
    from_cart = models.BooleanField("来自购物车", default=False, db_default=False)
    # Its units are planned, not on the shelf yet (a pre-sale): nothing is held of stock, and nothing can leave, until
    # they have come (orders.goods_arrived).
    awaits_goods = models.BooleanField("等待到货", default=False, db_default=False, editable=False)
    # All of it is virtual goods, delivered as card keys: no address, nothing travels (docs/guide/virtual-goods.md).
    virtual = models.BooleanField("虚拟商品订单", default=False, db_default=False, editable=False)
    request_hash = models.CharField("请求摘要", max_length=64)
    created_at = models.DateTimeField("下单时间")
    expires_at = models.DateTimeField("支付截止")
    # When the deposit came in; paid_at is when the whole price had.
    reserved_at = models.DateTimeField("付定金时间", null=True)
    paid_at = models.DateTimeField("付款时间", null=True)
    shipped_at = models.DateTimeField("发货时间", null=True)
    received_at = models.DateTimeField("收货时间", null=True)
    closed_at = models.DateTimeField("关闭时间", null=True)

    class Meta:
        permissions = [("refund_order", "退款")]
        verbose_name = verbose_name_plural = "订单"
        ordering = ["-id"]
        constraints = [
            finding.once("order_no", name="order_no_once"),
            models.UniqueConstraint(
                fields=["member", "idempotency_key"], name="order_once_per_idempotency_key"
            ),
            models.UniqueConstraint(
                fields=["member", "unpaid_place"],
                condition=Q(status=Status.UNPAID),
                name="order_unpaid_place_once",
            ),
            models.CheckConstraint(condition=Q(unpaid_place__gte=1), name="order_has_unpaid_place"),
            models.CheckConstraint(
                condition=Q(payable_fen=F("goods_fen") - F("reduction_fen") + F("shipping_fen")),
                name="order_sum_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(balance_fen__gte=0, balance_fen__lte=F("payable_fen")),
                name="order_balance_within_payable",
            ),
            models.CheckConstraint(
                condition=Q(refunded_fen__gte=0, refunded_fen__lte=F("payable_fen")),
                name="order_refunded_within_payable",
            ),
            models.CheckConstraint(
                condition=Q(paid_at__isnull=True, status__in=[Status.UNPAID, Status.RESERVED, Status.CLOSED])
                | Q(
                    paid_at__isnull=False,
                    status__in=[
                        Status.GATHERING,
                        Status.PAID,
                        Status.SHIPPED,
                        Status.RECEIVED,
                        Status.REFUNDED,
                    ],
                ),
                name="order_paid_at_exactly_when_paid",
            ),
            models.CheckConstraint(
                condition=Q(reserved_at__isnull=False, status=Status.RESERVED)
                | Q(reserved_at__isnull=True, status__in=[Status.UNPAID, Status.GATHERING])
                | ~Q(status__in=[Status.UNPAID, Status.RESERVED, Status.GATHERING]),
                name="order_reserved_at_when_reserved",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=False, status=Status.CLOSED)
                | (Q(closed_at__isnull=True) & ~Q(status=Status.CLOSED)),
                name="order_closed_at_exactly_when_closed",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[Status.SHIPPED, Status.RECEIVED]) | Q(shipped_at__isnull=False),
                name="order_shipped_at_when_shipped",
            ),
            models.CheckConstraint(
                condition=~Q(status=Status.RECEIVED) | Q(received_at__isnull=False),
                name="order_received_at_when_received",
            ),
        ]
        indexes = [
            # A member's orders, the newest first, and how many are in which status without a look at the rows.
            models.Index(fields=["member", "-id"], include=["status"], name="order_of_member_with_status"),
            models.Index(
                fields=["expires_at"], condition=Q(status=Status.UNPAID), name="order_unpaid_expiry"
            ),
            models.Index(
                fields=["shipped_at"], condition=Q(status=Status.SHIPPED), name="order_shipped_since"
            ),
            models.Index(fields=["status", "-id"], name="order_by_status"),
            models.Index(
                fields=["paid_at"],
                condition=Q(status=Status.PAID, virtual=True),
                name="order_virtual_to_deliver",
            ),
            # What is to leave, who paid first first; and what is paid and fetched or brought.
            models.Index(
                fields=["paid_at", "id"],
                condition=Q(status=Status.PAID, awaits_goods=False, virtual=False, delivery__isnull=True),
                name="order_to_send",
            ),
            models.Index(
                fields=["id"],
                condition=Q(status=Status.PAID, delivery__isnull=False),
                name="order_to_hand_over",
            ),
            # Those of a shop, for who works there alone (orders.reach); an order by parcel is none of them.
            models.Index(
                KeyTransform("place_id", "delivery"),
                F("id").desc(),
                condition=Q(delivery__isnull=False),
                name="order_of_place",
            ),
            # All orders of an activity, the newest last: by its kind and what an order of it names.
            models.Index(
                KeyTextTransform("kind", "activity"),
                KeyTextTransform("id", "activity"),
                "id",
                condition=Q(activity__isnull=False),
                name="order_of_activity",
            ),
            # What operators ask by day: the list's calendar, and what was paid.
            models.Index(fields=["created_at"], name="order_created_since"),
            # … and by whom, without a look at the rows (audiences).
            models.Index(
                fields=["paid_at"],
                include=["member", "status"],
                condition=Q(paid_at__isnull=False),
                name="order_paid_since_by",
            ),
            # Whose the order of a line is, and when it was paid, likewise: who bought some goods.
            models.Index(
                fields=["id"],
                include=["member", "paid_at"],
                condition=Q(paid_at__isnull=False) & ~Q(status=Status.REFUNDED),
                name="order_paid_and_kept",
            ),
            # What a member bought and kept, in any number of days, without a look at the rows (audiences).
            models.Index(
                fields=["member", "paid_at"],
                include=["status", "payable_fen", "refunded_fen"],
                condition=Q(paid_at__isnull=False),
                name="order_paid_of_member",
            ),
            # What happened in a time (apps/books), at next to no price for who writes: rows lie in the order of time.
            BrinIndex(fields=["shipped_at", "closed_at"], autosummarize=True, name="order_left_in"),
            # What operators search for: how a number ends, and the receiver's phone number or its last four digits.
            finding.by_end("order_no", name="order_no_by_end"),
            finding.by_phone(KeyTextTransform("phone", "address"), name="order_by_receiver_phone"),
            # Whether anything was sent to an address before, however its blanks were set.
            models.Index(
                Replace(KeyTextTransform("detail", "address"), Value(" "), Value("")), name="order_by_detail"
            ),
            # Whose address is to be erased next.
            models.Index(
                fields=["created_at"],
                condition=Q(status__in=[Status.RECEIVED, Status.REFUNDED], address_erased_at__isnull=True),
                name="order_trade_with_address",
            ),
            models.Index(
                fields=["closed_at"],
                condition=Q(status=Status.CLOSED, address_erased_at__isnull=True),
                name="order_unpaid_with_address",
            ),
        ]

    def __str__(self) -> str:
        return self.order_no

    @property
    def delivery_kind(self) -> DeliveryKind:
        """How the goods come to their buyer."""
        return DeliveryKind(self.delivery["kind"]) if self.delivery else DeliveryKind.EXPRESS

    @property
    def delivery_told(self) -> Mapping[str, Any]:
        """How the goods come to their buyer, as shoppers are answered."""
        return {"slot": None, **(self.delivery or BY_PARCEL), "packing": self.packing_told}

    @property
    def packing_told(self) -> dict[str, Any] | None:
        """What it is wrapped in, as shoppers are answered; None without."""
        return {name: self.packing[name] for name in ("id", "name", "message")} if self.packing else None

    @property
    def is_wrapped(self) -> bool:
        """Whether it goes in a packing that was paid and not refunded."""
        return self.packing is not None and any(
            line.is_packing and line.quantity > line.refunded for line in self.lines.all()
        )

    @property
    def card(self) -> str:
        """What is to be written on the card of its packing; empty without one."""
        return str(self.packing["message"]) if self.packing and self.is_wrapped else ""

    @property
    def slot(self) -> Mapping[str, Any] | None:
        """The time in which it is brought or fetched, as it was agreed; None without one."""
        slot: Mapping[str, Any] | None = self.delivery.get("slot") if self.delivery else None
        return slot

    @property
    def slot_text(self) -> str:
        """The same for people: 12月01日 09:00-11:00; empty without one."""
        if not self.slot:
            return ""
        day = date.fromisoformat(self.slot["day"])
        return f"{day:%m月%d日} {self.slot['from']}-{self.slot['until']}"

    @property
    def address_told(self) -> dict[str, Any] | None:
        """Where it goes; None where nothing goes anywhere."""
        return self.address or None

    @property
    def due_fen(self) -> int:
        """What WeChat is asked for: the order without the part that stored value pays."""
        return self.payable_fen - self.balance_fen

    @property
    def lines_told(self) -> Iterable[OrderLine]:
        """Its lines: as they were just written (``orders.draft``), else read with it, each with its ``product_id``."""
        written: Iterable[OrderLine] | None = self.__dict__.get("written_lines")
        return self.lines.all() if written is None else written

    @cached_property
    def offers_used(self) -> tuple[Ref, ...]:
        """The offers that took something off it. Read once: what an order was priced with never changes."""
        return tuple(ref for row in self.applied if (ref := refs.read(row["ref"])))

    @property
    def reductions_told(self) -> list[dict[str, Any]]:
        """``applied`` with the kind of each: orders of before kinds tell it by their lines, which are read."""
        if all("kind" in row for row in self.applied):
            return list(self.applied)
        on_goods = {part["ref"] for line in self.lines_told for part in line.reductions}
        return [{**row, "kind": GOODS if row["ref"] in on_goods else FREIGHT} for row in self.applied]

    @property
    def freight_fen(self) -> int:
        """The freight before relief."""
        relief = (row["amount_fen"] for row in self.reductions_told if row["kind"] == FREIGHT)
        return self.shipping_fen + sum(relief)


class OrderLine(models.Model):
    """Units of one SKU at the price that was promised. ``payable_fen`` over its units is its refund value.

    A gift is a line of its own at no price, beside the line of the same SKU that may have been bought.
    """

    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="lines", verbose_name="订单", db_index=False
    )
    # Its own index has what else is asked of whoever bought some goods.
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, db_index=False, verbose_name="SKU")
    title = models.CharField("商品", max_length=80)
    option_text = models.CharField("规格", max_length=120, blank=True)
    image = models.CharField("图片", max_length=200, blank=True)
    quantity = models.PositiveIntegerField("数量")
    # So many of them were refunded, those that had not left the shop first.
    refunded = models.PositiveIntegerField("已退", default=0, db_default=0)
    unit_price_fen = FenField("单价（分）")
    list_fen = FenField("原价合计（分）")
    cost_fen = FenField("单件成本（分）", null=True)
    reductions = models.JSONField("优惠明细", default=list)
    payable_fen = FenField("实付（分）")
    # What was shown of going back without a reason (catalog.Returns), and whether the buyer confirmed an exception that
    # has to be; empty where nothing was shown yet.
    returns = models.CharField("七天无理由", max_length=12, blank=True, default="", db_default="")
    returns_text = models.CharField("退货说明", max_length=60, blank=True, default="", db_default="")
    # Who was said to pay an insurer of its way back, when the order was placed (退货运费险); empty for none, and before.
    freight_insurance = models.CharField("退货运费险", max_length=10, blank=True, default="", db_default="")
    returns_confirmed = models.BooleanField("买家已确认", default=False, db_default=False)
    is_gift = models.BooleanField("赠品", default=False)
    # What the goods are wrapped in: paid for, and no good of its own.
    is_packing = models.BooleanField("包装", default=False, db_default=False)

    class Meta:
        verbose_name = verbose_name_plural = "订单商品"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["order", "sku", "is_gift"], name="order_line_once_per_sku_and_gift"
            ),
            models.CheckConstraint(
                condition=Q(is_gift=False) | Q(list_fen=0), name="order_line_gift_is_free"
            ),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="order_line_quantity_positive"),
            models.CheckConstraint(
                condition=Q(refunded__lte=F("quantity")), name="order_line_refunded_within_quantity"
            ),
            models.CheckConstraint(
                condition=Q(payable_fen__lte=F("list_fen")), name="order_line_never_above_list"
            ),
        ]
        indexes = [
            models.Index(
                fields=["sku"],
                include=["order", "quantity", "refunded", "is_gift"],
                name="order_line_of_sku",
            )
        ]

    def __str__(self) -> str:
        return f"{self.title} × {self.quantity}"

    def reduced_fen(self, by: Callable[[refs.Ref], bool]) -> int:
        """How many fen those offers took off it that ``by`` means, in the words of the day it was placed.

        What is refunded hangs on no row that somebody may still have to write (``Reduction``).
        """
        named = ((refs.read(part["ref"]), part["amount_fen"]) for part in self.reductions)
        return sum(amount_fen for ref, amount_fen in named if ref and by(ref))

    @property
    def mark(self) -> str:
        """What stands before its title where people read it: that it is a gift, or packing."""
        return "【赠品】" if self.is_gift else "【包装】" if self.is_packing else ""


class Reduction(models.Model):
    """What one offer took off a line, or off the freight (without a line), of what money came in for. Append-only.

    The same as the frozen JSON of order and line says in the words of that day, for whoever adds up: ``kind`` and
    ``key`` are those of the offer's ref (``mall.pricing.refs``).
    """

    # Its own orders' rows are found by the constraint's index.
    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="reductions", db_index=False, verbose_name="订单"
    )
    line = models.ForeignKey(
        OrderLine,
        on_delete=models.PROTECT,
        null=True,
        related_name="reduction_rows",
        db_index=False,
        verbose_name="订单商品",
    )
    kind = models.CharField("优惠类型", max_length=20)
    key = models.CharField("优惠编号", max_length=40, blank=True)
    amount_fen = FenField("优惠金额（分）")

    class Meta:
        verbose_name = verbose_name_plural = "订单优惠"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["order", "line", "kind", "key"], nulls_distinct=False, name="reduction_once"
            ),
            models.CheckConstraint(condition=Q(amount_fen__gte=1), name="reduction_of_something"),
        ]
        indexes = [models.Index(fields=["kind", "key", "order"], name="reduction_by_offer")]

    def __str__(self) -> str:
        return f"{self.order_id}: {self.kind}:{self.key}"

    @property
    def ref(self) -> Ref | None:
        """The offer's name; None for what no offer is called (any more)."""
        return refs.read(f"{self.kind}:{self.key}" if self.key else self.kind)
