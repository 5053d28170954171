"""One sandbox process for the whole session, forgetful between tests, and a shop that was written for the test only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.wechat.sandbox import identity
from apps.wechat.sandbox.control import Sandbox
from apps.wechat.sandbox.launch import running
from tests.wechat.sandbox.doorstep import Doorstep
from tests.wechat.sandbox.merchant import Merchant


@pytest.fixture(scope="session")
def account(tmp_path_factory: pytest.TempPathFactory) -> identity.Identity:
    directory: Path = tmp_path_factory.mktemp("wechat-account")
    return identity.load_or_create(directory)


@pytest.fixture(scope="session")
def process(account: identity.Identity) -> Iterator[Sandbox]:
    with running(account.directory, fast=True) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(process: Sandbox) -> Sandbox:
    process.reset()
    process.push_to("")
    return process


@pytest.fixture
def merchant(sandbox: Sandbox, account: identity.Identity) -> Merchant:
    return Merchant(sandbox.base_url, account)


@pytest.fixture
def doorstep() -> Iterator[Doorstep]:
    with Doorstep() as opened:
        yield opened
