"""What distribution says on the page of a member: whether they promote, what they earned, and who brought them."""

from __future__ import annotations

from typing import Final

from django.utils import timezone
from django.utils.safestring import SafeString

from apps.base.admin import with_way
from apps.base.parts import Fact, Part
from apps.distribution import selectors as promoter_facts
from apps.members.models import Member
from mall.money import priced


def _promotes(member: Member) -> SafeString | str:
    promoter = promoter_facts.promoter_of(member.pk)
    if promoter is None:
        return "—"
    told = f"{promoter.get_status_display()}，可提现 {priced(promoter.account.available_fen)}"
    return with_way(told, "distribution_promoter", member__id__exact=member.pk)


def _inviter(member: Member) -> SafeString | str:
    bond = promoter_facts.inviter_of(member.pk, at=timezone.now())
    if bond is None:
        return "—"
    return with_way(str(bond.promoter), "distribution_bond", member__id__exact=member.pk)


PROMOTES: Final = Part(
    room="distribution",
    facts=[
        Fact(
            name="promotes",
            label="推客",
            under="资产与消费",
            needs="distribution.view_promoter",
            shown=_promotes,
        ),
        Fact(
            name="inviter",
            label="来自推客",
            under="资产与消费",
            needs="distribution.view_bond",
            shown=_inviter,
        ),
    ],
)
