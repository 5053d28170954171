"""Texts that lie sealed in the database: who has its rows, or a copy of them, has nothing without the shop's key.

AES-256-GCM (NIST SP 800-38D) with a random nonce each time. The key is derived from SECRET_KEY (HKDF-SHA256, RFC 5869);
former keys in SECRET_KEY_FALLBACKS go on opening what they sealed, until it was sealed anew.
"""

from __future__ import annotations

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32
_INFO: Final = b"mall sealed texts 1"


class Unreadable(Exception):
    """None of the shop's keys opens it: SECRET_KEY was changed without its fallback, or the row was moved or changed."""


def seal(text: str, *, about: str) -> str:
    """Return the text sealed by today's key. ``about`` names the row that it is of, so that it opens nowhere else."""
    nonce = os.urandom(_NONCE_BYTES)
    sealed = _cipher(settings.SECRET_KEY).encrypt(nonce, text.encode(), about.encode())
    return urlsafe_b64encode(nonce + sealed).decode()


def unseal(sealed: str, *, about: str) -> str:
    """Return the text that was sealed under this name, by today's key or a former one. Raises Unreadable."""
    return _opened(sealed, about)[0]


def sealed_by_former(sealed: str, *, about: str) -> bool:
    """Whether a former key sealed it, so that it should be sealed anew before that key is forgotten. Raises Unreadable."""
    return _opened(sealed, about)[1] > 0


def _opened(sealed: str, about: str) -> tuple[str, int]:
    """The text, and which key opened it: 0 is today's."""
    try:
        raw = urlsafe_b64decode(sealed.encode())
    except (NotBase64, ValueError) as error:
        raise Unreadable from error
    for number, key in enumerate([settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]):
        try:
            opened = _cipher(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], about.encode())
        except (InvalidTag, ValueError):  # another key's, or too short to be anybody's
            continue
        return opened.decode(), number
    raise Unreadable


@lru_cache(maxsize=8)
def _cipher(secret_key: str) -> AESGCM:
    derived = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=_INFO)
    return AESGCM(derived.derive(secret_key.encode()))
