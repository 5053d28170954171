"""Lets go of the sources that the tests of the house have read when no more of these tests follow."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.architecture import source


@pytest.fixture(scope="package", autouse=True)
def _sources() -> Iterator[None]:
    yield
    source.forget()
