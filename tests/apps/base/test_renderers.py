"""Answers are written as DRF writes them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.utils.translation import gettext_lazy
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.renderers import JSONRenderer
from rest_framework.utils.serializer_helpers import ReturnDict, ReturnList

from apps.base.renderers import FastJSONRenderer
from apps.orders.states import Status

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
PLAIN = st.none() | st.booleans() | st.integers() | TEXTS
SHAPES = st.recursive(
    PLAIN, lambda inner: st.lists(inner) | st.dictionaries(TEXTS | st.integers(0, 99), inner), max_leaves=12
)


@given(SHAPES)
def test_what_is_written_reads_as_what_drf_writes(data: Any):
    assert json.loads(FastJSONRenderer().render(data) or b"null") == json.loads(
        JSONRenderer().render(data) or b"null"
    )


def test_what_serializers_answer_is_written_to_the_byte_as_drf_writes_it():
    data = ReturnDict(
        {
            "at": datetime(2026, 11, 29, 8, 0, 0, 120_000, tzinfo=UTC),
            "there": datetime(2026, 11, 29, 8, tzinfo=timezone(timedelta(hours=8))),
            "day": date(2026, 11, 29),
            "id": UUID(int=7),
            "share": Decimal("0.10"),
            "status": Status.PAID,
            "said": gettext_lazy("Yes"),
            "rows": ReturnList([{"标题": '青瓷 ☕ \u0001"\\/'}], serializer=None),
            3: 1.5,
        },
        serializer=None,
    )
    assert FastJSONRenderer().render(data) == JSONRenderer().render(data)
    assert FastJSONRenderer().render(None) == b""


def test_a_number_that_the_faster_hand_will_not_write_is_left_to_drf():
    data = {"big": 2**70}
    assert FastJSONRenderer().render(data) == JSONRenderer().render(data)


@pytest.mark.parametrize("data", [{"说": "茶\ud83d"}, {"\ud800": [1]}, ["\udfff", 2**70]])
def test_half_a_character_is_written_as_callers_write_it(data: Any):
    with pytest.raises(UnicodeEncodeError):
        JSONRenderer().render(data)
    written = FastJSONRenderer().render(data)
    assert written.isascii()
    assert json.loads(written) == data


def test_who_asks_for_an_indented_answer_gets_it():
    assert FastJSONRenderer().render({"a": 1}, "application/json; indent=2", {}) == b'{\n  "a": 1\n}'
