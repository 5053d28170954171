"""One exchange with a provider: what its failures mean, what is logged of it, and the sorting of its codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import structlog
from django.conf import settings

from apps.base import exchange
from apps.base.exchange import Answer, Trouble
from apps.sms import errors as sms_errors

log = structlog.get_logger(__name__)

DEFAULT_TIMEOUT_S: Final = (3.0, 8.0)
_ERRORS: Final[Mapping[Trouble, type[sms_errors.SmsUnavailable]]] = {
    Trouble.DOWN: sms_errors.SmsDown,
    Trouble.TIMEOUT: sms_errors.SmsTimeout,
    Trouble.BAD_ANSWER: sms_errors.SmsBadAnswer,
}
# What a provider's codes mean, by how they begin; the first that fits counts.
Meanings = tuple[tuple[str, type[sms_errors.SmsRefused] | type[sms_errors.SmsUnavailable]], ...]


def post(
    *, base: str, path: str, headers: Mapping[str, str], body: bytes, api: str, query: str = ""
) -> Answer:
    """Send one call, never twice. ``api`` is what the log calls it: ``query`` and ``body`` hold a phone number.

    Raises SmsDown, SmsTimeout, SmsBadAnswer.
    """
    try:
        return exchange.send(
            method="POST",
            base=base,
            path=f"{path}?{query}" if query else path,
            changes=True,
            timeout_s=getattr(settings, "SMS_TIMEOUT_S", DEFAULT_TIMEOUT_S),
            headers=headers,
            body=body,
        )
    except exchange.NoAnswer as failure:
        why, took_ms = failure.why, failure.took_ms
        error = _ERRORS[failure.trouble](why, effect_unknown=failure.effect_unknown)
    log.warning("sms_call_failed", api=api, reason=why, duration_ms=took_ms)
    raise error


def record(*, api: str, answer: Answer, errcode: str) -> None:
    """Log one answered call; ``errcode`` is empty when the provider was content."""
    level = log.warning if errcode else log.info
    level("sms_call", api=api, http_status=answer.status, errcode=errcode, duration_ms=answer.took_ms)


def error(meanings: Meanings, code: str, sentence: str) -> sms_errors.SmsRefused | sms_errors.SmsUnavailable:
    """Return what ``code`` means: by the table, or a refusal. Failures inside the provider leave the effect unknown."""
    meant = next((kind for start, kind in meanings if code.startswith(start)), sms_errors.SmsRefused)
    if issubclass(meant, sms_errors.SmsUnavailable):
        return meant(code, effect_unknown=meant is sms_errors.SmsBadAnswer)
    return meant(code, sentence)


def strange(answer: Answer, api: str) -> sms_errors.SmsBadAnswer:
    """Return the error for an answer that has no form of the provider's."""
    return sms_errors.SmsBadAnswer(f"{api} answered HTTP {answer.status}", effect_unknown=True)
