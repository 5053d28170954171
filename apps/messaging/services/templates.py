"""The account's templates as rows: fetched from WeChat, held against what scenes say in them, and kept for ever."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from django.db import transaction

from apps.base import judging
from apps.messaging import wording
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


def miss(*, template_id: int, at: datetime) -> None:
    """WeChat says that it has no such template (40037): nothing more goes by it until a look at WeChat's list finds it."""
    Template.objects.filter(pk=template_id, missing_since=None).update(missing_since=at)


def named(template_id: str, *, keywords: Sequence[str]) -> Template:
    """The row of a template by WeChat's id, with these keywords until WeChat is asked for it. Raises TemplateRefused."""
    row, _ = Template.objects.get_or_create(template_id=template_id)
    if row.seen_at is None:
        row.keywords = [{"key": key, "label": "", "choices": []} for key in keywords]
        save(row)
    return row


def _of_keywords(template: Template) -> Iterator[Fault]:
    if not isinstance(template.keywords, list):
        yield Fault("keywords", "应为列表")
        return
    for word in template.keywords:
        key = word.get("key") if isinstance(word, dict) else None
        if not isinstance(key, str) or wording.keyword_kind(key) is None:
            yield Fault("keywords", f"「{key}」不是关键词，应为类型加序号，例如 thing1、amount2")
