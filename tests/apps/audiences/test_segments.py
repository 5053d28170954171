"""Segments: versions that never change, groups that follow, coupons for everybody in one, numbers over time."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.audiences import exports
from apps.audiences import selectors as audience_facts
from apps.audiences import services as audiences
from apps.audiences.conditions import ConditionsRefused
from apps.audiences.models import Segment, SegmentSize, SegmentVersion, TagMark
from apps.audiences.services.segments import SegmentNotUsable, SegmentRefused, SegmentUsed
from apps.coupons.models import Coupon
from apps.coupons.services import jobs as issues
from apps.members.models import Group as MemberGroup
from apps.members.models import Member, Membership
from mall.errors import Invalid
from tests.apps.audiences import make
from tests.apps.audiences.make import AT, DAY, all_of, bought
from tests.apps.coupons import make as coupons
from tests.apps.members import make as members

pytestmark = pytest.mark.django_db
BOUGHT = {"is": "ordered", "low": 1}


def _in(group: MemberGroup) -> set[str]:
    return set(Membership.objects.filter(group=group).values_list("member__nickname", flat=True))


def test_new_conditions_are_a_new_version_and_old_ones_stay() -> None:
    row = make.segment(BOUGHT)
    first = row.current
    audiences.save(row, tree=all_of(BOUGHT), operator=None, at=AT)
    assert row.current == first
    audiences.save(row, tree=all_of({"is": "ordered", "low": 2}), operator=None, at=AT)
    assert row.current is not None
    assert [version.number for version in row.versions.order_by("number")] == [1, 2]
    assert (row.current.number, SegmentVersion.objects.get(number=1).tree) == (
        2,
        first.tree if first else None,
    )


def test_the_database_refuses_to_change_a_version() -> None:
    make.segment(BOUGHT)
    with pytest.raises(IntegrityError), transaction.atomic():
        SegmentVersion.objects.update(number=9)


def test_a_name_is_there_once() -> None:
    make.segment(BOUGHT)
    with pytest.raises(SegmentRefused) as refusal:
        make.segment(BOUGHT)
    assert list(refusal.value.details) == ["name"]


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"is": "level", "levels": [1_000_000]}, "会员等级 #1000000 已不存在"),
        ({"is": "tag", "tags": [1_000_000]}, "标签 #1000000 已不存在"),
        ({"is": "product", "products": [1_000_000]}, "商品 #1000000 已不存在"),
        ({"is": "promoter", "promoters": [1_000_000]}, "推客 #1000000 已不存在"),
    ],
)
def test_what_is_not_there_is_refused_at_the_conditions(part: dict[str, Any], said: str) -> None:
    with pytest.raises(ConditionsRefused) as refusal:
        make.segment(part)
    assert refusal.value.details == {"tree": [said]}


def test_a_level_that_is_deleted_breaks_the_segment_by_the_next_sweep() -> None:
    gold = members.level("金", rank=2)
    row = make.segment({"is": "level", "levels": [gold.pk]})
    gold.delete()
    assert audiences.look_over(at=AT) == 1
    assert audiences.look_over(at=AT) == 0
    row.refresh_from_db()
    assert row.broken == f"会员等级 #{row.current.tree['of'][0]['levels'][0]} 已不存在" if row.current else ""


def test_numbers_are_written_down_once_a_day() -> None:
    bought(members.member("甲"))
    row = make.segment(BOUGHT)
    audiences.keep_up(at=AT)
    bought(members.member("乙"))
    audiences.keep_up(at=AT)
    assert [(size.members, size.exact) for size in audience_facts.sizes_of(row)] == [(1, True)]
    audiences.keep_up(at=AT + DAY)
    assert [size.members for size in audience_facts.sizes_of(row)] == [1, 2]
    assert audiences.keep_up(at=AT + DAY) == 0


def test_a_group_holds_who_the_segment_means_and_since_when() -> None:
    stays, goes = members.member("甲"), members.member("乙")
    bought(stays)
    bought(goes, at=AT - 29 * DAY)
    row = make.segment({**BOUGHT, "days": 30})
    group = audiences.keep_in_group(segment_id=row.pk, at=AT)
    assert (group.name, audiences.keep_in_group(segment_id=row.pk, at=AT)) == ("老客（人群）", group)
    audiences.keep_up(at=AT)
    assert _in(group) == {"甲", "乙"}
    by_hand = members.member("丙")
    Membership.objects.create(group=group, member=by_hand, added_at=AT)
    audiences.keep_up(at=AT + DAY)
    assert _in(group) == {"甲"}
    assert Membership.objects.get(group=group).added_at == AT
    audiences.leave_group(segment_id=row.pk)
    audiences.keep_up(at=AT + 90 * DAY)
    assert _in(group) == {"甲"}


def test_a_broken_segment_leaves_its_group_as_it_was() -> None:
    owner, word = members.member("甲"), make.tag()
    audiences.put(tag_id=word.pk, member_ids=[owner.pk], operator=None, at=AT)
    row = make.segment({"is": "tag", "tags": [word.pk]})
    group = audiences.keep_in_group(segment_id=row.pk, at=AT)
    audiences.keep_up(at=AT)
    audiences.archive_tag(tag_id=word.pk, at=AT)
    TagMark.objects.all().delete()
    audiences.keep_up(at=AT + DAY)
    assert _in(group) == {"甲"}


def test_a_group_of_a_segment_is_no_condition() -> None:
    """Two segments could otherwise chase each other for ever."""
    row = make.segment(BOUGHT)
    group = audiences.keep_in_group(segment_id=row.pk, at=AT)
    with pytest.raises(ConditionsRefused):
        make.segment({"is": "group", "groups": [group.pk]}, name="环")


def test_a_group_goes_by_its_segments_name() -> None:
    row = make.segment(BOUGHT)
    group = audiences.keep_in_group(segment_id=row.pk, at=AT)
    row.refresh_from_db()
    row.name = "常客"
    audiences.save(row, tree=all_of(BOUGHT), operator=None, at=AT)
    group.refresh_from_db()
    assert group.name == "常客（人群）"


def test_a_coupon_for_each_member_of_a_segment() -> None:
    for name in "甲乙":
        bought(members.member(name))
    members.member("丙")
    row, ticket = make.segment(BOUGHT), coupons.template()
    order = {"segment_id": row.pk, "template_id": ticket.pk, "reason": "回馈", "token": "a", "operator": None}
    job = audiences.issue_coupons(**order, at=AT)
    assert (job.total, audiences.issue_coupons(**order, at=AT).pk) == (2, job.pk)
    # Who comes later is not meant, who is disabled meanwhile gets none.
    bought(members.member("丁"))
    Member.objects.filter(nickname="乙").update(disabled_at=AT)
    issues.advance_due(at=AT)
    assert list(Coupon.objects.values_list("member__nickname", flat=True)) == ["甲"]


def test_nobody_meant_is_no_issue() -> None:
    members.member("甲")
    row, ticket = make.segment(BOUGHT), coupons.template()
    with pytest.raises(Invalid):
        audiences.issue_coupons(
            segment_id=row.pk, template_id=ticket.pk, reason="回馈", token="", operator=None, at=AT
        )


def test_an_archived_segment_is_put_away_whole() -> None:
    row = make.segment(BOUGHT)
    tag = make.tag("买家", rule=row)
    with pytest.raises(SegmentUsed):
        audiences.archive(segment_id=row.pk, at=AT)
    audiences.archive_tag(tag_id=tag.pk, at=AT)
    audiences.keep_in_group(segment_id=row.pk, at=AT)
    with pytest.raises(SegmentUsed):
        audiences.archive(segment_id=row.pk, at=AT)
    audiences.leave_group(segment_id=row.pk)
    audiences.archive(segment_id=row.pk, at=AT)
    with pytest.raises(SegmentNotUsable):
        audiences.usable(segment_id=row.pk)
    audiences.keep_up(at=AT)
    assert not SegmentSize.objects.exists()
    audiences.restore(segment_id=row.pk, at=AT)
    audiences.keep_up(at=AT)
    assert SegmentSize.objects.count() == 1


def test_an_exported_phone_number_is_masked_unless_whoever_asks_may_read_it() -> None:
    bought(members.member("甲", phone="13912345678"), 12_345)
    row = make.segment(BOUGHT)
    assert row.current is not None
    audiences.reckon_due(at=AT)
    masked = "".join(exports.members(row.current, revealed=False, at=AT))
    assert "13912345678" not in masked
    assert "5678" in masked
    whole = "".join(exports.members(row.current, revealed=True, at=AT))
    assert "13912345678" in whole
    assert "新客,2026-03-02,1,123.45" in whole


def test_counted_of_all_who_are_meant() -> None:
    for name in "甲乙丙":
        bought(members.member(name))
    row: Segment = make.segment(BOUGHT)
    assert row.current is not None
    assert audience_facts.count(version=row.current, at=AT) == audience_facts.Size(3)
    assert [member.nickname for member in audience_facts.sample_of(all_of(BOUGHT), at=AT, most=2)] == [
        "丙",
        "乙",
    ]
