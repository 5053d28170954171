"""Referral campaigns as operators write them. Forms and files come here alike; their life is that of every campaign."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.conf import settings

from apps.base.inputs import MAX_BIGINT
from apps.campaigns import services as campaigns
from apps.catalog import selectors as catalog_facts
from apps.catalog.rules import QuantityNotAllowed, check_quantity
from apps.coupons.models import Template
from apps.coupons.states import TemplateStatus
from apps.referrals.drafts import Prize, ReferralDraft, Step
from apps.referrals.models import Referral, Tier
from apps.referrals.services import watching
from apps.referrals.states import KIND, LABEL, Act, PrizeKind
from mall.errors import Fault, Faulty
from mall.money import yuan

_MOST_FRIENDS: Final = 10_000
_MOST_TIERS: Final = 20
_MOST_POINTS: Final = 1_000_000
_MOST_UNITS: Final = 99
_MOST_DAYS: Final = 365
_WATCHED_SECONDS: Final = (5, 600)
_NOTHING: Final = Prize(kind="").columns()
# More than so many points for one friend invites people who are none.
_MANY_POINTS: Final = 10_000


class ReferralRefused(Faulty):
    """What nobody could explain to a shopper; ``faults`` say at which field of the draft, and why."""

    code = "referral_refused"


class ReferralCampaigns(campaigns.Campaigns[Referral, ReferralDraft]):
    """All referral campaigns. They speak for no goods; what was won keeps its prize, whatever is saved."""

    model = Referral
    kind = KIND
    label = LABEL
    refused = ReferralRefused
    goods_field = ""
    shared_as = KIND

    def faults(self, draft: ReferralDraft, *, warnings: list[str]) -> Iterator[Fault]:
        if draft.act not in Act.values:
            yield Fault("act", "好友须完成的只能是注册、首单收货或浏览满时长")
        yield from _of_watching(draft)
        yield from _of_tiers(draft)
        if draft.friend_prize is not None:
            yield from _of_prize(draft.friend_prize, "friend_prize")
        warnings += [
            f"邀请 {step.friends} 位好友奖励 {step.prize.points} 积分，容易引来虚假注册"
            for step in draft.tiers
            if (step.prize.points or 0) > _MANY_POINTS * step.friends
        ]

    def draft_of(self, row: Referral) -> ReferralDraft:
        """One statement."""
        return ReferralDraft.of(
            row,
            tiers=[
                Step(friends=tier.friends, prize=prize)
                for tier in row.tiers.order_by("friends")
                if (prize := Prize.of(tier))
            ],
            friend_prize=Prize.of(row),
        )

    def spoken_for(self, row: Referral) -> Mapping[str, Mapping[int, int]]:
        return {}

    def columns_of(self, draft: ReferralDraft) -> dict[str, Any]:
        return draft.columns() | (draft.friend_prize.columns() if draft.friend_prize else _NOTHING)

    def write_beside(self, row: Referral, draft: ReferralDraft) -> None:
        """The tiers of the draft and no others."""
        row.tiers.exclude(friends__in=[step.friends for step in draft.tiers]).delete()
        for step in draft.tiers:
            Tier.objects.update_or_create(referral=row, friends=step.friends, defaults=step.prize.columns())


CAMPAIGNS: Final = ReferralCampaigns()


def _of_tiers(draft: ReferralDraft) -> Iterator[Fault]:
    numbers = [step.friends for step in draft.tiers]
    if not 1 <= len(numbers) <= _MOST_TIERS:
        yield Fault("tiers", f"应有 1 到 {_MOST_TIERS} 个档位")
    if len(set(numbers)) != len(numbers):
        yield Fault("tiers", "同一人数只能有一个档位")
    for place, step in enumerate(draft.tiers):
        if not 1 <= step.friends <= _MOST_FRIENDS:
            yield Fault(f"tiers[{place}].friends", f"应为 1 到 {_MOST_FRIENDS} 之间的整数")
        yield from _of_prize(step.prize, f"tiers[{place}].prize")


def _of_watching(draft: ReferralDraft) -> Iterator[Fault]:
    """A page that friends stay at, and prizes that are no bait: it is the cheapest act of all."""
    said = {"watch_kind": draft.watch_kind, "watch_id": draft.watch_id, "watch_seconds": draft.watch_seconds}
    if draft.act != Act.WATCHED:
        yield from (Fault(name, "只有「浏览满时长」的活动才填写") for name, value in said.items() if value)
        return
    if draft.watch_kind not in {kind.name for kind in watching.pages()}:
        yield Fault("watch_kind", "请选择好友要浏览的页面")
    if not 1 <= (draft.watch_id or 0) <= MAX_BIGINT:
        yield Fault("watch_id", "请填写页面的商品或活动编号")
    shortest, longest = _WATCHED_SECONDS
    if not shortest <= (draft.watch_seconds or 0) <= longest:
        yield Fault("watch_seconds", f"应为 {shortest} 到 {longest} 之间的整数")
    for place, step in enumerate(draft.tiers):
        yield from _of_small_prize(step.prize, f"tiers[{place}].prize")
    if draft.friend_prize is not None:
        yield from _of_small_prize(draft.friend_prize, "friend_prize")


def _of_small_prize(prize: Prize, field: str) -> Iterator[Fault]:
    points, fen = settings.REFERRAL_WATCH_POINTS, settings.REFERRAL_WATCH_COUPON_FEN
    if prize.kind == PrizeKind.POINTS:
        small = (prize.points or 0) <= points
    elif prize.kind == PrizeKind.COUPON:
        small = _worth_fen(prize.coupon_id, most_fen=fen)
    else:
        small = False
    if not small:
        yield Fault(
            field,
            f"浏览类活动每份奖励不超过 {points} 积分或减 {yuan(fen)} 元的券，不能是商品：浏览很容易完成，"
            "奖励过高会招来机器，也可能被微信认定为诱导分享",
        )


def _worth_fen(template_id: int | None, *, most_fen: int) -> bool:
    """Whether no coupon of the template takes off more than this, whatever it is used for."""
    found = Template.objects.filter(pk=template_id or 0).values_list("off_fen", "cap_fen").first()
    off_fen = (found[0] or found[1]) if found else None
    return off_fen is not None and off_fen <= most_fen


def _of_prize(prize: Prize, field: str) -> Iterator[Fault]:
    if prize.kind == PrizeKind.GOODS:
        yield from _of_goods(prize, field)
    elif prize.kind == PrizeKind.POINTS:
        if prize.coupon_id is not None or not 1 <= (prize.points or 0) <= _MOST_POINTS:
            yield Fault(field, f"积分应为 1 到 {_MOST_POINTS} 之间的整数")
    elif prize.points is not None or not _is_given(prize.coupon_id):
        yield Fault(field, "没有这个优惠券，或它没有编码、还没有发布")


def _of_goods(prize: Prize, field: str) -> Iterator[Fault]:
    """Whoever wins it must be able to order it as every order of the SKU is."""
    if not 1 <= (prize.units or 0) <= _MOST_UNITS or not 1 <= (prize.days or 0) <= _MOST_DAYS:
        yield Fault(field, f"奖品应为 1 到 {_MOST_UNITS} 件，领取期限应为 1 到 {_MOST_DAYS} 天")
        return
    sku = catalog_facts.skus([prize.sku_id or 0]).get(prize.sku_id or 0)
    if sku is None or not sku.enabled:
        yield Fault(field, "没有这个商品规格，或它已停用")
        return
    try:
        check_quantity(sku.product, prize.units or 0)
    except QuantityNotAllowed as refusal:
        yield Fault(field, f"奖品下单时会被拒绝：{refusal.text}")


def _is_given(template_id: int | None) -> bool:
    return Template.objects.filter(
        pk=template_id or 0, code__isnull=False, status=TemplateStatus.LIVE
    ).exists()
