"""The till's page in the admin: look up, confirm, undo, list, export; and who may do which."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from apps.base.models import AuditEntry
from apps.coupons.models import Coupon, StoreUse
from apps.coupons.services import store_uses
from apps.stores.models import Place
from tests.apps.catalog.make import product
from tests.apps.coupons.make import coupon, template
from tests.apps.members import make

pytestmark = pytest.mark.django_db
LIST = "/admin/coupons/storeuse/"
TILL = f"{LIST}add/"


@pytest.fixture
def shop(db: None) -> Place:
    Place.objects.create(name="总仓")
    return Place.objects.create(name="西湖门店", kind="SHOP")


def said(answer: Any) -> str:
    return str(answer.content.decode())


def typed(mine: Coupon, shop: Place, **said: Any) -> dict[str, Any]:
    code = store_uses.make_pass(member=mine.member, coupon_id=str(mine.public_id), at=timezone.now()).code
    return {"code": code, "place": shop.pk, "goods_fen": "60", "receipt_no": "0071", **said}


def used(client: Client, shop: Place, mine: Coupon | None = None, **more: Any) -> StoreUse:
    form = typed(mine or coupon(at=timezone.now()), shop, **more)
    assert client.post(TILL, {**form, "step": "confirm"}).status_code == 302
    return StoreUse.objects.latest("pk")


def operator(*codenames: str) -> Client:
    user = User.objects.create_user(f"op{User.objects.count()}", is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(content_type__app_label="coupons", codename__in=codenames)
    )
    client = Client()
    client.force_login(user)
    return client


def test_the_till_shows_what_the_coupon_takes_off_and_uses_it_when_that_is_confirmed(
    admin_client: Client, admin_user: User, shop: Place
):
    goods = product(title="明前龙井")
    mine = coupon(make.member("小茶"), of=template(product_ids=[goods.pk], combines=False), at=timezone.now())
    form = typed(mine, shop)
    page = said(admin_client.get(TILL))
    assert "查看优惠" in page and "西湖门店" in page and "总仓" not in page
    shown = said(admin_client.post(TILL, form))
    for word in ("满50减10", "明前龙井", "不与促销叠加", "小茶", "¥60.00", "-¥10.00", "¥50.00", "确认核销"):
        assert word in shown, word
    assert not StoreUse.objects.exists()
    answer = admin_client.post(TILL, {**form, "step": "confirm"}, follow=True)
    use = StoreUse.objects.get()
    assert f"已核销，优惠 ¥10.00，应收 ¥50.00（{use.use_no}）" in said(answer)
    assert (use.operator, use.place, use.receipt_no) == (admin_user, shop, "0071")
    again = admin_client.post(TILL, {**form, "step": "confirm"}, follow=True)
    assert use.use_no in said(again)
    assert StoreUse.objects.count() == 1


def test_the_list_leads_to_the_till(admin_client: Client):
    assert "核销一张券" in said(admin_client.get(LIST))
    assert admin_client.get(f"{LIST}till/")["Location"] == TILL
    assert "核销一张券" not in said(operator("view_storeuse").get(LIST))


def test_the_till_remembers_its_shop(admin_client: Client, shop: Place):
    first = Place.objects.create(name="上城门店", kind="SHOP", priority=0)
    assert f'value="{first.pk}" selected' not in said(admin_client.get(TILL))
    admin_client.post(TILL, typed(coupon(at=timezone.now()), shop))
    assert f'value="{shop.pk}" selected' in said(admin_client.get(TILL))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"code": ""}, "请填写此项"),
        ({"code": "00000000"}, "券码无效"),
        ({"code": "x" * 21}, "现在有 21 个"),
        ({"goods_fen": "49.99"}, "再买 ¥0.01"),
        ({"goods_fen": "0"}, "金额不能低于"),
        ({"goods_fen": "-5"}, "请填写金额"),
        ({"goods_fen": "6e1"}, "请填写金额"),
        ({"place": "0"}, "选择一个有效的选项"),
        ({"receipt_no": "1" * 41}, "现在有 41 个"),
    ],
)
@pytest.mark.parametrize("confirm", [{}, {"step": "confirm"}])
def test_what_the_till_cannot_take_is_refused_with_the_reason(
    admin_client: Client, shop: Place, change: dict[str, str], reason: str, confirm: dict[str, str]
):
    answer = admin_client.post(TILL, {**typed(coupon(at=timezone.now()), shop), **change, **confirm})
    assert answer.status_code in {200, 409}
    assert reason in said(answer)
    assert not StoreUse.objects.exists()


def test_a_use_is_undone_by_button_for_a_reason(admin_client: Client, shop: Place):
    use = used(admin_client, shop)
    page = f"{LIST}{use.pk}/undo/"
    assert "请填写此项" in said(admin_client.post(page, {"reason": ""}))
    assert admin_client.post(page, {"reason": "顾客退货"}).status_code == 302
    use.refresh_from_db()
    assert (use.undone_why, use.coupon.status) == ("顾客退货", "AVAILABLE")
    shown = said(admin_client.get(f"{LIST}{use.pk}/change/"))
    assert "顾客退货" in shown and "已撤销" in shown


def test_the_list_finds_a_use_and_the_export_has_what_the_list_shows(admin_client: Client, shop: Place):
    here, there = used(admin_client, shop), Place.objects.create(name="上城门店", kind="SHOP")
    elsewhere = used(admin_client, there, receipt_no="8")

    def found(query: str) -> list[StoreUse]:
        return list(admin_client.get(f"{LIST}?{query}").context["cl"].queryset)

    assert (
        found(f"q={here.use_no}") == found("q=0071") == found(f"q={here.coupon.member.public_id}") == [here]
    )
    query = f"place__id__exact={there.pk}"
    assert found(query) == [elsewhere]
    assert f"{LIST}export/?{query}" in said(admin_client.get(f"{LIST}?{query}"))
    answer = admin_client.get(f"{LIST}export/?{query}")
    lines = b"".join(answer.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 2 and lines[1].startswith(elsewhere.use_no)
    entry = AuditEntry.objects.get(action="导出核销记录")
    assert (entry.action, entry.note) == ("导出核销记录", "1 条")


def test_each_act_has_a_permission_of_its_own(admin_client: Client, shop: Place):
    use = used(admin_client, shop)
    doors = {
        "view_storeuse": lambda client: client.get(LIST),
        "add_storeuse": lambda client: client.get(TILL),
        "undo_storeuse": lambda client: client.post(f"{LIST}{use.pk}/undo/", {}),
        "export_storeuse": lambda client: client.get(f"{LIST}export/"),
    }
    for name in doors:
        client = operator("view_storeuse", name)
        answers = {other: knock(client).status_code for other, knock in doors.items()}
        assert answers == {other: 200 if other in {"view_storeuse", name} else 403 for other in doors}
    looker = operator("view_storeuse")
    assert looker.post(TILL, {"step": "confirm"}).status_code == 403
    assert "导出表格" not in said(looker.get(LIST))


def test_a_long_list_takes_no_more_statements_than_a_short_one(
    admin_client: Client, shop: Place, django_assert_max_num_queries: Any
):
    for _ in range(12):
        used(admin_client, shop)
    with django_assert_max_num_queries(17):
        assert admin_client.get(LIST).status_code == 200
