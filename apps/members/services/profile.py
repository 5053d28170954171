"""What a member tells about themselves: nickname, avatar, and the phone number that WeChat vouches for."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.base import transactions
from apps.members.models import Member
from apps.members.services import consents
from apps.outbox import services as outbox
from apps.wechat import phone as wechat_phone
from mall.events import ProfileCompleted


def update(
    *, member: Member, nickname: str | None = None, avatar_url: str | None = None, at: datetime
) -> Member:
    """Change what is given, leave the rest, and return the member; tell the shop when nothing is missing now."""
    changed = []
    was_complete = _is_complete(member)
    if nickname is not None:
        member.nickname = nickname
        changed.append("nickname")
    if avatar_url is not None:
        member.avatar_url = avatar_url
        changed.append("avatar_url")
    if changed:
        _save(member, changed, was_complete=was_complete, at=at)
    return member


def record_phone(*, member: Member, code: str, at: datetime) -> Member:
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
        was_complete = _is_complete(member)
        member.phone = told.number if told.country_code == "86" else f"+{told.country_code}{told.number}"
        _save(member, ["phone"], was_complete=was_complete, at=at)
    return member


def _is_complete(member: Member) -> bool:
    return bool(member.nickname and member.avatar_url and member.phone)


def _save(member: Member, changed: list[str], *, was_complete: bool, at: datetime) -> None:
    """Write the columns, and tell the shop in the same breath when nothing is missing any more."""
    if was_complete or not _is_complete(member):
        member.save(update_fields=changed)
        return
    with transaction.atomic():
        member.save(update_fields=changed)
        outbox.publish(ProfileCompleted(member_id=member.pk), at=at)
