"""Invoices (发票): titles that members keep, one invoice that holds an order, and the shop's rules of applying."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q

from apps.base import private
from apps.base.fields import FenField
from apps.invoices.states import LIVE, FileKind, InvoiceStatus, TitleKind
from apps.members.models import Member
from apps.orders.models import Order

LONGEST_NAME = 100


class InvoiceRules(models.Model):
    """Whether and how long invoices can be applied for, and who issues them: one row; without it these defaults."""

    enabled = models.BooleanField("开放申请", default=True, help_text="关闭后买家不能申请，已申请的照常办理")
    apply_days = models.PositiveSmallIntegerField(
        "申请期限（天）", default=30, help_text="确认收货后多少天内可以申请；驳回或红冲后重新计算"
    )
    provider = models.CharField("开票方式", max_length=20, default="manual")

    class Meta:
        verbose_name = verbose_name_plural = "发票规则"
        constraints = [models.CheckConstraint(condition=Q(id=1), name="invoice_rules_one_row")]

    def __str__(self) -> str:
        return "发票规则"


class InvoiceTitle(models.Model):
    """Whom a member's invoices are made out to (抬头); an application copies it."""

    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="invoice_titles", db_index=False, verbose_name="会员"
    )
    kind = models.CharField("类型", max_length=10, choices=TitleKind.choices)
    name = models.CharField("名称", max_length=LONGEST_NAME)
    tax_no = models.CharField("税号", max_length=18, blank=True)
    email = models.CharField("邮箱", max_length=254, blank=True)
    added_at = models.DateTimeField("添加时间")

    class Meta:
        verbose_name = verbose_name_plural = "发票抬头"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=(Q(kind=TitleKind.COMPANY) & ~Q(tax_no="")) | Q(kind=TitleKind.PERSONAL, tax_no=""),
                name="invoice_title_tax_no_of_companies",
            ),
        ]
        indexes = [models.Index(fields=["member", "-id"], name="invoice_title_of_member")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.name}"


class Invoice(models.Model):
    """One invoice of an order, from its application on. ``amount_fen`` is what was really paid.

    ``waits_since`` is since when an operator is waited for: to issue it, or to issue the red letter of a reversed one.
    """

    invoice_no = models.CharField("申请单号", max_length=32, unique=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="invoices", verbose_name="订单")
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="invoices", db_index=False, verbose_name="会员"
    )
    status = models.CharField(
        "状态", max_length=10, choices=InvoiceStatus.choices, default=InvoiceStatus.APPLIED
    )
    kind = models.CharField("抬头类型", max_length=10, choices=TitleKind.choices)
    name = models.CharField("抬头名称", max_length=LONGEST_NAME, blank=True)
    tax_no = models.CharField("税号", max_length=18, blank=True)
    email = models.CharField("邮箱", max_length=254, blank=True)
    asked_fen = FenField("申请时金额（分）")
    amount_fen = FenField("发票金额（分）")
    waits_since = models.DateTimeField("等待商家自", null=True)
    applied_at = models.DateTimeField("申请时间")
    issued_at = models.DateTimeField("开具时间", null=True)
    number = models.CharField("发票号码", max_length=20, blank=True)
    code = models.CharField("发票代码", max_length=12, blank=True)
    issued_on = models.DateField("开票日期", null=True)
    file = models.FileField(
        "发票文件", upload_to="invoices", storage=private.files, max_length=200, blank=True
    )
    file_kind = models.CharField("文件类型", max_length=3, choices=FileKind.choices, blank=True)
    # Why it was refused or reversed: the buyer reads it.
    reason = models.CharField("原因", max_length=100, blank=True)
    ended_at = models.DateTimeField("驳回或红冲时间", null=True)
    red_number = models.CharField("红字发票号码", max_length=20, blank=True)
    red_on = models.DateField("红字开票日期", null=True)
    # When title and file were erased, because their time was over (services.erasing).
    erased_at = models.DateTimeField("清空时间", null=True)

    class Meta:
        permissions = [("issue_invoice", "开具、驳回、红冲发票"), ("export_invoice", "导出发票")]
        verbose_name = verbose_name_plural = "发票"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["order"], condition=Q(status__in=sorted(LIVE)), name="invoice_one_live_per_order"
            ),
            models.UniqueConstraint(
                fields=["number", "code"], condition=~Q(number=""), name="invoice_number_once"
            ),
            models.CheckConstraint(
                condition=Q(amount_fen__gte=1, amount_fen__lte=F("asked_fen")),
                name="invoice_amount_within_asked",
            ),
            models.CheckConstraint(
                condition=(
                    Q(issued_at__isnull=False, issued_on__isnull=False)
                    & ~Q(number="")
                    & Q(status__in=[InvoiceStatus.ISSUED, InvoiceStatus.REVERSED])
                )
                | Q(
                    issued_at__isnull=True,
                    issued_on__isnull=True,
                    number="",
                    status__in=[InvoiceStatus.APPLIED, InvoiceStatus.REFUSED],
                ),
                name="invoice_number_exactly_when_issued",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, reason="", status__in=sorted(LIVE))
                | (Q(ended_at__isnull=False) & ~Q(reason="") & ~Q(status__in=sorted(LIVE))),
                name="invoice_ended_with_reason",
            ),
            models.CheckConstraint(
                condition=Q(waits_since__isnull=False, status=InvoiceStatus.APPLIED)
                | Q(waits_since__isnull=False, status=InvoiceStatus.REVERSED, red_number="")
                | Q(waits_since__isnull=True, status__in=[InvoiceStatus.ISSUED, InvoiceStatus.REFUSED])
                | (Q(waits_since__isnull=True, status=InvoiceStatus.REVERSED) & ~Q(red_number="")),
                name="invoice_waits_exactly_for_somebody",
            ),
            models.CheckConstraint(
                condition=Q(red_on__isnull=True, red_number="")
                | (Q(red_on__isnull=False, status=InvoiceStatus.REVERSED) & ~Q(red_number="")),
                name="invoice_red_letter_of_reversed",
            ),
        ]
        indexes = [
            models.Index(fields=["member", "-id"], name="invoice_of_member"),
            models.Index(
                fields=["waits_since"], condition=Q(waits_since__isnull=False), name="invoice_waiting"
            ),
            # Whose time is over next.
            models.Index(
                fields=["applied_at"], condition=Q(erased_at__isnull=True), name="invoice_with_title"
            ),
        ]

    def __str__(self) -> str:
        return self.invoice_no

    @property
    def awaits_red_letter(self) -> bool:
        """Whether the tax office still counts a paper that holds no more."""
        return self.status == InvoiceStatus.REVERSED and not self.red_number

    @property
    def title(self) -> dict[str, Any]:
        """The title as it was copied."""
        return {"kind": self.kind, "name": self.name, "tax_no": self.tax_no, "email": self.email}
