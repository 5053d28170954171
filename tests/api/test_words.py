"""What Django REST framework says of a request is said in the shop's words, all of them in our own catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterator
from gettext import GNUTranslations
from inspect import isclass
from typing import Any

import pytest
from django.utils.translation import override
from rest_framework import exceptions, fields, relations, serializers, validators

from tests.admin.test_chinese import CATALOGUES
from tests.conftest import Shopper

_HAN = re.compile(r"[\u4e00-\u9fff]")
# Programmers' words, and DRF's own of before.
_NOT_OURS = re.compile(
    r"字段|请确保|期望|期待|类型|主键|合法|null|slug|URL|\{datatype|\{input_type|\{data_type"
)


def said_by_the_framework() -> Iterator[str]:
    """The sentences, in English, that its fields, serializers and validators refuse a value with."""
    for module in (fields, relations, serializers, validators):
        for one in vars(module).values():
            if isclass(one) and one.__module__.startswith("rest_framework"):
                yield from (str(text) for text in getattr(one, "default_error_messages", {}).values())
                yield str(getattr(one, "message", "") or "")
    yield str(exceptions.ValidationError.default_detail)


def test_each_of_its_sentences_has_words_of_ours() -> None:
    with override(None):
        wanted = {text for text in said_by_the_framework() if text}
    with (CATALOGUES / "django.mo").open("rb") as compiled:
        ours = GNUTranslations(compiled)
    words = {text: ours.gettext(text) for text in wanted}
    assert len(words) > 50
    assert {text for text, said in words.items() if not _HAN.search(said) or _NOT_OURS.search(said)} == set()


class Asked(serializers.Serializer[Any]):
    """One of each kind that a request may get wrong."""

    text = serializers.CharField(max_length=2)
    kind = serializers.ChoiceField(choices=["a"])
    day = serializers.DateField()
    rows = serializers.ListField(child=serializers.IntegerField(), min_length=2)
    part = serializers.DictField()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], {"non_field_errors": ["请填写 JSON 对象"]}),
        ({}, {name: ["请填写此项"] for name in ("text", "kind", "day", "rows", "part")}),
        (
            {"text": "abc", "kind": "b", "day": "1.3.2026", "rows": [1], "part": []},
            {
                "text": ["内容过长，最多 2 个字符"],
                "kind": ["“b”不在可选范围内"],
                "day": ["日期格式应为 2026-03-01"],
                "rows": ["至少 2 项"],
                "part": ["请填写 JSON 对象"],
            },
        ),
        (
            {"text": "", "kind": None, "day": "2026-03-01", "rows": ["x", 1], "part": {}},
            {"text": ["不能为空"], "kind": ["不能为空"], "rows": {0: ["请填写整数"]}},
        ),
    ],
)
def test_what_is_wrong_is_said_in_them(given: Any, words: Any) -> None:
    asked = Asked(data=given)
    assert not asked.is_valid()
    assert asked.errors == words


@pytest.mark.django_db
def test_a_refusal_says_them_to_the_shopper(anyone: Shopper) -> None:
    answer = anyone.call("POST", "/auth/login", {})
    assert answer.json()["message"] == "请填写此项"
