"""What promoters earn: commissions of order lines, accounts, and the ledger that explains every fen of them."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q

from apps.base import finding
from apps.base.fields import FenField
from apps.distribution.models.promoters import Promoter
from apps.distribution.states import CommissionStatus, EntryKind
from apps.members.models import Member
from apps.orders.models import OrderLine, OrderRefund


class Commission(models.Model):
    """What one promoter earns by one line of an order, or (``of``) what a refund took of that, negative.

    Rate and basis are those of the payment and never change. A take-back of what is not available yet goes along with
    its commission. ``business_key`` is the order's number, the line and the level, or the refund's and so on.
    """

    promoter = models.ForeignKey(
        Promoter, on_delete=models.PROTECT, related_name="commissions", verbose_name="推客", db_index=False
    )
    buyer = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+", verbose_name="买家")
    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="+", verbose_name="订单商品")
    order_no = models.CharField("订单号", max_length=32)
    # 1: brought the buyer; 2: brought who did. There is no third (states.LEVELS).
    level = models.PositiveSmallIntegerField("级别", choices=[(1, "一级"), (2, "二级")])
    of = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="taken_back", verbose_name="原佣金"
    )
    refund = models.ForeignKey(
        OrderRefund, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="售后退款"
    )
    business_key = models.CharField("业务键", max_length=80)
    base_fen = FenField("计佣金额（分）", signed=True)
    rate_bp = models.PositiveIntegerField("佣金比例（万分比）")
    amount_fen = FenField("佣金（分）", signed=True)
    # Which rule gave the rate, in words.
    rate_source = models.CharField("比例来源", max_length=60, blank=True)
    # Of a commission: what refunds took of basis and amount so far.
    refunded_fen = FenField("已退金额（分）", default=0)
    taken_back_fen = FenField("已扣回（分）", default=0)
    status = models.CharField(
        "状态", max_length=10, choices=CommissionStatus.choices, default=CommissionStatus.PENDING
    )
    # Held for a look: it does not become available until somebody has released it.
    held = models.BooleanField("待核实", default=False)
    hold_reasons = models.JSONField("待核实原因", default=list)
    reason = models.CharField("说明", max_length=100, blank=True)
    at = models.DateTimeField("时间")
    frozen_at = models.DateTimeField("冻结时间", null=True)
    due_at = models.DateTimeField("解冻时间", null=True)
    available_at = models.DateTimeField("可提现时间", null=True)
    cancelled_at = models.DateTimeField("取消时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "佣金"
        ordering = ["-id"]
        permissions = [
            ("judge_commission", "放行或驳回待核实的佣金"),
            ("export_commission", "导出佣金与推客报表"),
        ]
        constraints = [
            finding.once("business_key", name="commission_once_per_cause"),
            models.UniqueConstraint(
                fields=["line", "level"], condition=Q(of__isnull=True), name="commission_once_per_level"
            ),
            models.UniqueConstraint(
                fields=["of", "refund"], condition=Q(refund__isnull=False), name="commission_taken_once"
            ),
            # The law's limit, for whoever writes past the program.
            models.CheckConstraint(condition=Q(level__in=[1, 2]), name="commission_two_levels_at_most"),
            models.CheckConstraint(
                condition=Q(
                    of__isnull=True, base_fen__gte=1, amount_fen__gte=1, amount_fen__lte=F("base_fen")
                )
                | Q(of__isnull=False, base_fen__lte=0, amount_fen__lte=-1),
                name="commission_within_what_was_paid",
            ),
            models.CheckConstraint(
                condition=Q(of__isnull=False, taken_back_fen=0, refunded_fen=0)
                | Q(
                    of__isnull=True,
                    taken_back_fen__gte=0,
                    taken_back_fen__lte=F("amount_fen"),
                    refunded_fen__gte=0,
                    refunded_fen__lte=F("base_fen"),
                ),
                name="commission_taken_within_amount",
            ),
            models.CheckConstraint(condition=Q(rate_bp__lte=10_000), name="commission_rate_is_a_share"),
            models.CheckConstraint(
                condition=~Q(status=CommissionStatus.FROZEN)
                | Q(frozen_at__isnull=False, due_at__isnull=False),
                name="commission_frozen_until",
            ),
            models.CheckConstraint(
                condition=Q(held=False) | Q(of__isnull=True), name="commission_held_as_a_whole"
            ),
            models.CheckConstraint(
                condition=~Q(held=True, status=CommissionStatus.AVAILABLE),
                name="commission_held_not_available",
            ),
        ]
        indexes = [
            models.Index(fields=["promoter", "-id"], name="commission_of_promoter"),
            models.Index(fields=["order_no"], name="commission_of_order"),
            models.Index(
                fields=["due_at", "id"],
                condition=Q(status=CommissionStatus.FROZEN, held=False, of__isnull=True),
                name="commission_due",
            ),
            models.Index(
                fields=["promoter", "due_at", "id"],
                condition=Q(status=CommissionStatus.FROZEN, held=False, of__isnull=True),
                name="commission_due_of_promoter",
            ),
            models.Index(fields=["-id"], condition=Q(held=True), name="commission_held"),
            # Leaderboards: who brought how much of what was paid.
            models.Index(
                fields=["at", "promoter"], condition=Q(of__isnull=True, level=1), name="commission_brought"
            ),
        ]

    def __str__(self) -> str:
        return self.business_key

    @property
    def left_fen(self) -> int:
        """What refunds have left of it."""
        return self.amount_fen - self.taken_back_fen


class Account(models.Model):
    """A promoter's money by what may be done with it. Σ of the ledger, each; what is owed is paid by the next income."""

    promoter = models.OneToOneField(
        Promoter, on_delete=models.PROTECT, primary_key=True, related_name="account", verbose_name="推客"
    )
    pending_fen = FenField("待收货（分）", default=0)
    frozen_fen = FenField("冻结中（分）", default=0)
    available_fen = FenField("可提现（分）", default=0)
    withdrawing_fen = FenField("提现中（分）", default=0)
    withdrawn_fen = FenField("已提现（分）", default=0)
    debt_fen = FenField("欠款（分）", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "推客账户"
        ordering = ["-promoter"]
        permissions = [("adjust_account", "人工调整推客账户")]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    pending_fen__gte=0,
                    frozen_fen__gte=0,
                    available_fen__gte=0,
                    withdrawing_fen__gte=0,
                    withdrawn_fen__gte=0,
                    debt_fen__gte=0,
                ),
                name="promoter_account_never_negative",
            ),
            models.CheckConstraint(
                condition=Q(available_fen=0) | Q(debt_fen=0), name="promoter_debt_only_when_empty"
            ),
        ]
        indexes = [
            models.Index(fields=["-debt_fen"], condition=Q(debt_fen__gt=0), name="promoter_account_owing")
        ]

    def __str__(self) -> str:
        return str(self.promoter)


class Entry(models.Model):
    """One change of an account. Append-only: each of the account's six sums is Σ of its column here."""

    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="entries", verbose_name="推客账户", db_index=False
    )
    kind = models.CharField("类型", max_length=10, choices=EntryKind.choices)
    pending_change_fen = FenField("待收货变化（分）", signed=True, default=0, db_default=0)
    frozen_change_fen = FenField("冻结变化（分）", signed=True, default=0, db_default=0)
    available_change_fen = FenField("可提现变化（分）", signed=True, default=0, db_default=0)
    withdrawing_change_fen = FenField("提现中变化（分）", signed=True, default=0, db_default=0)
    withdrawn_change_fen = FenField("已提现变化（分）", signed=True, default=0, db_default=0)
    debt_change_fen = FenField("欠款变化（分）", signed=True, default=0, db_default=0)
    # What caused it, e.g. "SO…:12:1:settle": the same cause is never booked twice on one account.
    business_key = models.CharField("业务键", max_length=100)
    commission = models.ForeignKey(
        Commission, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, verbose_name="佣金"
    )
    reason = models.CharField("原因", max_length=100, blank=True, default="", db_default="")
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="操作人"
    )
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "佣金流水"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["account", "business_key"], name="promoter_entry_once_per_cause"),
        ]
        indexes = [
            models.Index(fields=["account", "-id"], name="promoter_entry_of_account"),
            # What happened in a time (apps/books), at next to no price for who writes: rows lie in the order of time.
            BrinIndex(fields=["at"], autosummarize=True, name="promoter_entry_in"),
        ]

    def __str__(self) -> str:
        return self.business_key
