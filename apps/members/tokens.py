"""Opaque tokens: random, and stored as their hash only."""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode

from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def fresh() -> str:
    """Return a new token of 256 random bits."""
    return secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    """Return what is stored of a token. 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def seal(text: str, *, by: str) -> str:
    """Return a text encrypted by a token, so that only whoever has the token can read it again."""
    return urlsafe_b64encode(_cipher(by).encrypt(_NONCE, text.encode(), None)).decode()


def unseal(sealed: str, *, by: str) -> str:
    """Return the text that was sealed by this token."""
    return _cipher(by).decrypt(_NONCE, urlsafe_b64decode(sealed), None).decode()


# A token seals once in its life, so no key ever meets this nonce twice.
_NONCE = bytes(12)


def _cipher(token: str) -> AESGCM:
    return AESGCM(hashlib.sha256(b"seal:" + token.encode("utf-8", "surrogatepass")).digest())
