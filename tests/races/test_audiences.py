"""Audiences under real threads on PostgreSQL: a tag that goes while conditions ask for it, two sweeps at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from apps.audiences import conditions
from apps.audiences import services as audiences
from apps.audiences.conditions import ConditionsRefused
from apps.audiences.models import Rfm, Segment, TagMark
from apps.outbox.models import Announcement
from tests.apps.audiences import make
from tests.apps.audiences.make import AT
from tests.apps.members import make as members
from tests.races.together import all_answers

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
ROUNDS = 15


def _asks(name: str, tag_id: int) -> Callable[[], str]:
    def save() -> str:
        tree = conditions.read({"op": "all", "of": [{"is": "tag", "tags": [tag_id]}]})
        try:
            audiences.save(Segment(name=name), tree=tree, operator=None, at=AT)
        except ConditionsRefused:
            return "refused"
        return "saved"

    return save


def _archives(tag_id: int) -> Callable[[], str]:
    def archive() -> str:
        audiences.archive_tag(tag_id=tag_id, at=AT)
        return "archived"

    return archive


def test_conditions_that_ask_for_a_tag_as_it_goes_are_refused_or_broken_never_silent() -> None:
    for number in range(ROUNDS):
        tag = make.tag(f"标签{number}")
        names = [f"人群{number}-{place}" for place in range(3)]
        answers = all_answers([_archives(tag.pk), *(_asks(name, tag.pk) for name in names)])
        saved = Segment.objects.filter(name__in=names)
        assert (answers["archived"], saved.count()) == (1, answers.get("saved", 0))
        assert {segment.broken for segment in saved} <= {f"标签「标签{number}」已归档"}
        assert Announcement.objects.filter(kind="TagArchived", payload={"tag_id": tag.pk}).count() == 1


def test_two_sweeps_at_once_reckon_and_mark_each_member_once() -> None:
    for number in range(6):
        make.bought(members.member(f"客{number}"))
    tag = make.tag("买家", rule=make.segment({"is": "ordered", "low": 1}))

    def sweep() -> str:
        audiences.reckon_due(at=AT)
        audiences.keep_up(at=AT)
        return "done"

    assert all_answers([sweep] * 4) == {"done": 4}
    assert Rfm.objects.exclude(standing="NEVER").count() == 6
    assert TagMark.objects.filter(tag=tag).count() == 6
