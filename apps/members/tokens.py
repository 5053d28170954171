"""Opaque tokens: random, and stored as their hash only."""

from __future__ import annotations

import hashlib
import secrets


def fresh() -> str:
    """Return a new token of 256 random bits."""
    return secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    """Return what is stored of a token. 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
