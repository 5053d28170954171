"""Festivals and member days: when promotions run, and what may not change under those that do."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import transaction
from django.db.models import Q

from apps.base import judging
from apps.promotions.models import Campaign, MemberDay
from mall import money
from mall.errors import Fault, Faulty


class CampaignRefused(Faulty):
    """A festival that ends before it begins, or leaves promotions of its own outside."""

    code = "campaign_refused"


class MemberDayRefused(Faulty):
    """A member day that never comes, or whose points nobody could explain."""

    code = "member_day_refused"


def check_campaign(campaign: Campaign) -> None:
    """Hold a new or changed festival against its window and its promotions. Raises CampaignRefused."""
    judging.refuse(CampaignRefused, campaign, _of_campaign(campaign))


def save_campaign(campaign: Campaign) -> Campaign:
    """Save a new or changed festival; a promotion that joins it meanwhile waits for its window. Raises CampaignRefused."""
    with transaction.atomic():
        lock(campaign_id=campaign.pk)
        check_campaign(campaign)
        campaign.save()
    return campaign


def lock(*, campaign_id: int | None) -> None:
    """Have whoever changes this festival, or a promotion of it, wait for this transaction to end."""
    if campaign_id is not None:
        list(Campaign.objects.select_for_update(no_key=True).filter(pk=campaign_id).values_list("pk"))


def check_member_day(member_day: MemberDay) -> None:
    """Hold a new or changed member day against what a calendar has. Raises MemberDayRefused."""
    judging.refuse(MemberDayRefused, member_day, _of_member_day(member_day))


def save_member_day(member_day: MemberDay) -> MemberDay:
    """Save a new or changed member day. Raises MemberDayRefused."""
    check_member_day(member_day)
    member_day.save()
    return member_day


def _of_campaign(campaign: Campaign) -> Iterator[Fault]:
    if campaign.ends_at <= campaign.starts_at:
        yield Fault("ends_at", "结束时间必须晚于开始时间")
    if campaign.preheat_at and campaign.preheat_at >= campaign.starts_at:
        yield Fault("preheat_at", "预热开始必须早于活动开始")
    if campaign.pk is not None:
        left_out = Q(starts_at__lt=campaign.starts_at) | Q(ends_at__gt=campaign.ends_at)
        outside = campaign.promotions.filter(left_out).order_by("id")
        if names := "」「".join(outside.values_list("label", flat=True)):
            yield Fault("", f"促销「{names}」不在新的活动时间内，请先调整")


def _of_member_day(member_day: MemberDay) -> Iterator[Fault]:
    if not member_day.weekdays and not member_day.month_days:
        yield Fault("weekdays", "请至少选择一个每周或每月的日子")
    for name, last in (("weekdays", 7), ("month_days", 31)):
        for day in getattr(member_day, name):
            if type(day) is not int or not 1 <= day <= last:
                yield Fault(name, f"「{day}」不是 1 到 {last} 的日子")
    if not money.WHOLE_BP <= member_day.points_bp <= 10 * money.WHOLE_BP:
        yield Fault("points_bp", "积分倍率须在 1 到 10 倍之间")
