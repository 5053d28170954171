"""Marks in the pages of messages that leave the shop: which message a landing came by, signed so that nobody guesses one.

A page in a chat has no name of its own: without a mark nobody could tell a landing by a message from any other.
"""

from __future__ import annotations

import re
from typing import Final

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.http import base36_to_int, int_to_base36

# What the page's query calls it.
NAME: Final = "msg"
# What WeChat takes as a page at most (subscribeMessage.send); a longer one stays as it is.
_LONGEST_PAGE: Final = 1024
# 60 bits: to guess one takes longer than a message is kept.
_SIGNED: Final = 15
_FORM: Final = re.compile(r"([0-9a-z]{1,12})-([0-9a-f]{15})", re.ASCII)
_SALT: Final = "apps.messaging.marks"


def marked(page: str, *, message_id: int) -> str:
    """The page with the message's mark; an empty one, or one that leaves no room, as it is."""
    if not page:
        return page
    name = int_to_base36(message_id)
    said = f"{page}{'&' if '?' in page else '?'}{NAME}={name}-{_signature(name, settings.SECRET_KEY)}"
    return said if len(said) <= _LONGEST_PAGE else page


def message_of(mark: object) -> int | None:
    """The id of the message whose mark it is; None for what the shop did not sign. Asks nobody."""
    found = _FORM.fullmatch(mark) if isinstance(mark, str) else None
    if found is None:
        return None
    name, signature = found.groups()
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    if not any(constant_time_compare(signature, _signature(name, key)) for key in keys):
        return None
    return base36_to_int(name)


def _signature(name: str, key: str) -> str:
    return salted_hmac(_SALT, name, secret=key, algorithm="sha256").hexdigest()[:_SIGNED]
