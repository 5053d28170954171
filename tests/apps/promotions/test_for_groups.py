"""A promotion for a group of members, and so for a segment: who is in it has it, others are told, asking costs nobody."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.db.models import ProtectedError
from django.test.utils import CaptureQueriesContext

from apps.audiences import services as audiences
from apps.checkout import quoting
from apps.checkout.quoting import Choice
from apps.members.models import Group, Member
from apps.members.services import groups
from apps.promotions import selectors as promotion_facts
from apps.promotions import services as promotions
from apps.promotions.drafts import of_row
from tests.apps.audiences import make as segments
from tests.apps.checkout import make

pytestmark = pytest.mark.django_db


def a_group(*inside: Member) -> Group:
    row = Group.objects.create(name="老客")
    groups.add(group_id=row.pk, member_numbers=[member.public_id for member in inside], at=make.NOW)
    return row


def quote(member: Member, sku: Any) -> Any:
    """What the member is quoted for one unit, read as a request reads them."""
    fresh = Member.objects.select_related("level").get(pk=member.pk)
    return quoting.compose(member=fresh, choice=Choice(items=((sku.pk, 1),)), at=make.NOW).quote


def test_who_is_in_the_group_has_it_and_others_are_told_why_not() -> None:
    inside, outside = make.buyer()[0], make.buyer()[0]
    cup = make.goods(100_00)
    group = a_group(inside)
    row = make.promotion("PERCENT", off_bp=1_000, label="老客9折", group=group)
    assert quote(inside, cup).reduction_fen == 10_00
    told = quote(outside, cup)
    assert told.reduction_fen == 0
    assert [(each.ref, each.reason) for each in told.declined] == [
        (f"promotion:{row.pk}", "此活动仅限指定会员参加")
    ]
    groups.remove(group_id=group.pk, member_numbers=[inside.public_id])
    assert quote(inside, cup).reduction_fen == 0


def test_members_of_a_segment_are_quoted_the_promotion_of_its_group() -> None:
    regular, newcomer = make.buyer()[0], make.buyer()[0]
    segments.bought(regular, at=make.NOW)
    segment = segments.segment({"is": "ordered", "low": 1})
    group = audiences.keep_in_group(segment_id=segment.pk, at=make.NOW)
    cup = make.goods(100_00)
    make.promotion("PERCENT", off_bp=1_000, group=group)
    assert quote(regular, cup).reduction_fen == 0
    audiences.keep_up(at=make.NOW)
    assert (quote(regular, cup).reduction_fen, quote(newcomer, cup).reduction_fen) == (10_00, 0)


def test_who_was_never_in_a_group_costs_no_statement_and_who_was_costs_one() -> None:
    inside, outside = make.buyer()[0], make.buyer()[0]
    cup = make.goods(100_00)

    def statements(member: Member) -> int:
        fresh = Member.objects.get(pk=member.pk)
        with CaptureQueriesContext(connection) as ran:
            promotion_facts.offers_for(member=fresh, at=make.NOW, sku_ids=[cup.pk])
        return len(ran)

    group = a_group(inside)
    make.promotion("PERCENT", off_bp=1_000)
    statements(outside)
    before = statements(outside)
    make.promotion("PERCENT", off_bp=1_000, group=group)
    statements(outside)
    assert (statements(outside), statements(inside)) == (before, before + 1)


def test_no_product_shows_it_and_its_group_cannot_be_deleted() -> None:
    group = a_group()
    row = make.promotion("PERCENT", off_bp=1_000, group=group)
    assert promotion_facts.shown(at=make.NOW) == []
    assert [offer.ref for offer in promotion_facts.live(at=make.NOW)] == [f"promotion:{row.pk}"]
    with pytest.raises(ProtectedError):
        group.delete()


def test_a_group_that_is_not_there_is_refused_at_its_field() -> None:
    row = make.promotion("PERCENT", off_bp=1_000)
    with pytest.raises(promotions.PromotionRefused) as refused:
        promotions.save(replace(of_row(row), group_id=987_654), at=make.NOW)
    assert [fault.field for fault in refused.value.faults] == ["group"]
