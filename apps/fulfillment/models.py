"""Freight templates, carriers, parcels and their way to the buyer, and what WeChat was told of them."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex, OpClass
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q

from apps.base import finding
from apps.base.fields import FenField
from apps.catalog.models import Product, Sku
from apps.fulfillment.states import (
    ChargedBy,
    TraceSource,
    TraceState,
    UploadStatus,
    WaybillStatus,
    WechatState,
)
from apps.orders.models import Order, OrderLine
from apps.pictures.fields import PictureField


class FreightTemplate(models.Model):
    """How postage is counted for the products that use it."""

    name = models.CharField("名称", max_length=40, unique=True)
    charged_by = models.CharField(
        "计费方式", max_length=10, choices=ChargedBy.choices, default=ChargedBy.PIECE
    )
    is_default = models.BooleanField("默认模板", default=False, help_text="未指定模板的商品使用它")

    class Meta:
        verbose_name = verbose_name_plural = "运费模板"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=Q(is_default=True), name="freight_template_one_default"
            )
        ]

    def __str__(self) -> str:
        return self.name


class FreightZone(models.Model):
    """A template's price for some regions; without regions it holds everywhere else. Units: pieces or grams."""

    template = models.ForeignKey(
        FreightTemplate, on_delete=models.CASCADE, related_name="zones", verbose_name="运费模板"
    )
    regions = models.JSONField(
        "地区", default=list, blank=True, help_text="省、市或区县名称；留空表示其余地区"
    )
    first_units = models.PositiveIntegerField("首件/首重（克）", default=1)
    first_fee_fen = FenField("首费（分）", default=0)
    next_units = models.PositiveIntegerField("续件/续重（克）", default=1)
    next_fee_fen = FenField("续费（分）", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "运费区域"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(first_units__gte=1, next_units__gte=1), name="freight_zone_units_positive"
            ),
            models.UniqueConstraint(
                fields=["template"], condition=Q(regions=[]), name="freight_zone_one_rest_per_template"
            ),
        ]

    def __str__(self) -> str:
        return "、".join(self.regions) or "其余地区"


class ProductFreight(models.Model):
    """Which template a product uses; a product without a row uses the default template, and without one is not sold."""

    product = models.OneToOneField(
        Product, on_delete=models.CASCADE, related_name="freight", verbose_name="商品"
    )
    template = models.ForeignKey(FreightTemplate, on_delete=models.PROTECT, verbose_name="运费模板")

    class Meta:
        verbose_name = verbose_name_plural = "商品运费"

    def __str__(self) -> str:
        return f"{self.product_id} → {self.template_id}"


class Carrier(models.Model):
    """A carrier of WeChat's list; ``code`` is its delivery_id."""

    code = models.CharField("编码", max_length=40, unique=True)
    name = models.CharField("名称", max_length=40)
    common = models.BooleanField("常用", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "快递公司"
        ordering = ["-common", "name"]

    def __str__(self) -> str:
        return self.name


class Parcel(models.Model):
    """One parcel of an order."""

    parcel_no = models.CharField("包裹号", max_length=32)
    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="parcels", verbose_name="订单", db_index=False
    )
    carrier = models.ForeignKey(Carrier, on_delete=models.PROTECT, verbose_name="快递公司")
    tracking_no = models.CharField("快递单号", max_length=64)
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, verbose_name="操作人", db_index=False
    )
    shipped_at = models.DateTimeField("发货时间")

    class Meta:
        verbose_name = verbose_name_plural = "包裹"
        ordering = ["id"]
        constraints = [
            finding.once("parcel_no", name="parcel_no_once"),
            models.UniqueConstraint(
                fields=["order", "carrier", "tracking_no"], name="parcel_once_per_tracking_no"
            ),
        ]
        indexes = [
            # What operators search for: a tracking number from its beginning, or how it ends.
            models.Index(OpClass("tracking_no", name="varchar_pattern_ops"), name="parcel_by_tracking_no"),
            finding.by_end("tracking_no", name="parcel_by_tracking_end"),
            finding.by_some("operator", name="parcel_by_operator"),
            # What happened in a time (apps/books), at next to no price for who writes: rows lie in the order of time.
            BrinIndex(fields=["shipped_at"], autosummarize=True, name="parcel_shipped_in"),
        ]

    def __str__(self) -> str:
        return self.parcel_no


class ParcelLine(models.Model):
    """Units of an order line in a parcel."""

    parcel = models.ForeignKey(
        Parcel, on_delete=models.PROTECT, related_name="lines", verbose_name="包裹", db_index=False
    )
    order_line = models.ForeignKey(
        OrderLine, on_delete=models.PROTECT, related_name="parcel_lines", verbose_name="订单商品"
    )
    quantity = models.PositiveIntegerField("数量")

    class Meta:
        verbose_name = verbose_name_plural = "包裹商品"
        constraints = [
            models.UniqueConstraint(fields=["parcel", "order_line"], name="parcel_line_once"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="parcel_line_quantity_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.order_line_id} × {self.quantity}"


class Trace(models.Model):
    """How a parcel stands on its way, as far as it was told. Under another number it begins anew (``services.tracing``)."""

    parcel = models.OneToOneField(Parcel, on_delete=models.PROTECT, related_name="trace", verbose_name="包裹")
    state = models.CharField(
        "物流状态", max_length=10, choices=TraceState.choices, default=TraceState.WAITING
    )
    # For WeChat's logistics plugin in the client; of this very number.
    waybill_token = models.CharField("微信物流凭证", max_length=256, blank=True, editable=False)
    # When the token, and how the parcel stands, are asked for next; empty: not any more.
    token_due_at = models.DateTimeField("凭证申请时间", null=True, editable=False)
    ask_at = models.DateTimeField("下次查询", null=True)
    # How often in a row nothing new was told: the waits grow with it.
    quiet = models.PositiveSmallIntegerField("连续无更新次数", default=0)
    checked_at = models.DateTimeField("最近查询", null=True)
    # When it was last told to move; at first when it left.
    moved_at = models.DateTimeField("最近更新")
    delivered_at = models.DateTimeField("签收时间", null=True)
    last_error = models.CharField("最近错误", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "物流轨迹"
        constraints = [
            models.CheckConstraint(
                condition=Q(delivered_at__isnull=False, state=TraceState.SIGNED)
                | (Q(delivered_at__isnull=True) & ~Q(state=TraceState.SIGNED)),
                name="trace_delivered_at_exactly_when_signed",
            ),
            models.CheckConstraint(
                condition=Q(ask_at__isnull=True) | ~Q(state__in=[TraceState.SIGNED, TraceState.RETURNED]),
                name="trace_is_asked_for_under_way_only",
            ),
        ]
        indexes = [
            models.Index(fields=["ask_at"], condition=Q(ask_at__isnull=False), name="trace_to_ask"),
            models.Index(
                fields=["token_due_at"], condition=Q(token_due_at__isnull=False), name="trace_without_token"
            ),
            # What stands still: the parcels under way by when they last moved.
            models.Index(
                fields=["moved_at"],
                condition=~Q(state__in=[TraceState.SIGNED, TraceState.RETURNED]),
                name="trace_under_way",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.parcel_id} {self.get_state_display()}"


class TraceEvent(models.Model):
    """One line of a parcel's way in the courier's words, which may name people. Never changed, only erased."""

    trace = models.ForeignKey(
        Trace, on_delete=models.PROTECT, related_name="events", db_index=False, verbose_name="物流轨迹"
    )
    # The number under which it was told: a parcel's number may be put right.
    tracking_no = models.CharField("快递单号", max_length=64)
    at = models.DateTimeField("时间")
    text = models.CharField("内容", max_length=500)
    place = models.CharField("地点", max_length=60, blank=True)
    source = models.CharField("来源", max_length=10, choices=TraceSource.choices)
    # SHA-256 of the text: what makes the line once for ever, however often it is told.
    digest = models.CharField("摘要", max_length=64, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "物流记录"
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["trace", "tracking_no", "at", "digest"], name="trace_event_once"),
            models.CheckConstraint(condition=~Q(text=""), name="trace_event_says_something"),
        ]
        # Whose time is over.
        indexes = [models.Index(fields=["at"], name="trace_event_by_time")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.text}"


class ShippingUpload(models.Model):
    """What WeChat is told about what a payment paid for (发货信息): one row for each bill, told anew as parcels leave.

    Where nothing travels (a recharge, say) it has one, too: WeChat holds the money until it is told so. Payments live on
    this storey, so what was paid is known by its bill's kind and number.
    """

    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="shipping_uploads", null=True, verbose_name="订单"
    )
    # Empty from the first parcel of an order until WeChat is told: which payments it had is not known here.
    bill_kind = models.CharField("账单类型", max_length=20, blank=True, default="", db_default="")
    bill_no = models.CharField("账单号", max_length=32, blank=True, default="", db_default="")
    status = models.CharField(
        "状态", max_length=12, choices=UploadStatus.choices, default=UploadStatus.WAITING
    )
    uploaded_parcels = models.PositiveSmallIntegerField("已上传包裹数", default=0)
    uploaded_at = models.DateTimeField("上传时间", null=True)
    # The last call's answer was lost: WeChat is asked what it knows before the call is repeated.
    outcome_unknown = models.BooleanField("结果未知", default=False)
    last_error = models.CharField("最近错误", max_length=300, blank=True)
    # How often WeChat was told in a row without taking it.
    attempts = models.PositiveSmallIntegerField("重试次数", default=0, db_default=0)
    # What WeChat took, as a digest, and whether as all there is: to tell it otherwise is its one re-shipment.
    told_digest = models.CharField(
        "已告知内容摘要", max_length=64, blank=True, default="", db_default="", editable=False
    )
    told_all = models.BooleanField("已告知全部发出", default=False, db_default=False, editable=False)
    # The one re-shipment (重新发货) that WeChat allows: when it was taken, and for what.
    reshipped_at = models.DateTimeField("重新发货时间", null=True)
    reship_digest = models.CharField(
        "重新发货内容摘要", max_length=64, blank=True, default="", db_default="", editable=False
    )
    # When WeChat is asked (get_order) what it keeps, how often it was, and when it was found to be what it was told.
    verify_at = models.DateTimeField("核实时间", null=True, editable=False)
    verify_tries = models.PositiveSmallIntegerField("核实次数", default=0, db_default=0, editable=False)
    verified_at = models.DateTimeField("已核实", null=True)
    wechat_state = models.PositiveSmallIntegerField("微信订单状态", choices=WechatState.choices, null=True)
    # What WeChat pushed of the money (trade_manage_order_settlement). Which number of the method means by hand is said
    # in two ways: it decides nothing.
    settles_at = models.DateTimeField("预计结算", null=True)
    confirmed_at = models.DateTimeField("微信确认收货", null=True)
    confirm_method = models.PositiveSmallIntegerField("确认方式", null=True)
    settled_at = models.DateTimeField("微信结算", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "发货信息上传"
        indexes = [
            models.Index(
                fields=["verify_at"], condition=Q(verify_at__isnull=False), name="shipping_upload_to_verify"
            ),
            # What waits for an operator, counted on the first page.
            models.Index(
                fields=["-id"], condition=Q(status=UploadStatus.FAILED), name="shipping_upload_failed"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(order__isnull=False) | (~Q(bill_kind="") & ~Q(bill_no="")),
                name="shipping_upload_of_order_or_bill",
            ),
            models.UniqueConstraint(
                fields=["bill_kind", "bill_no"],
                condition=~Q(bill_no=""),
                name="shipping_upload_once_per_bill",
            ),
            models.UniqueConstraint(
                fields=["order"], condition=Q(bill_no=""), name="shipping_upload_one_unnamed_per_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bill_no or self.order_id} {self.get_status_display()}"


class WaybillAccount(models.Model):
    """An account with a courier that the shop bound at WeChat (物流助手), and one service of it."""

    carrier = models.ForeignKey(Carrier, on_delete=models.PROTECT, verbose_name="快递公司", db_index=False)
    biz_id = models.CharField("客户编码", max_length=64)
    service_type = models.PositiveIntegerField("服务类型")
    service_name = models.CharField("服务", max_length=60)
    quota = models.PositiveIntegerField("面单余额", default=0)
    # Whether WeChat listed it when it was last asked.
    bound = models.BooleanField("已绑定", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "面单账号"
        ordering = ["carrier", "biz_id", "service_type"]
        constraints = [
            models.UniqueConstraint(
                fields=["carrier", "biz_id", "service_type"], name="waybill_account_once_per_service"
            )
        ]

    def __str__(self) -> str:
        return f"{self.carrier} {self.service_name}（{self.biz_id}）"


class Waybill(models.Model):
    """An electronic waybill that WeChat is asked for under ``waybill_no``, which names one waybill, however often."""

    waybill_no = models.CharField("面单号", max_length=32, unique=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="waybills", verbose_name="订单")
    account = models.ForeignKey(WaybillAccount, on_delete=models.PROTECT, verbose_name="面单账号")
    status = models.CharField(
        "状态", max_length=10, choices=WaybillStatus.choices, default=WaybillStatus.ASKED
    )
    # Units by order line id, as they were left to send when it was asked for.
    quantities = models.JSONField("商品", default=dict)
    # The courier's number, once it is made.
    tracking_no = models.CharField("快递单号", max_length=64, blank=True)
    # The parcel that left with it; set before it is made where it replaces a cancelled one's number.
    parcel = models.ForeignKey(
        Parcel, on_delete=models.PROTECT, related_name="waybills", null=True, verbose_name="包裹"
    )
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, verbose_name="操作人"
    )
    asked_at = models.DateTimeField("申请时间")
    # When WeChat is asked (again); empty: not any more.
    ask_at = models.DateTimeField("下次询问", null=True)
    # How often WeChat was told of it: after the first time it may know it, whatever it answered.
    tries = models.PositiveSmallIntegerField("申请次数", default=0)
    made_at = models.DateTimeField("出单时间", null=True)
    ended_at = models.DateTimeField("取消或失败时间", null=True)
    last_error = models.CharField("最近错误", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "电子面单"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["order"], condition=Q(status=WaybillStatus.ASKED), name="waybill_one_asked_per_order"
            ),
            models.CheckConstraint(
                condition=Q(status__in=[WaybillStatus.ASKED, WaybillStatus.REFUSED], tracking_no="")
                | (Q(status__in=[WaybillStatus.MADE, WaybillStatus.CANCELLED]) & ~Q(tracking_no="")),
                name="waybill_has_a_number_exactly_when_made",
            ),
        ]
        indexes = [
            models.Index(fields=["ask_at"], condition=Q(ask_at__isnull=False), name="waybill_to_ask"),
        ]

    def __str__(self) -> str:
        return self.waybill_no


# A card is as long as a buyer's remark at most.
LONGEST_CARD = 200


class PackingOption(models.Model):
    """What a shopper may have an order wrapped in, for money: 尊享包装, a gift wrap with a card.

    The row is the truth; its hidden product and SKU follow it (``services.packing``), so that stock, cost and a line of
    the order work as they do of goods. ``message_most`` is how long a card may be, 0 where there is none.
    """

    sku = models.OneToOneField(
        Sku, on_delete=models.PROTECT, related_name="packing_option", editable=False, verbose_name="SKU"
    )
    name = models.CharField("名称", max_length=30, unique=True)
    text = models.CharField("说明", max_length=60, blank=True, help_text="可不填，买家选择时看到")
    image = PictureField("图片", upload_to="products/")
    price_fen = FenField("价格（分）", default=0)
    cost_fen = FenField("成本（分）", null=True, blank=True)
    message_most = models.PositiveSmallIntegerField(
        "贺卡最多字数",
        default=0,
        validators=[MaxValueValidator(LONGEST_CARD)],
        help_text=f"0 表示没有贺卡；最多 {LONGEST_CARD} 字，打印在装箱单上",
    )
    uses_stock = models.BooleanField(
        "占用库存", default=False, help_text="勾选后每单占用一件，售完不可选；库存按下方编码在「库存」中入库"
    )
    active = models.BooleanField("启用", default=True)
    position = models.PositiveIntegerField("排序", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "包装选项"
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(price_fen__gte=0), name="packing_price_not_negative"),
            models.CheckConstraint(
                condition=Q(message_most__lte=LONGEST_CARD), name="packing_card_as_long_as_a_remark"
            ),
        ]

    def __str__(self) -> str:
        return self.name
