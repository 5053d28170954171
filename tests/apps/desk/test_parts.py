"""Pages that several rooms continue: every part is on a page, two rooms extend the same one, and nothing gets lost."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.sites import AdminSite
from django.contrib.auth.models import Permission, User
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import URLPattern

from apps.base.admin import ReadOnlyAdmin
from apps.base.asking import Asking
from apps.base.parts import Button, Door, Fact, Part, Parted
from apps.coupons import parts as coupons
from apps.desk.order_page import OrderAdmin
from apps.orders.models import Order
from apps.orders.parts import LineInline, MoveInline
from tests.apps.checkout import make as counter

ROOT = Path(__file__).parents[3]
SEES, ACTS = "orders.view_order", "orders.change_order"


def offered() -> dict[str, Part]:
    """Every part that any room offers, by room and name."""
    rooms = [path.parent.name for path in sorted(ROOT.glob("apps/*/parts.py")) if path.parent.name != "base"]
    return {
        f"{room}.{name}": value
        for room in rooms
        for name, value in vars(import_module(f"apps.{room}.parts")).items()
        if isinstance(value, Part)
    }


def pages() -> list[Parted]:
    """Every page of the admin that is put together from parts."""
    return [page for page in admin.site._registry.values() if isinstance(page, Parted)]


def test_every_part_that_a_room_offers_is_on_one_page() -> None:
    printed = [part for page in pages() for part in page.parts]
    assert len(offered()) >= 12
    assert {name: printed.count(part) for name, part in offered().items() if printed.count(part) != 1} == {}
    assert len(printed) == len(offered())


def test_every_part_says_whose_it_is() -> None:
    assert {name: part.room for name, part in offered().items() if name.split(".")[0] != part.room} == {}


def test_the_page_shows_all_of_every_part_in_its_order() -> None:
    for page in pages():
        inlines = [inline for part in page.parts for inline in part.inlines]
        buttons = [button.name for part in page.parts for button in part.buttons]
        facts = [fact.name for part in page.parts for fact in part.facts]
        assert [inline for inline in page.inlines if inline in inlines] == inlines
        assert [name for name in page.actions_detail if name in buttons] == buttons
        assert [name for name in page.readonly_fields if name in facts] == facts


@pytest.mark.django_db
def test_whatever_a_part_needs_is_a_permission_that_exists() -> None:
    needed = {
        thing.needs for part in offered().values() for thing in (*part.facts, *part.buttons, *part.doors)
    }
    known = {
        f"{app}.{codename}"
        for app, codename in Permission.objects.values_list("content_type__app_label", "codename")
    }
    assert needed - known == set()


def test_no_room_takes_another_s_page_away() -> None:
    taken = [
        str(path.relative_to(ROOT))
        for path in sorted(ROOT.glob("apps/*/*.py"))
        if "unregister(" in path.read_text()
    ]
    # Django's own pages of operators and roles, which no room of ours offers.
    assert taken == ["apps/base/admin_operators.py"]


def _say(word: str) -> Any:
    def press(page: Asking, request: HttpRequest, row: Order, **named: str) -> HttpResponse:
        return HttpResponse(f"{word} {row.order_no} {''.join(named.values())}".strip())

    return press


def _unpaid(order: Order) -> bool:
    return order.status == "UNPAID"


def _never(order: Order) -> bool:
    return False


def _button(name: str, **more: Any) -> Button[Order]:
    return Button(
        name=name, title=name, path=name, needs=ACTS, icon="star", press=_say(f"{name} pressed"), **more
    )


def _fact(name: str, needs: str = SEES) -> Fact[Order]:
    return Fact(name=name, label=name, under="两处", needs=needs, shown=lambda row: f"{name} {row.order_no}")


BAKERY = Part(
    room="bakery",
    facts=[_fact("crumbs")],
    inlines=[LineInline],
    buttons=[_button("bake", usable=_unpaid), _button("cool", usable=_never)],
    doors=[Door(name="oven", path="oven/<str:tray>/", needs=ACTS, enter=_say("oven"))],
)
DAIRY = Part(
    room="dairy",
    facts=[_fact("cream"), _fact("secret", needs="orders.delete_order")],
    inlines=[MoveInline],
    buttons=[_button("churn")],
)


class TwoRooms(Parted, ReadOnlyAdmin):
    """A page that two rooms continue which know nothing of each other."""

    fields = ["order_no"]
    parts = (BAKERY, DAIRY)


@pytest.fixture
def page() -> TwoRooms:
    return TwoRooms(Order, AdminSite())


@pytest.fixture
def order(db: None) -> Order:
    return counter.order(*counter.buyer(), [(counter.goods(5000), 1)])


def asks(*permissions: str) -> HttpRequest:
    """A request of an operator with these permissions."""
    operator = User.objects.create_user("仓库", is_staff=True)
    for permission in permissions:
        app, _, codename = permission.partition(".")
        operator.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    request = RequestFactory().get("/")
    request.user = operator
    return request


def test_two_rooms_extend_the_same_page_and_neither_loses_anything(page: TwoRooms, order: Order) -> None:
    request = asks(SEES, ACTS)
    assert page.inlines == [LineInline, MoveInline]
    assert [button.description for button in page.get_actions_detail(request, order.pk)] == ["bake", "churn"]
    assert page.get_fieldsets(request, order)[1:] == [("两处", {"fields": [("crumbs", "cream")]})]
    assert page.crumbs(order) == f"crumbs {order.order_no}"  # type: ignore[attr-defined]
    pressed = page.churn(request, object_id=str(order.pk))  # type: ignore[attr-defined]
    assert pressed.content.decode() == f"churn pressed {order.order_no}"


def test_who_may_only_look_sees_the_facts_and_no_button(page: TwoRooms, order: Order) -> None:
    request = asks(SEES)
    assert page.get_actions_detail(request, order.pk) == []
    assert page.get_fieldsets(request, order)[1:] == [("两处", {"fields": [("crumbs", "cream")]})]


def test_a_page_for_a_new_row_shows_no_facts(page: TwoRooms, order: Order) -> None:
    request = asks(SEES, ACTS)
    assert page.get_fieldsets(request, None) == page.get_fieldsets(request, order)[:1]


def _oven(page: TwoRooms) -> URLPattern:
    (door,) = [url for url in page.get_urls() if getattr(url, "name", "") == "orders_order_oven"]
    return door


def test_a_door_of_a_part_opens_for_who_may_and_knows_its_row(page: TwoRooms, order: Order) -> None:
    request = asks(SEES, ACTS)
    door = _oven(page)
    assert door.resolve(f"{order.pk}/oven/3/").kwargs == {"object_id": order.pk, "tray": "3"}  # type: ignore[union-attr]
    entered = page._enter(BAKERY.doors[0])
    assert entered(request, order.pk, tray="3").content.decode() == f"oven {order.order_no} 3"
    with pytest.raises(Http404):
        entered(request, order.pk + 1, tray="3")


def test_a_door_stays_shut_for_who_may_only_look(page: TwoRooms, order: Order) -> None:
    with pytest.raises(PermissionDenied):
        page._enter(BAKERY.doors[0])(asks(SEES), order.pk, tray="3")


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ((BAKERY, Part(room="dairy", buttons=[_button("bake")])), "dairy offers 'bake'"),
        ((BAKERY, Part(room="dairy", facts=[_fact("crumbs")])), "dairy offers 'crumbs'"),
        ((Part(room="dairy", buttons=[_button("get_urls")]),), "dairy offers 'get_urls'"),
        ((BAKERY, Part(room="dairy", inlines=[LineInline])), "an inline is there twice"),
        ((BAKERY, Part(room="dairy", doors=BAKERY.doors)), "a door is there twice"),
    ],
)
def test_what_would_silently_replace_something_is_refused(parts: tuple[Part, ...], why: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=why):
        type("Page", (Parted, ReadOnlyAdmin), {"parts": parts, "__module__": __name__})


def test_the_order_page_keeps_the_buttons_of_after_sales_when_another_room_joins() -> None:
    joined = type(
        "Page",
        (Parted, ReadOnlyAdmin),
        {"parts": (*OrderAdmin.parts, DAIRY_BESIDE), "__module__": __name__},
    )
    assert {"refund_part", "refund_whole", "ship", "churn"} <= set(joined.actions_detail)
    assert coupons.COMPENSATION in joined.parts


DAIRY_BESIDE = Part(room="dairy", buttons=[_button("churn")])
