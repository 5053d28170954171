"""Who edits operators gives nothing they do not have, and touches nobody who has more."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.test import Client

from apps.base import roles
from apps.base.models import AuditEntry
from tests.admin import shop
from tests.admin.test_two_operators import open_page
from tests.apps.catalog import make as catalog
from tests.apps.flashsale import make as flash

pytestmark = pytest.mark.django_db

EDITS = (
    "auth.view_user",
    "auth.change_user",
    "auth.add_user",
    "auth.delete_user",
    "auth.view_group",
    "auth.change_group",
)


def permission(name: str) -> Permission:
    app, _, codename = name.partition(".")
    return Permission.objects.get(content_type__app_label=app, codename=codename)


@pytest.fixture
def editor(operator_with: Callable[..., Client]) -> Client:
    return operator_with(*EDITS)


def test_nobody_makes_themselves_a_superuser(editor: Client) -> None:
    me = User.objects.get(username="仓库")
    opened = open_page(editor, me)
    assert "is_superuser" not in opened.inputs
    editor.post(opened.address, opened.typed(is_superuser="on", first_name="王"))
    me.refresh_from_db()
    assert (me.is_superuser, me.first_name) == (False, "王")


def test_nobody_gives_a_permission_or_a_role_they_do_not_have(editor: Client) -> None:
    other = User.objects.create_user("小李", is_staff=True)
    strong = Group.objects.create(name="财务组")
    strong.permissions.add(permission("orders.refund_order"))
    opened = open_page(editor, other)
    for typed in (
        {"user_permissions": [permission("orders.refund_order").pk]},
        {"groups": [strong.pk]},
    ):
        assert editor.post(opened.address, opened.typed(**typed)).status_code == 200
    assert (other.user_permissions.count(), other.groups.count()) == (0, 0)
    mine = permission("auth.view_user")
    assert editor.post(opened.address, opened.typed(user_permissions=[mine.pk])).status_code == 302
    assert list(other.user_permissions.all()) == [mine]
    entry = AuditEntry.objects.get(kind="auth.user", key=str(other.pk))
    assert entry.operator == User.objects.get(username="仓库")
    assert [before for _, before, _ in entry.changes] == [""]


@pytest.mark.parametrize("way", ["superuser", "permission", "role", "switched off"])
def test_who_has_more_is_out_of_reach(editor: Client, way: str) -> None:
    owner = User.objects.create_user("老板", password="x", is_staff=True)
    if way == "superuser":
        owner.is_superuser = True
    if way in {"permission", "switched off"}:
        owner.user_permissions.add(permission("orders.refund_order"))
    if way == "role":
        strong = Group.objects.create(name="财务组")
        strong.permissions.add(permission("orders.refund_order"))
        owner.groups.add(strong)
    owner.is_active = way != "switched off"
    owner.save()
    before = User.objects.values().get(pk=owner.pk)
    page = f"/admin/auth/user/{owner.pk}"
    password = {"password1": "Taken-over-1", "password2": "Taken-over-1", "usable_password": "true"}
    assert editor.post(f"{page}/password/", password).status_code == 403
    assert editor.post(f"{page}/change/", {"username": "老板", "is_active": ""}).status_code == 403
    assert editor.post(f"{page}/delete/", {"post": "yes"}).status_code == 403
    assert editor.post(f"{page}/reset-second-factor/").status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [owner.pk], "post": "yes"}
    editor.post("/admin/auth/user/", chosen)
    assert User.objects.values().get(pk=owner.pk) == before


def test_who_has_no_more_is_within_reach(editor: Client) -> None:
    other = User.objects.create_user("小李", is_staff=True)
    password = {"password1": "Tea-and-cups-7", "password2": "Tea-and-cups-7", "usable_password": "true"}
    assert editor.post(f"/admin/auth/user/{other.pk}/password/", password).status_code == 302
    other.refresh_from_db()
    assert other.check_password("Tea-and-cups-7")
    entry = AuditEntry.objects.get(kind="auth.user", key=str(other.pk))
    assert "Tea-and-cups-7" not in f"{entry.note}{entry.changes}"


def test_nobody_puts_into_a_role_what_they_do_not_have_nor_changes_one_above_them(editor: Client) -> None:
    strong, weak = Group.objects.create(name="财务组"), Group.objects.create(name="值班")
    strong.permissions.add(permission("orders.refund_order"))
    assert editor.post(f"/admin/auth/group/{strong.pk}/change/", {"name": "无权"}).status_code == 403
    opened = open_page(editor, weak)
    refund = permission("orders.refund_order").pk
    assert editor.post(opened.address, opened.typed(permissions=[refund])).status_code == 200
    assert weak.permissions.count() == 0
    member = User.objects.create_user("会计")
    member.user_permissions.add(permission("orders.refund_order"))
    member.groups.add(weak)
    assert editor.post(opened.address, opened.typed(name="改名")).status_code == 403


def test_a_superuser_may_do_all_of_it(page: Client) -> None:
    other = User.objects.create_superuser("老板")
    opened = open_page(page, other)
    sent = {name: value for name, value in opened.typed().items() if name != "is_superuser"}
    assert page.post(opened.address, sent).status_code == 302
    other.refresh_from_db()
    assert other.is_superuser is False


def test_the_usual_roles_are_made_once_and_what_the_shop_changed_of_them_stays() -> None:
    assert {made.standing for made in roles.make()} == {"made"}
    assert {made.standing for made in roles.make()} == {"as the board says"}
    store = Group.objects.get(name="仓库")
    store.permissions.add(permission("orders.refund_order"))
    call_command("make_roles", verbosity=0)
    assert store.permissions.filter(codename="refund_order").count() == 1
    call_command("make_roles", "--reset", verbosity=0)
    assert store.permissions.filter(codename="refund_order").count() == 0


@pytest.mark.parametrize(
    ("role", "may", "may_not"),
    [
        (
            "仓库",
            ["orders.change_order", "inventory.change_stock"],
            ["orders.refund_order", "catalog.price_product"],
        ),
        (
            "客服",
            ["orders.change_order", "coupons.compensate_coupon"],
            ["orders.refund_order", "coupons.issue_template"],
        ),
        (
            "运营",
            ["catalog.price_product", "coupons.issue_template"],
            ["orders.refund_order", "wallet.adjust_account"],
        ),
        (
            "财务",
            ["orders.refund_order", "points.correct_account"],
            ["catalog.change_product", "auth.change_user"],
        ),
        ("店长", ["orders.refund_order", "auth.change_user", "catalog.price_product"], []),
    ],
)
def test_a_role_may_do_its_work_and_no_more(role: str, may: list[str], may_not: list[str]) -> None:
    roles.make()
    somebody = User.objects.create_user("某人", is_staff=True)
    somebody.groups.add(Group.objects.get(name=role))
    assert [name for name in may if not somebody.has_perm(name)] == []
    assert [name for name in may_not if somebody.has_perm(name)] == []


def test_every_page_opens_for_each_role_that_may_see_it(operator_with: Callable[..., Client]) -> None:
    roles.make()
    browser = operator_with()
    somebody = User.objects.get(username="仓库")
    for name, path in {
        "仓库": "/admin/orders/order/",
        "客服": "/admin/members/member/",
        "运营": "/admin/catalog/product/add/",
        "财务": "/admin/payments/refund/",
        "店长": "/admin/auth/user/",
    }.items():
        somebody.groups.set([Group.objects.get(name=name)])
        assert (name, browser.get(path).status_code) == (name, 200)


def test_every_page_of_a_row_opens_for_who_may_only_look(
    manager: User, operator_with: Callable[..., Client]
) -> None:
    shop.fill(1, operator=manager)
    tables = {model._meta.label: model for model in admin.site._registry}
    looks = [f"{one._meta.app_label}.view_{one._meta.model_name}" for one in tables.values()]
    browser = operator_with(*looks)
    browser.raise_request_exception = False
    shut = {}
    for label, model in tables.items():
        row = model._default_manager.order_by("-pk").first()
        if row is not None and not issubclass(model, Permission):
            page = f"/admin/{model._meta.app_label}/{model._meta.model_name}/{row.pk}/change/"
            if (status := browser.get(page, follow=True).status_code) != 200:
                shut[label] = status
    # Who may see them depends on what they themselves may do; calendars and people who share have no page of a row.
    assert set(shut) <= {"auth.User", "auth.Group", "campaigns.SkuWindow", "distribution.Sharer"}, shut


# What a shopper asks about, and what came of it, with a campaign of each kind.
_CAMPAIGNS = (
    "campaigns/skuwindow",
    "groupbuy/groupbuy",
    "flashsale/session",
    "flashsale/plan",
    "bargain/bargain",
    "presale/presale",
    "promotions/promotion",
)
_RUNNING = ("groupbuy/group", "bargain/run", "bargain/help", "presale/reservation")


@pytest.mark.parametrize("role", ["客服", "财务"])
def test_who_answers_shoppers_and_who_counts_money_look_at_campaigns_and_change_none(
    role: str, operator_with: Callable[..., Client]
) -> None:
    roles.make()
    browser = operator_with()
    User.objects.get(username="仓库").groups.set([Group.objects.get(name=role)])
    for page in (*_CAMPAIGNS, *_RUNNING):
        assert (page, browser.get(f"/admin/{page}/").status_code) == (page, 200)
        assert (page, browser.get(f"/admin/{page}/add/").status_code) == (page, 403)
    for page in ("groupbuy/groupbuy", "flashsale/session", "bargain/bargain", "presale/presale"):
        assert browser.get(f"/admin/{page}/results-sheet/").status_code == 200
        for button in ("approve", "pause", "resume", "stop", "copy"):
            assert (page, button, browser.get(f"/admin/{page}/1/{button}/").status_code) == (
                page,
                button,
                403,
            )


def test_what_is_saved_as_it_was_opened_takes_no_permission_and_no_role_away(page: Client) -> None:
    roles.make()
    everything = Group.objects.create(name="全部")
    everything.permissions.set(Permission.objects.all())
    somebody = User.objects.create_user("小李", is_staff=True)
    somebody.user_permissions.set(Permission.objects.all())
    somebody.groups.set(Group.objects.all())
    for row in (*Group.objects.all(), somebody):
        held = row.permissions if isinstance(row, Group) else row.user_permissions
        before = set(held.values_list("pk", flat=True))
        opened = open_page(page, row)
        assert page.post(opened.address, opened.typed()).status_code == 302
        assert (str(row), set(held.values_list("pk", flat=True)) ^ before) == (str(row), set())
    assert somebody.groups.count() == Group.objects.count()


def test_every_permission_of_a_usual_role_but_those_without_a_page_can_be_taken_away_and_given(
    page: Client,
) -> None:
    roles.make()
    role = Group.objects.get(name="仓库")
    pictures = permission("catalog.view_productimage")  # rows on another page
    assert pictures in role.permissions.all()
    opened = open_page(page, role)
    without = [key for key in opened.inputs["permissions"] if key != str(pictures.pk)]
    assert page.post(opened.address, opened.typed(permissions=without)).status_code == 302
    assert pictures not in role.permissions.all()
    opened = open_page(page, role)
    given = [*opened.inputs["permissions"], str(pictures.pk)]
    assert page.post(opened.address, opened.typed(permissions=given)).status_code == 302
    assert pictures in role.permissions.all()


def test_who_may_not_write_the_goods_of_a_session_only_reads_it(
    operator_with: Callable[..., Client], manager: User
) -> None:
    session = flash.good().session
    address = f"/admin/flashsale/session/{session.pk}/change/"
    names = [f"flashsale.{act}_session" for act in ("view", "change", "add")]
    reader = operator_with(*names, "flashsale.view_good")
    assert 'name="_save"' not in reader.get(address).content.decode()
    assert reader.post(address, {"title": "换"}).status_code == 403
    assert reader.get("/admin/flashsale/session/add/").status_code == 403


def test_keys_that_no_page_has_written_are_refused(page: Client) -> None:
    brand = catalog.brand("青禾")
    for key in ("x", '"><script>', "1 OR 1"):
        sent = {"action": "take_off_sale", "_selected_action": key}
        assert page.post("/admin/catalog/product/", sent).status_code == 400
    opened = open_page(page, brand)
    assert page.post(opened.address, opened.typed(opened_as='{"\\ud800":"a"}')).status_code == 409


def test_who_is_made_here_may_log_in(page: Client) -> None:
    word = "a long enough word 7"
    answer = page.post(
        "/admin/auth/user/add/",
        {"username": "新来的", "password1": word, "password2": word, "usable_password": "true", "_save": "1"},
    )
    made = User.objects.get(username="新来的")
    assert (answer.status_code, made.is_staff, made.is_superuser) == (302, True, False)
    entered = Client().post("/admin/login/", {"username": "新来的", "password": word, "next": "/admin/"})
    assert (entered.status_code, entered["Location"]) == (302, "/admin/")
