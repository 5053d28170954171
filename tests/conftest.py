"""What every test may ask for: an API client that speaks as a member, and the sandbox in WeChat's place."""

from __future__ import annotations

import gc
import json
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from hypothesis import HealthCheck, settings
from rest_framework.test import APIClient

from apps.base import alike, throttles, versions
from apps.members import selectors as member_facts
from apps.members.models import Member
from apps.messaging import pacing
from apps.wechat.sandbox import launch
from apps.wechat.sandbox.control import Sandbox
from tests import answered
from tests.admin.browser import Browser
from tests.apps.members import make

# The cores are shared: a slow example is no failure. Pricing has a profile of its own, with more of them.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Have each process of the whole suite begin to import at a place of its own, round all tests: in a fresh checkout,
    where pytest compiles each of them, one finds the other's half compiled."""
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    tests = Path(__file__).parent
    if processes == 1 or [session.config.rootpath / given for given in session.config.args] != [tests]:
        return
    files = sorted(tests.rglob("test_*.py"))
    begins = int(os.environ["PYTEST_XDIST_WORKER"].removeprefix("gw")) * len(files) // processes
    for file in files[begins:] + files[:begins]:
        with suppress(Exception):  # the collection, which comes next, tells of it
            import_module(".".join(file.relative_to(tests.parent).with_suffix("").parts))


def pytest_collection_finish() -> None:
    """Have the garbage collector leave alone what lives as long as the run, all modules and all tests, and look at the
    rest less often: it took a seventh of the suite's processor time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(2_000, 10, 100)


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    """Throttle counters, kept tokens and what was told under other settings must not leak from one test into the next."""
    cache.clear()
    versions.forget()
    alike.forget()
    throttles.forget_leases()
    pacing.forget()


class Shopper(APIClient):
    """A client of the shopper's API; paths begin after ``/api/v1``, bodies are JSON.

    Whatever it is refused has to be what the document tells of the call (``tests.answered``).
    """

    def __init__(self, token: str = "") -> None:
        super().__init__()
        if token:
            self.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")

    def request(self, **kwargs: Any) -> Any:
        answer = super().request(**kwargs)
        answered.insist(kwargs["REQUEST_METHOD"], kwargs["PATH_INFO"], answer)
        return answer

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Send a request and return the response; ``idempotency_key="k"`` becomes ``Idempotency-Key: k``."""
        return self.generic(
            method,
            f"/api/v1{path}",
            data=b"" if body is None else json.dumps(body).encode(),
            content_type="application/json",
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )


@pytest.fixture
def admin_client(admin_user: Any) -> Browser:
    """The browser of an operator who may do everything."""
    browser = Browser()
    browser.force_login(admin_user)
    return browser


@pytest.fixture
def anyone() -> Shopper:
    """A client that has not logged in."""
    return Shopper()


@pytest.fixture
def shopper_of(db: None) -> Callable[[Member], Shopper]:
    """Return a function that gives a member's client."""
    return lambda member: Shopper(make.access_token(member))


@pytest.fixture
def met(monkeypatch: pytest.MonkeyPatch) -> list[Member]:
    """The members at the door, as it met them: with what they brought still untouched."""
    seen: list[Member] = []
    real = member_facts.as_read

    def as_read(row: Any) -> Member:
        seen.append(real(row))
        return seen[-1]

    monkeypatch.setattr(member_facts, "as_read", as_read)
    return seen


@pytest.fixture(scope="session")
def _sandbox_process() -> Iterator[Sandbox]:
    """One sandbox a test process, with the account that the settings were loaded with."""
    account = Path(os.environ["WECHATPAY_PRIVATE_KEY_FILE"]).parent
    with launch.running(account, fast=True) as sandbox:
        yield sandbox


@pytest.fixture
def wechat(_sandbox_process: Sandbox, settings: Any) -> Sandbox:
    """WeChat, as the shop sees it: the sandbox, having forgotten all earlier tests."""
    _sandbox_process.reset()
    settings.WECHAT_API_BASE = _sandbox_process.base_url
    settings.WECHATPAY_BASE = _sandbox_process.base_url
    return _sandbox_process


@pytest.fixture
def log_lines() -> Iterator[StringIO]:
    """What the process's own log handler writes, formatter and all."""
    handler = next(h for h in logging.getLogger().handlers if type(h) is logging.StreamHandler)
    written = StringIO()
    before = handler.setStream(written)
    yield written
    handler.setStream(before)
