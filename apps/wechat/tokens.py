"""The mini program's access token: fetched by stable_token, kept in the cache, refreshed before it ends.

``stable_token`` in normal mode answers everybody the same token until its last five minutes, so processes
that fetch at the same time do no harm; the lock only spares calls. That is why every wait here is bounded,
and why a cache that is down costs speed and nothing else: the shop's cache then answers "nothing" at once
(see apps.base.cache), and each process goes by its own copy.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache

from apps.wechat import errors as wechat_errors
from apps.wechat import http

PATH = "/cgi-bin/stable_token"
REFRESH_BELOW_S = 300  # WeChat hands out the next token in the last five minutes of the old one
LOCK_S = 15  # longer than one fetch may take; a worker that died inside frees it by then
WAIT_S = 3.0  # for another process that is fetching; afterwards this one fetches itself
FORCE_EVERY_S = 60  # force_refresh: at most 20 a day and 30 s apart


@dataclass(frozen=True, repr=False)
class Token:
    """An access token and when it ends (seconds of the Unix clock)."""

    value: str
    ends_at: float

    def is_good(self) -> bool:
        return self.ends_at - time.time() >= REFRESH_BELOW_S


_own_copies: dict[str, Token] = {}
_fetching = threading.Lock()


def current() -> str:
    """Return an access token with at least five minutes to live. Raises WechatUnavailable."""
    token = _kept()
    if token is not None:
        return token.value
    return _refreshed(rejected=None)


def renew(*, rejected: str) -> str:
    """Return another token than ``rejected``, which WeChat called invalid. Raises WechatUnavailable.

    Where another process has renewed it already, that one is returned without a call. If WeChat insists
    that the rejected token is the current one, a new one is forced, at most once a minute.
    """
    token = _kept()
    if token is not None and token.value != rejected:
        return token.value
    return _refreshed(rejected=rejected)


def forget() -> None:
    """Drop the kept token, here and in the cache."""
    name = _name()
    _own_copies.pop(name, None)
    cache.delete(name)


def _refreshed(*, rejected: str | None) -> str:
    """Fetch under two locks, of this process and of all: who waits too long for either goes on without it.

    So a WeChat that hangs costs each caller its own time-out, not those of everybody before it.
    """
    name, owner = _name(), secrets.token_hex(8)
    held_here = _fetching.acquire(timeout=WAIT_S)
    held_for_all = _locked(name, owner)
    try:
        token = _kept()  # somebody may have fetched it while this one waited
        if token is None or token.value == rejected:
            token = _fetch(force=False)
            if token.value == rejected and _may_force(name):
                token = _fetch(force=True)
            _keep(name, token)
        return token.value
    finally:
        # Looking and deleting are two steps: at worst somebody fetches once more than needed.
        if held_for_all and cache.get(f"{name}:lock") == owner:
            cache.delete(f"{name}:lock")
        if held_here:
            _fetching.release()


def _fetch(*, force: bool) -> Token:
    body = {
        "grant_type": "client_credential",
        "appid": settings.WECHAT_APPID,
        "secret": settings.WECHAT_APP_SECRET,
        "force_refresh": force,
    }
    asked_at = time.time()
    answer = http.send(
        method="POST", base=settings.WECHAT_API_BASE, path=PATH, body=http.encode(body), changes=False
    )
    told = answer.as_json()
    if not isinstance(told, dict):
        http.record(method="POST", path=PATH, answer=answer, errcode="not_json")
        raise wechat_errors.WechatBadAnswer("stable_token answered no JSON object")
    errcode = told.get("errcode", 0)
    http.record(method="POST", path=PATH, answer=answer, errcode=errcode)
    value, lives_s = told.get("access_token"), told.get("expires_in")
    if isinstance(value, str) and value and isinstance(lives_s, int) and lives_s > 0:
        return Token(value=value, ends_at=asked_at + lives_s)
    if errcode in (-1, 45009, 45011):
        raise wechat_errors.WechatBusy(f"stable_token errcode {errcode}")
    if errcode:
        raise wechat_errors.WechatMisconfigured(f"stable_token errcode {errcode}")
    raise wechat_errors.WechatBadAnswer("stable_token answered no token")


def _name() -> str:
    """Return the cache key: another account or another WeChat (sandbox) never shares a token."""
    account = f"{settings.WECHAT_API_BASE}|{settings.WECHAT_APPID}|{settings.WECHAT_APP_SECRET}"
    return "wechat:token:" + hashlib.sha256(account.encode()).hexdigest()[:24]


def _kept() -> Token | None:
    """Return the shared token, else this process's own copy, if it is good for five minutes more."""
    kept = cache.get(_name())
    token = Token(value=kept[0], ends_at=kept[1]) if kept else _own_copies.get(_name())
    return token if token is not None and token.is_good() else None


def _keep(name: str, token: Token) -> None:
    _own_copies[name] = token
    cache.set(name, (token.value, token.ends_at), timeout=max(1, int(token.ends_at - time.time())))


def _locked(name: str, owner: str) -> bool:
    """Take the lock, waiting at most WAIT_S for its holder. False: go on without it."""
    deadline = time.monotonic() + WAIT_S
    while not cache.add(f"{name}:lock", owner, timeout=LOCK_S):
        # No lock to be seen although it could not be taken: just freed, or the cache is away.
        if time.monotonic() > deadline or cache.get(f"{name}:lock") is None:
            return False
        time.sleep(0.05)
    return True


def _may_force(name: str) -> bool:
    """Say whether a forced refresh is due; while the cache is away none is, WeChat allows only 20 a day."""
    return bool(cache.add(f"{name}:forced", 1, timeout=FORCE_EVERY_S))
