"""The stage of the races over HTTP: two web processes as in production, started once for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as at_start
from django.core.cache import cache

from apps.wechat.sandbox.control import Sandbox
from tests.apps.checkout import make as counter
from tests.journeys import programs
from tests.races.clients import Webs


@pytest.fixture(scope="session")
def _webs(django_db_setup: None, _sandbox_process: Sandbox) -> Iterator[Webs]:
    """Production, but that one address may ask as often as it can; with the tests' Redis, so that it can be emptied."""
    changed = {
        "DJANGO_SETTINGS_MODULE": "tests.bench.load.settings",
        "REDIS_URL": at_start.REDIS_URL,
        "WEB_THREADS": "4",
    }
    with programs.webs(_sandbox_process, 2, **changed) as urls:
        yield Webs(urls)


@pytest.fixture
def webs(transactional_db: None, _webs: Webs, wechat: Sandbox, settings: Any) -> Iterator[Webs]:
    """Two web processes with nothing in their database but a default of postage; WeChat's news goes to who asked it."""
    settings.PUBLIC_BASE_URL = _webs.urls[0]
    counter.freight(0)
    cache.clear()
    yield _webs
    wechat.reset()  # nothing that WeChat still wants to say may arrive in the next test
    cache.clear()
