"""Points that members earn and spend: accounts, an append-only ledger, FIFO lots, rules, the points mall."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q

from apps.base import finding
from apps.base.fields import FenField
from apps.catalog.models import Sku
from apps.members.models import Member
from apps.points.states import EntryKind, Interaction, RedemptionStatus, SpendingStatus


class Account(models.Model):
    """A member's points. ``debt`` is what a refund could not take back; whoever owes has nothing to spend."""

    member = models.OneToOneField(
        Member, on_delete=models.PROTECT, related_name="points_account", verbose_name="会员"
    )
    balance = models.PositiveBigIntegerField("积分余额", default=0)
    debt = models.PositiveBigIntegerField("欠积分", default=0)

    class Meta:
        permissions = [("correct_account", "调整积分")]
        verbose_name = verbose_name_plural = "积分账户"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(balance=0) | Q(debt=0), name="points_debt_only_when_empty")
        ]

    def __str__(self) -> str:
        return f"{self.member} · {self.balance} 积分"


class Entry(models.Model):
    """One change of an account. Append-only: balance = Σ change, debt = Σ debt_change.

    An earning of 100 that meets a debt of 30 is one row, +70 and −30: what was earned is their difference.
    """

    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="entries", verbose_name="积分账户", db_index=False
    )
    kind = models.CharField("类型", max_length=12, choices=EntryKind.choices)
    change = models.BigIntegerField("余额变化")
    debt_change = models.BigIntegerField("欠积分变化", default=0)
    # What caused it, e.g. "SO…:hold": the same cause is never booked twice on one account.
    business_key = models.CharField("业务键", max_length=80)
    reason = models.CharField("说明", max_length=100, blank=True)
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, verbose_name="操作人", db_index=False
    )
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "积分流水"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["account", "business_key"], name="points_entry_once_per_cause")
        ]
        indexes = [
            models.Index(fields=["account", "-id"], name="points_entry_of_account"),
            models.Index(fields=["account", "kind", "at"], name="points_entry_of_a_day"),
            finding.by_some("operator", name="points_entry_by_operator"),
            # What happened in a time (apps/books), at next to no price for who writes: rows lie in the order of time.
            BrinIndex(fields=["at"], autosummarize=True, name="points_entry_in"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.change:+d}/{self.debt_change:+d}"

    @property
    def points(self) -> int:
        """What was earned (positive) or taken (negative), whether it met a debt or not."""
        return self.change - self.debt_change


class Lot(models.Model):
    """Points of one earning, which expire together. The earliest to expire is spent first; balance = Σ left."""

    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="lots", verbose_name="积分账户"
    )
    amount = models.PositiveBigIntegerField("积分")
    left = models.PositiveBigIntegerField("剩余")
    expired = models.PositiveBigIntegerField("已过期", default=0)
    earned_at = models.DateTimeField("获得时间")
    expires_at = models.DateTimeField("过期时间", null=True)
    reminded_at = models.DateTimeField("提醒时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "积分批次"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=1), name="points_lot_positive"),
            models.CheckConstraint(
                condition=Q(left__lte=F("amount") - F("expired")), name="points_lot_left_within_amount"
            ),
        ]
        indexes = [
            models.Index(
                fields=["account", "expires_at", "id"], condition=Q(left__gt=0), name="points_lot_fifo"
            ),
            models.Index(fields=["expires_at"], condition=Q(left__gt=0), name="points_lot_due"),
        ]

    def __str__(self) -> str:
        return f"{self.left}/{self.amount}"


class Spending(models.Model):
    """Points that an order has taken: held, then committed or released, perhaps restored."""

    order_no = models.CharField("订单号", max_length=32)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, verbose_name="积分账户")
    points = models.PositiveBigIntegerField("积分")
    restored = models.PositiveBigIntegerField("已退回", default=0)
    status = models.CharField(
        "状态", max_length=10, choices=SpendingStatus.choices, default=SpendingStatus.HELD
    )

    class Meta:
        verbose_name = verbose_name_plural = "积分抵扣"
        ordering = ["-id"]
        constraints = [
            finding.once("order_no", name="points_spending_once"),
            models.CheckConstraint(condition=Q(points__gte=1), name="points_spending_positive"),
            models.CheckConstraint(
                condition=Q(restored__lte=F("points")), name="points_restored_within_spending"
            ),
            models.CheckConstraint(
                condition=Q(restored=0) | Q(status=SpendingStatus.COMMITTED),
                name="points_restored_after_commit",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_no}: {self.points}"


class SpendingPart(models.Model):
    """How much of a spending came out of which lot, so that it goes back there."""

    spending = models.ForeignKey(Spending, on_delete=models.CASCADE, related_name="parts")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT)
    points = models.PositiveBigIntegerField("积分")
    returned = models.PositiveBigIntegerField("已退回", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "抵扣批次"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(points__gte=1, returned__lte=F("points")), name="points_part_returned_within"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lot_id}: {self.points}"


class Settlement(models.Model):
    """What a received order gave in all, before units of it were refunded: points and growth.

    Where the price of goods that the buyer keeps fell afterwards, it is what the order gave for the lower price.
    """

    order_no = models.CharField("订单号", max_length=32)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, verbose_name="积分账户")
    settled_fen = FenField("结算金额（分）")
    multiplier_bp = models.PositiveIntegerField("倍率（万分比）")
    points = models.PositiveBigIntegerField("积分")
    growth = models.PositiveIntegerField("成长值")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "积分结算"
        ordering = ["-id"]
        constraints = [finding.once("order_no", name="points_settlement_once")]

    def __str__(self) -> str:
        return f"{self.order_no}: {self.points}"


class GivenBack(models.Model):
    """A refund took back its share of an order: ``part`` of ``whole``, which is the same in all its refunds.

    ``paid_fen`` is what was paid for the goods that went back, None in rows of before it was noted.
    """

    order_no = models.CharField("订单号", max_length=32)
    refund_key = models.CharField("退款", max_length=40)
    part_fen = FenField("退款部分（分）")
    whole_fen = FenField("订单整体（分）")
    paid_fen = FenField("退款部分实付（分）", null=True)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "退款扣回"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["order_no", "refund_key"], name="points_given_back_once"),
            models.CheckConstraint(
                condition=Q(part_fen__gte=1, part_fen__lte=F("whole_fen")), name="points_given_back_a_part"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_no}/{self.refund_key}"


class CheckIn(models.Model):
    """A member checked in on a Shanghai day; ``streak`` counts the days in a row, this one included."""

    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="check_ins", verbose_name="会员", db_index=False
    )
    on = models.DateField("日期")
    streak = models.PositiveIntegerField("连续天数")
    points = models.PositiveIntegerField("积分")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "签到记录"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["member", "on"], name="check_in_once_a_day"),
            models.CheckConstraint(condition=Q(streak__gte=1), name="check_in_streak_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} {self.on}"


class Rules(models.Model):
    """How points are earned, spent and lost: one row, and where there is none these defaults."""

    class Expiry(models.TextChoices):
        NEVER = "NEVER", "永久有效"
        END_OF_NEXT_YEAR = "END_OF_NEXT_YEAR", "次年年底过期"
        MONTHS = "MONTHS", "获得后若干个月过期"

    points_per_yuan = models.PositiveSmallIntegerField(
        "每消费 1 元得积分", default=1, help_text="确认收货后按实付商品金额计算，不含运费"
    )
    growth_per_yuan = models.PositiveSmallIntegerField("每消费 1 元得成长值", default=1)
    expiry = models.CharField(
        "有效期", max_length=20, choices=Expiry.choices, default=Expiry.END_OF_NEXT_YEAR
    )
    expiry_months = models.PositiveSmallIntegerField("有效月数", default=12)
    remind_days = models.PositiveSmallIntegerField("过期前几天提醒", default=7)
    check_in_points = models.PositiveIntegerField("每日签到积分", default=1)
    streak_days = models.PositiveSmallIntegerField("连续签到奖励天数", default=7)
    streak_bonus = models.PositiveIntegerField("连续签到奖励积分", default=10)
    deduction_points_per_yuan = models.PositiveIntegerField("多少积分抵 1 元", default=100)
    deduction_cap_bp = models.PositiveIntegerField(
        "最多抵商品金额（万分比）", default=5_000, help_text="5000 表示最多抵一半，0 表示不可抵扣"
    )

    class Meta:
        verbose_name = verbose_name_plural = "积分规则"
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="points_rules_one_row"),
            models.CheckConstraint(condition=Q(streak_days__gte=2), name="points_streak_takes_days"),
            models.CheckConstraint(condition=Q(expiry_months__gte=1), name="points_expiry_takes_months"),
            models.CheckConstraint(
                condition=Q(deduction_points_per_yuan__gte=1, deduction_cap_bp__lte=10_000),
                name="points_deduction_possible",
            ),
        ]

    def __str__(self) -> str:
        return "积分规则"


class InteractionRule(models.Model):
    """What an interaction gives; ``daily_cap`` 0 means without limit, ``once`` once in a member's life."""

    kind = models.CharField("互动", max_length=12, choices=Interaction.choices, unique=True)
    enabled = models.BooleanField("启用", default=True)
    points = models.PositiveIntegerField("积分")
    growth = models.PositiveIntegerField("成长值", default=0)
    once = models.BooleanField("仅一次", default=False)
    daily_cap = models.PositiveSmallIntegerField("每日次数上限", default=0, help_text="0 表示不限")

    class Meta:
        verbose_name = verbose_name_plural = "互动奖励"
        ordering = ["kind"]
        constraints = [models.CheckConstraint(condition=Q(points__gte=1), name="interaction_gives_points")]

    def __str__(self) -> str:
        return self.get_kind_display()


class PointsGood(models.Model):
    """Something for points: units of a SKU, perhaps with money beside, or a coupon of a template.

    The template is a plain number, because coupons is a neighbour: it hears PointsRedeemed.
    """

    class Kind(models.TextChoices):
        SKU = "SKU", "商品"
        COUPON = "COUPON", "优惠券"

    kind = models.CharField("类型", max_length=10, choices=Kind.choices)
    title = models.CharField("名称", max_length=40)
    sku = models.ForeignKey(
        Sku, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="SKU"
    )
    coupon_template_id = models.BigIntegerField("优惠券模板编号", null=True, blank=True)
    points = models.PositiveIntegerField("所需积分")
    money_fen = FenField("另付（分）", default=0)
    quota = models.PositiveIntegerField("兑换总量", null=True, blank=True, help_text="留空表示不限")
    redeemed = models.PositiveIntegerField("已兑换", default=0, editable=False)
    per_member = models.PositiveSmallIntegerField("每人限兑", default=0, help_text="0 表示不限")
    starts_at = models.DateTimeField("开始时间")
    ends_at = models.DateTimeField("结束时间")
    enabled = models.BooleanField("启用", default=True)
    position = models.PositiveIntegerField("排序", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "积分商品"
        ordering = ["position", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(points__gte=1), name="points_good_costs_points"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="points_good_window_forward"
            ),
            models.CheckConstraint(
                condition=Q(quota__isnull=True) | Q(redeemed__lte=F("quota")), name="points_good_within_quota"
            ),
            models.CheckConstraint(
                condition=Q(kind="SKU", sku__isnull=False, coupon_template_id__isnull=True)
                | Q(kind="COUPON", sku__isnull=True, coupon_template_id__isnull=False, money_fen=0),
                name="points_good_is_one_thing",
            ),
        ]
        indexes = [
            models.Index(fields=["position", "-id"], condition=Q(enabled=True), name="points_good_shelf")
        ]

    def __str__(self) -> str:
        return self.title


class Redemption(models.Model):
    """A member took something from the points mall; goods go with an order, coupons at once."""

    redemption_no = models.CharField("兑换单号", max_length=32, unique=True)
    member = models.ForeignKey(Member, on_delete=models.PROTECT, verbose_name="会员", db_index=False)
    good = models.ForeignKey(PointsGood, on_delete=models.PROTECT, verbose_name="积分商品")
    quantity = models.PositiveIntegerField("数量")
    points = models.PositiveBigIntegerField("积分")
    order_no = models.CharField("订单号", max_length=32, blank=True)
    idempotency_key = models.CharField("幂等键", max_length=80)
    status = models.CharField("状态", max_length=10, choices=RedemptionStatus.choices)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "兑换记录"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["member", "idempotency_key"], name="redemption_once_per_idempotency_key"
            ),
            models.UniqueConstraint(
                fields=["order_no"], condition=~Q(order_no=""), name="redemption_once_per_order"
            ),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="redemption_of_something"),
        ]
        indexes = [models.Index(fields=["member", "good"], name="redemption_of_member")]

    def __str__(self) -> str:
        return self.redemption_no
