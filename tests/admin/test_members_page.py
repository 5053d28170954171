"""Members are shown masked; who looks closer is written down; disabling one ends every login at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apps.base.models import AuditEntry
from apps.members.models import Member
from apps.orders.models import Order
from apps.outbox.models import Delivery
from apps.outbox.states import DeliveryStatus
from apps.points import services as points
from tests.admin import shop
from tests.apps.coupons import make as coupons
from tests.apps.members import make

MEMBERS = "/admin/members/member/"
pytestmark = pytest.mark.django_db


def tea_lover() -> Member:
    member = make.member("小茶", phone="13800000000")
    make.address(member)
    return member


def chosen(action: str, row: Any) -> dict[str, Any]:
    return {"action": action, "_selected_action": [row.pk]}


def test_neither_list_nor_page_shows_a_whole_phone_number_an_address_or_an_openid(page: Client) -> None:
    member = tea_lover()
    for address in (MEMBERS, f"{MEMBERS}{member.pk}/change/"):
        whole = page.get(address).content.decode()
        assert "138****0000" in whole
        assert "13800000000" not in whole
        assert "龙井路" not in whole
        assert member.openid not in whole


def test_looking_at_the_phone_number_is_written_down(page: Client, manager: User) -> None:
    member = tea_lover()
    revealed = page.get(f"{MEMBERS}{member.pk}/phone/")
    assert "13800000000" in shop.shown(revealed)
    assert "no-store" in revealed["Cache-Control"]
    entry = AuditEntry.objects.get()
    assert (entry.operator, entry.action, entry.subject) == (manager, "查看手机号", member.public_id)


def test_a_member_without_a_phone_number_is_said_to_have_none(page: Client) -> None:
    member = make.member()
    assert "没有填写。" in shop.shown(page.get(f"{MEMBERS}{member.pk}/phone/"))
    assert page.get(f"{MEMBERS}999999/phone/").status_code == 404


def test_disabling_a_member_ends_their_login_and_enabling_lets_them_in_again(
    page: Client, shopper_of: Callable[[Member], Any]
) -> None:
    member = tea_lover()
    shopper = shopper_of(member)
    assert shopper.call("GET", "/me").status_code == 200
    page.post(MEMBERS, chosen("disable", member))
    assert shopper.call("GET", "/me").status_code == 401
    page.post(MEMBERS, chosen("enable", member))
    assert shopper_of(Member.objects.get(pk=member.pk)).call("GET", "/me").status_code == 200
    assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True)) == [
        "停用",
        "恢复",
    ]


def test_the_page_tells_what_a_member_holds_and_bought_and_where_each_is_told(page: Client) -> None:
    member = tea_lover()
    coupons.paid_order(member, goods_fen=10_000)
    partly = coupons.paid_order(member, goods_fen=20_000)
    Order.objects.filter(pk=partly.pk).update(refunded_fen=5_000)
    at = datetime.now(tz=UTC)
    coupons.coupon(member, at=at)
    points.earn(member_id=member.pk, amount=120, cause="x", at=at)

    whole = shop.shown(page.get(f"{MEMBERS}{member.pk}/change/"))

    for told in ("已付款 2 单，共 ¥262.00", "1 张可用", "120", "本金 ¥0.00，赠送金 ¥0.00"):
        assert told in whole
    for path in ("orders/order", "coupons/coupon", "points/account", "wallet/account"):
        row = page.get(f"/admin/{path}/?member__id__exact={member.pk}")
        assert row.status_code == 200, path


def test_a_debt_of_points_is_told(page: Client) -> None:
    member = tea_lover()
    points.claw_back(member_id=member.pk, amount=40, cause="refund", at=datetime.now(tz=UTC))
    assert "0，欠 40" in shop.shown(page.get(f"{MEMBERS}{member.pk}/change/"))


def test_what_an_operator_may_not_see_is_not_on_the_members_page(
    operator_with: Callable[..., Client],
) -> None:
    member = tea_lover()
    looker = operator_with("members.view_member", "points.view_account")
    whole = shop.shown(looker.get(f"{MEMBERS}{member.pk}/change/"))
    assert ("资产与消费" in whole, "已付款" in whole, "张可用" in whole) == (True, False, False)


def test_who_may_only_look_at_members_neither_reveals_nor_disables(
    operator_with: Callable[..., Client],
) -> None:
    member = tea_lover()
    looker = operator_with("members.view_member")
    assert looker.get(f"{MEMBERS}{member.pk}/phone/").status_code == 403
    looker.post(MEMBERS, chosen("disable", member))
    assert Member.objects.get(pk=member.pk).disabled_at is None
    assert AuditEntry.objects.count() == 0


def test_a_dead_delivery_is_queued_again_by_whoever_may(
    page: Client, manager: User, operator_with: Callable[..., Client]
) -> None:
    shop.fill(1, operator=manager)
    dead = Delivery.objects.get(status=DeliveryStatus.DEAD)
    operator_with("outbox.view_delivery").post("/admin/outbox/delivery/", chosen("deliver_again", dead))
    assert Delivery.objects.get(pk=dead.pk).status == DeliveryStatus.DEAD
    answer = page.post("/admin/outbox/delivery/", chosen("deliver_again", dead), follow=True)
    assert "已重新排队 1 条投递。" in shop.shown(answer)
    assert Delivery.objects.get(pk=dead.pk).status == DeliveryStatus.WAITING


def test_an_operator_without_any_permission_sees_an_empty_but_working_first_page(
    operator_with: Callable[..., Client],
) -> None:
    answer = operator_with().get("/admin/")
    assert answer.status_code == 200
    assert (answer.context["cards"], answer.context["tasks"], answer.context["chart"]) == ([], [], None)


def test_permissions_are_given_in_chinese_and_only_for_what_has_a_page(page: Client) -> None:
    form = page.get("/admin/auth/group/add/").context["adminform"].form
    names = [name for _, name in form.fields["permissions"].choices]
    assert "订单 | 订单 | 修改与操作" in names
    # Sessions of members stand as rows on their page; those of operators, Django's own, nowhere.
    assert "会员 | 登录会话 | 查看" in names
    assert [name for name in names if "Can " in name or name.startswith("会话")] == []
