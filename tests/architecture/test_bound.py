"""Who works at some shops sees no row of another place's order, whatever they are permitted: every page is walked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.contrib.auth.models import Permission, User
from django.db.models import Model
from django.test import Client, RequestFactory

from apps.coupons.services import store_uses
from apps.inventory.models import Stock
from apps.invoices.models import Invoice
from apps.members.models import Member
from apps.orders.models import Order
from apps.pickup.models import SlotClosing
from apps.pickup.services import slotting
from apps.stores import services as stores
from apps.stores.admin_bound import EVERYWHERE
from apps.stores.models import PlaceStaff
from config import bound, sidebar
from config.navigation import GROUPS
from tests.admin import shop
from tests.apps.checkout import make as counter
from tests.apps.coupons import make as coupons
from tests.apps.inventory import make as inventory
from tests.apps.pickup import make as pickup
from tests.apps.pickup import slotted
from tests.standing import standing

pytestmark = pytest.mark.django_db
# 405: a page that is only sent to.
_SHUT = {403, 404, 405}


def pages(labels: Any = None) -> Iterator[tuple[str, ModelAdmin[Any]]]:
    """Every page of the admin, or those of these tables."""
    for model, page in admin.site._registry.items():
        if labels is None or model._meta.label in labels:
            yield model._meta.label, page


def addresses(page: ModelAdmin[Any], row: Model | None) -> Iterator[str]:
    """All addresses of a table's pages that name no row, and those of a row."""
    key = str(row.pk) if row is not None else "1"
    for pattern in page.get_urls():
        told = str(pattern.pattern)
        for name in ("<path:object_id>", "<int:object_id>", "<id>"):
            told = told.replace(name, key)
        told = (
            told.replace("<int:number>", "0")
            .replace("<int:ending_id>", "1")
            .replace("<str:month>", "2026-11")
        )
        if told != f"{key}/" and "<" not in told:
            yield f"/admin/{page.opts.app_label}/{page.opts.model_name}/{told}"


CLERK = "湖滨店员"


@pytest.fixture(scope="module")
def _filled(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A shop with something in every list, and a clerk of whose shop there is no row yet: once for all pages."""
    with standing(django_db_blocker):
        operator = User.objects.create_user(CLERK, is_staff=True)
        operator.user_permissions.set(Permission.objects.all())
        stores.bind(PlaceStaff(operator=operator, place=pickup.shop("湖滨门店", **pickup.RIDES)))
        _fill(User.objects.create_superuser("店长"))
        yield


@pytest.fixture
def clerk(_filled: None, db: None) -> User:
    """An operator with every permission there is, who works at one shop, of which there is no row yet."""
    return User.objects.get(username=CLERK)


@pytest.fixture
def theirs(_filled: None, db: None) -> list[str]:
    """What names orders of no shop and of another one, of which every list has a row."""
    return list(Order.objects.values_list("order_no", flat=True))


def _fill(admin_user: User) -> None:
    shop.fill(1, operator=admin_user)
    other = pickup.shop("龙井门店", **pickup.RIDES)
    pickup.ridden_from(other, at=shop.NOW)
    slotted.paid(slotted.template(other), pickup.goods(other, 2), at=shop.NOW)
    slotting.save_closing(SlotClosing(place=other, day=shop.NOW.date() + timedelta(days=3)), at=shop.NOW)
    mine = coupons.coupon()
    code = store_uses.make_pass(member=mine.member, coupon_id=str(mine.public_id), at=coupons.AT).code
    store_uses.use(operator=admin_user, code=code, place_id=other.pk, goods_fen=60_00, at=coupons.AT)
    counter.order(*counter.buyer(), [(counter.goods(), 1)])
    Member.objects.filter(nickname="").update(nickname="别处的会员")


def browser(operator: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(operator)
    return client


def asked(operator: User) -> Any:
    request = RequestFactory().get("/admin/")
    request.user = operator
    return request


def text(answer: Any) -> str:
    whole = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return str(whole.decode("utf-8", "replace"))


def test_every_table_on_a_page_is_classified_once() -> None:
    on_pages = {label for label, _ in pages()}
    on_pages |= {inline.model._meta.label for _, page in pages() for inline in page.inlines}
    told = [*bound.NARROWED, *bound.SEEN, *bound.CLOSED]
    assert sorted(on_pages - set(told)) == [], "a line in config/bound.py"
    assert len(told) == len(set(told))


def test_closed_pages_are_in_no_menu_and_answer_at_no_address(clerk: User, theirs: list[str]) -> None:
    client, menu = (
        browser(clerk),
        {item["link"] for group in sidebar.sidebar(asked(clerk)) for item in group["items"]},
    )
    open_doors = []
    for label, page in pages(bound.CLOSED):
        row = page.model._default_manager.order_by("-pk").first()
        assert not [
            link for link in menu if link.startswith(f"/admin/{page.opts.app_label}/{page.opts.model_name}/")
        ]
        for address in addresses(page, row):
            is_own = address.endswith(("/add/", "/change/", "/delete/", "/history/"))
            for way in (client.get, client.post) if not is_own else (client.get,):
                answer = way(address)
                if answer.status_code == 302:  # rules of which there is one row
                    answer = client.get(answer["Location"])
                if answer.status_code not in _SHUT:
                    open_doors.append((label, address, answer.status_code))
    assert open_doors == []


def test_narrowed_pages_have_no_row_of_another_place_and_their_exports_neither(
    clerk: User, theirs: list[str]
) -> None:
    client, leaks, empty = browser(clerk), [], []
    for label, page in pages(bound.NARROWED):
        row = page.model._default_manager.order_by("-pk").first()
        if row is None:
            empty.append(label)
        if page.get_queryset(asked(clerk)).exists():
            leaks.append((label, "rows"))
        for address in addresses(page, row):
            answer = client.get(address)
            shown = text(answer)
            leaks += [(label, address) for number in theirs if number in shown][:1]
            if row is not None and f"/{row.pk}/" in address and answer.status_code == 200:
                leaks.append((label, address))
    assert leaks == []
    assert empty == []


def test_what_is_seen_names_no_order_and_is_not_changed(clerk: User, theirs: list[str]) -> None:
    client, leaks, request = browser(clerk), [], asked(clerk)
    for label, page in pages(bound.SEEN):
        assert page.has_view_permission(request), label
        may = (page.has_add_permission, page.has_change_permission, page.has_delete_permission)
        assert [one(request) for one in may] == [False] * 3, label
        for row in page.model._default_manager.order_by("-pk")[:2]:
            for address in addresses(page, row):
                shown = text(client.get(address))
                leaks += [(label, address) for number in (*theirs, "别处的会员") if number in shown][:1]
    assert leaks == []


def test_the_page_of_a_product_tells_no_stock_of_another_place(clerk: User, theirs: list[str]) -> None:
    client = browser(clerk)
    shown = [
        text(client.get(f"/admin/catalog/product/{key}/change/"))
        for key in set(Stock.objects.filter(place__name="龙井门店").values_list("sku__product", flat=True))
    ]
    assert [page for page in shown if "龙井门店" in page or "各仓库存" in page] == []
    assert shown


def test_no_look_up_and_no_search_names_what_is_closed(clerk: User, theirs: list[str]) -> None:
    client, leaks = browser(clerk), []
    for label, page in pages():
        for name in page.get_autocomplete_fields(asked(clerk)):
            asks = {"app_label": page.opts.app_label, "model_name": page.opts.model_name, "field_name": name}
            answer = client.get("/admin/autocomplete/", asks)
            remote = page.model._meta.get_field(name).related_model._meta.label
            if remote not in {*bound.NARROWED, *bound.SEEN} and answer.status_code != 403:
                leaks.append((label, name))
            leaks += [(label, name) for number in theirs if number in text(answer)]
    for number in theirs:
        shown = text(client.get("/admin/search/", {"s": number}))
        leaks += [("search", number)] if shown.count(number) > 0 and "/admin/orders/order/" in shown else []
    assert leaks == []


def test_today_and_the_menu_count_nothing_of_the_whole_shop(clerk: User, theirs: list[str]) -> None:
    inventory.stock(inventory.sku(), 1)
    front = browser(clerk).get("/admin/")
    cards = [*front.context["cards"], *front.context["tasks"]]
    assert {card.value.strip("¥ 单") for card in cards} <= {"0", "0.00"}
    badges = [item for group in sidebar.sidebar(asked(clerk)) for item in group["items"] if "badge" in item]
    assert badges == []
    assert [number for number in theirs if number in text(front)] == []


def test_what_waits_of_narrowed_pages_says_whose_shop_it_is_of() -> None:
    unsaid = [
        place.title
        for _, places in GROUPS
        for place in places
        if place.waiting is not None and place.model in bound.NARROWED and not place.of_shop
    ]
    assert unsaid == []


def test_who_is_bound_to_none_keeps_what_is_permitted(clerk: User, theirs: list[str]) -> None:
    PlaceStaff.objects.all().delete()
    free = User.objects.get(pk=clerk.pk)
    assert free.has_perms(["books.view_journalentry", "members.view_member", EVERYWHERE])
    client = browser(free)
    assert client.get("/admin/members/member/").status_code == 200
    assert client.get(f"/admin/invoices/invoice/{Invoice.objects.first().pk}/change/").status_code == 200  # type: ignore[union-attr]
    free.user_permissions.clear()
    assert not User.objects.get(pk=free.pk).has_perm("members.view_member")
