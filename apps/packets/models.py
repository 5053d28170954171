"""Facts of packets: which orders bring one, each packet with its sum, and its parts with who opened them."""

from __future__ import annotations

from datetime import datetime

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from apps.base.fields import FenField
from apps.coupons.models import Coupon, Template
from apps.members.models import Member
from apps.packets.states import Buyers, PacketStatus, PartStatus

MOST_FRIENDS = 20
MOST_HOURS = 24 * 7
MOST_A_DAY = 50


class PacketRule(models.Model):
    """Which paid orders bring a packet, and what is in it. What a packet was made with stays as it was."""

    title = models.CharField("名称", max_length=20, help_text="买家和好友会看到，例如「下单立减金」")
    enabled = models.BooleanField("启用", default=True, help_text="停用后不再产生新的立减金，已有的仍可领取")
    starts_at = models.DateTimeField("开始时间")
    ends_at = models.DateTimeField("结束时间")
    buyers = models.CharField("适用买家", max_length=10, choices=Buyers.choices, default=Buyers.EVERYBODY)
    order_from_fen = FenField(
        "订单商品实付满（分）",
        validators=[MinValueValidator(1)],
        help_text="不含运费；多条规则取门槛最高的一条",
    )
    least_fen = FenField("总额最低（分）", help_text="买家和全部好友加在一起，付款时在两者之间随机")
    most_fen = FenField("总额最高（分）")
    friends = models.PositiveSmallIntegerField(
        "好友人数", default=5, validators=[MinValueValidator(1), MaxValueValidator(MOST_FRIENDS)],
        help_text="买家自己另有一份",
    )  # fmt: skip
    hours = models.PositiveSmallIntegerField(
        "领取时限（小时）", default=24, validators=[MinValueValidator(1), MaxValueValidator(MOST_HOURS)]
    )
    opens_per_day = models.PositiveSmallIntegerField(
        "每人每天最多领取",
        default=5,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_A_DAY)],
        help_text="同一位好友一天内领取他人立减金的次数，所有规则合计",
    )
    coupon = models.ForeignKey(
        Template,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name="优惠券",
        help_text="门槛、商品范围和有效天数以它为准，面额以领到的金额为准；须是满减券，且不在领券中心展示",
    )

    class Meta:
        verbose_name = verbose_name_plural = "立减金规则"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="packet_rule_window_forward",
                violation_error_message="结束时间必须晚于开始时间",
            ),
            models.CheckConstraint(
                condition=Q(order_from_fen__gte=1)
                & Q(least_fen__gte=F("friends") + 1)
                & Q(most_fen__gte=F("least_fen")),
                name="packet_rule_sum_for_all",
                violation_error_message="总额至少每人 1 分，最高不能低于最低",
            ),
            models.CheckConstraint(
                condition=Q(
                    friends__gte=1,
                    friends__lte=MOST_FRIENDS,
                    hours__gte=1,
                    hours__lte=MOST_HOURS,
                    opens_per_day__gte=1,
                    opens_per_day__lte=MOST_A_DAY,
                ),
                name="packet_rule_within_bounds",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Packet(models.Model):
    """What a paid order brought: a sum drawn once, and parts that add up to it, the buyer's own among them.

    ``order_from_fen`` is what the order's goods must go on being worth: below it the packet is closed.
    """

    packet_no = models.CharField("立减金编号", max_length=24, unique=True)
    rule = models.ForeignKey(
        PacketRule, on_delete=models.PROTECT, related_name="packets", verbose_name="规则"
    )
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="+", verbose_name="买家", db_index=False
    )
    order_no = models.CharField("订单号", max_length=32, unique=True)
    order_from_fen = FenField("订单商品实付满（分）")
    sum_fen = FenField("总额（分）")
    friends = models.PositiveSmallIntegerField("好友人数")
    opened = models.PositiveSmallIntegerField("已领取", default=0)
    status = models.CharField("状态", max_length=6, choices=PacketStatus.choices, default=PacketStatus.OPEN)
    made_at = models.DateTimeField("产生时间")
    ends_at = models.DateTimeField("领取截止")
    over_at = models.DateTimeField("结束于", null=True)
    reason = models.CharField("说明", max_length=100, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "立减金"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("made_at")), name="packet_window_forward"),
            models.CheckConstraint(
                condition=Q(friends__gte=1) & Q(sum_fen__gte=F("friends") + 1), name="packet_sum_for_all"
            ),
            models.CheckConstraint(
                condition=Q(opened__lte=F("friends")), name="packet_opened_within_friends"
            ),
            models.CheckConstraint(
                condition=Q(status=PacketStatus.OPEN, over_at__isnull=True)
                | (~Q(status=PacketStatus.OPEN) & Q(over_at__isnull=False)),
                name="packet_over_exactly_when_not_open",
            ),
        ]
        indexes = [
            models.Index(fields=["member", "-id"], name="packet_of_member"),
            models.Index(fields=["ends_at"], condition=Q(status=PacketStatus.OPEN), name="packet_open_until"),
        ]

    def __str__(self) -> str:
        return self.packet_no

    def status_at(self, at: datetime) -> PacketStatus:
        """The status as people see it: past its end an open packet is LAPSED, whether or not the sweep has come by."""
        if self.status == PacketStatus.OPEN and at >= self.ends_at:
            return PacketStatus.LAPSED
        return PacketStatus(self.status)


class Part(models.Model):
    """A part of a packet: place 0 is the buyer's, the others go to friends in the order in which they open it.

    One that could not be given when it was won (its coupon was sold out) is HELD with the reason in ``note``.
    """

    packet = models.ForeignKey(
        Packet, on_delete=models.PROTECT, related_name="parts", verbose_name="立减金", db_index=False
    )
    place = models.PositiveSmallIntegerField("序号")
    amount_fen = FenField("金额（分）")
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="领取会员"
    )
    status = models.CharField("状态", max_length=10, choices=PartStatus.choices, default=PartStatus.FREE)
    coupon = models.OneToOneField(
        Coupon, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="优惠券"
    )
    opened_at = models.DateTimeField("领取时间", null=True)
    given_at = models.DateTimeField("发放时间", null=True)
    note = models.CharField("说明", max_length=100, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "立减金领取"
        ordering = ["packet", "place"]
        constraints = [
            models.UniqueConstraint(fields=["packet", "place"], name="packet_part_once"),
            models.UniqueConstraint(fields=["packet", "member"], name="packet_opened_once"),
            models.CheckConstraint(condition=Q(amount_fen__gte=1), name="packet_part_of_something"),
            models.CheckConstraint(
                condition=Q(status=PartStatus.FREE, member__isnull=True, opened_at__isnull=True)
                | (~Q(status=PartStatus.FREE) & Q(member__isnull=False, opened_at__isnull=False)),
                name="packet_part_opened_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(status=PartStatus.GIVEN) | Q(coupon__isnull=False, given_at__isnull=False),
                name="packet_part_given_as_coupon",
            ),
        ]
        indexes = [
            models.Index(
                fields=["member", "opened_at"],
                condition=Q(member__isnull=False),
                name="packet_part_of_member",
            ),
            models.Index(fields=["id"], condition=Q(status=PartStatus.HELD), name="packet_part_held"),
        ]

    def __str__(self) -> str:
        return f"{self.packet_id}/{self.place}"
