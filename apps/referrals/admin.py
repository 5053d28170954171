"""Referrals for operators: campaigns with what came of them, who invited whom, what was won."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.contrib import admin
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import action

from apps.base.admin import ReadOnlyAdmin, chip, with_way
from apps.base.finding import Number
from apps.base.seeking import Whole
from apps.campaigns.campaign_page import CampaignPage
from apps.distribution import report_page
from apps.distribution.report_page import Table
from apps.referrals import inputs, reports
from apps.referrals import selectors as referral_facts
from apps.referrals import services as referrals
from apps.referrals.forms import ReferralForm
from apps.referrals.models import Edge, Invitation, Referral, Reward
from apps.referrals.states import InvitationStatus, PrizeKind, RewardStatus

_COLOURS = {
    InvitationStatus.HELD: "warning",
    InvitationStatus.COUNTED: "success",
    InvitationStatus.LOST: "danger",
}
_REWARD_COLOURS = {
    RewardStatus.HELD: "warning",
    RewardStatus.GIVEN: "success",
    RewardStatus.TAKEN_BACK: "danger",
}
_REPORT: Final = Table(
    key="campaigns",
    title="邀请活动",
    names=("活动",),
    lines=lambda since, until: reports.by_campaign(since=since, until=until),
    note="收入为受邀好友自受邀后在这段时间实付的商品金额，已减退款，不含运费；积分按抵扣价值、优惠券按实际抵扣、奖品按下单时的成本计入成本。"
    "参加两个活动的好友在两个活动中都计入。",
    figures=("好友订单", "下单好友", "带来收入", "优惠券抵扣", "积分和奖品", "成本合计", "投入产出比"),
)
# The drawing: a bar for each generation, the widest of so many units.
_WIDEST: Final = 360
_HIGH: Final = 26


@admin.register(Referral)
class ReferralAdmin(CampaignPage):
    """The campaigns, newest first."""

    table = "referrals.referral"
    campaigns = referrals.CAMPAIGNS

    form = ReferralForm
    actions_list = ["report"]
    list_display = ["title", "phase", "sentence", "starts_at", "ends_at"]
    fieldsets = [
        (None, {"fields": ["title", "code", "phase", "sentence"]}),
        ("效果", {"fields": ["results", "generations"]}),
        ("时间", {"fields": ["preheat_at", ("starts_at", "ends_at")]}),
        ("邀请", {"fields": [("act", "needs_phone"), "ladder", "friend_gift"]}),
        ("浏览", {"fields": [("watch_kind", "watch_id", "watch_seconds")]}),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [*super().get_readonly_fields(request, obj), "results", "generations"]

    @action(
        description="效果报表",
        permissions=["referrals.view_referral"],
        url_path="report",
        icon="monitoring",
    )
    def report(self, request: HttpRequest) -> HttpResponseBase:
        """What campaigns brought in and cost in a period."""
        return report_page.show(
            self,
            request,
            title="邀请效果报表",
            name="referrals",
            tables=[_REPORT],
            exports="referrals.view_referral",
        )

    def rule(self, row: Referral) -> str:
        draft = referrals.CAMPAIGNS.draft_of(row)
        act = row.get_act_display()
        if row.watch_seconds:
            act = f"浏览指定页面满 {row.watch_seconds} 秒"
        act += "并绑定手机号" * row.needs_phone
        wins = "；".join(f"满 {step.friends} 位得 {inputs.write_prize(step.prize)}" for step in draft.tiers)
        own = f"，好友得 {inputs.write_prize(draft.friend_prize)}" if draft.friend_prize else ""
        return f"好友{act}后计入：{wins}{own}"

    @admin.display(description="结果")
    def results(self, row: Referral) -> SafeString | str:
        if row.pk is None:
            return "—"
        found = referral_facts.spread(row)
        told = (
            f"{found.sharers:,} 人分享，带来 {found.invited:,} 位好友，计入 {found.counted:,} 位；"
            f"K 因子 {found.k_factor}（每位分享者带来的计入好友数）"
        )
        return with_way(told, "referrals_invitation", referral__id__exact=row.pk)

    @admin.display(description="邀请链")
    def generations(self, row: Referral) -> SafeString | str:
        """A bar for each generation: whom sharers brought, whom those brought, and so on."""
        numbers = referral_facts.spread(row).generations if row.pk is not None else []
        return _drawn(numbers) if numbers else "—"


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    """Who invited whom, and where each friend stands."""

    list_display = [
        "bound_at",
        "referral",
        "inviter",
        "friend",
        "standing",
        "order_no",
        "counted_at",
        "reason",
    ]
    list_filter = ["status", "referral", "bound_at"]
    list_select_related = ["referral", "inviter", "friend"]
    found_by = (Number("inviter__public_id"), Number("friend__public_id"), Whole("order_no"))
    search_help_text = "会员编号或订单号"
    linked_by = ["referral__id__exact", "inviter__id__exact", "friend__id__exact"]
    fields = [
        ("referral", "inviter", "friend"),
        ("standing", "order_no", "share"),
        ("bound_at", "valid_until", "watched_at"),
        ("acted_at", "counted_at", "lost_at"),
        "reason",
    ]
    readonly_fields = ["standing"]

    @admin.display(description="状态", ordering="status")
    def standing(self, row: Invitation) -> SafeString:
        return chip(row.get_status_display(), _COLOURS.get(InvitationStatus(row.status), ""))


@admin.register(Reward)
class RewardAdmin(ReadOnlyAdmin):
    """What was won, given and taken back."""

    list_display = ["at", "referral", "member", "what_for", "prize", "standing", "order_no", "owed", "note"]
    list_filter = ["status", "owed", "referral", "at"]
    list_select_related = ["referral", "member", "coupon_template", "sku"]
    found_by = (Number("member__public_id"), Whole("order_no"))
    search_help_text = "会员编号或订单号"
    linked_by = ["member__id__exact", "referral__id__exact"]
    fields = [
        ("referral", "member", "what_for"),
        ("prize", "standing", "rounds"),
        ("at", "given_at", "taken_at"),
        ("coupon", "valid_until", "order_no"),
        ("owed", "note"),
    ]
    readonly_fields = ["what_for", "prize", "standing"]

    @admin.display(description="为何")
    def what_for(self, row: Reward) -> str:
        return "受邀好友" if row.friends is None else f"邀请满 {row.friends} 位"

    @admin.display(description="奖励")
    def prize(self, row: Reward) -> str:
        if row.prize_kind == PrizeKind.GOODS:
            return f"商品 {row.sku} × {row.units}"
        return f"{row.points:,} 积分" if row.prize_kind == PrizeKind.POINTS else str(row.coupon_template)

    @admin.display(description="状态", ordering="status")
    def standing(self, row: Reward) -> SafeString:
        return chip(row.get_status_display(), _REWARD_COLOURS.get(RewardStatus(row.status), ""))


@admin.register(Edge)
class EdgeAdmin(ReadOnlyAdmin):
    """Who brought a member, over all campaigns."""

    list_display = ["at", "inviter", "friend"]
    list_select_related = ["inviter", "friend"]
    found_by = (Number("inviter__public_id"), Number("friend__public_id"))
    search_help_text = "会员编号"
    fields = ["inviter", "friend", "at"]


def _drawn(numbers: Sequence[int]) -> SafeString:
    """Generations as bars, each with its number of people."""
    most = max(numbers)
    bars = format_html_join(
        "",
        '<rect x="70" y="{}" width="{}" height="16" rx="3" fill="currentColor" opacity="0.35"></rect>'
        '<text x="0" y="{}" fill="currentColor" font-size="12">第 {} 代</text>'
        '<text x="{}" y="{}" fill="currentColor" font-size="12">{} 人</text>',
        (
            (
                place * _HIGH,
                wide := max(2, number * _WIDEST // most),
                place * _HIGH + 13,
                place + 1,
                76 + wide,
                place * _HIGH + 13,
                number,
            )
            for place, number in enumerate(numbers)
        ),
    )
    high = len(numbers) * _HIGH
    return format_html(
        '<div class="wide"><svg role="img" aria-label="邀请链" width="520" height="{}" viewBox="0 0 520 {}">{}</svg></div>',
        high,
        high,
        bars,
    )
