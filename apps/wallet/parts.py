"""What the wallet says on the page of a member: principal and bonus."""

from __future__ import annotations

from typing import Final

from django.utils.safestring import SafeString

from apps.base.admin import with_way
from apps.base.parts import Fact, Part
from apps.members.models import Member
from apps.wallet import selectors as wallet_facts
from mall.money import priced


def _held(member: Member) -> SafeString:
    mine = wallet_facts.balance_of(member)
    told = f"本金 {priced(mine.principal_fen)}，赠送金 {priced(mine.bonus_fen)}"
    return with_way(told, "wallet_account", member__id__exact=member.pk)


HELD: Final = Part(
    room="wallet",
    facts=[
        Fact(name="stored_value", label="储值", under="资产与消费", needs="wallet.view_account", shown=_held)
    ],
)
