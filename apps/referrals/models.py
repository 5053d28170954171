"""Facts of referrals: campaigns with their tiers, who invited whom, and every reward that came of it."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from apps.campaigns.models import CampaignColumns
from apps.catalog.models import Sku
from apps.coupons.models import Coupon, Template
from apps.members.models import Member
from apps.referrals.states import Act, InvitationStatus, PrizeKind, RewardStatus
from apps.shares.models import Share

_NO_GOODS = Q(sku__isnull=True, units__isnull=True, days__isnull=True)
_GOODS = Q(sku__isnull=False, units__gte=1, days__gte=1)


def _one_prize(coupon: str) -> Q:
    """A coupon, points or goods: one of them, and never nothing. ``coupon`` is the column of the coupon's template."""
    none, some = Q(**{f"{coupon}__isnull": True}), Q(**{f"{coupon}__isnull": False})
    return (
        Q(_NO_GOODS, some, prize_kind=PrizeKind.COUPON, points__isnull=True)
        | Q(_NO_GOODS, none, prize_kind=PrizeKind.POINTS, points__gte=1)
        | Q(_GOODS, none, prize_kind=PrizeKind.GOODS, points__isnull=True)
    )


class GoodsColumns(models.Model):
    """Goods as a prize: units of a SKU, which the winner orders within so many days."""

    sku = models.ForeignKey(
        Sku, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="奖品 SKU"
    )
    units = models.PositiveIntegerField("奖品件数", null=True, blank=True)
    days = models.PositiveIntegerField("奖品领取天数", null=True, blank=True)

    class Meta:
        abstract = True


class Referral(CampaignColumns, GoodsColumns):
    """A campaign: what a friend must do, and what the friend gets; the inviter's prizes are its tiers."""

    act = models.CharField(
        "好友须完成",
        max_length=12,
        choices=Act.choices,
        help_text="首单在确认收货后计入，全额退款则作废；浏览满时长须指定页面",
    )
    # The page that a friend has to stay at, by the word and the id with which it is shared.
    watch_kind = models.CharField("浏览页面", max_length=20, blank=True)
    watch_id = models.PositiveBigIntegerField("页面编号", null=True, blank=True)
    watch_seconds = models.PositiveIntegerField("浏览秒数", null=True, blank=True)
    needs_phone = models.BooleanField(
        "须绑定手机号", default=False, help_text="好友还须授权手机号，才计入并得奖"
    )
    prize_kind = models.CharField("好友奖励", max_length=6, choices=PrizeKind.choices, blank=True)
    coupon = models.ForeignKey(
        Template, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="好友优惠券"
    )
    points = models.PositiveIntegerField(
        "好友积分", null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(1_000_000)]
    )

    class Meta(CampaignColumns.Meta):
        verbose_name = verbose_name_plural = "邀请活动"
        constraints = [
            *CampaignColumns.Meta.constraints,
            models.CheckConstraint(
                condition=Q(_NO_GOODS, prize_kind="", coupon__isnull=True, points__isnull=True)
                | _one_prize("coupon"),
                name="referral_friend_prize_is_one",
            ),
            models.CheckConstraint(
                condition=Q(act=Act.WATCHED, watch_id__gte=1, watch_seconds__gte=1) & ~Q(watch_kind="")
                | ~Q(act=Act.WATCHED) & Q(watch_kind="", watch_id__isnull=True, watch_seconds__isnull=True),
                name="referral_watched_names_a_page",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Tier(GoodsColumns):
    """So many friends win this."""

    referral = models.ForeignKey(
        Referral, on_delete=models.PROTECT, related_name="tiers", verbose_name="邀请活动", db_index=False
    )
    friends = models.PositiveIntegerField("好友人数")
    prize_kind = models.CharField("奖励", max_length=6, choices=PrizeKind.choices)
    coupon = models.ForeignKey(
        Template, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="优惠券"
    )
    points = models.PositiveIntegerField("积分", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "邀请档位"
        ordering = ["referral", "friends"]
        constraints = [
            models.UniqueConstraint(fields=["referral", "friends"], name="referral_tier_once"),
            models.CheckConstraint(condition=Q(friends__gte=1), name="referral_tier_of_somebody"),
            models.CheckConstraint(condition=_one_prize("coupon"), name="referral_tier_prize_is_one"),
        ]

    def __str__(self) -> str:
        return f"{self.friends} 位好友"


class Edge(models.Model):
    """Who invited a member, over all campaigns: the first who brought them, for ever."""

    friend = models.OneToOneField(
        Member, on_delete=models.PROTECT, primary_key=True, related_name="+", verbose_name="好友"
    )
    inviter = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+", verbose_name="邀请人")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "邀请关系"
        ordering = ["-at"]
        constraints = [
            models.CheckConstraint(condition=~Q(friend=F("inviter")), name="referral_edge_of_two"),
        ]

    def __str__(self) -> str:
        return f"{self.inviter_id} → {self.friend_id}"


class Invitation(models.Model):
    """A friend who came by an inviter's share of a campaign. ``order_no`` is the first order that counted."""

    referral = models.ForeignKey(
        Referral,
        on_delete=models.PROTECT,
        related_name="invitations",
        verbose_name="邀请活动",
        db_index=False,
    )
    inviter = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+", verbose_name="邀请人")
    friend = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="+", verbose_name="好友", db_index=False
    )
    share = models.ForeignKey(Share, on_delete=models.PROTECT, related_name="+", verbose_name="分享")
    status = models.CharField(
        "状态", max_length=7, choices=InvitationStatus.choices, default=InvitationStatus.BOUND
    )
    order_no = models.CharField("订单号", max_length=32, blank=True, db_index=True)
    bound_at = models.DateTimeField("邀请时间")
    valid_until = models.DateTimeField("有效期至", null=True)
    watched_at = models.DateTimeField("浏览完成", null=True)
    acted_at = models.DateTimeField("完成时间", null=True)
    counted_at = models.DateTimeField("计入时间", null=True)
    lost_at = models.DateTimeField("作废时间", null=True)
    reason = models.CharField("说明", max_length=100, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "邀请记录"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["referral", "friend"], name="referral_friend_once"),
            models.CheckConstraint(condition=~Q(friend=F("inviter")), name="referral_of_two"),
            models.CheckConstraint(
                condition=~Q(status=InvitationStatus.COUNTED)
                | Q(counted_at__isnull=False, acted_at__isnull=False),
                name="referral_counted_since",
            ),
        ]
        indexes = [
            models.Index(fields=["referral", "inviter", "status"], name="referral_by_inviter"),
            models.Index(fields=["friend", "status"], name="referral_by_friend"),
            models.Index(
                fields=["counted_at", "inviter"],
                condition=Q(status=InvitationStatus.COUNTED),
                name="referral_counted_when",
            ),
            models.Index(fields=["-id"], condition=Q(status=InvitationStatus.HELD), name="referral_held"),
        ]

    def __str__(self) -> str:
        return f"{self.referral}：{self.inviter} → {self.friend}"


class Reward(GoodsColumns):
    """What a member won in a campaign: a tier's prize, or (``invitation``) the friend's own; once each.

    The prize is that of the moment when it was won first. ``rounds`` counts how often it was given: what a refund
    took and another friend won again is given anew. ``owed`` is set where a coupon was spent, or goods ordered, before
    it could be taken. Goods are ordered once, until ``valid_until``: ``order_no`` is that order.
    """

    business_key = models.CharField("业务键", max_length=60, unique=True)
    referral = models.ForeignKey(
        Referral, on_delete=models.PROTECT, related_name="rewards", verbose_name="邀请活动"
    )
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="+", verbose_name="会员", db_index=False
    )
    friends = models.PositiveIntegerField("档位（好友人数）", null=True)
    invitation = models.ForeignKey(
        Invitation, on_delete=models.PROTECT, null=True, related_name="rewards", verbose_name="邀请记录"
    )
    prize_kind = models.CharField("奖励", max_length=6, choices=PrizeKind.choices)
    coupon_template = models.ForeignKey(
        Template, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="优惠券"
    )
    points = models.PositiveIntegerField("积分", null=True)
    status = models.CharField("状态", max_length=10, choices=RewardStatus.choices, default=RewardStatus.HELD)
    rounds = models.PositiveIntegerField("发放次数", default=0)
    coupon = models.ForeignKey(
        Coupon, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="已发的券"
    )
    owed = models.BooleanField("已用未还", default=False)
    valid_until = models.DateTimeField("领取截止", null=True)
    order_no = models.CharField("领取订单", max_length=32, blank=True, db_index=True)
    at = models.DateTimeField("时间")
    given_at = models.DateTimeField("发放时间", null=True)
    taken_at = models.DateTimeField("收回时间", null=True)
    note = models.CharField("说明", max_length=100, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "邀请奖励"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(friends__isnull=True, invitation__isnull=False)
                | Q(friends__gte=1, invitation__isnull=True),
                name="referral_reward_of_one_thing",
            ),
            models.CheckConstraint(
                condition=_one_prize("coupon_template"), name="referral_reward_prize_is_one"
            ),
            models.CheckConstraint(
                condition=Q(order_no="") | Q(prize_kind=PrizeKind.GOODS, valid_until__isnull=False),
                name="referral_reward_ordered_is_goods",
            ),
            models.CheckConstraint(
                condition=~Q(status=RewardStatus.GIVEN) | Q(given_at__isnull=False, rounds__gte=1),
                name="referral_reward_given_since",
            ),
        ]
        indexes = [
            models.Index(fields=["member", "referral"], name="referral_reward_of_member"),
            models.Index(fields=["-id"], condition=Q(status=RewardStatus.HELD), name="referral_reward_held"),
        ]

    def __str__(self) -> str:
        return f"{self.get_prize_kind_display()} · {self.member}"
