"""Compensation: an operator gives one member one coupon, for a reason that is written down."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from apps.base.models import AuditEntry
from apps.coupons import services as coupons
from apps.coupons.models import Coupon
from tests.apps.coupons.make import AT, paid_order, template
from tests.apps.members import make

pytestmark = pytest.mark.django_db
PAGE = "/admin/coupons/coupon/compensate/"


def form(**said: Any) -> dict[str, Any]:
    return {"reason": "少发一件", "token": uuid4(), "order_no": "", **said}


def told(answer: Any) -> str:
    return str(answer.content.decode())


def test_a_member_is_compensated_for_an_order_and_the_reason_is_kept(admin_client: Client, admin_user: User):
    member, of = make.member(), template(quota=5)
    order = paid_order(member)
    said = form(member=member.public_id, template=of.pk, order_no=order.order_no)
    answer = admin_client.post(PAGE, said, follow=True)
    assert f"已补偿会员 {member.public_id} 一张「满50减10」" in told(answer)
    mine = Coupon.objects.get()
    assert (mine.member, mine.way, mine.gift_of) == (member, "COMPENSATION", "")
    entry = AuditEntry.objects.get()
    assert (entry.operator, entry.action, entry.subject) == (
        admin_user,
        "补偿发券",
        f"会员 {member.public_id}",
    )
    assert entry.note == f"「满50减10」，订单 {order.order_no}：少发一件"
    of.refresh_from_db()
    assert of.issued == 1


def test_the_same_order_is_compensated_once_whoever_asks_and_the_same_page_counts_once(admin_client: Client):
    member, of = make.member(), template()
    order = paid_order(member)
    for said in (form(order_no=order.order_no), form(order_no=order.order_no)):
        answer = admin_client.post(PAGE, {**said, "member": member.public_id, "template": of.pk}, follow=True)
    assert "没有重复发放" in told(answer)
    assert Coupon.objects.count() == 1
    # Each press is written down, the second with what it did: nothing.
    assert AuditEntry.objects.filter(action="补偿发券").count() == 2
    page = form(member=member.public_id, template=of.pk)
    for _ in range(2):
        admin_client.post(PAGE, page)
    assert Coupon.objects.count() == 2
    admin_client.post(PAGE, form(member=member.public_id, template=of.pk))
    assert Coupon.objects.count() == 3
    coupons.take_back_gifts(order_no=order.order_no, at=AT)
    assert set(Coupon.objects.values_list("status", flat=True)) == {"AVAILABLE"}


def test_what_cannot_be_given_is_refused_with_the_reason(admin_client: Client):
    member, of = make.member(), template()
    theirs = paid_order(make.member())
    for change, reason in (
        ({"member": "NOBODY"}, "没有这个编号的会员"),
        ({"member": ""}, "请填写此项"),
        ({"order_no": theirs.order_no}, "该会员没有这个订单"),
        ({"order_no": "SO1"}, "该会员没有这个订单"),
        ({"template": template(live=False).pk}, "选择一个有效的选项"),
        ({"template": template(quota=0).pk}, "优惠券已领完"),
        ({"reason": ""}, "请填写此项"),
        ({"token": "x"}, "页面已失效"),
    ):
        said = {**form(member=member.public_id, template=of.pk), **change}
        answer = admin_client.post(PAGE, said)
        assert answer.status_code in {200, 409}
        assert reason in told(answer), reason
    assert not Coupon.objects.exists()
    assert not AuditEntry.objects.exists()


def test_the_page_knows_the_member_and_the_order_that_one_comes_from(admin_client: Client):
    page = told(admin_client.get(f"{PAGE}?member=7GW3K4MM8KC9SPRB&order_no=SO260302K7M2P9QRTW4X"))
    assert 'value="7GW3K4MM8KC9SPRB"' in page and 'value="SO260302K7M2P9QRTW4X"' in page


def test_a_member_and_an_order_lead_to_the_page(admin_client: Client):
    member = make.member()
    order = paid_order(member)
    for button in (
        f"/admin/members/member/{member.pk}/compensate/",
        f"/admin/orders/order/{order.pk}/compensate/",
    ):
        answer = admin_client.get(button)
        assert answer.status_code == 302
        assert f"member={member.public_id}" in answer["Location"]
    assert f"order_no={order.order_no}" in answer["Location"]
    assert "补偿发券" in told(admin_client.get(f"/admin/members/member/{member.pk}/change/"))
    assert "补偿发券" in told(admin_client.get(f"/admin/orders/order/{order.pk}/change/"))
    assert "补偿发券" in told(admin_client.get("/admin/coupons/coupon/"))


def test_compensating_has_a_permission_of_its_own(client: Client):
    member, of = make.member(), template()
    looker = User.objects.create_user("looker", is_staff=True)
    client.force_login(looker)
    for codenames, status in ((["view_coupon", "change_coupon"], 403), (["compensate_coupon"], 302)):
        looker.user_permissions.set(
            Permission.objects.filter(content_type__app_label="coupons", codename__in=codenames)
        )
        answer = client.post(PAGE, form(member=member.public_id, template=of.pk))
        assert answer.status_code == status
    assert Coupon.objects.count() == 1
