"""Who the shopper is: WeChat identity, sessions, consents, addresses, level and growth."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import ExtractDay, ExtractMonth, Upper

from apps.base import finding
from apps.base.personal import Person
from apps.pictures.fields import OwnAddressField


class Level(models.Model):
    """A member level and all its benefits, as data.

    ``discount_bp`` is what a member of it pays: 9500 means 95 % (九五折), 10000 no discount. ``points_multiplier_bp``
    is what a settled yuan earns: 15000 means one and a half points.
    """

    name = models.CharField("等级名称", max_length=20, unique=True)
    rank = models.PositiveSmallIntegerField("序号", unique=True, help_text="数字越大等级越高")
    discount_bp = models.PositiveIntegerField(
        "会员折扣（万分比）", default=10_000, help_text="9500 表示九五折"
    )
    growth_threshold = models.PositiveIntegerField(
        "所需成长值",
        default=0,
        help_text="最近 365 天的成长值达到后立即升级；最低等级以外填 0 表示只能人工授予",
    )
    points_multiplier_bp = models.PositiveIntegerField(
        "积分倍率（万分比）", default=10_000, help_text="15000 表示 1.5 倍积分"
    )
    free_postage = models.BooleanField("免运费", default=False)
    birthday_points = models.PositiveIntegerField("生日礼（积分）", default=0)
    early_access_minutes = models.PositiveIntegerField(
        "提前购（分钟）", default=0, help_text="比其他会员早多少分钟参加新品和活动"
    )
    service_queue = models.BooleanField("专属客服队列", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "会员等级"
        ordering = ["rank"]
        constraints = [
            models.CheckConstraint(
                condition=Q(discount_bp__gte=1, discount_bp__lte=10_000), name="level_discount_within_price"
            ),
            models.CheckConstraint(
                condition=Q(points_multiplier_bp__gte=10_000, points_multiplier_bp__lte=100_000),
                name="level_points_once_to_tenfold",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Member(models.Model):
    """A shopper. ``public_id`` is what the API shows; openid and phone stay inside."""

    public_id = models.CharField("会员编号", max_length=20, unique=True)
    openid = models.CharField("openid", max_length=64, unique=True)
    unionid = models.CharField("unionid", max_length=64, blank=True)
    nickname = models.CharField("昵称", max_length=32, blank=True)
    # Read as an address, kept as the name of one of the member's uploads; before, WeChat's own addresses were taken.
    avatar_url = OwnAddressField("头像", max_length=500, blank=True)
    phone = models.CharField("手机号", max_length=20, blank=True)
    level = models.ForeignKey(Level, on_delete=models.PROTECT, null=True, verbose_name="等级")
    # Written by services/growth.py only: growth = Σ GrowthEntry.change. A level above the lowest has an end.
    growth = models.PositiveIntegerField("累计成长值", default=0)
    level_since = models.DateTimeField("等级生效", null=True)
    level_valid_until = models.DateTimeField("等级有效期至", null=True)
    birthday = models.DateField("生日", null=True)
    birthday_set_at = models.DateTimeField("生日填写时间", null=True)
    disabled_at = models.DateTimeField("停用时间", null=True)
    # From then on the row names nobody: openid, phone, nickname and birthday are gone, the books that point here stay.
    erased_at = models.DateTimeField("注销时间", null=True)
    # Whether they were ever put into a group. It is never taken back: who is asked for groups all the time is who may be in
    # one, and nobody else costs a statement.
    ever_grouped = models.BooleanField("进过会员分组", default=False, db_default=False, editable=False)
    registered_at = models.DateTimeField("注册时间", db_index=True)
    last_login_at = models.DateTimeField("最近登录", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "会员"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["phone"], condition=~Q(phone=""), name="member_phone"),
            # What operators search for.
            finding.by_tail("phone", name="member_phone_tail"),
            finding.by_beginning("nickname", name="member_nickname_beginning"),
            GinIndex(OpClass(Upper("nickname"), name="gin_trgm_ops"), name="member_nickname_parts"),
            models.Index(
                fields=["level_valid_until"],
                condition=Q(level_valid_until__isnull=False),
                name="member_level_review",
            ),
            models.Index(
                ExtractMonth("birthday"),
                ExtractDay("birthday"),
                condition=Q(birthday__isnull=False),
                name="member_birthday",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(erased_at__isnull=True)
                | Q(unionid="", nickname="", avatar_url="", phone="", birthday__isnull=True)
                & Q(disabled_at__isnull=False),
                name="member_erased_names_nobody",
            )
        ]

    def __str__(self) -> str:
        return self.nickname or self.public_id

    @property
    def person(self) -> Person:
        """The member as rooms on every storey may know them."""
        return Person(member_id=self.pk, openid=self.openid, public_id=self.public_id)

    @property
    def is_authenticated(self) -> bool:
        """A member in hand is one whose token was checked; DRF's permissions ask this."""
        return True


class GrowthEntry(models.Model):
    """One change of a member's growth. Append-only: the member's growth is the sum of the changes."""

    class Occasion(models.TextChoices):
        """The first word of a business key, as members read it."""

        ORDER = "ORDER", "购物"
        REFUND = "REFUND", "退款扣回"
        PROFILE = "PROFILE", "完善资料"
        REVIEW = "REVIEW", "评价"
        SURVEY = "SURVEY", "问卷"
        OTHER = "OTHER", "其他"

    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="growth_entries", verbose_name="会员", db_index=False
    )
    change = models.IntegerField("成长值变化")
    # What caused it, e.g. "order:SO…": the same cause is never booked twice.
    business_key = models.CharField("业务键", max_length=80)
    # When it counts for the level: what is taken back counts as of the day on which it was given.
    counts_at = models.DateTimeField("计入时间")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "成长值流水"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["member", "business_key"], name="growth_entry_once_per_cause")
        ]
        indexes = [models.Index(fields=["member", "counts_at"], name="growth_of_period")]

    def __str__(self) -> str:
        return f"{self.member} {self.change:+d}"

    @property
    def occasion(self) -> GrowthEntry.Occasion:
        """What brought it, told by its cause."""
        word = self.business_key.partition(":")[0].upper()
        return self.Occasion(word) if word in self.Occasion.values else self.Occasion.OTHER


class LevelChange(models.Model):
    """A member rose or fell, and why. Append-only."""

    class Why(models.TextChoices):
        GROWTH = "GROWTH", "成长值达标升级"
        PERIOD = "PERIOD", "到期未达标降级"
        REFUND = "REFUND", "退款后未达标降级"
        BY_HAND = "BY_HAND", "人工调整"

    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="level_changes", verbose_name="会员", db_index=False
    )
    from_level = models.ForeignKey(
        Level, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="原等级"
    )
    to_level = models.ForeignKey(Level, on_delete=models.PROTECT, related_name="+", verbose_name="新等级")
    why = models.CharField("原因", max_length=10, choices=Why.choices)
    note = models.CharField("说明", max_length=100, blank=True)
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, verbose_name="操作人"
    )
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "等级变更"
        ordering = ["-id"]
        indexes = [models.Index(fields=["member", "-id"], name="level_change_of_member")]

    def __str__(self) -> str:
        return f"{self.member_id}: {self.from_level_id or '无'} → {self.to_level_id or '无'}"


class Session(models.Model):
    """One login on one device: a family of rotating tokens. Tokens are kept as SHA-256 only."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="sessions", verbose_name="会员")
    access_hash = models.CharField("访问令牌", max_length=64)
    access_expires_at = models.DateTimeField("访问令牌到期")
    refresh_hash = models.CharField("刷新令牌", max_length=64)
    refresh_expires_at = models.DateTimeField("刷新令牌到期", db_index=True)
    started_at = models.DateTimeField("登录时间")
    revoked_at = models.DateTimeField("失效时间", null=True)
    revoked_why = models.CharField("失效原因", max_length=40, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "登录会话"
        ordering = ["-id"]
        constraints = [
            finding.once("access_hash", name="session_access_once"),
            finding.once("refresh_hash", name="session_refresh_once"),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} · {self.started_at:%Y-%m-%d %H:%M}"


class SpentRefresh(models.Model):
    """A refresh token that was exchanged already: seeing it again later means that somebody stole it.

    ``sealed`` is what it was exchanged for, to be opened with the token alone, which the shop does not have; it is
    kept for the seconds in which the device that sent it may have sent it twice.
    """

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="spent")
    refresh_hash = models.CharField(max_length=64)
    spent_at = models.DateTimeField()
    device = models.CharField(max_length=64, blank=True, default="")
    sealed = models.TextField(blank=True, default="")

    class Meta:
        verbose_name = verbose_name_plural = "已用刷新令牌"
        constraints = [finding.once("refresh_hash", name="refresh_spent_once")]
        indexes = [
            models.Index(fields=["spent_at"], condition=~Q(sealed=""), name="spent_refresh_sealed"),
        ]

    def __str__(self) -> str:
        return f"{self.session_id}"


class Document(models.Model):
    """A published text that members consent to: privacy policy, user agreement."""

    class Kind(models.TextChoices):
        PRIVACY = "privacy", "隐私保护指引"
        # What promoters agree to; asked for where one is published (apps.distribution).
        PROMOTER = "promoter", "推客协议"

    kind = models.CharField("文件", max_length=20, choices=Kind.choices)
    version = models.CharField("版本", max_length=20)
    body = models.TextField("正文")
    published_at = models.DateTimeField("发布时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "协议与隐私文件"
        ordering = ["kind", "-published_at"]
        constraints = [models.UniqueConstraint(fields=["kind", "version"], name="document_version_once")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.version}"


class Consent(models.Model):
    """A member agreed to, or withdrew from, one version of a document. Append-only ledger."""

    class Act(models.TextChoices):
        GIVEN = "GIVEN", "同意"
        WITHDRAWN = "WITHDRAWN", "撤回"

    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="consents", verbose_name="会员", db_index=False
    )
    document = models.ForeignKey(Document, on_delete=models.PROTECT, verbose_name="文件")
    act = models.CharField("动作", max_length=10, choices=Act.choices)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "同意记录"
        ordering = ["-id"]
        indexes = [models.Index(fields=["member", "document", "-id"], name="consent_latest")]

    def __str__(self) -> str:
        return f"{self.member} {self.get_act_display()} {self.document}"


class Address(models.Model):
    """Where a member wants parcels. Deleting it never touches an order: orders keep their own copy."""

    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="addresses", verbose_name="会员"
    )
    name = models.CharField("收货人", max_length=25)
    phone = models.CharField("手机号", max_length=20)
    province = models.CharField("省", max_length=20)
    city = models.CharField("市", max_length=20)
    district = models.CharField("区县", max_length=20, blank=True)
    detail = models.CharField("详细地址", max_length=120)
    postal_code = models.CharField("邮编", max_length=6, blank=True)
    # Where WeChat's map puts it (GCJ-02): what a shop's own riders are asked by. Of most nobody says it.
    latitude = models.FloatField("纬度", null=True, blank=True)
    longitude = models.FloatField("经度", null=True, blank=True)
    is_default = models.BooleanField("默认", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "收货地址"
        ordering = ["-is_default", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["member"], condition=Q(is_default=True), name="address_one_default_per_member"
            )
        ]

    def __str__(self) -> str:
        return f"{self.province}{self.city}{self.district}"


class ExportRequest(models.Model):
    """A member asked for a copy of their data (PIPL Art. 45). The file is made by the clock and gone after a week."""

    class Status(models.TextChoices):
        WAITING = "WAITING", "准备中"
        READY = "READY", "可下载"
        EXPIRED = "EXPIRED", "已过期"

    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="export_requests", verbose_name="会员"
    )
    status = models.CharField("状态", max_length=8, choices=Status.choices, default=Status.WAITING)
    asked_at = models.DateTimeField("申请时间")
    due_at = models.DateTimeField("下次处理")
    made_at = models.DateTimeField("生成时间", null=True)
    until = models.DateTimeField("下载截止", null=True)
    # Gzipped JSON: here and not among the media, which anybody may fetch who knows a name.
    file = models.BinaryField("文件", null=True, editable=False)
    fetched_at = models.DateTimeField("最近下载", null=True)
    attempts = models.PositiveSmallIntegerField("处理次数", default=0)
    last_error = models.CharField("最近错误", max_length=300, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "个人信息导出"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["member"],
                condition=Q(status__in=["WAITING", "READY"]),
                name="export_request_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(status="READY", file__isnull=False, until__isnull=False)
                | (~Q(status="READY") & Q(file__isnull=True)),
                name="export_request_file_exactly_when_ready",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(status="WAITING"), name="export_request_due"),
            models.Index(fields=["until"], condition=Q(status="READY"), name="export_request_until"),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} · {self.get_status_display()}"


class ErasureRequest(models.Model):
    """A member asked to be erased (PIPL Art. 47). Carried out after seven days, unless it is taken back before."""

    class Status(models.TextChoices):
        WAITING = "WAITING", "等待期"
        TAKEN_BACK = "TAKEN_BACK", "已撤回"
        DONE = "DONE", "已注销"

    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="erasure_requests", verbose_name="会员"
    )
    status = models.CharField("状态", max_length=10, choices=Status.choices, default=Status.WAITING)
    # The operator who asked, or took it back, in the member's name; empty where the member did.
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="操作人"
    )
    reason = models.CharField("代办原因", max_length=100, blank=True)
    asked_at = models.DateTimeField("申请时间")
    # Until then it can be taken back; afterwards the sweep may erase.
    until = models.DateTimeField("撤回截止")
    due_at = models.DateTimeField("下次处理")
    # From then on the member can begin nothing new: what is under way has ended when the sweep looks again.
    closed_at = models.DateTimeField("停止服务时间", null=True)
    ended_at = models.DateTimeField("结束时间", null=True)
    # Codes of what stood in the way when the sweep looked last.
    held_up_by = models.JSONField("未了结事项", default=list, blank=True)
    attempts = models.PositiveSmallIntegerField("处理次数", default=0)
    last_error = models.CharField("最近错误", max_length=300, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "注销申请"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["member"], condition=Q(status="WAITING"), name="erasure_request_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(status="WAITING", ended_at__isnull=True)
                | (~Q(status="WAITING") & Q(ended_at__isnull=False)),
                name="erasure_request_ended_exactly_when_over",
            ),
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(status="WAITING"), name="erasure_request_due")]

    def __str__(self) -> str:
        return f"{self.member_id} · {self.get_status_display()}"
