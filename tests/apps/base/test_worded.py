"""Values in words: what the log keeps, and what it kept before as Python wrote it."""

from __future__ import annotations

from typing import Any

import pytest

from apps.base.models import AuditEntry
from apps.base.worded import redrawn, text_of

ORIGIN = {"name": "产地", "value": "杭州"}
SIZE = {"name": "尺寸", "values": ["S", "M"]}
HOURS = {"days": [1, 2], "from": "09:00", "until": "21:00"}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([], ""),
        ([ORIGIN], "产地：杭州"),
        ([ORIGIN, SIZE], "产地：杭州；尺寸：S、M"),
        ([HOURS], "星期：1、2，从：09:00，至：21:00"),
        ({"颜色": "白", "尺寸": ""}, "颜色：白"),
        ({"key": "thing1", "label": "商品名称", "choices": []}, "关键词：thing1，名称：商品名称"),
        ([ORIGIN] * 99, f"{'产地：杭州；' * 34}"[:199] + "…"),
        ({"trigger": {"is": "event"}, "steps": []}, "（内容见页面）"),
        ([{"is": "wait"}], "（内容见页面）"),
        ([1, True, None], "1、是、"),
    ],
)
def test_what_json_holds_is_told_in_words(value: Any, said: str) -> None:
    assert text_of(value) == said


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ("杭州", "杭州"),
        (f"{ORIGIN}", "产地：杭州"),
        (f"{ORIGIN}、{SIZE}", "产地：杭州；尺寸：S、M"),
        (f"第 1 步 · {ORIGIN} 等", "第 1 步 · 产地：杭州 等"),
        (str({"name": "符号", "value": "}'{"}), "符号：}'{"),
        (f"{ORIGIN}、{{'name': '产…", "产地：杭州；…"),
        ("{'trigger': {'is': 'event', 'ev…", "…"),
        ("写作 {'a' 即可", "写作 {'a' 即可"),
        ("{'a'} 与 {'b': (}", "{'a'} 与 {'b': (}"),
        ("{" * 200, "{" * 200),
        ("{'" * 99 + "}", "{'" * 99 + "}"),
    ],
)
def test_what_was_kept_as_python_wrote_it_is_drawn_in_words(kept: str, said: str) -> None:
    assert redrawn(kept) == said
    assert AuditEntry(changes=[["商品参数", "", kept]]).told_changes == [("商品参数", "", said)]


def test_an_entry_without_changes_tells_of_none() -> None:
    assert AuditEntry(changes=None).told_changes == []
