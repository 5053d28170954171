"""Share tokens: 28 letters and digits that fit a mini-program code's scene and that nobody can make but the shop.

WeChat takes at most 32 characters of a small set as a scene (wxacode.getUnlimited); letters and digits also need no
escaping in a path. A random part names the share, a signature proves it: what was typed or guessed is refused before
anything is looked up. Printed codes live for ever, so a changed SECRET_KEY needs the old one in SECRET_KEY_FALLBACKS.
"""

from __future__ import annotations

import re
import secrets
from typing import Final

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

LENGTH: Final = 28
_NAME: Final = 12
_LETTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_FORM: Final = re.compile(r"[0-9A-Za-z]{28}", re.ASCII)
_SALT: Final = "apps.shares.tokens"


def fresh() -> str:
    """Return a token that names nothing yet: 71 random bits, signed with 95."""
    name = "".join(secrets.choice(_LETTERS) for _ in range(_NAME))
    return name + _signature(name, settings.SECRET_KEY)


def is_ours(token: object) -> bool:
    """Whether the shop signed it, under its key of today or a former one. Asks nobody."""
    if not isinstance(token, str) or not _FORM.fullmatch(token):
        return False
    name, signature = token[:_NAME], token[_NAME:]
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return any(constant_time_compare(signature, _signature(name, key)) for key in keys)


def _signature(name: str, key: str) -> str:
    number = int.from_bytes(salted_hmac(_SALT, name, secret=key, algorithm="sha256").digest())
    letters = []
    for _ in range(LENGTH - _NAME):
        number, digit = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[digit])
    return "".join(letters)
