"""The pages of operators: conditions tried and saved, samples masked, exports written down, a member's portrait."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.audiences import services as audiences
from apps.audiences.models import RfmRules, Segment
from apps.base.models import AuditEntry
from tests.admin import shop
from tests.apps.audiences import make
from tests.apps.audiences.make import DAY
from tests.apps.members import make as members

pytestmark = pytest.mark.django_db
SEGMENTS = "/admin/audiences/segment/"
TREE = {"op": "all", "of": [{"is": "ordered", "low": 1, "days": 30}]}


def _try(page: Client, tree: Any) -> Any:
    body = tree if isinstance(tree, str) else json.dumps(tree)
    return page.post(f"{SEGMENTS}try/", body, content_type="application/json")


def test_conditions_are_counted_before_they_are_saved(admin_client: Client) -> None:
    make.bought(members.member("甲"), at=timezone.now() - DAY)
    answer = _try(admin_client, TREE)
    assert answer.json() == {"told": "1 人", "meaning": "消费次数：至少 1 次，最近 30 天"}
    assert not Segment.objects.exists()


@pytest.mark.parametrize("tree", ["", "[", "[[[[", "null", '"x"', "[" * 20_000, '{"op": "all", "of": []}'])
def test_whatever_is_sent_to_be_counted_is_answered(admin_client: Client, tree: str) -> None:
    answer = _try(admin_client, tree)
    assert (answer.status_code, list(answer.json())) == (400, ["faults"])


def test_rows_to_choose_from_are_found_by_their_names(admin_client: Client) -> None:
    gold = members.level("金叶会员", rank=2)
    members.level("银叶会员", rank=1)
    found = admin_client.get(f"{SEGMENTS}options/", {"source": "levels", "typed": "金"}).json()
    assert found == {"options": [[gold.pk, "金叶会员", "金叶会员"]]}
    areas = admin_client.get(f"{SEGMENTS}options/", {"source": "areas", "typed": "杭州"}).json()["options"]
    assert ["杭州市", "杭州市", "杭州市"] in areas
    assert admin_client.get(f"{SEGMENTS}options/", {"source": "passwords"}).status_code == 400


def test_who_may_not_see_segments_is_told_nothing(operator_with: Callable[..., Client]) -> None:
    page = operator_with("members.view_member")
    assert _try(page, TREE).status_code == 403
    assert page.get(f"{SEGMENTS}options/", {"source": "levels"}).status_code == 403


def test_a_segment_is_saved_by_its_page_and_said_in_words(admin_client: Client) -> None:
    sent = {"name": "近期买家", "note": "", "tree": json.dumps(TREE)}
    admin_client.post(f"{SEGMENTS}add/", sent)
    row = Segment.objects.get()
    assert row.current is not None
    assert row.current.operator is not None
    shown = "".join(shop.shown(admin_client.get(f"{SEGMENTS}{row.pk}/change/")))
    assert "消费次数：至少 1 次，最近 30 天" in shown


def test_conditions_that_are_refused_stay_typed_and_say_why(admin_client: Client) -> None:
    sent = {"name": "近期买家", "note": "", "tree": '{"op": "all", "of": [{"is": "spent"}]}'}
    answer = admin_client.post(f"{SEGMENTS}add/", sent)
    assert "第 1 个条件「消费金额」：「至少」和「至多」请至少填一个" in answer.content.decode()
    assert not Segment.objects.exists()


def test_a_sample_is_masked_and_kept_by_nobody(admin_client: Client) -> None:
    make.bought(members.member("甲", phone="13912345678"))
    row = make.segment({"is": "ordered", "low": 1})
    answer = admin_client.get(f"{SEGMENTS}{row.pk}/look/")
    assert "13912345678" not in answer.content.decode()
    assert {"1 人", "甲", "139****5678"} <= set(shop.shown(answer))
    assert "no-store" in answer["Cache-Control"]


def test_who_takes_members_along_is_written_down(operator_with: Callable[..., Client]) -> None:
    make.bought(members.member("甲", phone="13912345678"))
    row = make.segment({"is": "ordered", "low": 1})
    address = f"{SEGMENTS}{row.pk}/export/"
    masked = operator_with("audiences.view_segment", "audiences.export_segment").get(address)
    assert "13912345678" not in b"".join(masked.streaming_content).decode()  # type: ignore[attr-defined]
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.note) == ("导出人群会员", "第 1 版，手机号脱敏")


def test_a_members_page_says_how_they_stand_and_why(admin_client: Client) -> None:
    owner, now = members.member("甲"), timezone.now()
    make.bought(owner, 30_000, at=now - 2 * DAY)
    tag = make.tag("茶会")
    audiences.put(tag_id=tag.pk, member_ids=[owner.pk], operator=None, at=now)
    audiences.reckon_due(at=now)
    shown = "".join(shop.shown(admin_client.get(f"/admin/members/member/{owner.pk}/change/")))
    assert "新客" in shown
    assert "第一次付款不久，只买过一次" in shown
    assert "2 天前付款" in shown
    assert "茶会（系统）" in shown


def test_borders_are_typed_in_yuan_and_kept_in_fen(admin_client: Client) -> None:
    sent = {
        "borders": "OWN", "window_days": "365", "new_days": "30", "own_days": "7，30、90 180",
        "own_orders": "2,3,5,8", "own_money_fen": "100，300.5，800，2000",
    }  # fmt: skip
    admin_client.post("/admin/audiences/rfmrules/1/change/", sent)
    row = RfmRules.objects.get()
    assert (row.own_days, row.own_money_fen) == ([7, 30, 90, 180], [10_000, 30_050, 80_000, 200_000])
    answer = admin_client.post("/admin/audiences/rfmrules/1/change/", {**sent, "own_days": "7，x，90，180"})
    assert "请填写四个数" in answer.content.decode()
