"""A made-up WeChat account, put into the settings, and a server to be told what to answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from apps.wechat import tokens
from apps.wechat.sandbox import identity as identities
from apps.wechat.sandbox import launch
from apps.wechat.sandbox.control import Sandbox
from apps.wechat.sandbox.identity import Identity
from tests.wechat.client import scripted
from tests.wechat.client.scripted import Script


@pytest.fixture(scope="session")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return identities.load_or_create(tmp_path_factory.mktemp("wechat") / "identity")


@pytest.fixture
def account(identity: Identity, settings: Any) -> Identity:
    """Let the shop be this account; WeChat's addresses point nowhere until a test sets them."""
    numbers = identity.numbers
    settings.WECHAT_API_BASE = settings.WECHATPAY_BASE = "http://127.0.0.1:9"
    settings.WECHAT_APPID = numbers.appid
    settings.WECHAT_APP_SECRET = numbers.app_secret
    settings.WECHAT_PUSH_TOKEN = numbers.push_token
    settings.WECHAT_PUSH_AES_KEY = numbers.push_aes_key
    settings.WECHATPAY_MCHID = numbers.mchid
    settings.WECHATPAY_CERT_SERIAL = numbers.cert_serial
    settings.WECHATPAY_API_V3_KEY = numbers.api_v3_key
    settings.WECHATPAY_PRIVATE_KEY = Path(identity.merchant_key_file).read_text()
    settings.WECHATPAY_PUBLIC_KEY = Path(identity.platform_public_file).read_text()
    settings.WECHATPAY_PUBLIC_KEY_ID = numbers.public_key_id
    return identity


@pytest.fixture
def wechat(account: Identity, settings: Any) -> Iterator[Script]:
    """WeChat, saying what the test tells it to."""
    with scripted.serving() as script:
        settings.WECHAT_API_BASE = settings.WECHATPAY_BASE = script.base
        tokens.forget()
        yield script
        tokens.forget()


@pytest.fixture(scope="session")
def process(identity: Identity) -> Iterator[Sandbox]:
    """The sandbox as a process of its own, one for all tests."""
    with launch.running(identity.directory) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(process: Sandbox, account: Identity, settings: Any) -> Sandbox:
    """The real sandbox, with nothing in it."""
    settings.WECHAT_API_BASE = settings.WECHATPAY_BASE = process.base_url
    process.reset()
    return process
