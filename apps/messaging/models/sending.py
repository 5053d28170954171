"""What members granted and want, what is to be told, and how each message went out."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from apps.base.fields import FenField
from apps.members.models import Member
from apps.messaging.models.wording import Broadcast, Content, Template
from apps.messaging.states import (
    CardStatus,
    Channel,
    DispatchStatus,
    GrantChange,
    MessageStatus,
    Reason,
    Source,
)


class Standing(models.Model):
    """What a member wants of messages, and how many of marketing they were told on the latest day and in its week.

    ``marketing`` is None until the member says something: then the shop's own inbox shows it, and a subscription message
    goes where the member accepted it; SMS and customer-service messages wait for a yes.
    """

    member = models.OneToOneField(
        Member, on_delete=models.PROTECT, primary_key=True, related_name="+", verbose_name="会员"
    )
    marketing = models.BooleanField("接收营销消息", null=True)
    said_at = models.DateTimeField("设置时间", null=True)
    day = models.DateField("计数日", null=True)
    told_day = models.PositiveIntegerField("当日营销消息", default=0, db_default=0)
    week = models.DateField("计数周", null=True)
    told_week = models.PositiveIntegerField("本周营销消息", default=0, db_default=0)
    # A customer-service message may be sent until then, so many more times (小程序 客服消息: 48 hours, five).
    window_until = models.DateTimeField("客服窗口至", null=True)
    window_left = models.PositiveSmallIntegerField("客服窗口剩余", default=0, db_default=0)

    class Meta:
        verbose_name = verbose_name_plural = "消息设置"
        ordering = ["-member_id"]

    def __str__(self) -> str:
        return str(self.member_id)


class Grant(models.Model):
    """How many sends of a template a member has accepted and the shop has not used: ``balance`` = Σ entries."""

    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="+", verbose_name="会员", db_index=False
    )
    template = models.ForeignKey(
        Template, on_delete=models.PROTECT, related_name="grants", verbose_name="模板"
    )
    balance = models.PositiveIntegerField("可用次数", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "订阅授权"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["member", "template"], name="message_grant_once_per_template"),
            models.CheckConstraint(condition=Q(balance__gte=0), name="message_grant_never_overdrawn"),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} {self.template_id}: {self.balance}"


class GrantEntry(models.Model):
    """One thing that happened to a member's grants of a template. Append-only.

    ``same_as``: the entry of the same accept, told by the other side before.
    """

    grant = models.ForeignKey(
        Grant, on_delete=models.PROTECT, related_name="entries", verbose_name="授权", db_index=False
    )
    change = models.IntegerField("变化")
    what = models.CharField("事项", max_length=9, choices=GrantChange.choices)
    source = models.CharField("来源", max_length=8, choices=Source.choices)
    same_as = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="+", verbose_name="同一次同意"
    )
    business_key = models.CharField("业务键", max_length=100)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "授权流水"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["grant", "business_key"], name="message_grant_entry_once_per_cause"
            )
        ]
        indexes = [models.Index(fields=["grant", "-id"], name="message_grant_entry_of_grant")]

    def __str__(self) -> str:
        return f"{self.grant_id} {self.change:+d}"


class Message(models.Model):
    """Something to tell one member about one occasion, once for ever.

    The texts are empty until it is told, and again when the inbox has kept them long enough; the row stays, so that the
    occasion is never told twice. ``reason``: why it was not sent, was put off, or went into the inbox only.
    """

    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="+", verbose_name="会员", db_index=False
    )
    scene = models.CharField("场景", max_length=40)
    subject = models.CharField("业务编号", max_length=80)
    occasion = models.CharField("时机", max_length=120)
    # Whose subject is a parcel, a refund or an application still belongs to an order; empty where it belongs to none.
    order_no = models.CharField("订单号", max_length=32, blank=True, default="", db_default="")
    content = models.ForeignKey(
        Content, on_delete=models.PROTECT, null=True, related_name="messages", verbose_name="内容"
    )
    broadcast = models.ForeignKey(
        Broadcast, on_delete=models.PROTECT, null=True, related_name="messages", db_index=False,
        verbose_name="群发",
    )  # fmt: skip
    marketing = models.BooleanField("营销消息", default=False)
    status = models.CharField(
        "状态", max_length=8, choices=MessageStatus.choices, default=MessageStatus.WAITING
    )
    reason = models.CharField("原因", max_length=14, choices=Reason.choices, blank=True)
    channel = models.CharField("渠道", max_length=12, choices=Channel.choices, blank=True)
    written_at = models.DateTimeField("写入时间")
    due_at = models.DateTimeField("应发时间")
    expires_at = models.DateTimeField("过期时间")
    tries = models.PositiveSmallIntegerField("尝试次数", default=0, db_default=0)
    fault = models.CharField("错误", max_length=200, blank=True)
    ended_at = models.DateTimeField("处理时间", null=True)
    title = models.CharField("标题", max_length=80, blank=True)
    text = models.CharField("正文", max_length=600, blank=True)
    page = models.CharField("页面", max_length=300, blank=True)
    read_at = models.DateTimeField("阅读时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "发送记录"
        ordering = ["-id"]
        permissions = [("repeat_message", "重试失败的消息")]
        constraints = [
            models.UniqueConstraint(fields=["member", "scene", "occasion"], name="message_once_per_occasion"),
            models.CheckConstraint(
                condition=Q(status__in=["TOLD", "DROPPED"], ended_at__isnull=False)
                | ~Q(status__in=["TOLD", "DROPPED"]) & Q(ended_at__isnull=True),
                name="message_ended_exactly_when_over",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gte=F("due_at")), name="message_due_before_it_expires"
            ),
        ]
        indexes = [
            # What is due, order news before marketing.
            models.Index(fields=["marketing", "due_at"], condition=Q(status="WAITING"), name="message_due"),
            # A member's inbox, the newest first.
            models.Index(
                fields=["member", "-ended_at", "-id"],
                condition=Q(status="TOLD") & ~Q(title=""),
                name="message_inbox",
            ),
            models.Index(fields=["broadcast", "status"], condition=Q(broadcast__isnull=False), name="message_of_broadcast"),
            # What the inbox has kept long enough.
            models.Index(fields=["ended_at"], condition=~Q(title=""), name="message_text_by_age"),
            models.Index(fields=["scene", "-id"], name="message_by_scene"),
            # What waits for an operator is few among all; every page of the admin counts it.
            models.Index(fields=["-id"], condition=Q(status="FAILED"), name="message_broken"),
            models.Index(fields=["order_no"], condition=~Q(order_no=""), name="message_of_order"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.title or '消息'} {self.subject}"


class Dispatch(models.Model):
    """A message on its way by one channel: one attempt that is repeated only where it is known that nothing was sent.

    ``due_at`` is when to try; while it is being sent, when whoever does must have died, and nobody knows the outcome.
    """

    message = models.ForeignKey(
        Message, on_delete=models.PROTECT, related_name="ways", verbose_name="消息", db_index=False
    )
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+", verbose_name="会员")
    channel = models.CharField("渠道", max_length=12, choices=Channel.choices)
    template = models.ForeignKey(
        Template, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="模板"
    )
    marketing = models.BooleanField("营销消息", default=False)
    status = models.CharField(
        "状态", max_length=8, choices=DispatchStatus.choices, default=DispatchStatus.WAITING
    )
    reason = models.CharField("原因", max_length=14, choices=Reason.choices, blank=True)
    due_at = models.DateTimeField("下次尝试")
    tries = models.PositiveSmallIntegerField("尝试次数", default=0)
    tried_at = models.DateTimeField("最近尝试", null=True)
    ended_at = models.DateTimeField("结束时间", null=True)
    # WeChat's number of the message: 64 bits, kept as it is written.
    msgid = models.CharField("渠道消息编号", max_length=64, blank=True)
    fault = models.CharField("错误", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "渠道发送"
        ordering = ["-id"]
        permissions = [("repeat_dispatch", "重试失败的渠道发送")]
        constraints = [
            models.UniqueConstraint(fields=["message", "channel"], name="message_once_per_channel"),
            # WeChat refuses two sends to one user at once (43108).
            models.UniqueConstraint(
                fields=["member"], condition=Q(status="SENDING"), name="message_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["SENT", "REFUSED", "UNKNOWN"], ended_at__isnull=False)
                | ~Q(status__in=["SENT", "REFUSED", "UNKNOWN"]) & Q(ended_at__isnull=True),
                name="message_way_ended_exactly_when_over",
            ),
        ]
        indexes = [
            models.Index(
                fields=["channel", "marketing", "due_at"],
                condition=Q(status="WAITING"),
                name="message_way_due",
            ),
            models.Index(fields=["due_at"], condition=Q(status="SENDING"), name="message_way_under_way"),
            models.Index(fields=["msgid"], condition=~Q(msgid=""), name="message_way_by_number"),
            models.Index(fields=["status", "-id"], name="message_way_by_status"),
        ]

    def __str__(self) -> str:
        return f"{self.message} {self.get_channel_display()}"


class Card(models.Model):
    """A card of 服务动态: an order's way on one card in WeChat, keyed by its payment, without a grant.

    ``wanted`` is how far the order is, ``told`` what the card says (numbers of WeChat's, ``wechat.service_cards``).
    ``due_at`` is when to tell, and, while somebody does, when another may; none when the card says what it should.
    """

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+", verbose_name="会员")
    order_no = models.CharField("订单号", max_length=32, unique=True)
    transaction_id = models.CharField("微信支付单号", max_length=32)
    paid_fen = FenField("支付金额")
    paid_at = models.DateTimeField("支付时间")
    # As the card shows them: name, picture, path, count.
    products = models.JSONField("商品")
    page = models.CharField("页面", max_length=200)
    status = models.CharField("状态", max_length=9, choices=CardStatus.choices, default=CardStatus.BEGINNING)
    wanted = models.PositiveSmallIntegerField("应显示进度")
    told = models.PositiveSmallIntegerField("已显示进度", null=True)
    ships_by = models.DateTimeField("最晚发货", null=True)
    due_at = models.DateTimeField("下次发送", null=True)
    tries = models.PositiveSmallIntegerField("尝试次数", default=0)
    fault = models.CharField("失败原因", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "服务动态"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["BEGINNING", "LIVE"]) | Q(due_at__isnull=True),
                name="message_card_over_is_not_due",
            )
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="message_card_due"),
            # WeChat says by its own number which card it did not show.
            models.Index(
                fields=["transaction_id"],
                condition=Q(status__in=["BEGINNING", "LIVE"]),
                name="message_card_living",
            ),
        ]

    def __str__(self) -> str:
        return self.order_no
