"""The account's templates as rows: fetched from WeChat, held against what scenes say in them, and kept for ever."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db import transaction

from apps.base import judging
from apps.messaging import wording
from apps.messaging.board import Name
from apps.messaging.models import Template
from apps.wechat import templates as wechat_templates
from mall.errors import Fault, Faulty

_LONGEST_ID: Final = 64
# Long-term templates are for trades that no mall is in; one-time ones are a message for each accepted prompt.
_LONG_TERM: Final = wechat_templates.Kind.LONG_TERM


class TemplateRefused(Faulty):
    """A template whose keywords WeChat cannot have."""

    code = "message_template_refused"


class Fetched(NamedTuple):
    """What a look at WeChat's list brought: how many it has, how many are new here, and which of ours it has no more."""

    there: int
    new: int
    missing: Sequence[str]


def check(template: Template) -> None:
    """Hold a template against its columns and the types of keywords. Raises TemplateRefused."""
    judging.refuse(TemplateRefused, template, _of_keywords(template))


def save(template: Template) -> Template:
    """Save a template that an operator typed. Raises TemplateRefused."""
    check(template)
    template.save()
    return template


def fetch(*, at: datetime) -> Fetched:
    """Ask WeChat for the account's templates, outside a transaction, and keep them. Raises WechatUnavailable, WechatRefused.

    What WeChat has no more is marked, not deleted: nothing is sent by it, and its grants are worth nothing.
    """
    owned = wechat_templates.owned()
    with transaction.atomic():
        kept = {row.template_id: row for row in Template.objects.select_for_update(no_key=True)}
        new = 0
        for each in owned:
            row = kept.pop(each.template_id, None)
            new += row is None
            row = row or Template(template_id=each.template_id[:_LONGEST_ID])
            row.title = each.title[:40]
            row.keywords = [
                {"key": word.key, "label": word.name, "choices": list(word.values)} for word in each.keywords
            ]
            row.is_long_term = each.kind == _LONG_TERM
            row.seen_at, row.missing_since = at, None
            row.save()
        gone = [row for row in kept.values() if row.missing_since is None]
        Template.objects.filter(pk__in=[row.pk for row in gone]).update(missing_since=at)
    return Fetched(len(owned), new, [str(row) for row in kept.values()])


def named(template_id: str, *, keywords: Sequence[str]) -> Template:
    """The row of a template by WeChat's id, made with these keywords where there is none: not asked of WeChat."""
    row, _ = Template.objects.get_or_create(
        template_id=template_id,
        defaults={"keywords": [{"key": key, "label": "", "choices": []} for key in keywords]},
    )
    return row


def faults_of_fields(
    template: Template, fields: Mapping[str, Any], *, names: Sequence[Name], field: str = "fields"
) -> Iterator[Fault]:
    """What is wrong with the texts of a template's keywords, each fault naming its keyword.

    A text must name only facts of the scene; with the facts' examples in it WeChat must take it; each keyword of the
    template must have one, and no other.
    """
    known = {str(word["key"]): word for word in template.keywords}
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
            value = wording.filled(text, examples)
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


def _of_keywords(template: Template) -> Iterator[Fault]:
    if not isinstance(template.keywords, list):
        yield Fault("keywords", "应为列表")
        return
    for word in template.keywords:
        key = word.get("key") if isinstance(word, dict) else None
        if not isinstance(key, str) or wording.keyword_kind(key) is None:
            yield Fault("keywords", f"「{key}」不是关键词，应为类型加序号，例如 thing1、amount2")
