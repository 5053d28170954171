"""The pages of journeys: a plan made by clicking, shown with what it lacks, started, and read when it has run."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.journeys import services as journeys
from apps.journeys.models import Journey, Participation
from tests.admin import shop
from tests.apps.audiences import make as crowd
from tests.apps.catalog import make as catalog
from tests.apps.coupons import make as coupons
from tests.apps.journeys import make
from tests.apps.journeys.make import give, message, wait

pytestmark = pytest.mark.django_db
JOURNEYS = "/admin/journeys/journey/"


def _press(page: Client, row: Journey, address: str, **typed: Any) -> Any:
    """Open a page of a journey as it is now, and send it."""
    row.refresh_from_db()
    return page.post(f"{JOURNEYS}{row.pk}/{address}", {"seen": str(row.revision), **typed})


def _shown(answer: Any) -> str:
    return "".join(shop.shown(answer))


def test_a_journey_is_made_by_clicking_and_started(admin_client: Client) -> None:
    ticket = coupons.template()
    typed = {"title": "回购", "code": "again", "note": "", "holdout_percent": "20", "measure_days": "7"}
    admin_client.post(f"{JOURNEYS}add/", typed)
    row = Journey.objects.get()
    page = f"{JOURNEYS}{row.pk}/change/"
    assert "进入条件「发生事件」：请选择「事件」" in _shown(admin_client.get(page))
    assert _press(admin_client, row, "start/").status_code == 409

    _press(admin_client, row, "trigger/?kind=cart", hours="2")
    answer = _press(admin_client, row, "add-step/", kind="branch")
    assert answer["Location"].endswith(f"/{row.pk}/step/?at=1")
    tree = {"op": "all", "of": [{"is": "ordered", "low": 1}]}
    _press(admin_client, row, "step/?at=1", when="tree", tree=json.dumps(tree))
    _press(admin_client, row, "add-step/?at=1y", kind="coupon")
    _press(admin_client, row, "step/?at=2", template=str(ticket.pk))
    _press(admin_client, row, "add-step/?at=1n", kind="wait")
    _press(admin_client, row, "step/?at=3", amount="2", unit="1440")
    _press(admin_client, row, "add-step/?at=3", kind="message")
    wrong = _press(admin_client, row, "step/?at=4", heading="", text="您好", hours="24")
    assert wrong.status_code == 200
    _press(admin_client, row, "step/?at=4", heading="好久不见", text="{nickname}您好", hours="24")
    _press(admin_client, row, "rules/", again_days="30", exits="ordered")
    row.refresh_from_db()
    assert [step["is"] for step in (*row.plan["steps"], *row.plan["steps"][0]["no"])] == [
        "branch",
        "wait",
        "message",
    ]
    assert row.plan["steps"][0]["no"][0]["minutes"] == 2 * 1_440

    shown = _shown(admin_client.get(page))
    for told in (
        "商品放入购物车 2 小时仍未下单",
        "消费次数：至少 1 次？",
        "「满50减10」",
        "等待 2 天",
        "无，可以开始",
    ):
        assert told in shown
    assert _press(admin_client, row, "start/").status_code == 302
    row.refresh_from_db()
    assert (row.status, row.hears, row.holdout_percent) == ("LIVE", "cart", 20)
    assert "有未发布的修改" not in _shown(admin_client.get(page))
    _press(admin_client, row, "drop-step/?at=1")
    assert "有未发布的修改" in _shown(admin_client.get(page))


def test_the_days_of_products_and_a_moment_are_typed_as_people_say_them(admin_client: Client) -> None:
    row, tea = make.draft(make.event(), give()), catalog.sku()
    category = catalog.category("绿茶")
    type(tea).objects.filter(pk=tea.pk).update(code="TEA-100")
    _press(admin_client, row, "trigger/?kind=repurchase", cycles="TEA-100，30\n绿茶, 60天", clock="10:00")
    row.refresh_from_db()
    assert row.plan["trigger"]["cycles"] == [
        {"product": tea.product_id, "days": 30},
        {"category": category.pk, "days": 60},
    ]
    page = f"{JOURNEYS}{row.pk}/trigger/"
    assert "TEA-100，30\n绿茶，60" in admin_client.get(page).content.decode()
    for cycles, told in (
        ("没有的，30", "无法识别「没有的，30」"),
        ("TEA-100", "无法识别"),
        ("TEA-100，0", "天数应为"),
    ):
        answer = _press(admin_client, row, "trigger/?kind=repurchase", cycles=cycles, clock="10:00")
        assert told in answer.content.decode()
    _press(admin_client, row, "trigger/?kind=calendar", at_0="2026-12-12", at_1="10:00")
    row.refresh_from_db()
    assert row.plan["trigger"]["at"] == "2026-12-12T10:00:00+08:00"


def test_a_page_that_somebody_else_changed_is_stale_and_a_step_that_is_not_there_is_not_found(
    admin_client: Client,
) -> None:
    row = make.draft(make.event(), give())
    answer = admin_client.post(f"{JOURNEYS}{row.pk}/step/?at=1", {"seen": "7", "points": "9"})
    assert answer.status_code == 409
    for at in ("9", "x", "", "1' OR 1=1"):
        assert admin_client.get(f"{JOURNEYS}{row.pk}/step/", {"at": at}).status_code == 404
    assert _press(admin_client, row, "add-step/?at=9y", kind="wait").status_code == 409


def test_what_was_done_and_why_not_is_found_by_the_members_number(admin_client: Client) -> None:
    at = timezone.now()
    row = make.live(
        make.event(), message(), {"is": "coupon", "template": coupons.template(quota=0).pk}, at=at
    )
    way = make.come(make.member("甲"), at=at)
    make.come(make.member("乙"), at=at)
    journeys.move_due(at=at)
    listed = admin_client.get("/admin/journeys/participation/", {"q": way.member.public_id})
    assert f"/participation/{way.pk}/change/" in listed.content.decode()
    assert listed.content.decode().count("/participation/") < 4
    shown = _shown(admin_client.get(f"/admin/journeys/participation/{way.pk}/change/"))
    for told in ("发消息", "待发送", "优惠券已发完"):
        assert told in shown
    results = _shown(admin_client.get(f"{JOURNEYS}{row.pk}/results/"))
    assert "证明不了什么" in results
    assert "优惠券已发完 2" in results


def test_what_is_coming_and_what_stopped_is_told(operator_with: Callable[..., Client]) -> None:
    at = timezone.now()
    segment = crowd.segment({"is": "ordered", "low": 1}, at=at)
    row = make.live({"is": "segment", "segment": segment.pk}, wait(60), give(), at=at)
    made = make.live(make.event(), wait(60), give(), at=at)
    make.come(make.member(), at=at)
    journeys.move_due(at=at)
    reader = operator_with("journeys.view_journey")
    assert made.title in _shown(reader.get(f"{JOURNEYS}coming/"))
    type(segment).objects.update(archived_at=at)
    journeys.move_due(at=at + timedelta(seconds=1))
    stopped = _shown(reader.get(JOURNEYS, {"stopped": "yes"}))
    assert f"人群「{segment.name}」已归档" in stopped
    assert made.title not in stopped
    assert Participation.objects.filter(journey=row).count() == 0
    assert reader.post(f"{JOURNEYS}{made.pk}/pause/").status_code == 403
