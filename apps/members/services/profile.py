"""What a member tells about themselves: nickname, avatar, and the phone number that WeChat vouches for."""

from __future__ import annotations

from django.db import transaction

from apps.base import transactions
from apps.members.models import Member
from apps.members.services import consents
from apps.wechat import phone as wechat_phone


def update(*, member: Member, nickname: str | None = None, avatar_url: str | None = None) -> Member:
    """Change what is given, leave the rest, and return the member."""
    changed = []
    if nickname is not None:
        member.nickname = nickname
        changed.append("nickname")
    if avatar_url is not None:
        member.avatar_url = avatar_url
        changed.append("avatar_url")
    if changed:
        member.save(update_fields=changed)
    return member


def record_phone(*, member: Member, code: str) -> Member:
    """Exchange the code of the phone button and keep the number.

    Raises ConsentRequired before WeChat is asked, and the errors of apps.wechat.phone. Numbers outside of
    mainland China keep their country code in front (``+852…``).
    """
    transactions.forbid("asking WeChat for a phone number")
    consents.require_privacy(member=member)
    told = wechat_phone.exchange(code, openid=member.openid)
    with transaction.atomic():
        # Consent may have been taken back while WeChat answered; under the member's lock it stands or not.
        Member.objects.select_for_update().get(pk=member.pk)
        consents.require_privacy(member=member)
        member.phone = told.number if told.country_code == "86" else f"+{told.country_code}{told.number}"
        member.save(update_fields=["phone"])
    return member
