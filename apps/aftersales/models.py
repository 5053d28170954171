"""Applications after the sale: what shoppers ask for, line by line, everything that happened, what was said and shown."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from apps.aftersales.states import (
    COMING,
    MOVE_LABELS,
    OF_MONEY,
    OPEN,
    AfterSaleKind,
    AfterSaleStatus,
    By,
    InsurancePayee,
)
from apps.base import finding
from apps.base.fields import FenField
from apps.catalog.models import Sku
from apps.fulfillment.models import Carrier
from apps.members.models import Level, Member
from apps.orders.models import Order, OrderLine, OrderRefund
from apps.pictures.fields import StoredNameField
from apps.stores.models import Place

MOST_CHARACTERS: Final = 500
MOST_PICTURES: Final = 9


class AfterSaleRules(models.Model):
    """How long what may take, who decides up to how much: one row, and where there is none these defaults."""

    apply_days = models.PositiveSmallIntegerField(
        "售后申请期限（天）", default=15, help_text="确认收货后多少天内可以申请售后"
    )
    answer_hours = models.PositiveSmallIntegerField(
        "商家处理时限（小时）", default=48, help_text="逾期未处理的申请自动同意或升级"
    )
    silence_approves = models.BooleanField("逾期未处理自动同意", default=True)
    send_back_days = models.PositiveSmallIntegerField(
        "买家寄回时限（天）", default=7, help_text="同意退货后多少天内须填写快递单号，逾期自动关闭"
    )
    arrive_days = models.PositiveSmallIntegerField(
        "寄回在途时限（天）", default=10, help_text="买家寄出后多少天仍未收到则升级处理"
    )
    inspect_hours = models.PositiveSmallIntegerField(
        "验收时限（小时）", default=48, help_text="收到退货后多少小时内须验收，逾期升级处理"
    )
    dispatch_hours = models.PositiveSmallIntegerField(
        "换货补发时限（小时）", default=48, help_text="多少小时内须寄出新包裹，逾期升级处理"
    )
    money_hours = models.PositiveSmallIntegerField(
        "退款到账时限（小时）", default=72, help_text="退款多少小时仍未到账则升级处理"
    )
    service_up_to_fen = FenField("客服审批上限（分）", default=20_000)
    second_person_above_fen = FenField("双人复核起点（分）", default=500_000)
    carriage_up_to_fen = FenField("退货运费补偿上限（分）", default=3_000)
    instant_level = models.ForeignKey(
        Level,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="极速退款起始等级",
        help_text="此等级及以上的会员，未发货订单的退款立即通过；不选表示关闭极速退款",
    )
    instant_up_to_fen = FenField("极速退款单笔上限（分）", default=20_000)
    instant_per_day = models.PositiveSmallIntegerField("极速退款每人每日次数", default=2)
    return_place = models.ForeignKey(
        Place,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="退货收货地点",
        help_text="买家寄回到哪里；不选则为发货优先的地点",
    )

    class Meta:
        verbose_name = verbose_name_plural = "售后规则"
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="after_sale_rules_one_row")]

    def __str__(self) -> str:
        return "售后规则"


class AfterSaleReason(models.Model):
    """A reason that shoppers choose from, for one kind of application."""

    kind = models.CharField("售后类型", max_length=10, choices=AfterSaleKind.choices)
    code = models.SlugField("编码", max_length=40, help_text="小程序提交的编码，启用后不要修改")
    label = models.CharField("原因", max_length=40)
    # 七日无理由: only for goods that say so, and for fewer days.
    is_no_reason = models.BooleanField(
        "无理由退货", default=False, help_text="仅支持七天无理由的商品可用，收货后七天内有效"
    )
    position = models.PositiveSmallIntegerField("排序", default=0)
    enabled = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "售后原因"
        ordering = ["kind", "position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "code"], name="after_sale_reason_once_per_kind"),
            models.CheckConstraint(
                condition=Q(is_no_reason=False) | Q(kind=AfterSaleKind.RETURN),
                name="after_sale_reason_none_is_for_returns",
            ),
        ]

    def __str__(self) -> str:
        return self.label


class AfterSale(models.Model):
    """What a shopper asks for after the sale, about units of one order. ``moving.move`` alone writes the status.

    ``goods_fen`` and ``freight_fen`` are what the planning proposed; ``amount_fen`` is what was asked for, then what
    was granted, never more. ``deadline_at``: when the sweep takes it up. ``unsent`` says how many of its units had not
    left when it was made.
    """

    after_sale_no = models.CharField("售后单号", max_length=32, unique=True)
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="after_sales", verbose_name="会员", db_index=False
    )
    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="after_sales", verbose_name="订单", db_index=False
    )
    kind = models.CharField("类型", max_length=10, choices=AfterSaleKind.choices)
    status = models.CharField(
        "状态", max_length=10, choices=AfterSaleStatus.choices, default=AfterSaleStatus.APPLIED
    )
    reason = models.ForeignKey(
        AfterSaleReason, on_delete=models.PROTECT, related_name="+", verbose_name="原因"
    )
    # As it read then: operators may change the row.
    reason_label = models.CharField("申请原因", max_length=40)
    text = models.CharField("买家说明", max_length=MOST_CHARACTERS, blank=True)
    goods_fen = FenField("可退商品金额（分）")
    freight_fen = FenField("可退运费（分）")
    amount_fen = FenField("退款金额（分）")
    unsent = models.PositiveIntegerField("申请时未发出件数", default=0)
    # Approved by rule, the moment it was made (极速退款).
    is_instant = models.BooleanField("极速退款", default=False)
    escalated_at = models.DateTimeField("升级时间", null=True)
    deadline_at = models.DateTimeField("截止时间", null=True)
    applied_at = models.DateTimeField("申请时间")
    approved_at = models.DateTimeField("同意时间", null=True)
    first_approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="初审人"
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="审批人"
    )
    # The parcel that brings goods back, as the shopper told it, and where they came in.
    return_carrier = models.CharField("寄回快递", max_length=40, blank=True)
    return_tracking_no = models.CharField("寄回单号", max_length=64, blank=True)
    sent_back_at = models.DateTimeField("寄回时间", null=True)
    arrived_at = models.DateTimeField("收到退货时间", null=True)
    place = models.ForeignKey(
        Place, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="收货地点"
    )
    inspected_at = models.DateTimeField("验收时间", null=True)
    # What the shop pays back of the shopper's postage, once.
    carriage_fen = FenField("退货运费补偿（分）", default=0)
    # When it was written down that the shop had paid it by hand; null where it went into stored value.
    carriage_paid_at = models.DateTimeField("线下补偿时间", null=True)
    refund = models.ForeignKey(
        OrderRefund, on_delete=models.PROTECT, null=True, related_name="after_sales", verbose_name="售后退款"
    )
    # The parcel with new goods.
    new_carrier = models.ForeignKey(
        Carrier, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="新包裹快递"
    )
    new_tracking_no = models.CharField("新包裹单号", max_length=64, blank=True)
    dispatched_at = models.DateTimeField("寄出时间", null=True)
    ended_at = models.DateTimeField("结束时间", null=True)
    idempotency_key = models.CharField("幂等键", max_length=80)
    request_hash = models.CharField("请求摘要", max_length=64)

    class Meta:
        permissions = [
            ("approve_aftersale", "审批售后（限额内）"),
            ("approve_any_aftersale", "审批售后（不限额）"),
            ("inspect_aftersale", "退货验收与寄出新包裹"),
            ("handle_escalated_aftersale", "处理升级的售后"),
        ]
        verbose_name = verbose_name_plural = "售后申请"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["member", "idempotency_key"], name="after_sale_once_per_idempotency_key"
            ),
            models.CheckConstraint(
                condition=Q(amount_fen__lte=F("goods_fen") + F("freight_fen")),
                name="after_sale_never_above_what_was_proposed",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=sorted(OF_MONEY)) | Q(amount_fen=0, refund__isnull=True),
                name="after_sale_of_parcels_costs_nothing",
            ),
            models.CheckConstraint(
                condition=Q(status__in=sorted(OPEN), deadline_at__isnull=False, ended_at__isnull=True)
                | (~Q(status__in=sorted(OPEN)) & Q(deadline_at__isnull=True, ended_at__isnull=False)),
                name="after_sale_open_has_a_deadline",
            ),
            models.CheckConstraint(
                condition=Q(first_approved_by__isnull=True)
                | Q(approved_by__isnull=True)
                | ~Q(first_approved_by=F("approved_by")),
                name="after_sale_takes_two_people",
            ),
            models.CheckConstraint(
                condition=Q(dispatched_at__isnull=True, new_tracking_no="")
                | (Q(dispatched_at__isnull=False, new_carrier__isnull=False) & ~Q(new_tracking_no="")),
                name="after_sale_dispatched_with_a_number",
            ),
            models.UniqueConstraint(
                fields=["refund"], condition=Q(refund__isnull=False), name="after_sale_refunded_once"
            ),
        ]
        indexes = [
            models.Index(fields=["member", "-id"], name="after_sale_of_member"),
            models.Index(fields=["order"], name="after_sale_of_order"),
            models.Index(
                fields=["deadline_at", "id"], condition=Q(deadline_at__isnull=False), name="after_sale_due"
            ),
            models.Index(fields=["status", "deadline_at"], name="after_sale_by_status"),
            models.Index(
                fields=["ended_at"], condition=Q(ended_at__isnull=False), name="after_sale_ended_since"
            ),
            models.Index(
                fields=["carriage_paid_at"],
                condition=Q(carriage_paid_at__isnull=False),
                name="after_sale_carriage_paid_in",
            ),
            finding.by_end("return_tracking_no", name="after_sale_by_return_parcel"),
            models.Index(
                fields=["new_tracking_no"], condition=~Q(new_tracking_no=""), name="after_sale_by_new_parcel"
            ),
        ]

    def __str__(self) -> str:
        return self.after_sale_no

    @property
    def proposed_fen(self) -> int:
        """The most that may go back."""
        return self.goods_fen + self.freight_fen

    @property
    def waits_for_second(self) -> bool:
        """Whether one person has approved it and another has to."""
        return self.status == AfterSaleStatus.APPLIED and self.first_approved_by_id is not None

    @property
    def awaits_goods(self) -> bool:
        """Whether it was approved so that the shopper sends goods back, and they have not come."""
        return (
            self.status == AfterSaleStatus.APPROVED
            and self.kind in (AfterSaleKind.RETURN, AfterSaleKind.EXCHANGE)
            and self.inspected_at is None
        )

    @property
    def is_settled(self) -> bool:
        """Whether it is open for goods that come back alone: everything it was about was refunded otherwise. A statement."""
        return self.status in COMING and all(line.gone == line.quantity for line in self.lines.all())

    @property
    def awaits_parcel(self) -> bool:
        """Whether a parcel with new goods has to leave."""
        return (
            self.status == AfterSaleStatus.APPROVED
            and self.kind in (AfterSaleKind.EXCHANGE, AfterSaleKind.RESHIP)
            and not self.awaits_goods
        )


class AfterSaleLine(models.Model):
    """Units of one order line in an application; what came of them when they were looked at."""

    after_sale = models.ForeignKey(
        AfterSale, on_delete=models.PROTECT, related_name="lines", verbose_name="售后申请", db_index=False
    )
    order_line = models.ForeignKey(
        OrderLine, on_delete=models.PROTECT, related_name="after_sale_lines", verbose_name="订单商品"
    )
    quantity = models.PositiveIntegerField("件数")
    amount_fen = FenField("可退金额（分）")
    # An exchange against another SKU of the same price; the same one where none is named.
    new_sku = models.ForeignKey(
        Sku, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="换成"
    )
    accepted = models.PositiveIntegerField("验收通过件数", null=True)
    # Of the accepted ones: they came back and are written off.
    damaged = models.PositiveIntegerField("其中报损", default=0)
    # What a unit that was sent anew cost the shop; None where nobody knows it.
    cost_fen = FenField("新件单件成本（分）", null=True)
    # Of the quantity: refunded otherwise while it was open, so that nothing more is given for them.
    gone = models.PositiveIntegerField("已另行退款", default=0, db_default=0)
    # Kept with the application's status, so that the database lets one open application have the line.
    is_open = models.BooleanField("处理中", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "售后商品"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["after_sale", "order_line"], name="after_sale_line_once"),
            models.UniqueConstraint(
                fields=["order_line"], condition=Q(is_open=True), name="after_sale_one_open_per_line"
            ),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="after_sale_line_quantity_positive"),
            models.CheckConstraint(
                condition=Q(accepted__isnull=True, damaged=0)
                | Q(accepted__lte=F("quantity"), damaged__lte=F("accepted")),
                name="after_sale_line_accepted_within_quantity",
            ),
            models.CheckConstraint(
                condition=Q(gone__lte=F("quantity")), name="after_sale_line_gone_within_quantity"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_line_id} × {self.quantity}"

    @property
    def units(self) -> int:
        """For how many units something is given: those that were accepted, all before a look, less what is gone."""
        left = self.quantity - self.gone
        return left if self.accepted is None else min(self.accepted, left)


class AfterSaleStep(models.Model):
    """Something that happened to an application: who, from where to where, and the shop's words. Append-only."""

    after_sale = models.ForeignKey(
        AfterSale, on_delete=models.PROTECT, related_name="steps", verbose_name="售后申请"
    )
    move = models.CharField("动作", max_length=12, choices=list(MOVE_LABELS.items()))
    by = models.CharField("操作方", max_length=10, choices=By.choices)
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, verbose_name="操作人"
    )
    from_status = models.CharField("原状态", max_length=10, blank=True)
    to_status = models.CharField("新状态", max_length=10, choices=AfterSaleStatus.choices)
    note = models.CharField("说明", max_length=200, blank=True)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "售后经过"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.after_sale_id}: {self.move}"


class AfterSaleMessage(models.Model):
    """What shopper or shop said about an application."""

    after_sale = models.ForeignKey(
        AfterSale, on_delete=models.PROTECT, related_name="messages", verbose_name="售后申请"
    )
    by = models.CharField("发言方", max_length=10, choices=By.choices)
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, verbose_name="操作人"
    )
    text = models.CharField("内容", max_length=MOST_CHARACTERS, blank=True)
    # Made with the operator's page: the same page sent twice says it once. Shoppers have none.
    token = models.CharField("请求标识", max_length=64, blank=True)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "售后留言"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["token"], condition=~Q(token=""), name="after_sale_message_once_per_token"
            )
        ]

    def __str__(self) -> str:
        return f"{self.after_sale_id}: {self.by}"


class AfterSalePicture(models.Model):
    """A picture that goes with something that happened or was said: an upload that was taken, or an operator's."""

    public_id = models.CharField("图片编号", max_length=24, unique=True)
    after_sale = models.ForeignKey(
        AfterSale, on_delete=models.PROTECT, related_name="pictures", verbose_name="售后申请"
    )
    step = models.ForeignKey(
        AfterSaleStep, on_delete=models.PROTECT, null=True, related_name="pictures", verbose_name="经过"
    )
    message = models.ForeignKey(
        AfterSaleMessage, on_delete=models.PROTECT, null=True, related_name="pictures", verbose_name="留言"
    )
    by = models.CharField("来源", max_length=10, choices=By.choices)
    position = models.PositiveSmallIntegerField("顺序", default=0)
    file = StoredNameField("文件", max_length=100)
    width = models.PositiveIntegerField("宽")
    height = models.PositiveIntegerField("高")
    uploaded_at = models.DateTimeField("上传时间")

    class Meta:
        verbose_name = verbose_name_plural = "售后图片"
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(step__isnull=False, message__isnull=True)
                | Q(step__isnull=True, message__isnull=False),
                name="after_sale_picture_with_one_thing",
            )
        ]

    def __str__(self) -> str:
        return self.public_id


class InsurancePayment(models.Model):
    """What an insurer of freight (退货运费险) paid for a return, as the shop was told. Append-only."""

    claim_no = models.CharField("理赔单号", max_length=64, unique=True)
    after_sale = models.ForeignKey(
        AfterSale, on_delete=models.PROTECT, related_name="insurance_payments", verbose_name="售后申请"
    )
    amount_fen = FenField("理赔金额（分）")
    payee = models.CharField("收款方", max_length=6, choices=InsurancePayee.choices)
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="操作人"
    )
    at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "运费险理赔"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount_fen__gte=1), name="insurance_payment_positive")
        ]
        indexes = [models.Index(fields=["at"], name="insurance_payment_by_time")]

    def __str__(self) -> str:
        return self.claim_no
