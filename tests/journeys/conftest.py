"""The stage of the stories: a shop that answers on a port of its own, and WeChat that reaches it there."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.signals import request_finished, request_started

from apps.base import invariants
from apps.wechat.sandbox.control import Sandbox
from tests.journeys.shopper import Shopper


@pytest.fixture
def answered() -> Iterator[list[int]]:
    """How many requests have begun, less those that are answered: one number, kept while a story is told."""
    open_now = [0]

    def begins(**_: Any) -> None:
        open_now[0] += 1

    def ends(**_: Any) -> None:
        open_now[0] -= 1

    request_started.connect(begins)
    request_finished.connect(ends)
    yield open_now
    request_started.disconnect(begins)
    request_finished.disconnect(ends)


@pytest.fixture
def shop(live_server: Any, settings: Any, wechat: Sandbox, answered: list[int]) -> Iterator[str]:
    """The shop's address. WeChat's notifies and pushes arrive there too."""
    settings.PUBLIC_BASE_URL = live_server.url
    wechat.push_to(f"{live_server.url}/wechat/push")
    yield str(live_server.url)
    # Nothing that WeChat still wants to say may arrive in the next story, or while the tables of this one are emptied.
    wechat.push_to("")
    wechat.reset()
    patience = time.monotonic() + 5
    while answered[0] > 0 and time.monotonic() < patience:
        time.sleep(0.01)
    # Whatever the story was: nothing of the shop's promises broke on its way.
    assert [line for _, line in invariants.broken(invariants.board())] == []


@pytest.fixture
def shopper(shop: str, wechat: Sandbox) -> Shopper:
    """小满, who has logged in."""
    person = Shopper(shop, wechat)
    person.logs_in()
    return person
