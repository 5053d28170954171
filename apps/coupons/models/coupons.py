"""A member's coupons, every change of them, and how many a member took."""

from __future__ import annotations

import copy
import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from apps.base import finding
from apps.base.fields import FenField
from apps.coupons.models.templates import PromoCode, Template
from apps.coupons.states import CouponStatus
from apps.members.models import Member


class Coupon(models.Model):
    """One coupon of one member. Only ``services.moving`` writes the status.

    ``order_no`` is who has it now: an order, or a use in a shop (``StoreUse.use_no``).
    """

    class Way(models.TextChoices):
        CLAIM = "CLAIM", "领取"
        CODE = "CODE", "兑换码"
        PROMO = "PROMO", "推广码"
        REGISTRATION = "REGISTRATION", "新人礼包"
        FIRST_ORDER = "FIRST_ORDER", "首单赠送"
        ORDER_GIFT = "ORDER_GIFT", "订单赠送"
        JOB = "JOB", "批量发放"
        POINTS = "POINTS", "积分兑换"
        COMPENSATION = "COMPENSATION", "补偿"
        PACKET = "PACKET", "立减金"
        OTHER = "OTHER", "其他"

    public_id = models.UUIDField("券号", default=uuid.uuid4, unique=True, editable=False)
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="coupons", db_index=False, verbose_name="会员"
    )
    template = models.ForeignKey(
        Template, on_delete=models.PROTECT, related_name="coupons", db_index=False, verbose_name="模板"
    )
    status = models.CharField(
        "状态", max_length=10, choices=CouponStatus.choices, default=CouponStatus.AVAILABLE
    )
    # What this one takes off, where its sum was drawn for its owner; else what the template says.
    own_off_fen = FenField("本券面额（分）", null=True, blank=True)
    valid_from = models.DateTimeField("有效期开始")
    valid_until = models.DateTimeField("有效期结束")
    order_no = models.CharField("使用单号", max_length=32, blank=True)
    way = models.CharField("来源", max_length=12, choices=Way.choices)
    # Why it exists, e.g. "job:7" or "claim:1": the same cause never gives a member a second one.
    cause = models.CharField("业务键", max_length=60)
    gift_of = models.CharField("赠自订单", max_length=32, blank=True)
    promo = models.ForeignKey(
        PromoCode, on_delete=models.PROTECT, null=True, blank=True, db_index=False, verbose_name="推广码"
    )
    # Asked back while an order had it: when it comes back it is revoked instead of available.
    recalled_at = models.DateTimeField("要求收回时间", null=True)
    issued_at = models.DateTimeField("发放时间")

    class Meta:
        verbose_name = verbose_name_plural = "优惠券"
        ordering = ["-id"]
        permissions = [("compensate_coupon", "补偿发券"), ("compensate_any_coupon", "补偿发券（不限面值）")]
        # Few indexes: a mass issue writes each of them for every member. The first serves all reads by member.
        constraints = [
            models.UniqueConstraint(fields=["member", "template", "cause"], name="coupon_once_per_cause"),
            models.CheckConstraint(
                condition=Q(valid_until__gt=F("valid_from")), name="coupon_window_forward"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["HELD", "USED"]) & ~Q(order_no="")
                | (~Q(status__in=["HELD", "USED"]) & Q(order_no="")),
                name="coupon_order_exactly_while_taken",
            ),
            models.CheckConstraint(
                condition=Q(own_off_fen__isnull=True) | Q(own_off_fen__gte=1), name="coupon_own_sum_positive"
            ),
        ]
        indexes = [
            models.Index(
                fields=["valid_until"],
                condition=Q(status=CouponStatus.AVAILABLE),
                name="coupon_available_until",
            ),
            models.Index(fields=["order_no"], condition=~Q(order_no=""), name="coupon_of_order"),
            models.Index(fields=["gift_of"], condition=~Q(gift_of=""), name="coupon_gift_of_order"),
            models.Index(fields=["promo"], condition=Q(promo__isnull=False), name="coupon_of_promo"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)

    @property
    def says(self) -> Template:
        """What its template says, with its own sum where it has one: for reading, never to be saved."""
        if self.own_off_fen is None:
            return self.template
        own = copy.copy(self.template)
        own.off_fen = self.own_off_fen
        return own


class CouponMove(models.Model):
    """One change of a coupon's status after its issue (which its own row records). Append-only."""

    coupon = models.ForeignKey(
        Coupon, on_delete=models.PROTECT, related_name="moves", verbose_name="优惠券", db_index=False
    )
    move = models.CharField("动作", max_length=10)
    from_status = models.CharField("原状态", max_length=10, choices=CouponStatus.choices)
    to_status = models.CharField("新状态", max_length=10, choices=CouponStatus.choices)
    order_no = models.CharField("使用单号", max_length=32, blank=True)
    # "SO…:hold" or "expire": the same cause never moves a coupon twice.
    business_key = models.CharField("业务键", max_length=60)
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, verbose_name="操作人", db_index=False
    )
    note = models.CharField("说明", max_length=100, blank=True)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "优惠券流水"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["coupon", "business_key"], name="coupon_move_once_per_cause")
        ]
        indexes = [
            models.Index(fields=["order_no"], condition=~Q(order_no=""), name="coupon_move_of_order"),
            finding.by_some("operator", name="coupon_move_by_operator"),
        ]

    def __str__(self) -> str:
        return f"{self.coupon_id}: {self.move}"


class Tally(models.Model):
    """How many coupons of a template a member has taken themselves: what the limit per member counts."""

    template = models.ForeignKey(Template, on_delete=models.PROTECT, verbose_name="模板")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, verbose_name="会员", db_index=False)
    taken = models.PositiveIntegerField("已领")

    class Meta:
        verbose_name = verbose_name_plural = "领取计数"
        constraints = [
            models.UniqueConstraint(fields=["member", "template"], name="coupon_tally_once_per_template")
        ]

    def __str__(self) -> str:
        return f"{self.member_id}/{self.template_id}: {self.taken}"
