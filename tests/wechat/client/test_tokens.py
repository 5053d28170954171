"""The access token: fetched once for all, renewed once when rejected, never a reason to wait for long."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.cache import cache

from apps.wechat import errors as wechat_errors
from apps.wechat import tokens
from mall.errors import Kind
from tests.wechat.client.scripted import Reply, Script
from tests.wechat.client.words import TOKEN_PATH, send, token, tokens_used, told


def test_one_token_serves_many_calls(wechat: Script) -> None:
    wechat.say(token(), told(errcode=0, msgid=7), told(errcode=0, msgid=8))

    assert [send(), send()] == ["7", "8"]
    assert tokens_used(wechat) == ["T1", "T1"]
    assert wechat.paths().count(TOKEN_PATH) == 1


def test_a_token_with_less_than_five_minutes_to_live_is_not_used_again(wechat: Script) -> None:
    wechat.say(token("old", lives_s=299), told(errcode=0), token("new"), told(errcode=0))

    send()
    send()

    assert tokens_used(wechat) == ["old", "new"]


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
def test_a_rejected_token_is_renewed_once_and_the_call_repeated_once(wechat: Script, errcode: int) -> None:
    wechat.say(token("T1"), told(errcode=errcode, errmsg="x"), token("T2"), told(errcode=0))

    send()

    assert tokens_used(wechat) == ["T1", "T2"]


def test_a_token_rejected_twice_fails_instead_of_going_round(wechat: Script) -> None:
    wechat.say(token("T1"), told(errcode=40001), token("T2"), told(errcode=40001))

    with pytest.raises(wechat_errors.WechatMisconfigured):
        send()

    assert len(wechat.heard) == 4


def test_a_new_token_is_forced_once_when_wechat_insists_on_the_rejected_one(wechat: Script) -> None:
    wechat.say(token("T1"), told(errcode=42001), token("T1"), token("T2"), told(errcode=0))

    send()

    forced = [json.loads(one.body)["force_refresh"] for one in wechat.heard if one.target == TOKEN_PATH]
    assert forced == [False, False, True]
    assert tokens_used(wechat) == ["T1", "T2"]


def test_threads_that_need_a_token_at_once_fetch_it_once(wechat: Script) -> None:
    wechat.say(token(), token("never"))
    wechat.replies[0] = Reply(body=b'{"access_token":"T1","expires_in":7200}', after_s=0.1)

    with ThreadPoolExecutor(8) as pool:
        values = list(pool.map(lambda _: tokens.current(), range(8)))

    assert values == ["T1"] * 8
    assert wechat.paths() == [TOKEN_PATH]


def test_a_hanging_wechat_costs_each_caller_its_own_time_out_only(
    wechat: Script, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "WAIT_S", 0.1)
    settings.WECHAT_TIMEOUT_S = (0.3, 0.3)
    wechat.say(*[Reply(after_s=0.6) for _ in range(6)])
    started = time.monotonic()

    with ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(tokens.current) for _ in range(6)]

    assert all(isinstance(one.exception(), wechat_errors.WechatTimeout) for one in asked)
    assert time.monotonic() - started < 1.2  # one after the other would be 1.8


def test_without_the_cache_each_process_goes_by_its_own_copy(wechat: Script, settings: Any) -> None:
    settings.CACHES = {
        "default": {"BACKEND": "apps.base.cache.SoftRedisCache", "LOCATION": "redis://127.0.0.1:9/0"}
    }
    wechat.say(token(), told(errcode=0), told(errcode=0))

    send()
    send()

    assert tokens_used(wechat) == ["T1", "T1"]


def test_a_dead_workers_lock_delays_a_token_but_does_not_prevent_it(
    wechat: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "WAIT_S", 0.1)
    cache.set(f"{tokens._name()}:lock", "a worker that died", timeout=tokens.LOCK_S)
    wechat.say(token())

    assert tokens.current() == "T1"


@pytest.mark.parametrize("errcode", [40125, 40164, 40013])
def test_a_rejected_shop_is_the_operators_matter(wechat: Script, errcode: int) -> None:
    wechat.say(told(errcode=errcode, errmsg="invalid ip 1.2.3.4, not in whitelist"))

    with pytest.raises(wechat_errors.WechatMisconfigured, match=str(errcode)) as caught:
        send()

    assert (caught.value.code, caught.value.kind) == ("wechat_unavailable", Kind.BAD_GATEWAY)
