"""The board of the tests' own, and nothing true of anybody, in every test of messages."""

from __future__ import annotations

from typing import Any

import pytest

from tests.apps.messaging import make


@pytest.fixture(autouse=True)
def _own_board(settings: Any) -> None:
    settings.MESSAGE_SCENES = "tests.apps.messaging.make.SCENES"
    make.TRUTH.clear()
