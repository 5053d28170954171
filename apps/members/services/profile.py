"""What a member tells about themselves: nickname, avatar, and the phone number that WeChat vouches for."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.base import transactions
from apps.members.models import Member
from apps.members.services import consents, uploads
from apps.outbox import services as outbox
from apps.pictures import stored
from apps.wechat import phone as wechat_phone
from mall.errors import Invalid
from mall.events import PhoneBound, ProfileCompleted


class AvatarNotYours(Invalid):
    """An avatar is a picture that the member sent to this shop; whose server it is elsewhere, nobody knows."""

    message = "头像地址无效，请通过上传头像接口设置"


def update(
    *, member: Member, nickname: str | None = None, avatar_url: str | None = None, at: datetime
) -> Member:
    """Change what is given, leave the rest, and return the member; tell the shop when nothing is missing now.

    ``avatar_url``: empty, the present one, or the address of a picture that the member sent and nothing else uses.
    Raises AvatarNotYours.
    """
    changed = []
    was_complete = _is_complete(member)
    if nickname is not None:
        member.nickname = nickname
        changed.append("nickname")
    if avatar_url is None or avatar_url == member.avatar_url:
        if changed:
            _save(member, changed, was_complete=was_complete, at=at)
        return member
    with transaction.atomic():
        file = stored.name_at(avatar_url) or ""
        if avatar_url and not uploads.take_file(member=member, file=file, at=at):
            raise AvatarNotYours(details={"avatar_url": [AvatarNotYours.message]})
        _wear(member, file)
        _save(member, [*changed, "avatar_url"], was_complete=was_complete, at=at)
    return member


def wear(*, member: Member, content: bytes, at: datetime) -> Member:
    """Make a picture that the member sent (chooseAvatar's file) their avatar, and return the member.

    Raises the errors of uploads.upload.
    """
    sent = uploads.upload(
        member=member,
        content=content,
        purpose=uploads.Purpose.AVATAR,
        per_day=uploads.AVATARS_PER_DAY,
        at=at,
    )
    with transaction.atomic():
        uploads.take(member=member, public_ids=[sent.public_id], purpose=uploads.Purpose.AVATAR, at=at)
        member.refresh_from_db()
        was_complete = _is_complete(member)
        _wear(member, sent.file)
        _save(member, ["avatar_url"], was_complete=was_complete, at=at)
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
        was_complete, had_phone = _is_complete(member), bool(member.phone)
        member.phone = told.number if told.country_code == "86" else f"+{told.country_code}{told.number}"
        _save(member, ["phone"], was_complete=was_complete, at=at)
        if not had_phone:
            outbox.publish(PhoneBound(member_id=member.pk), at=at)
    return member


def _wear(member: Member, file: str) -> None:
    """Put one avatar (a stored name, or empty for none) in the place of another, whose picture the sweep deletes."""
    before = stored.name_at(member.avatar_url)
    if before:
        uploads.release(files=[before])
    member.avatar_url = stored.address(file, stored.Size.LIST) or ""


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
