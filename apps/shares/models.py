"""Facts of shares: who shared what, who came by it, what they ordered, and the cards that go on telling."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from apps.base import finding
from apps.members.models import Member


class Share(models.Model):
    """A member's way of showing one thing: its token stays the same for ever.

    ``code_file`` and ``poster_file`` are stored names, empty until made. ``wanted_sign`` says what the poster is to
    show, ``poster_sign`` what it shows. ``due_at`` is when to make what is missing, and, while somebody does,
    when another may take over; none when nothing is missing.
    """

    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="+", verbose_name="分享人", db_index=False
    )
    kind = models.CharField("类型", max_length=20)
    subject = models.CharField("内容编号", max_length=64)
    title = models.CharField("内容", max_length=120)
    token = models.CharField("分享码", max_length=32, unique=True)
    opened_at = models.DateTimeField("首次分享")
    shared_at = models.DateTimeField("最近分享")
    code_file = models.CharField("小程序码", max_length=120, blank=True)
    poster_file = models.CharField("海报", max_length=120, blank=True)
    wanted_sign = models.CharField("海报应有内容", max_length=16, blank=True)
    poster_sign = models.CharField("海报现有内容", max_length=16, blank=True)
    due_at = models.DateTimeField("下次制作", null=True)
    tries = models.PositiveIntegerField("制作次数", default=0)
    fault = models.CharField("制作失败原因", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "分享"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["member", "kind", "subject"], name="share_once_per_thing"),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="share_due"),
            models.Index(fields=["shared_at"], name="share_by_use"),
            # Everybody's shares of one thing, for what came of a campaign.
            models.Index(fields=["kind", "subject"], name="share_by_thing"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_made(self) -> bool:
        """Whether code and poster are there and show what they should."""
        return bool(self.code_file and self.poster_file) and self.poster_sign == self.wanted_sign


class Visit(models.Model):
    """Somebody who came by a share on a Shanghai day, however often: one row, known by login or by the phone's own mark."""

    share = models.ForeignKey(
        Share, on_delete=models.PROTECT, related_name="visits", verbose_name="分享", db_index=False
    )
    # Empty for whoever says nothing of themselves: all of those of a day are one row.
    visitor_id = models.CharField("访客标识", max_length=64, blank=True)
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="会员"
    )
    day = models.DateField("日期")
    first_at = models.DateTimeField("首次到访")
    last_at = models.DateTimeField("最近到访")
    landings = models.PositiveIntegerField("到访次数", default=1)
    registered = models.BooleanField("带来注册", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "分享到访"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["share", "visitor_id", "member", "day"],
                nulls_distinct=False,
                name="share_visit_once_a_day",
            ),
            models.UniqueConstraint(
                fields=["member"], condition=Q(registered=True), name="share_registration_once"
            ),
            models.CheckConstraint(condition=Q(last_at__gte=F("first_at")), name="share_visit_forward"),
            models.CheckConstraint(
                condition=Q(registered=False) | Q(member__isnull=False), name="share_registration_of_somebody"
            ),
        ]
        indexes = [
            models.Index(
                fields=["member", "-first_at"],
                condition=Q(member__isnull=False),
                name="share_visit_by_member",
            ),
            models.Index(
                fields=["visitor_id", "-first_at"],
                condition=Q(member__isnull=True) & ~Q(visitor_id=""),
                name="share_visit_unknown",
            ),
            models.Index(fields=["last_at"], name="share_visit_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.share_id} {self.day}"


class ShareOrder(models.Model):
    """An order of a member who had come by a share: the latest one before it was placed."""

    order_no = models.CharField("订单号", max_length=32)
    share = models.ForeignKey(Share, on_delete=models.PROTECT, related_name="orders", verbose_name="分享")
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="+", verbose_name="下单会员", db_index=False
    )
    visited_at = models.DateTimeField("到访时间")
    placed_at = models.DateTimeField("下单时间")
    paid_at = models.DateTimeField("支付时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "分享订单"
        ordering = ["-id"]
        constraints = [
            finding.once("order_no", name="share_order_once"),
            models.CheckConstraint(
                condition=Q(placed_at__gte=F("visited_at")), name="share_order_after_visit"
            ),
        ]
        indexes = [models.Index(fields=["member", "-id"], name="share_order_by_member")]

    def __str__(self) -> str:
        return self.order_no


class LiveCard(models.Model):
    """An updatable message (动态消息) of a group: what the cards in chats say of it, and what they should.

    ``due_at`` as in Share. Over when it has begun, or when WeChat takes no more news: the next share begins another.
    """

    kind = models.CharField("类型", max_length=20)
    subject = models.CharField("内容编号", max_length=64)
    path = models.CharField("页面", max_length=300)
    activity_id = models.CharField("动态消息编号", max_length=200, blank=True)
    expires_at = models.DateTimeField("可更新至", null=True)
    members = models.PositiveIntegerField("已参加")
    limit = models.PositiveIntegerField("人数")
    begun = models.BooleanField("已开始", default=False)
    told_members = models.PositiveIntegerField("已告知人数", null=True)
    over = models.BooleanField("已结束", default=False)
    opened_at = models.DateTimeField("建立时间")
    due_at = models.DateTimeField("下次发送", null=True)
    tries = models.PositiveIntegerField("发送次数", default=0)
    fault = models.CharField("失败原因", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "动态消息"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"], condition=Q(over=False), name="share_live_card_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(over=False) | Q(due_at__isnull=True), name="share_live_card_over_is_not_due"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="share_live_card_due")
        ]

    def __str__(self) -> str:
        return self.subject
