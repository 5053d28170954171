"""Facts of group-buys: what is offered to how many, the groups that members opened, and who sits in them."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q

from apps.base.fields import FenField
from apps.campaigns.models import CampaignColumns
from apps.catalog.models import Product, Sku
from apps.groupbuy.states import GroupStatus, SeatStatus
from apps.members.models import Member
from apps.orders.models import Order


class GroupBuy(CampaignColumns):
    """A product that is cheaper for several together. Groups keep the terms that it had when they were opened."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+", verbose_name="商品")
    minutes_per_group = models.PositiveIntegerField(
        "成团时限（分钟）",
        default=1440,
        validators=[MinValueValidator(1)],
        help_text="从开团者付款起计算，与活动结束时间无关；1440 表示 24 小时",
    )
    limit_per_member = models.PositiveIntegerField(
        "每人限购",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="每位会员在此活动中的总件数，含未付款的订单；留空表示不限",
    )
    quota = models.PositiveIntegerField(
        "活动总量",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="活动可售的总件数，含未付款的订单；留空表示不限",
    )
    newcomers_only = models.BooleanField(
        "仅限新人参团", default=False, help_text="老会员可以开团，只有从未付过款的新人可以参团"
    )

    class Meta(CampaignColumns.Meta):
        abstract = False
        verbose_name = verbose_name_plural = "拼团活动"
        constraints = [
            *CampaignColumns.Meta.constraints,
            models.CheckConstraint(condition=Q(minutes_per_group__gte=1), name="group_buy_has_time"),
        ]


class Price(models.Model):
    """What a unit of a SKU costs in a group of so many; ``size`` 1: what whoever opens a group pays."""

    group_buy = models.ForeignKey(
        GroupBuy, on_delete=models.PROTECT, related_name="prices", db_index=False, verbose_name="拼团活动"
    )
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="+", verbose_name="SKU")
    size = models.PositiveSmallIntegerField("人数")
    price_fen = FenField("单价（分）")

    class Meta:
        verbose_name = verbose_name_plural = "拼团价格"
        ordering = ["group_buy", "sku", "size"]
        constraints = [
            models.UniqueConstraint(fields=["group_buy", "sku", "size"], name="group_price_once"),
            models.CheckConstraint(condition=Q(size__gte=1), name="group_price_for_somebody"),
            models.CheckConstraint(condition=Q(price_fen__gte=1), name="group_price_is_one"),
        ]

    def __str__(self) -> str:
        return f"{self.sku_id} × {self.size}"


class Group(models.Model):
    """Members who buy together. It opens when the first has paid; only ``services.groups`` writes its status and counts.

    ``joined`` counts who has paid, ``held`` who has a seat and has not. ``size`` forms it, ``largest`` fills it.
    ``settled_at`` is when it was over: full, or out of time; then the price that was ``reached`` holds for everybody.
    """

    group_no = models.CharField("团号", max_length=32, unique=True)
    group_buy = models.ForeignKey(
        GroupBuy, on_delete=models.PROTECT, related_name="groups", verbose_name="拼团活动"
    )
    leader = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+", verbose_name="团长")
    status = models.CharField(
        "状态", max_length=6, choices=GroupStatus.choices, default=GroupStatus.OPEN, editable=False
    )
    # Prices by SKU id and number of people, as they were told to whoever opened it (``terms.Terms``).
    kept_terms = models.JSONField("开团时的价格")
    size = models.PositiveSmallIntegerField("成团人数")
    largest = models.PositiveSmallIntegerField("最多人数")
    joined = models.PositiveSmallIntegerField("已参团")
    held = models.PositiveSmallIntegerField("待付款", default=0)
    opened_at = models.DateTimeField("开团时间")
    ends_at = models.DateTimeField("截止时间")
    formed_at = models.DateTimeField("成团时间", null=True)
    failed_at = models.DateTimeField("失败时间", null=True)
    settled_at = models.DateTimeField("结束时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "团"
        ordering = ["-id"]
        permissions = [("end_group", "提前结束未成的团")]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("opened_at")), name="group_has_time"),
            models.CheckConstraint(condition=Q(joined__lte=F("largest")), name="group_never_above_largest"),
            models.CheckConstraint(condition=Q(size__gte=2, largest__gte=F("size")), name="group_of_several"),
            models.CheckConstraint(
                condition=Q(formed_at__isnull=False, status=GroupStatus.FORMED)
                | (Q(formed_at__isnull=True) & ~Q(status=GroupStatus.FORMED)),
                name="group_formed_at_exactly_when_formed",
            ),
            models.CheckConstraint(
                condition=Q(failed_at__isnull=False, status=GroupStatus.FAILED)
                | (Q(failed_at__isnull=True) & ~Q(status=GroupStatus.FAILED)),
                name="group_failed_at_exactly_when_failed",
            ),
            models.CheckConstraint(
                condition=Q(settled_at__isnull=True) | Q(status=GroupStatus.FORMED),
                name="group_settled_after_it_formed",
            ),
        ]
        indexes = [
            # Those whose time runs: whose end the clock looks for, and those that can be joined.
            models.Index(
                fields=["ends_at"], condition=Q(failed_at=None, settled_at=None), name="group_running_by_end"
            ),
            models.Index(
                fields=["group_buy", "ends_at"],
                condition=Q(failed_at=None, settled_at=None),
                name="group_running_of_campaign",
            ),
        ]

    def __str__(self) -> str:
        return self.group_no

    @property
    def is_over(self) -> bool:
        """Whether it was ended: nobody joins any more, whatever its clock says."""
        return self.failed_at is not None or self.settled_at is not None


class Seat(models.Model):
    """A member's place in a group, taken by an order; the seat of whoever opens has no group before it is paid.

    ``kept_terms`` and ``minutes`` are what that group is opened with.
    """

    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="+", verbose_name="订单")
    group_buy = models.ForeignKey(
        GroupBuy, on_delete=models.PROTECT, related_name="seats", verbose_name="拼团活动"
    )
    group = models.ForeignKey(
        Group, on_delete=models.PROTECT, null=True, related_name="seats", verbose_name="团"
    )
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+", verbose_name="会员")
    status = models.CharField(
        "状态", max_length=7, choices=SeatStatus.choices, default=SeatStatus.HELD, editable=False
    )
    kept_terms = models.JSONField("开团时的价格", null=True)
    minutes = models.PositiveIntegerField("成团时限（分钟）", null=True)
    held_at = models.DateTimeField("占位时间")
    paid_at = models.DateTimeField("参团时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "团员"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["group", "member"],
                condition=Q(status__in=[SeatStatus.HELD, SeatStatus.PAID]),
                name="group_seat_once_a_member",
            ),
            models.CheckConstraint(
                condition=Q(group__isnull=False) | Q(kept_terms__isnull=False, minutes__isnull=False),
                name="group_seat_joins_or_opens",
            ),
            models.CheckConstraint(
                condition=~Q(status=SeatStatus.PAID) | Q(paid_at__isnull=False, group__isnull=False),
                name="group_seat_paid_in_a_group",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id}"
