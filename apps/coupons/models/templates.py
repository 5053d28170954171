"""What all coupons of one kind say, and the words by which promoters give them out."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from apps.base.fields import FenField
from apps.catalog.models import ScopedToGoods
from apps.coupons.states import TemplateStatus
from apps.members.models import Group, Level, Member


class Template(ScopedToGoods):
    """What all coupons of one kind say. Once one was issued, what it is worth does not change any more.

    Stopping it stops its issue, not the coupons that members hold. Codes count as issued when they are made.
    """

    class Kind(models.TextChoices):
        NO_THRESHOLD = "NO_THRESHOLD", "无门槛券"
        THRESHOLD = "THRESHOLD", "满减券"
        PERCENT = "PERCENT", "折扣券"
        FREIGHT = "FREIGHT", "运费券"

    class Channel(models.TextChoices):
        ONLINE = "ONLINE", "仅线上"
        STORE = "STORE", "仅门店"
        BOTH = "BOTH", "线上和门店"

    class Occasion(models.TextChoices):
        NONE = "NONE", "不自动发放"
        REGISTRATION = "REGISTRATION", "新人注册礼包"
        FIRST_ORDER = "FIRST_ORDER", "首单支付后赠送"
        ORDER_GIFT = "ORDER_GIFT", "订单满额后赠送"

    code = models.CharField(
        "编码", max_length=40, unique=True, null=True, blank=True, help_text="在活动文件中的名字，可不填"
    )
    name = models.CharField("名称", max_length=30, help_text="买家会看到，例如「新人满50减10」")
    kind = models.CharField("类型", max_length=12, choices=Kind.choices)
    status = models.CharField(
        "状态", max_length=8, choices=TemplateStatus.choices, default=TemplateStatus.DRAFT
    )
    threshold_fen = FenField("使用门槛（分）", default=0)
    off_fen = FenField("减免金额（分）", null=True, blank=True)
    off_bp = models.PositiveIntegerField("减免（万分比）", null=True, blank=True)
    cap_fen = FenField("最多减（分）", null=True, blank=True)
    combines = models.BooleanField("可与促销活动叠加", default=True)
    channel = models.CharField("使用渠道", max_length=8, choices=Channel.choices, default=Channel.BOTH)
    # Either the window is fixed, or it begins at issue and lasts so many days.
    valid_from = models.DateTimeField("有效期开始", null=True, blank=True)
    valid_until = models.DateTimeField("有效期结束", null=True, blank=True)
    valid_days = models.PositiveIntegerField("领取后有效天数", null=True, blank=True)
    quota = models.PositiveIntegerField("发放总量", null=True, blank=True, help_text="留空表示不限量")
    issued = models.PositiveIntegerField("已发放", default=0)
    per_member = models.PositiveIntegerField("每人限领", default=1)
    claim_from = models.DateTimeField("领取开始", null=True, blank=True)
    claim_until = models.DateTimeField("领取结束", null=True, blank=True)
    levels = models.ManyToManyField(
        Level, blank=True, verbose_name="限定会员等级", help_text="留空表示所有会员可领"
    )
    groups = models.ManyToManyField(
        Group,
        blank=True,
        verbose_name="限定会员分组",
        help_text="留空表示不限；其他会员在领券中心看不到这张券",
    )
    visible = models.BooleanField("在领券中心展示", default=False)
    occasion = models.CharField("自动发放", max_length=12, choices=Occasion.choices, default=Occasion.NONE)
    gift_from_fen = FenField("订单满额（分）", null=True, blank=True)
    note = models.CharField("使用说明", max_length=200, blank=True)

    class Meta:
        permissions = [("issue_template", "批量发放与生成兑换码")]
        verbose_name = verbose_name_plural = "优惠券模板"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="NO_THRESHOLD", off_fen__gte=1, threshold_fen=0, off_bp__isnull=True)
                | Q(kind="THRESHOLD", off_fen__gte=1, threshold_fen__gte=F("off_fen"), off_bp__isnull=True)
                | Q(kind="PERCENT", off_bp__gte=1, off_bp__lte=10_000, off_fen__isnull=True)
                | (Q(kind="FREIGHT", off_bp__isnull=True) & (Q(off_fen__isnull=True) | Q(off_fen__gte=1))),
                name="coupon_template_figures_fit_kind",
            ),
            models.CheckConstraint(
                condition=Q(cap_fen__isnull=True) | Q(kind="PERCENT", cap_fen__gte=1),
                name="coupon_template_cap_of_percent",
            ),
            models.CheckConstraint(
                condition=Q(quota__isnull=True) | Q(issued__lte=F("quota")),
                name="coupon_template_issued_within_quota",
            ),
            models.CheckConstraint(
                condition=Q(
                    valid_days__isnull=True,
                    valid_from__isnull=False,
                    valid_until__isnull=False,
                    valid_until__gt=F("valid_from"),
                )
                | Q(valid_days__gte=1, valid_from__isnull=True, valid_until__isnull=True),
                name="coupon_template_valid_one_way",
            ),
            models.CheckConstraint(
                condition=Q(claim_from__isnull=True)
                | Q(claim_until__isnull=True)
                | Q(claim_until__gt=F("claim_from")),
                name="coupon_template_claim_forward",
            ),
            models.CheckConstraint(condition=Q(per_member__gte=1), name="coupon_template_limit_positive"),
            models.CheckConstraint(
                condition=Q(occasion="ORDER_GIFT", gift_from_fen__isnull=False)
                | (~Q(occasion="ORDER_GIFT") & Q(gift_from_fen__isnull=True)),
                name="coupon_template_gift_threshold",
            ),
            # A shop's till charges no freight.
            models.CheckConstraint(
                condition=~Q(kind="FREIGHT") | Q(channel="ONLINE"), name="coupon_template_freight_online"
            ),
        ]
        indexes = [
            models.Index(
                fields=["-id"],
                condition=Q(status=TemplateStatus.LIVE, visible=True),
                name="coupon_template_shown",
            ),
            models.Index(
                fields=["occasion"],
                condition=Q(status=TemplateStatus.LIVE) & ~Q(occasion="NONE"),
                name="coupon_template_occasion",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PromoCode(models.Model):
    """A word that a promoter or a member of staff tells around; what it brings in is counted for them."""

    code = models.CharField("推广码", max_length=20, unique=True, help_text="4 到 20 位字母或数字")
    template = models.ForeignKey(Template, on_delete=models.PROTECT, verbose_name="优惠券模板")
    promoter = models.ForeignKey(
        Member, on_delete=models.PROTECT, null=True, blank=True, verbose_name="推广会员"
    )
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, verbose_name="员工"
    )
    enabled = models.BooleanField("启用", default=True)
    redemptions = models.PositiveIntegerField("已兑换", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "推广码"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(promoter__isnull=False, operator__isnull=True)
                | Q(promoter__isnull=True, operator__isnull=False),
                name="promo_code_of_one_person",
            )
        ]

    def __str__(self) -> str:
        return self.code
