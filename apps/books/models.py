"""WeChat Pay's bills of each day, the differences that were found in them, and the double-entry books."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from apps.base.fields import FenField
from apps.books.states import (
    ARRIVED,
    Account,
    BillKind,
    BillStatus,
    CaseKind,
    CaseStatus,
    EntryKind,
    LineKind,
    RemedyWay,
)

_ARRIVED = list(ARRIVED)


class Bill(models.Model):
    """One of WeChat's bills of one Shanghai day: waited for, downloaded whole, or said to be empty."""

    day = models.DateField("日期")
    kind = models.CharField("账单", max_length=10, choices=BillKind.choices)
    status = models.CharField("状态", max_length=10, choices=BillStatus.choices, default=BillStatus.WAITING)
    # SHA-1 as WeChat announced it, which the downloaded file had.
    digest = models.CharField("文件摘要", max_length=40, blank=True)
    lines_count = models.PositiveIntegerField("笔数", default=0)
    # Of a trade bill what was paid and what went back; of a fund bill what came in and what went out.
    in_fen = FenField("收入（分）", default=0)
    out_fen = FenField("支出（分）", default=0)
    # In thousandths of a fen: WeChat reckons its fee to five decimals of a yuan.
    fee_millifen = models.BigIntegerField("手续费（千分之一分）", default=0)
    # What WeChat kept of payments for vouchers that the merchant bears (订单金额 less 应结订单金额, refunds likewise).
    voucher_fen = FenField("代金券（分）", default=0, db_default=0, signed=True)
    attempts = models.PositiveIntegerField("尝试次数", default=0)
    due_at = models.DateTimeField("下次下载")
    last_error = models.CharField("最近错误", max_length=200, blank=True)
    fetched_at = models.DateTimeField("下载时间", null=True)
    reconciled_at = models.DateTimeField("核对时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "微信账单"
        ordering = ["-day", "kind"]
        permissions = [("reconcile_bill", "下载账单并对账")]
        constraints = [
            models.UniqueConstraint(fields=["day", "kind"], name="bill_once_a_day"),
            models.CheckConstraint(
                condition=Q(status__in=_ARRIVED, fetched_at__isnull=False)
                | (~Q(status__in=_ARRIVED) & Q(fetched_at__isnull=True)),
                name="bill_fetched_at_exactly_when_arrived",
            ),
            models.CheckConstraint(
                condition=Q(status=BillStatus.FETCHED) | Q(lines_count=0), name="bill_has_lines_if_fetched"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=~Q(status__in=_ARRIVED), name="bill_due"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.get_kind_display()}"


class BillLine(models.Model):
    """One line of a bill, as far as it is compared: numbers, amounts, no openid and no goods."""

    bill = models.ForeignKey(
        Bill, on_delete=models.CASCADE, related_name="lines", verbose_name="账单", db_index=False
    )
    number = models.PositiveIntegerField("行号")
    kind = models.CharField("类型", max_length=10, choices=LineKind.choices)
    # What WeChat calls it: 交易状态 with 退款状态 of a trade bill, 业务类型 of a fund bill.
    said = models.CharField("微信说明", max_length=60, blank=True)
    our_no = models.CharField("商户单号", max_length=64, blank=True)
    wechat_no = models.CharField("微信单号", max_length=64, blank=True)
    # What the shopper paid, or got back; of a fund bill with its sign.
    amount_fen = FenField("金额（分）", signed=True)
    fee_millifen = models.BigIntegerField("手续费（千分之一分）", default=0)
    at = models.DateTimeField("时间")
    # Of a refund in a trade bill: WeChat's number of the payment that it is of.
    paid_no = models.CharField("原支付的微信单号", max_length=64, blank=True, default="", db_default="")

    class Meta:
        verbose_name = verbose_name_plural = "账单明细"
        ordering = ["bill", "number"]
        constraints = [models.UniqueConstraint(fields=["bill", "number"], name="bill_line_once")]
        indexes = [
            models.Index(fields=["our_no", "kind"], name="bill_line_of_number"),
            models.Index(fields=["paid_no"], condition=~Q(paid_no=""), name="bill_line_of_payment"),
        ]

    def __str__(self) -> str:
        return f"{self.bill} 第 {self.number} 行"


class Case(models.Model):
    """A difference between a bill and the shop. It is there until both agree, or somebody has said why they do not."""

    day = models.DateField("账单日期")
    kind = models.CharField("差异", max_length=20, choices=CaseKind.choices)
    # What it is about: our number where there is one, else WeChat's, else the line.
    number = models.CharField("单号", max_length=64)
    wechat_fen = FenField("微信金额（分）", null=True, signed=True)
    shop_fen = FenField("商城金额（分）", null=True, signed=True)
    evidence = models.CharField("依据", max_length=200)
    status = models.CharField("状态", max_length=10, choices=CaseStatus.choices, default=CaseStatus.OPEN)
    opened_at = models.DateTimeField("发现时间")
    closed_at = models.DateTimeField("结案时间", null=True)
    note = models.CharField("说明", max_length=200, blank=True)
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="处理人"
    )

    class Meta:
        verbose_name = verbose_name_plural = "对账差异"
        ordering = ["-day", "-id"]
        permissions = [
            ("settle_case", "处理对账差异"),
            ("refund_case", "非商城收款原路退款"),
            ("book_case", "对账差异入账"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["kind", "number"], name="difference_once"),
            models.CheckConstraint(
                condition=Q(status=CaseStatus.OPEN, closed_at__isnull=True)
                | (~Q(status=CaseStatus.OPEN) & Q(closed_at__gte=F("opened_at"))),
                name="difference_closed_at_exactly_when_closed",
            ),
            models.CheckConstraint(
                condition=(Q(status=CaseStatus.EXPLAINED, operator__isnull=False) & ~Q(note=""))
                | ~Q(status=CaseStatus.EXPLAINED),
                name="difference_explained_by_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["day"], condition=Q(status=CaseStatus.OPEN), name="difference_open"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.get_kind_display()} {self.number}"


class Remedy(models.Model):
    """What somebody wants done about the money of a difference, and the answer. Nothing changes once it is answered.

    ``amount_fen``: of a refund what goes back; of a booking what WeChat has more than the shop, negative for less, which
    ``base`` is debited with and ``account`` credited. A booking is taken back by another row, which ``undoes`` it.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="remedies", verbose_name="对账差异")
    way = models.CharField("方式", max_length=6, choices=RemedyWay.choices)
    amount_fen = FenField("金额（分）", signed=True)
    base = models.CharField("转出科目", max_length=4, choices=Account.choices, blank=True)
    account = models.CharField("入账科目", max_length=4, choices=Account.choices, blank=True)
    reason = models.CharField("原因", max_length=80)
    takes_two = models.BooleanField("须复核")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name="申请人"
    )
    asked_at = models.DateTimeField("申请时间")
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, verbose_name="复核人"
    )
    answered_at = models.DateTimeField("复核时间", null=True)
    granted = models.BooleanField("是否同意", null=True)
    # The refund that was made of it.
    refund_no = models.CharField("退款单号", max_length=64, blank=True)
    undoes = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="undone_by", verbose_name="冲销"
    )

    class Meta:
        verbose_name = verbose_name_plural = "对账处理"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="remedy_has_reason"),
            models.CheckConstraint(
                condition=Q(way=RemedyWay.REFUND, amount_fen__gte=1, takes_two=True, base="", account="")
                | (
                    ~Q(way=RemedyWay.REFUND)
                    & ~Q(amount_fen=0)
                    & ~Q(base="")
                    & ~Q(account="")
                    & ~Q(base=F("account"))
                ),
                name="remedy_says_what_moves",
            ),
            models.CheckConstraint(
                condition=Q(takes_two=False) | Q(answered_by__isnull=True) | ~Q(answered_by=F("asked_by")),
                name="remedy_takes_two_people",
            ),
            models.CheckConstraint(
                condition=Q(answered_by__isnull=True, answered_at__isnull=True, granted__isnull=True)
                | Q(answered_by__isnull=False, answered_at__isnull=False, granted__isnull=False),
                name="remedy_answered_whole",
            ),
            models.CheckConstraint(
                condition=Q(refund_no="") | Q(way=RemedyWay.REFUND, granted=True),
                name="remedy_refunds_once_granted",
            ),
            models.CheckConstraint(
                condition=Q(way=RemedyWay.UNBOOK, undoes__isnull=False)
                | (~Q(way=RemedyWay.UNBOOK) & Q(undoes__isnull=True)),
                name="remedy_undoes_a_booking",
            ),
            models.UniqueConstraint(
                fields=["case"], condition=Q(answered_at__isnull=True), name="remedy_one_open"
            ),
            models.UniqueConstraint(fields=["undoes"], condition=Q(granted=True), name="remedy_undone_once"),
        ]
        indexes = [
            models.Index(fields=["answered_at"], condition=Q(granted=True), name="remedy_granted_in"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.way} {self.amount_fen:+d}"


class JournalEntry(models.Model):
    """One happening in the double-entry books: its lines' debits equal their credits. Append-only.

    ``business_key`` names the happening and is posted once; what a happening was posted wrongly with is put right by
    another revision, which posts the difference. ``occurred_at`` is the fact's own moment, ``day`` its Shanghai day.
    """

    kind = models.CharField("业务", max_length=12, choices=EntryKind.choices)
    business_key = models.CharField("业务键", max_length=80)
    revision = models.PositiveSmallIntegerField("更正次数", default=0)
    day = models.DateField("日期")
    occurred_at = models.DateTimeField("发生时间")
    order_no = models.CharField("订单号", max_length=32, blank=True)
    # The document: a payment's, refund's, parcel's number, or the day of a bill.
    number = models.CharField("单号", max_length=64, blank=True)
    posted_at = models.DateTimeField("入账时间")

    class Meta:
        verbose_name = verbose_name_plural = "会计凭证"
        ordering = ["-day", "-id"]
        permissions = [("export_journalentry", "导出账簿、报表与订单利润")]
        constraints = [
            models.UniqueConstraint(fields=["business_key", "revision"], name="journal_entry_once"),
        ]
        indexes = [
            models.Index(fields=["-day", "-id"], name="journal_entry_by_day"),
            models.Index(fields=["kind", "-day", "-id"], name="journal_entry_by_kind"),
            models.Index(fields=["order_no"], condition=~Q(order_no=""), name="journal_entry_of_order"),
            models.Index(fields=["number"], condition=~Q(number=""), name="journal_entry_of_number"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number or self.order_no or self.day}"


class JournalLine(models.Model):
    """What an entry does to one account: a debit or a credit, in fen. Append-only.

    The database refuses a transaction after which an entry has no lines, or sums that differ (migration 0002).
    """

    # The entry's lines are found by the constraint's index.
    entry = models.ForeignKey(
        JournalEntry, on_delete=models.PROTECT, related_name="lines", db_index=False, verbose_name="会计凭证"
    )
    account = models.CharField("科目", max_length=4, choices=Account.choices)
    # The entry's, so that accounts are added up by day without a look at the entries.
    day = models.DateField("日期")
    debit_fen = FenField("借方（分）", default=0)
    credit_fen = FenField("贷方（分）", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "凭证分录"
        ordering = ["entry", "id"]
        constraints = [
            models.UniqueConstraint(fields=["entry", "account"], name="journal_line_once"),
            models.CheckConstraint(
                condition=Q(debit_fen__gte=1, credit_fen=0) | Q(debit_fen=0, credit_fen__gte=1),
                name="journal_line_debit_or_credit",
            ),
        ]
        indexes = [
            models.Index(
                fields=["day", "account"], include=["debit_fen", "credit_fen"], name="journal_line_by_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id}: {self.account} {self.debit_fen - self.credit_fen:+d}"


class BookDay(models.Model):
    """A Shanghai day that is over and was posted, with the rate at which points stood in the books at its end."""

    day = models.DateField("日期", unique=True)
    points_per_yuan = models.PositiveIntegerField("多少积分折 1 元")
    closed_at = models.DateTimeField("结账时间")

    class Meta:
        verbose_name = verbose_name_plural = "入账日"
        ordering = ["-day"]
        constraints = [
            models.CheckConstraint(condition=Q(points_per_yuan__gte=1), name="book_day_points_have_worth")
        ]

    def __str__(self) -> str:
        return f"{self.day}"


class CostRate(models.Model):
    """What sending a parcel costs from a Shanghai day on, and WeChat's rate until its bill says the fee."""

    since = models.DateField("生效日期", unique=True)
    postage_fen = FenField("每个包裹邮费（分）", default=0)
    packing_fen = FenField("每个包裹包装费（分）", default=0)
    insurance_fen = FenField("每单运费险保费（分）", default=0, db_default=0)
    fee_bp = models.PositiveIntegerField("微信费率（万分比）", default=60)

    class Meta:
        verbose_name = verbose_name_plural = "成本费率"
        ordering = ["-since"]
        constraints = [
            models.CheckConstraint(condition=Q(fee_bp__lte=1_000), name="cost_rate_fee_is_small"),
            models.CheckConstraint(
                condition=Q(postage_fen__gte=0, packing_fen__gte=0, insurance_fen__gte=0),
                name="cost_rate_never_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.since}"


class SoldOrder(JournalEntry):
    """An order whose sale was posted, seen with what it brought and cost."""

    class Meta:
        proxy = True
        verbose_name = verbose_name_plural = "订单利润"
        ordering = ["-day", "-id"]
