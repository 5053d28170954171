"""The shop with an account at each provider, and the providers on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.apps.sms import providers as loopback
from tests.apps.sms.providers import Providers
from tests.wechat.client import scripted
from tests.wechat.client.scripted import Script


def _opened(settings: Any, provider: str, base: str) -> None:
    settings.SMS_PROVIDER, settings.SMS_BASE = provider, base
    settings.SMS_ACCESS_KEY_ID, settings.SMS_ACCESS_KEY_SECRET = loopback.KEY_ID, loopback.KEY_SECRET
    settings.SMS_APP_ID, settings.SMS_SIGN_NAME = loopback.APP_ID, loopback.SIGN_NAME


@pytest.fixture(params=["tencent", "aliyun"])
def provider(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def providers(provider: str, settings: Any) -> Iterator[Providers]:
    """Both providers, of which the shop uses the one of this test."""
    with loopback.serving() as both:
        _opened(settings, provider, both.base)
        yield both


@pytest.fixture
def script(provider: str, settings: Any) -> Iterator[Script]:
    """The provider of this test, saying what the test tells it to."""
    with scripted.serving() as told:
        _opened(settings, provider, told.base)
        yield told
