"""Tags: by hand with who and when, by rule every night, put away instead of lost."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db.models import ProtectedError

from apps.audiences import selectors as audience_facts
from apps.audiences import services as audiences
from apps.audiences.conditions import ConditionsRefused
from apps.audiences.models import Segment, Tag, TagMark
from apps.audiences.services.segments import SegmentNotUsable
from apps.audiences.services.tags import TagNotByHand, TagRefused
from apps.audiences.states import TagKind
from apps.members.models import Member
from apps.outbox.models import Announcement
from mall.errors import NotFound
from tests.apps.audiences import make
from tests.apps.audiences.make import AT, DAY, bought
from tests.apps.members import make as members

pytestmark = pytest.mark.django_db


def _news() -> list[str]:
    kinds = ["TagArchived", "SegmentBroken", "SegmentMended", "SegmentArchived"]
    return list(Announcement.objects.filter(kind__in=kinds).order_by("id").values_list("kind", flat=True))


def _tagged(tag: Tag) -> set[str]:
    return set(TagMark.objects.filter(tag=tag).values_list("member__nickname", flat=True))


def test_a_tag_says_who_put_it_on_and_when() -> None:
    by = User.objects.create(username="店员")
    owner, tag = members.member("甲"), make.tag()
    assert audiences.put(tag_id=tag.pk, member_ids=[owner.pk], operator=by, at=AT) == 1
    assert audiences.put(tag_id=tag.pk, member_ids=[owner.pk], operator=None, at=AT + DAY) == 0
    (mark,) = audience_facts.tags_of(owner)
    assert (mark.tag.name, mark.operator, mark.at) == ("茶会", by, AT)
    assert audiences.take_off(tag_id=tag.pk, member_ids=[owner.pk]) == 1
    assert audiences.take_off(tag_id=tag.pk, member_ids=[owner.pk]) == 0


def test_a_list_of_numbers_passes_over_whom_nobody_knows() -> None:
    owner, tag = members.member("甲"), make.tag()
    numbers = [owner.public_id, "NOBODY", "", owner.public_id]
    found = audiences.put_on_numbers(tag_id=tag.pk, member_numbers=numbers, operator=None, at=AT)
    assert found == (1, 1)
    assert audiences.take_off_numbers(tag_id=tag.pk, member_numbers=numbers) == (1, 1)


def test_who_is_gone_gets_no_tag() -> None:
    owner, tag = members.member("", erased_at=AT, disabled_at=AT), make.tag()
    assert audiences.put(tag_id=tag.pk, member_ids=[owner.pk], operator=None, at=AT) == 0


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("<b>贵宾</b>", "标签是纯文字，不能含有 HTML（< > &）"),
        ("茶&nbsp;", "标签是纯文字，不能含有 HTML（< > &）"),
        ("\u200b ", "此字段不能为空。"),
        ("茶" * 21, "最多 20 个字，现在有 21 个。"),
    ],
)
def test_a_tag_with_html_or_without_a_word_is_refused_at_its_name(name: str, said: str) -> None:
    with pytest.raises(TagRefused) as refusal:
        make.tag(name)
    assert refusal.value.details == {"name": [said]}


def test_a_name_is_in_one_form_and_there_once() -> None:
    assert make.tag(" VIP\u200b 客 ").name == "VIP 客"
    with pytest.raises(TagRefused) as refusal:
        make.tag("vip 客")
    assert refusal.value.details == {"non_field_errors": ["已有同名的标签"]}


def test_a_tag_by_rule_follows_its_segment_by_night() -> None:
    comes, goes = members.member("甲"), members.member("乙")
    bought(goes, at=AT - 29 * DAY)
    tag = make.tag("近期买家", rule=make.segment({"is": "ordered", "low": 1, "days": 30}))
    audiences.keep_up(at=AT)
    assert _tagged(tag) == {"乙"}
    bought(comes, at=AT)
    audiences.keep_up(at=AT + DAY / 24)
    assert _tagged(tag) == {"乙"}
    audiences.keep_up(at=AT + DAY)
    assert _tagged(tag) == {"甲"}
    with pytest.raises(TagNotByHand):
        audiences.put(tag_id=tag.pk, member_ids=[goes.pk], operator=None, at=AT)


def test_new_conditions_are_followed_at_once() -> None:
    bought(members.member("甲"), 10_000)
    row = make.segment({"is": "ordered", "low": 2})
    tag = make.tag("买家", rule=row)
    audiences.keep_up(at=AT)
    assert _tagged(tag) == set()
    audiences.save(row, tree=make.all_of({"is": "ordered", "low": 1}), operator=None, at=AT)
    audiences.keep_up(at=AT)
    assert _tagged(tag) == {"甲"}


def test_rules_lead_in_no_ring() -> None:
    first = make.segment({"is": "ordered", "low": 1}, name="一")
    by_rule = make.tag("规则", rule=first)
    second = make.segment({"is": "tag", "tags": [by_rule.pk]}, name="二")
    with pytest.raises(TagRefused) as refusal:
        make.tag("再规则", rule=second)
    assert "rule" in refusal.value.details
    with pytest.raises(ConditionsRefused) as refused:
        audiences.save(first, tree=make.all_of({"is": "tag", "tags": [by_rule.pk]}), operator=None, at=AT)
    assert "不能再使用规则标签「规则」" in refused.value.text


def test_an_archived_tag_breaks_the_segments_that_ask_for_it_and_says_so() -> None:
    tag, other = make.tag("茶会"), make.tag("别的")
    asks = make.segment({"is": "tag", "tags": [tag.pk]}, name="茶会客")
    asked_before = make.segment({"is": "tag", "tags": [tag.pk]}, name="从前")
    audiences.save(asked_before, tree=make.all_of({"is": "tag", "tags": [other.pk]}), operator=None, at=AT)
    assert audiences.archive_tag(tag_id=tag.pk, at=AT) == ["茶会客"]
    asks.refresh_from_db()
    assert (asks.broken, asks.broken_at) == ("标签「茶会」已归档", AT)
    assert Segment.objects.get(name="从前").broken == ""
    assert _news() == ["TagArchived", "SegmentBroken"]
    with pytest.raises(SegmentNotUsable) as refusal:
        audiences.usable(segment_id=asks.pk)
    assert refusal.value.text == "人群「茶会客」的条件已失效：标签「茶会」已归档"
    # Again changes nothing; brought back, the segment means something again.
    audiences.archive_tag(tag_id=tag.pk, at=AT + DAY)
    audiences.restore_tag(tag_id=tag.pk, at=AT + DAY)
    asks.refresh_from_db()
    assert (asks.broken, _news()) == ("", ["TagArchived", "SegmentBroken", "SegmentMended"])


def test_an_archived_tag_is_put_on_nobody_and_shown_nowhere() -> None:
    owner, tag = members.member("甲"), make.tag()
    audiences.put(tag_id=tag.pk, member_ids=[owner.pk], operator=None, at=AT)
    audiences.archive_tag(tag_id=tag.pk, at=AT)
    assert not audience_facts.tags_of(owner).exists()
    assert not audience_facts.tags_by_hand().exists()
    with pytest.raises(TagNotByHand):
        audiences.put(tag_id=tag.pk, member_ids=[owner.pk], operator=None, at=AT)
    assert TagMark.objects.count() == 1


def test_a_rule_whose_segment_broke_leaves_its_tag_as_it_was() -> None:
    owner, word = members.member("甲"), make.tag()
    audiences.put(tag_id=word.pk, member_ids=[owner.pk], operator=None, at=AT)
    tag = make.tag("规则", rule=make.segment({"is": "tag", "tags": [word.pk]}))
    audiences.keep_up(at=AT)
    audiences.archive_tag(tag_id=word.pk, at=AT)
    TagMark.objects.filter(tag=word).delete()
    audiences.keep_up(at=AT + DAY)
    assert _tagged(tag) == {"甲"}


def test_by_hand_does_not_become_by_rule_once_used() -> None:
    by = User.objects.create(username="店员")
    owner, tag = members.member("甲"), make.tag()
    audiences.put(tag_id=tag.pk, member_ids=[owner.pk], operator=by, at=AT)
    tag.kind, tag.rule = TagKind.RULE, make.segment({"is": "ordered", "low": 1})
    with pytest.raises(TagRefused) as refusal:
        audiences.save_tag(tag, at=AT)
    assert list(refusal.value.details) == ["kind"]


def test_the_database_itself_keeps_a_tag_that_was_used() -> None:
    tag = make.tag()
    make.segment({"is": "tag", "tags": [tag.pk]})
    with pytest.raises(ProtectedError):
        tag.delete()


def test_what_nobody_has_is_not_found() -> None:
    for call in (audiences.archive_tag, audiences.restore_tag):
        with pytest.raises(NotFound):
            call(tag_id=0, at=AT)
    assert Member.objects.count() == 0
