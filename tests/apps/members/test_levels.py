"""Levels by their service: what the form refuses a program is refused as well, with the same words at the same field."""

from __future__ import annotations

import pytest
from django.utils import timezone

from apps.members.models import Document, Level
from apps.members.services import consents, groups, levels
from mall.errors import Fault
from tests.apps.members import make

pytestmark = pytest.mark.django_db


def refused(level: Level) -> list[Fault]:
    with pytest.raises(levels.LevelRefused) as refusal:
        levels.save(level)
    return list(refusal.value.faults)


def test_the_lowest_level_is_for_everybody():
    assert refused(Level(name="银卡", rank=1, growth_threshold=100)) == [
        Fault("growth_threshold", "最低等级的所需成长值必须为 0，否则新会员没有等级")
    ]
    assert levels.save(Level(name="银卡", rank=1)).pk


def test_a_higher_level_takes_more_and_gives_no_less():
    levels.save(Level(name="普通", rank=1))
    levels.save(
        Level(name="银卡", rank=2, growth_threshold=100, discount_bp=9500, points_multiplier_bp=15_000)
    )
    worse = Level(name="金卡", rank=3, growth_threshold=100, discount_bp=9800, points_multiplier_bp=12_000)
    assert {fault.field for fault in refused(worse)} == {
        "growth_threshold",
        "discount_bp",
        "points_multiplier_bp",
    }
    worse.growth_threshold, worse.discount_bp, worse.points_multiplier_bp = 200, 9000, 15_000
    assert levels.save(worse).pk


def test_what_columns_cannot_hold_and_what_another_has_is_told_at_its_field():
    levels.save(Level(name="普通", rank=1))
    assert {fault.field for fault in refused(Level(name="", rank=-1))} == {"name", "rank"}
    assert {fault.field for fault in refused(Level(name="普通", rank=2))} == {"name"}


def test_a_published_document_stands_and_a_group_has_a_name_of_its_own():
    document = make.privacy("1")
    document.body = "别的"
    with pytest.raises(consents.DocumentRefused, match="已发布的文件不能修改"):
        consents.save_document(document)
    draft = Document(kind="privacy", version="2", body="正文", published_at=timezone.now())
    assert consents.save_document(draft).pk
    with pytest.raises(groups.GroupRefused):
        groups.save(type(groups.save(groups.Group(name="茶友会")))(name="茶友会"))
