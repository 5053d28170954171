"""Who the shopper is: WeChat identity, sessions, consents, addresses, level."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Level(models.Model):
    """A member level. ``discount_bp`` is what a member of it pays: 9500 means 95 % (九五折), 10000 no discount."""

    name = models.CharField("等级名称", max_length=20, unique=True)
    rank = models.PositiveSmallIntegerField("序号", unique=True, help_text="数字越大等级越高")
    discount_bp = models.PositiveIntegerField(
        "会员折扣（万分比）", default=10_000, help_text="9500 表示九五折"
    )

    class Meta:
        verbose_name = verbose_name_plural = "会员等级"
        ordering = ["rank"]
        constraints = [
            models.CheckConstraint(
                condition=Q(discount_bp__gte=1, discount_bp__lte=10_000), name="level_discount_within_price"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Member(models.Model):
    """A shopper. ``public_id`` is what the API shows; openid and phone stay inside."""

    public_id = models.CharField("会员编号", max_length=20, unique=True)
    openid = models.CharField("openid", max_length=64, unique=True)
    unionid = models.CharField("unionid", max_length=64, blank=True)
    nickname = models.CharField("昵称", max_length=32, blank=True)
    avatar_url = models.URLField("头像", max_length=500, blank=True)
    phone = models.CharField("手机号", max_length=20, blank=True)
    level = models.ForeignKey(Level, on_delete=models.PROTECT, null=True, verbose_name="等级")
    disabled_at = models.DateTimeField("停用时间", null=True)
    registered_at = models.DateTimeField("注册时间", db_index=True)
    last_login_at = models.DateTimeField("最近登录", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "会员"
        ordering = ["-id"]
        indexes = [models.Index(fields=["phone"], condition=~Q(phone=""), name="member_phone")]

    def __str__(self) -> str:
        return self.nickname or self.public_id

    @property
    def is_authenticated(self) -> bool:
        """A member in hand is one whose token was checked; DRF's permissions ask this."""
        return True


class Session(models.Model):
    """One login on one device: a family of rotating tokens. Tokens are kept as SHA-256 only."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="sessions", verbose_name="会员")
    access_hash = models.CharField("访问令牌", max_length=64, unique=True)
    access_expires_at = models.DateTimeField("访问令牌到期")
    refresh_hash = models.CharField("刷新令牌", max_length=64, unique=True)
    refresh_expires_at = models.DateTimeField("刷新令牌到期", db_index=True)
    started_at = models.DateTimeField("登录时间")
    revoked_at = models.DateTimeField("失效时间", null=True)
    revoked_why = models.CharField("失效原因", max_length=40, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "登录会话"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.member_id} · {self.started_at:%Y-%m-%d %H:%M}"


class SpentRefresh(models.Model):
    """A refresh token that was exchanged already: seeing it again means that somebody stole it."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="spent")
    refresh_hash = models.CharField(max_length=64, unique=True)
    spent_at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "已用刷新令牌"

    def __str__(self) -> str:
        return f"{self.session_id}"


class Document(models.Model):
    """A published text that members consent to: privacy policy, user agreement."""

    class Kind(models.TextChoices):
        PRIVACY = "privacy", "隐私保护指引"

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

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="consents", verbose_name="会员")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, verbose_name="文件")
    act = models.CharField("动作", max_length=10, choices=Act.choices)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "同意记录"
        ordering = ["-id"]
        indexes = [models.Index(fields=["member", "document", "-id"], name="consent_latest")]

    def __str__(self) -> str:
        return f"{self.member_id} {self.get_act_display()} {self.document_id}"


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
