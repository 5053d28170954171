"""When a member was born: told by themselves, after consent, at most once a year."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from django.db import transaction

from apps.base import days
from apps.members.models import Member
from apps.members.services import consents
from mall.errors import Invalid, ShopError

SET_AGAIN_AFTER: Final = timedelta(days=365)
_OLDEST: Final = date(1900, 1, 1)


class BirthdayInvalid(Invalid):
    """Not born yet, or before 1900."""

    code = "birthday_invalid"
    message = "请填写正确的生日"


class BirthdaySetLately(ShopError):
    """A birthday is told once a year, or every day would be one. ``details``: from when on it can be changed."""

    code = "birthday_set_lately"
    message = "生日一年只能修改一次"


@transaction.atomic
def record(*, member_id: int, birthday: date, at: datetime) -> Member:
    """Keep the member's birthday, a piece of personal data. The same day again changes nothing.

    Raises ConsentRequired, BirthdayInvalid, and BirthdaySetLately within 365 days of the last time, also where
    withdrawn consent has deleted it since.
    """
    member = Member.objects.select_for_update(no_key=True).get(pk=member_id)
    consents.require_privacy(member=member)
    if not _OLDEST <= birthday <= days.shop_day(at):
        raise BirthdayInvalid(details={"birthday": birthday.isoformat()})
    if member.birthday == birthday:
        return member
    if member.birthday_set_at is not None and at < member.birthday_set_at + SET_AGAIN_AFTER:
        again_from = days.shop_day(member.birthday_set_at + SET_AGAIN_AFTER)
        raise BirthdaySetLately(details={"again_from": again_from.isoformat()})
    member.birthday = birthday
    member.birthday_set_at = at
    member.save(update_fields=["birthday", "birthday_set_at"])
    return member
