"""The operators' pages of levels: terms that rise with the rank, and a member's level by hand with a reason."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from apps.members.models import Level, LevelChange, Member
from apps.members.services import growth
from tests.apps.members import make
from tests.apps.members.make import AT

pytestmark = pytest.mark.django_db


def set_level(page: Client, owner: Member, **typed: Any) -> Any:
    return page.post(f"/admin/members/member/{owner.pk}/level/", typed, follow=True)


def test_a_level_is_set_by_hand_with_a_reason(admin_client: Client, admin_user: User) -> None:
    make.level()
    silver = make.level("银叶", rank=2, growth_threshold=100)
    owner = make.member()

    answer = set_level(admin_client, owner, level=silver.pk, reason="老顾客")

    assert "等级已调整为「银叶」" in answer.content.decode()
    change = LevelChange.objects.get()
    assert (change.why, change.note, change.operator, change.to_level) == (
        "BY_HAND",
        "老顾客",
        admin_user,
        silver,
    )


@pytest.mark.parametrize("typed", [{"reason": " "}, {"reason": "x", "level": 0}, {"reason": "x" * 101}])
def test_no_level_without_a_reason_or_of_no_kind(admin_client: Client, typed: dict[str, Any]) -> None:
    owner = make.member()
    level = make.level()
    assert set_level(admin_client, owner, **{"level": level.pk, **typed}).status_code == 200
    assert not LevelChange.objects.exists()


def test_who_may_only_look_sets_no_level(client: Client) -> None:
    looker = User.objects.create_user("looker", password="x", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_member"))
    client.force_login(looker)
    owner, level = make.member(), make.level()
    assert set_level(client, owner, level=level.pk, reason="x").status_code == 403
    assert not LevelChange.objects.exists()


def terms(**typed: Any) -> dict[str, Any]:
    whole = {
        "name": "银叶",
        "rank": 2,
        "growth_threshold": 100,
        "discount_bp": "9.5",
        "points_multiplier_bp": "1.2",
        "birthday_points": 50,
        "early_access_minutes": 0,
    }
    return {**whole, **typed}


def test_a_level_is_added_between_two(admin_client: Client) -> None:
    make.level("茶友", rank=1)
    make.level("金叶", rank=3, growth_threshold=500, discount_bp=9_000, points_multiplier_bp=20_000)
    assert admin_client.post("/admin/members/level/add/", terms()).status_code == 302
    assert Level.objects.count() == 3
    added = Level.objects.get(name="银叶")
    assert (added.discount_bp, added.points_multiplier_bp) == (9_500, 12_000)
    page = admin_client.get(f"/admin/members/level/{added.pk}/change/").content.decode()
    assert 'value="9.5"' in page and 'value="1.2"' in page


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ({"growth_threshold": 500}, "等级越高所需成长值必须越多"),
        ({"discount_bp": "8"}, "等级越高折扣不能越少"),
        ({"points_multiplier_bp": "3"}, "等级越高积分倍率不能越低"),
        ({"discount_bp": "10.5"}, "请填写 0.001 到 10 之间的折扣"),
        ({"discount_bp": "九五"}, "例如 8.5 表示八五折"),
        ({"points_multiplier_bp": "0.5"}, "请填写 1 到 10 之间的数"),
        ({"points_multiplier_bp": "1.00001"}, "最多四位小数"),
        ({"rank": 0, "discount_bp": "10", "points_multiplier_bp": "1"}, "最低等级的所需成长值必须为 0"),
    ],
)
def test_a_level_that_contradicts_its_neighbours_is_refused(
    admin_client: Client, typed: dict[str, Any], reason: str
) -> None:
    make.level("茶友", rank=1)
    make.level("金叶", rank=3, growth_threshold=500, discount_bp=9_000, points_multiplier_bp=20_000)
    answer = admin_client.post("/admin/members/level/add/", terms(**typed))
    assert reason in answer.content.decode()
    assert Level.objects.count() == 2


def test_ledgers_are_read_only_and_the_member_page_shows_the_history(admin_client: Client) -> None:
    owner = make.member(level=make.level())
    make.level("银叶", rank=2, growth_threshold=100)
    growth.add(member_id=owner.pk, amount=100, cause="order:SO1", at=AT)
    for path in ("growthentry", "levelchange"):
        assert admin_client.get(f"/admin/members/{path}/").status_code == 200
        assert admin_client.get(f"/admin/members/{path}/add/").status_code == 403
    shown = admin_client.get(f"/admin/members/member/{owner.pk}/change/").content.decode()
    assert "成长值达标升级" in shown


def test_operators_see_who_is_promised_a_service_queue_of_their_own(admin_client: Client) -> None:
    promised = make.member("金金", level=make.level("金叶", rank=3, service_queue=True))
    make.member("小普", level=make.level())
    chosen = admin_client.get("/admin/members/member/", {"level__service_queue__exact": "1"}).content.decode()
    assert ("金金" in chosen, "小普" in chosen) == (True, False)
    page = admin_client.get(f"/admin/members/member/{promised.pk}/change/").content.decode()
    assert "专属客服" in page
