"""Complaints at WeChat, what was said about each (WeChat's record of it), and what the shop sent."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.base.fields import FenField
from apps.complaints.states import UNDECIDED, ActKind, ActStatus, ComplaintStatus, Problem
from apps.members.models import Member
from apps.payments.models import Payment

MOST_CHARACTERS = 200


class Complaint(models.Model):
    """A complaint about a payment, as WeChat said it last; ``complaint_id`` is WeChat's number.

    ``answer_by`` is there exactly while somebody waits for the shop: before its first word, and after each of the shopper's.
    ``ask_at`` is when WeChat is asked about it next, null when there is nothing to ask.
    """

    complaint_id = models.CharField("投诉单号", max_length=64, unique=True)
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, null=True, related_name="complaints", verbose_name="支付单"
    )
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="会员"
    )
    status = models.CharField(
        "状态", max_length=10, choices=ComplaintStatus.choices, default=ComplaintStatus.PENDING
    )
    problem_type = models.CharField(
        "问题类型", max_length=20, choices=Problem.choices, default=Problem.OTHERS
    )
    problem = models.CharField("问题描述", max_length=256, blank=True)
    text = models.TextField("投诉内容", blank=True)
    phone_shown = models.CharField("联系电话", max_length=20, blank=True)
    transaction_id = models.CharField("微信支付单号", max_length=64, blank=True)
    amount_fen = FenField("支付金额（分）", null=True)
    wanted_fen = FenField("申请退款（分）", null=True)
    refunded = models.BooleanField("已全额退款", default=False)
    has_news = models.BooleanField("买家有新留言", default=False)
    with_platform = models.BooleanField("平台介入", default=False)
    urgent = models.BooleanField("需即时处理", default=False)
    times = models.PositiveIntegerField("投诉次数", default=0)
    # Addresses at WeChat, which only a signed request opens; the pictures themselves are not kept.
    pictures = ArrayField(models.URLField(max_length=500), default=list, verbose_name="图片")
    opened_at = models.DateTimeField("投诉时间")
    answer_by = models.DateTimeField("回复期限", null=True)
    answered_at = models.DateTimeField("首次回复", null=True)
    completed_at = models.DateTimeField("完成时间", null=True)
    read_at = models.DateTimeField("最近查询", null=True)
    ask_at = models.DateTimeField("下次查询", null=True)
    attempts = models.PositiveSmallIntegerField("查询失败次数", default=0)
    # Counts what the shop sent: what was read before it is older than what the shop knows.
    acts_count = models.PositiveIntegerField("提交次数", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "微信投诉"
        ordering = ["-id"]
        permissions = [("answer_complaint", "回复和处理微信投诉")]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    status=ComplaintStatus.PROCESSED, completed_at__isnull=False, answer_by__isnull=True
                )
                | (~Q(status=ComplaintStatus.PROCESSED) & Q(completed_at__isnull=True)),
                name="complaint_completed_at_exactly_when_processed",
            ),
            models.CheckConstraint(
                condition=~Q(status=ComplaintStatus.PENDING) | Q(answer_by__isnull=False),
                name="complaint_pending_has_a_clock",
            ),
        ]
        indexes = [
            models.Index(
                fields=["answer_by"], condition=Q(answer_by__isnull=False), name="complaint_waiting"
            ),
            models.Index(fields=["ask_at"], condition=Q(ask_at__isnull=False), name="complaint_to_ask"),
            models.Index(fields=["opened_at"], name="complaint_opened"),
        ]

    def __str__(self) -> str:
        return self.complaint_id


class ComplaintStep(models.Model):
    """One entry of WeChat's record (协商历史): who did or said what. Append-only, but its words are emptied in time."""

    complaint = models.ForeignKey(
        Complaint, on_delete=models.PROTECT, related_name="steps", verbose_name="投诉", db_index=False
    )
    log_id = models.CharField("记录编号", max_length=64)
    who = models.CharField("操作方", max_length=40, blank=True)
    kind = models.CharField("动作", max_length=64, blank=True)
    text = models.TextField("内容", blank=True)
    pictures = ArrayField(models.URLField(max_length=500), default=list, verbose_name="图片")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "协商历史"
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["complaint", "log_id"], name="complaint_step_once_per_log_id")
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id}: {self.kind}"


class ComplaintAct(models.Model):
    """Something that the shop says about a complaint: written down before WeChat is called, and what became of it.

    ``token`` is that of the operator's page: sent twice it is said once. ``log_id`` is the entry of WeChat's record that it
    has become, once that was read.
    """

    complaint = models.ForeignKey(
        Complaint, on_delete=models.PROTECT, related_name="acts", verbose_name="投诉"
    )
    token = models.CharField("请求标识", max_length=64, unique=True)
    kind = models.CharField("动作", max_length=10, choices=ActKind.choices)
    text = models.CharField("内容", max_length=MOST_CHARACTERS, blank=True)
    days = models.PositiveSmallIntegerField("预计退款（工作日）", null=True)
    status = models.CharField("状态", max_length=10, choices=ActStatus.choices, default=ActStatus.SENDING)
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="操作人"
    )
    at = models.DateTimeField("提交时间")
    settled_at = models.DateTimeField("结果时间", null=True)
    fault = models.CharField("原因", max_length=200, blank=True)
    log_id = models.CharField("记录编号", max_length=64, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "商家提交"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["complaint"],
                condition=Q(status__in=sorted(UNDECIDED)),
                name="complaint_act_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(status__in=sorted(UNDECIDED), settled_at__isnull=True)
                | (~Q(status__in=sorted(UNDECIDED)) & Q(settled_at__isnull=False)),
                name="complaint_act_settled_at_exactly_when_settled",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.complaint_id}"
