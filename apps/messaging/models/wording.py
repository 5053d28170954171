"""What operators say and rule: quiet hours and caps, templates, scenes, texts of their own, and whom a mass send means."""

from __future__ import annotations

from datetime import time

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from apps.members.models import Group, Level, Member
from apps.messaging.states import (
    Audience,
    BroadcastStatus,
)


class Rules(models.Model):
    """The one row of rules that no campaign can switch off. Quiet hours go by the Shanghai clock, also over midnight."""

    quiet_from = models.TimeField("免打扰开始", default=time(21, 30))
    quiet_until = models.TimeField(
        "免打扰结束", default=time(8, 30), help_text="与开始相同表示不设免打扰；可跨越零点"
    )
    per_day = models.PositiveIntegerField(
        "每人每天营销消息",
        default=2,
        validators=[MaxValueValidator(100)],
        help_text="所有渠道合计；0 表示不发营销消息",
    )
    per_week = models.PositiveIntegerField(
        "每人每周营销消息",
        default=5,
        validators=[MaxValueValidator(700)],
        help_text="周一至周日，所有渠道合计",
    )
    keep_days = models.PositiveIntegerField(
        "收件箱保留天数",
        default=180,
        validators=[MinValueValidator(7), MaxValueValidator(3_650)],
        help_text="过期的消息内容删除，只留下是否发送过的记录",
    )

    class Meta:
        verbose_name = verbose_name_plural = "消息规则"
        constraints = [models.CheckConstraint(condition=Q(id=1), name="message_rules_one_row")]

    def __str__(self) -> str:
        return str(self._meta.verbose_name)


class Template(models.Model):
    """A subscription template (订阅消息模板) of the account: WeChat's id, and its keywords with what each is called.

    ``keywords`` is a list of ``{"key", "label", "choices"}`` in the template's order. ``seen_at`` is when WeChat last told
    of it, ``missing_since`` since when it does not any more. Rows stay for ever: members granted sends of them.
    """

    template_id = models.CharField("微信模板编号", max_length=64, unique=True)
    title = models.CharField("标题", max_length=40, blank=True)
    keywords = models.JSONField("关键词", default=list, blank=True)
    is_long_term = models.BooleanField("长期订阅", default=False)
    seen_at = models.DateTimeField("微信最近返回", null=True, blank=True)
    missing_since = models.DateTimeField("微信已无此模板", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "订阅消息模板"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(template_id=""), name="message_template_has_an_id")
        ]

    def __str__(self) -> str:
        return f"{self.title or '未命名'}（{self.template_id[:8]}）"


class SceneSetting(models.Model):
    """How operators want a scene of the board told. Empty texts are those of the board.

    ``fields`` are the texts of the template's keywords, ``{"thing1": "{product} 已发货"}``.
    """

    scene = models.CharField("场景", max_length=40, unique=True, editable=False)
    enabled = models.BooleanField("启用", default=True)
    title = models.CharField("收件箱标题", max_length=40, blank=True, help_text="留空用默认文字")
    text = models.CharField("收件箱正文", max_length=300, blank=True, help_text="留空用默认文字")
    template = models.ForeignKey(
        Template,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="scenes",
        verbose_name="订阅消息模板",
    )
    fields = models.JSONField("模板内容", default=dict, blank=True)
    by_service = models.BooleanField(
        "可用客服消息",
        default=False,
        help_text="没有订阅授权而会员 48 小时内联系过客服时，以客服消息发送正文",
    )
    by_sms = models.BooleanField(
        "可用短信",
        default=False,
        help_text="以上渠道都不可用而会员绑定了手机号时发送；须先在环境变量中启用短信",
    )
    sms_template = models.CharField("短信模板编号", max_length=40, blank=True)
    sms_values = models.CharField(
        "短信模板参数",
        max_length=200,
        blank=True,
        help_text="按短信模板的顺序，用逗号分隔，例如 order_no,amount；阿里云模板的参数名不同时写成 p1=order_no",
    )

    class Meta:
        verbose_name = verbose_name_plural = "消息场景"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(by_sms=False) | ~Q(sms_template=""),
                name="message_scene_sms_has_a_template",
                violation_error_message="启用短信须填写短信模板编号",
            )
        ]

    # What operators call it stands on the board, which is no fact: their page puts it here.
    called = ""

    def __str__(self) -> str:
        return self.called or self.scene


class Content(models.Model):
    """A text that operators wrote, for mass sends and journeys. It does not change once something was written with it.

    ``marketing`` is held to switch and caps; only what members asked for is not.
    """

    title = models.CharField("标题", max_length=40)
    text = models.CharField("正文", max_length=300)
    page = models.CharField("页面", max_length=200, blank=True, help_text="小程序页面，例如 pages/home/index")
    marketing = models.BooleanField("营销消息", default=True)
    template = models.ForeignKey(
        Template,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="订阅消息模板",
        help_text="留空只进收件箱；微信禁止用订阅消息发送广告，内容须与模板用途一致",
    )
    fields = models.JSONField("模板内容", default=dict, blank=True)
    by_service = models.BooleanField("可用客服消息", default=False)
    written_at = models.DateTimeField("创建时间")

    class Meta:
        verbose_name = verbose_name_plural = "消息内容"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(title="") & ~Q(text=""), name="message_content_says_something"
            )
        ]

    def __str__(self) -> str:
        return self.title


class Broadcast(models.Model):
    """A mass send: one message of one content for each member that is meant, written in chunks.

    ``cursor`` is the last member that was reached; members who register later are not meant.
    """

    content = models.OneToOneField(
        Content, on_delete=models.PROTECT, related_name="broadcast", verbose_name="内容"
    )
    audience = models.CharField("发送对象", max_length=5, choices=Audience.choices)
    level = models.ForeignKey(Level, on_delete=models.PROTECT, null=True, blank=True, verbose_name="会员等级")
    group = models.ForeignKey(Group, on_delete=models.PROTECT, null=True, blank=True, verbose_name="会员分组")
    status = models.CharField(
        "状态", max_length=9, choices=BroadcastStatus.choices, default=BroadcastStatus.DRAFT
    )
    due_at = models.DateTimeField("发送时间")
    last_member_id = models.BigIntegerField("最后会员", default=0)
    cursor = models.BigIntegerField("进度位置", default=0)
    prepared_at = models.DateTimeField("准备完成", null=True)
    total = models.PositiveIntegerField("应发人数", default=0)
    written = models.PositiveIntegerField("已准备", default=0)
    unknown = models.PositiveIntegerField("无法识别的编号", default=0)
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, verbose_name="操作人"
    )
    created_at = models.DateTimeField("创建时间")
    token = models.CharField("页面标识", max_length=40, default="", db_default="", editable=False)
    ended_at = models.DateTimeField("结束时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "群发"
        ordering = ["-id"]
        permissions = [("send_broadcast", "开始、暂停与取消群发")]
        constraints = [
            models.UniqueConstraint(
                fields=["token"], condition=~Q(token=""), name="message_broadcast_once_per_page"
            ),
            models.CheckConstraint(
                condition=Q(audience="LEVEL", level__isnull=False)
                | ~Q(audience="LEVEL") & Q(level__isnull=True),
                name="message_broadcast_level_when_by_level",
            ),
            models.CheckConstraint(
                condition=Q(audience="GROUP", group__isnull=False)
                | ~Q(audience="GROUP") & Q(group__isnull=True),
                name="message_broadcast_group_when_by_group",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["DONE", "CANCELLED"], ended_at__isnull=False)
                | ~Q(status__in=["DONE", "CANCELLED"]) & Q(ended_at__isnull=True),
                name="message_broadcast_ended_exactly_when_over",
            ),
        ]

    def __str__(self) -> str:
        return f"群发 {self.pk}"


class BroadcastTarget(models.Model):
    """A member on the list of a mass send."""

    broadcast = models.ForeignKey(
        Broadcast, on_delete=models.CASCADE, db_index=False, related_name="targets", verbose_name="群发"
    )
    member = models.ForeignKey(Member, on_delete=models.CASCADE, db_index=False, verbose_name="会员")

    class Meta:
        verbose_name = verbose_name_plural = "群发名单"
        constraints = [
            models.UniqueConstraint(fields=["broadcast", "member"], name="message_target_once_per_broadcast")
        ]

    def __str__(self) -> str:
        return f"{self.broadcast_id}: {self.member_id}"
