"""Stored value: what members have paid in (principal) and were given on top (bonus), and every change of either."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q

from apps.base import finding
from apps.base.fields import FenField
from apps.members.models import Member
from apps.wallet.states import EntryKind, RechargeStatus, SpendingStatus


class Account(models.Model):
    """A member's stored value. The held part of each sum is promised to unpaid orders; the rest may be spent."""

    member = models.OneToOneField(
        Member, on_delete=models.PROTECT, related_name="wallet_account", verbose_name="会员"
    )
    principal_fen = FenField("本金（分）", default=0)
    bonus_fen = FenField("赠送金（分）", default=0)
    held_principal_fen = FenField("占用本金（分）", default=0)
    held_bonus_fen = FenField("占用赠送金（分）", default=0)
    # What went back by the merchant console and was spent by then; what comes in next pays it (``services.debts``).
    owed_principal_fen = FenField("欠本金（分）", default=0, db_default=0)
    owed_bonus_fen = FenField("欠赠送金（分）", default=0, db_default=0)

    class Meta:
        permissions = [("recharge_account", "代充值"), ("adjust_account", "人工调整储值")]
        verbose_name = verbose_name_plural = "储值账户"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(held_principal_fen__gte=0, held_principal_fen__lte=F("principal_fen")),
                name="wallet_held_within_principal",
            ),
            models.CheckConstraint(
                condition=Q(held_bonus_fen__gte=0, held_bonus_fen__lte=F("bonus_fen")),
                name="wallet_held_within_bonus",
            ),
            models.CheckConstraint(
                condition=Q(owed_principal_fen__gte=0, owed_bonus_fen__gte=0), name="wallet_owed_or_not"
            ),
        ]
        indexes = [
            models.Index(
                fields=["-id"],
                condition=Q(owed_principal_fen__gt=0) | Q(owed_bonus_fen__gt=0),
                name="wallet_owing",
            )
        ]

    def __str__(self) -> str:
        return str(self.member)

    @property
    def owes(self) -> bool:
        """Whether something went back of it that was spent by then, and is not paid yet."""
        return bool(self.owed_principal_fen or self.owed_bonus_fen)

    @property
    def free_principal_fen(self) -> int:
        """The principal that no order holds."""
        return self.principal_fen - self.held_principal_fen

    @property
    def free_bonus_fen(self) -> int:
        """The bonus that no order holds."""
        return self.bonus_fen - self.held_bonus_fen


class Pack(models.Model):
    """A recharge that is on offer in ``[starts_at, ends_at)``: 充500送50 is a principal of 50,000, a bonus of 5,000."""

    title = models.CharField("名称", max_length=40)
    principal_fen = FenField("充值金额（分）")
    bonus_fen = FenField("赠送金额（分）", default=0)
    per_member = models.PositiveSmallIntegerField("每人限购", default=0, help_text="0 表示不限")
    starts_at = models.DateTimeField("开始时间")
    ends_at = models.DateTimeField("结束时间")
    enabled = models.BooleanField("启用", default=True)
    position = models.PositiveIntegerField("排序", default=0, help_text="数字小的排在前面")

    class Meta:
        verbose_name = verbose_name_plural = "充值套餐"
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(principal_fen__gte=1), name="wallet_pack_costs_money"),
            models.CheckConstraint(
                condition=Q(bonus_fen__gte=0, bonus_fen__lte=F("principal_fen")),
                name="wallet_pack_bonus_within_principal",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="wallet_pack_window_forward"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Recharge(models.Model):
    """A pack that a member buys in the mini program: placed, paid through WeChat, credited once, perhaps refunded.

    Title and figures are frozen at placing. Recharges that operators book have no row here, only their entry.
    """

    recharge_no = models.CharField("充值单号", max_length=32, unique=True)
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="recharges", verbose_name="会员", db_index=False
    )
    pack = models.ForeignKey(Pack, on_delete=models.PROTECT, verbose_name="充值套餐")
    title = models.CharField("名称", max_length=40)
    principal_fen = FenField("充值金额（分）")
    bonus_fen = FenField("赠送金额（分）")
    refunded_principal_fen = FenField("已退本金（分）", default=0)
    refunded_bonus_fen = FenField("已收回赠送金（分）", default=0)
    status = models.CharField(
        "状态", max_length=16, choices=RechargeStatus.choices, default=RechargeStatus.UNPAID
    )
    idempotency_key = models.CharField("幂等键", max_length=80)
    request_hash = models.CharField("请求摘要", max_length=64)
    created_at = models.DateTimeField("下单时间")
    expires_at = models.DateTimeField("支付截止")
    paid_at = models.DateTimeField("到账时间", null=True)
    closed_at = models.DateTimeField("关闭时间", null=True)
    refunded_at = models.DateTimeField("最近退款时间", null=True)

    class Meta:
        permissions = [("refund_recharge", "退充值款")]
        verbose_name = verbose_name_plural = "充值单"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["member", "idempotency_key"], name="recharge_once_per_idempotency_key"
            ),
            models.CheckConstraint(
                condition=Q(principal_fen__gte=1, bonus_fen__gte=0, bonus_fen__lte=F("principal_fen")),
                name="recharge_bonus_within_principal",
            ),
            models.CheckConstraint(
                condition=Q(paid_at__isnull=True, status__in=[RechargeStatus.UNPAID, RechargeStatus.CLOSED])
                | Q(
                    paid_at__isnull=False,
                    status__in=[
                        RechargeStatus.PAID,
                        RechargeStatus.PARTLY_REFUNDED,
                        RechargeStatus.REFUNDED,
                    ],
                ),
                name="recharge_paid_at_exactly_when_paid",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=False, status=RechargeStatus.CLOSED)
                | (Q(closed_at__isnull=True) & ~Q(status=RechargeStatus.CLOSED)),
                name="recharge_closed_at_exactly_when_closed",
            ),
            models.CheckConstraint(
                condition=Q(
                    status=RechargeStatus.REFUNDED,
                    refunded_at__isnull=False,
                    refunded_principal_fen=F("principal_fen"),
                    refunded_bonus_fen=F("bonus_fen"),
                )
                | Q(
                    status=RechargeStatus.PARTLY_REFUNDED,
                    refunded_at__isnull=False,
                    refunded_principal_fen__gte=1,
                    refunded_principal_fen__lt=F("principal_fen"),
                    refunded_bonus_fen__gte=0,
                    refunded_bonus_fen__lte=F("bonus_fen"),
                )
                | Q(
                    status__in=[RechargeStatus.UNPAID, RechargeStatus.PAID, RechargeStatus.CLOSED],
                    refunded_at__isnull=True,
                    refunded_principal_fen=0,
                    refunded_bonus_fen=0,
                ),
                name="recharge_refunded_as_its_status_says",
            ),
        ]
        indexes = [
            models.Index(fields=["member", "-id"], name="recharge_of_member"),
            models.Index(
                fields=["expires_at"],
                condition=Q(status=RechargeStatus.UNPAID),
                name="recharge_unpaid_expiry",
            ),
            models.Index(fields=["status", "-id"], name="recharge_by_status"),
        ]

    def __str__(self) -> str:
        return self.recharge_no

    @property
    def refundable_principal_fen(self) -> int:
        """What of the principal has not gone back yet."""
        return self.principal_fen - self.refunded_principal_fen


class Spending(models.Model):
    """What an order takes from an account: held, then committed or released, perhaps restored."""

    order_no = models.CharField("订单号", max_length=32)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, verbose_name="储值账户")
    principal_fen = FenField("本金（分）")
    bonus_fen = FenField("赠送金（分）")
    restored_principal_fen = FenField("已退本金（分）", default=0)
    restored_bonus_fen = FenField("已退赠送金（分）", default=0)
    status = models.CharField(
        "状态", max_length=10, choices=SpendingStatus.choices, default=SpendingStatus.HELD
    )

    class Meta:
        verbose_name = verbose_name_plural = "储值支付"
        ordering = ["-id"]
        constraints = [
            finding.once("order_no", name="wallet_spending_once"),
            models.CheckConstraint(
                condition=Q(principal_fen__gte=0, bonus_fen__gte=0) & ~Q(principal_fen=0, bonus_fen=0),
                name="wallet_spending_positive",
            ),
            models.CheckConstraint(
                condition=Q(restored_principal_fen__gte=0, restored_principal_fen__lte=F("principal_fen")),
                name="wallet_restored_within_principal",
            ),
            models.CheckConstraint(
                condition=Q(restored_bonus_fen__gte=0, restored_bonus_fen__lte=F("bonus_fen")),
                name="wallet_restored_within_bonus",
            ),
            models.CheckConstraint(
                condition=Q(restored_principal_fen=0, restored_bonus_fen=0)
                | Q(status=SpendingStatus.COMMITTED),
                name="wallet_restored_after_commit",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_no}: {self.principal_fen}+{self.bonus_fen}"

    @property
    def amount_fen(self) -> int:
        """What the order took in all."""
        return self.principal_fen + self.bonus_fen

    @property
    def restored_fen(self) -> int:
        """What came back of it so far."""
        return self.restored_principal_fen + self.restored_bonus_fen


class Entry(models.Model):
    """One change of an account. Append-only: each of the account's four sums is Σ of its column here."""

    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="entries", verbose_name="储值账户", db_index=False
    )
    kind = models.CharField("类型", max_length=10, choices=EntryKind.choices)
    principal_change_fen = FenField("本金变化（分）", signed=True, default=0)
    bonus_change_fen = FenField("赠送金变化（分）", signed=True, default=0)
    held_principal_change_fen = FenField("占用本金变化（分）", signed=True, default=0)
    held_bonus_change_fen = FenField("占用赠送金变化（分）", signed=True, default=0)
    # What caused it, e.g. "SO…:hold": the same cause is never booked twice on one account.
    business_key = models.CharField("业务键", max_length=80)
    pack = models.ForeignKey(Pack, on_delete=models.PROTECT, null=True, verbose_name="充值套餐")
    reason = models.CharField("原因", max_length=100, blank=True)
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="操作人",
        db_index=False,
    )
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "储值流水"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["account", "business_key"], name="wallet_entry_once_per_cause"),
            models.CheckConstraint(
                condition=Q(kind=EntryKind.RECHARGE, pack__isnull=False)
                | (~Q(kind=EntryKind.RECHARGE) & Q(pack__isnull=True)),
                name="wallet_recharge_names_its_pack",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-id"], name="wallet_entry_of_account"),
            finding.by_some("operator", name="wallet_entry_by_operator"),
            # What happened in a time (apps/books), at next to no price for who writes: rows lie in the order of time.
            BrinIndex(fields=["at"], autosummarize=True, name="wallet_entry_in"),
        ]

    def __str__(self) -> str:
        return (
            f"{self.get_kind_display()} {self.free_principal_change_fen:+d}/{self.free_bonus_change_fen:+d}"
        )

    @property
    def order_no(self) -> str:
        """The order that caused it, empty for recharges, their refunds and corrections."""
        of_order = self.kind not in {EntryKind.RECHARGE, EntryKind.REFUND, EntryKind.ADJUST}
        return self.business_key.partition(":")[0] if of_order else ""

    @property
    def recharge_no(self) -> str:
        """The recharge that it credited or gave back, empty for anything else and for what operators book."""
        if self.kind not in {EntryKind.RECHARGE, EntryKind.REFUND} or self.business_key.startswith("debt:"):
            return ""
        number = self.business_key.split(":")[1]
        return "" if number == "operator" else number

    @property
    def free_principal_change_fen(self) -> int:
        """By how much the principal that may be spent grew (or shrank)."""
        return self.principal_change_fen - self.held_principal_change_fen

    @property
    def free_bonus_change_fen(self) -> int:
        """By how much the bonus that may be spent grew (or shrank)."""
        return self.bonus_change_fen - self.held_bonus_change_fen
