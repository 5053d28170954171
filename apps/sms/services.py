"""Sends a short message by the provider that the environment names."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings

from apps.base import transactions
from apps.sms import aliyun, tencent
from apps.sms import errors as sms_errors

_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_MAINLAND: Final = re.compile(r"1[3-9][0-9]{9}")


@dataclass(frozen=True, slots=True)
class Sent:
    """Who took the message, and under which number it is reported."""

    provider: str
    number: str


def is_on() -> bool:
    """Whether a provider is set."""
    return bool(settings.SMS_PROVIDER)


def e164(phone: str) -> str:
    """Return a number as the world writes it: one of the mainland may come without its +86. Raises PhoneRefused."""
    bare = re.sub(r"[ -]", "", phone)
    if _MAINLAND.fullmatch(bare):
        return f"+86{bare}"
    if _E164.fullmatch(bare) and (not bare.startswith("+86") or _MAINLAND.fullmatch(bare[3:])):
        return bare
    raise sms_errors.PhoneRefused("phone", "not a phone number")


def send(*, phone: str, template: str, values: Mapping[str, str], at: datetime, reference: str = "") -> Sent:
    """Send one message by an approved template; ``values`` by name, in the order of the template's blanks.

    Tencent Cloud counts the blanks ({1}, {2}), Aliyun names them (${code}). ``reference`` comes back in reports.

    Final: SmsOff, PhoneRefused, PhoneLimited, TextRefused, WordsForbidden, any other SmsRefused. Again later:
    SmsQuotaUsed, SmsBusy, SmsMisconfigured, other SmsUnavailable, but for one with ``effect_unknown``: it may have been
    sent and must not be repeated.
    """
    transactions.forbid("sending a short message")
    if not is_on():
        raise sms_errors.SmsOff
    number = e164(phone)
    if settings.SMS_PROVIDER == "tencent":
        serial = tencent.send(
            tencent.Account(
                secret_id=settings.SMS_ACCESS_KEY_ID,
                secret_key=settings.SMS_ACCESS_KEY_SECRET,
                app_id=settings.SMS_APP_ID,
                sign_name=settings.SMS_SIGN_NAME,
                region=settings.SMS_REGION,
            ),
            phone=number,
            template=template,
            values=list(values.values()),
            at=at,
            base=settings.SMS_BASE or tencent.BASE,
            reference=reference,
        )
    else:
        serial = aliyun.send(
            aliyun.Account(
                key_id=settings.SMS_ACCESS_KEY_ID,
                key_secret=settings.SMS_ACCESS_KEY_SECRET,
                sign_name=settings.SMS_SIGN_NAME,
            ),
            phone=number,
            template=template,
            values=values,
            at=at,
            nonce=secrets.token_hex(16),
            base=settings.SMS_BASE or aliyun.BASE,
            reference=reference,
        )
    return Sent(str(settings.SMS_PROVIDER), serial)
