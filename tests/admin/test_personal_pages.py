"""Operators see who asked for a copy or to leave, and may ask in a member's name; what is in a copy they never see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apps.base.models import AuditEntry
from apps.members.models import ErasureRequest, ExportRequest, Member
from apps.members.services import erasures, exports
from apps.orders.models import Order
from tests.admin import shop
from tests.apps.checkout import make as counter
from tests.apps.members import make

EXPORTS = "/admin/members/exportrequest/"
ERASURES = "/admin/members/erasurerequest/"
pytestmark = pytest.mark.django_db


def now() -> datetime:
    return datetime.now(tz=UTC)


def words(page_shown: Any) -> str:
    return " ".join(shop.shown(page_shown))


def test_a_copy_is_listed_and_never_shown(page: Client) -> None:
    member = make.member("小茶", phone="13800000000")
    exports.ask(member=member, at=now())
    exports.make_due(at=now())
    made = ExportRequest.objects.get()
    for address in (EXPORTS, f"{EXPORTS}{made.pk}/change/"):
        shown = page.get(address).content.decode()
        assert "可下载" in shown
        assert member.public_id in shown
        assert "13800000000" not in shown
        assert "H4sI" not in shown


def test_asking_in_a_members_name_is_written_down(page: Client, manager: User) -> None:
    member = make.member()
    typed = {"member": member.public_id, "reason": "来信申请"}
    answer = page.post(f"{ERASURES}ask/", typed, follow=True)
    assert "已申请注销" in words(answer)
    asked = ErasureRequest.objects.get()
    assert (asked.member, asked.operator, asked.reason) == (member, manager, "来信申请")
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject, entry.note) == ("代会员申请注销", member.public_id, "来信申请")


def test_what_is_open_is_said_with_its_numbers_and_nothing_is_asked(page: Client) -> None:
    member, address = counter.buyer()
    order = counter.order(member, address, [(counter.goods(), 1)])
    typed = {"member": member.public_id, "reason": "来信申请"}
    said = words(page.post(f"{ERASURES}ask/", typed))
    assert "还有未完成的订单" in said
    assert order.order_no in said
    assert not ErasureRequest.objects.exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("number", ["NOBODY", " ", "x\x00y"])
def test_a_number_that_nobody_has_is_refused(page: Client, number: str) -> None:
    answer = page.post(f"{ERASURES}ask/", {"member": number, "reason": "来信申请"})
    assert answer.status_code == 200
    assert not ErasureRequest.objects.exists()


def test_what_holds_it_up_is_shown_as_it_is_now(page: Client) -> None:
    member, address = counter.buyer()
    erasures.ask(member=member, at=now())
    order = counter.order(member, address, [(counter.goods(), 1)], at=now())
    request = ErasureRequest.objects.get()
    assert order.order_no in words(page.get(f"{ERASURES}{request.pk}/change/"))
    counter.close(order, at=now())
    assert order.order_no not in words(page.get(f"{ERASURES}{request.pk}/change/"))


def test_taking_it_back_is_written_down_and_only_once_possible(page: Client, manager: User) -> None:
    member = make.member()
    request = erasures.ask(member=member, at=now())
    address = f"{ERASURES}{request.pk}/take-back/"
    page.post(address, {"reason": "来电撤回"})
    assert ErasureRequest.objects.get().status == "TAKEN_BACK"
    assert AuditEntry.objects.get().note == "来电撤回"
    assert page.post(address, {"reason": "再来一次"}).status_code == 409
    assert AuditEntry.objects.count() == 1


def test_who_may_only_look_may_not_act(operator_with: Callable[..., Client]) -> None:
    request = erasures.ask(member=make.member(), at=now())
    clerk = operator_with("members.view_erasurerequest", "members.view_exportrequest")
    assert clerk.get(ERASURES).status_code == 200
    assert clerk.get(EXPORTS).status_code == 200
    assert clerk.post(f"{ERASURES}{request.pk}/take-back/", {"reason": "x"}).status_code == 403
    assert clerk.post(f"{ERASURES}ask/", {"member": "x", "reason": "x"}).status_code == 403
    assert ErasureRequest.objects.get().status == "WAITING"


def left(member: Member) -> None:
    at = now()
    erasures.ask(member=member, at=at - timedelta(days=7))
    erasures.carry_out_due(at=at)
    erasures.carry_out_due(at=at + timedelta(minutes=2))
    assert Member.objects.get(pk=member.pk).erased_at


def test_the_address_of_who_left_is_stored_and_shown_to_nobody(page: Client) -> None:
    member, address = counter.buyer()
    order = counter.order(member, address, [(counter.goods(), 1)])
    received: dict[str, Any] = {f"{step}_at": counter.NOW for step in ("paid", "shipped", "received")}
    Order.objects.filter(pk=order.pk).update(status="RECEIVED", **received)
    assert page.get(f"/admin/orders/order/{order.pk}/reveal/").status_code == 200
    left(member)
    assert Order.objects.get(pk=order.pk).address["phone"] == "13800000000"
    assert page.get(f"/admin/orders/order/{order.pk}/reveal/").status_code == 403


def test_the_page_of_an_order_says_that_its_address_is_gone(page: Client) -> None:
    member, address = counter.buyer()
    order = counter.order(member, address, [(counter.goods(), 1)])
    counter.close(order)
    left(member)
    assert "已按保存期限清空" in words(page.get(f"/admin/orders/order/{order.pk}/change/"))


def test_who_left_is_not_enabled_again(page: Client) -> None:
    member = make.member()
    left(member)
    chosen = {"action": "enable", "_selected_action": [member.pk]}
    assert "会员已注销" in words(page.post("/admin/members/member/", chosen, follow=True))
    assert Member.objects.get(pk=member.pk).disabled_at
