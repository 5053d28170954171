"""The stage of the stories: a shop that answers on a port of its own, and WeChat that reaches it there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from apps.wechat.sandbox.control import Sandbox
from tests.journeys.shopper import Shopper


@pytest.fixture
def shop(live_server: Any, settings: Any, wechat: Sandbox) -> Iterator[str]:
    """The shop's address. WeChat's notifies and pushes arrive there too."""
    settings.PUBLIC_BASE_URL = live_server.url
    wechat.push_to(f"{live_server.url}/wechat/push")
    yield str(live_server.url)
    # Nothing that WeChat still wants to say may arrive in the next story.
    wechat.push_to("")
    wechat.reset()


@pytest.fixture
def shopper(shop: str, wechat: Sandbox) -> Shopper:
    """小满, who has logged in."""
    person = Shopper(shop, wechat)
    person.logs_in()
    return person
