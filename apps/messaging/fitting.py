"""Whether what operators wrote for a template's keywords is what WeChat takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from apps.messaging import wording
from apps.messaging.board import Name
from apps.messaging.models import Template
from apps.messaging.states import KeywordKind
from mall.errors import Fault


def faults_of_fields(
    template: Template, fields: Mapping[str, Any], *, names: Sequence[Name], field: str = "fields"
) -> Iterator[Fault]:
    """What is wrong with the texts of a template's keywords, each fault naming its keyword.

    A text must name only facts of the scene; with the facts' examples in it WeChat must take it; each keyword of the
    template must have one, and no other.
    """
    known = {str(word["key"]): word for word in template.keywords}
    if template.seen_at is not None and not known:
        yield Fault("template", "这个模板没有关键词（例如服务动态），不能用于订阅消息")
        return
    examples = wording.examples(names)
    for keyword, text in fields.items():
        place = f"{field}.{keyword}"
        if not isinstance(text, str):
            yield Fault(place, "应为文字")
            continue
        wrong = list(wording.faults_of_text(place, text, names))
        yield from wrong
        if known and keyword not in known:
            yield Fault(place, f"模板没有关键词 {keyword}，应为 {'、'.join(known)}")
        elif not wrong:
            value = _as_sent(keyword, text, examples)
            told = wording.fault_of(keyword, value, choices=known.get(keyword, {}).get("choices") or ())
            if told is not None:
                label = str(known.get(keyword, {}).get("label") or "")
                yield Fault(
                    place, f"{keyword}{f'（{label}）' if label else ''}：「{value}」不符合要求，{told}"
                )
    for keyword, word in known.items():
        if keyword not in fields:
            yield Fault(
                f"{field}.{keyword}", f"模板关键词 {keyword}（{word.get('label') or '未命名'}）缺少内容"
            )


def _as_sent(keyword: str, text: str, examples: Mapping[str, str]) -> str:
    """The text with its examples; a thing's are cut as they are when it is sent, but never what was typed itself."""
    if wording.keyword_kind(keyword) == KeywordKind.THING:
        return wording.fitted(keyword, text, examples)
    return wording.filled(text, examples)
