"""Who works at one shop sees, counts and hands over what is fetched there; who is bound to none sees all."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.utils import timezone

from apps.base import roles
from apps.members.models import Member
from apps.orders.models import Order
from apps.pickup.models import Pickup
from apps.pickup.services import moving, riding
from apps.stores import selectors as place_facts
from apps.stores import services as stores
from apps.stores.models import Place, PlaceStaff
from apps.stores.services import StaffRefused
from mall.errors import NotFound
from tests.apps.pickup import make, slotted

pytestmark = pytest.mark.django_db
LIST = "/admin/pickup/pickup/"
COUNTER = f"{LIST}add/"


def said(answer: Any) -> str:
    return str(answer.content.decode())


def clerk(*places: Place, also: tuple[str, ...] = ()) -> User:
    """A clerk, bound to these shops, who may do this beside."""
    operator = User.objects.create_user(f"店员{User.objects.count()}", is_staff=True)
    roles.make()
    operator.groups.add(Group.objects.get(name="店员"))
    for permission in also:
        app, _, codename = permission.partition(".")
        operator.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    for place in places:
        stores.bind(PlaceStaff(operator=operator, place=place))
    return fresh(operator)


def fresh(operator: User) -> User:
    """The operator as the next request reads them."""
    return User.objects.get(pk=operator.pk)


def browser(operator: User) -> Client:
    client = Client()
    client.force_login(operator)
    return client


def test_a_bound_clerk_sees_searches_and_counts_what_is_fetched_in_that_shop_alone() -> None:
    lake, hill = make.shop(), make.shop("龙井门店")
    now = timezone.now()
    mine = make.fetched_from(lake, make.goods(lake), at=now)
    others = [make.fetched_from(hill, make.goods(hill), at=now) for _ in range(2)]
    theirs = Pickup.objects.get(order=others[0])

    bound = browser(clerk(lake))
    shown = bound.get(LIST)
    assert [row.order_id for row in shown.context["cl"].result_list] == [mine.pk]
    assert others[0].order_no not in said(shown)
    assert bound.get(LIST, {"q": others[0].order_no}).context["cl"].result_count == 0
    assert bound.get(LIST, {"place__id__exact": hill.pk}).context["cl"].result_count == 0
    # As Django answers for what is not there: back to the front page, with a word that it is not.
    for address in (f"{LIST}{theirs.pk}/change/", f"{LIST}{theirs.pk}/history/"):
        gone = bound.get(address)
        assert gone.status_code in (302, 404)
        assert others[0].order_no not in said(gone)
    assert bound.post(f"{LIST}{theirs.pk}/ready/").status_code == 404
    bound.post(LIST, {"action": "make_ready", "_selected_action": [theirs.pk]})
    theirs.refresh_from_db()
    assert theirs.status == "WAITING"
    assert _badge(shown) == "1"

    both, unbound = browser(clerk(lake, hill)), browser(clerk())
    for client in (both, unbound):
        whole = client.get(LIST)
        assert (whole.context["cl"].result_count, _badge(whole)) == (3, "3")


def _badge(shown: Any) -> str | None:
    """The number that 待备货自提 bears in the sidebar."""
    items = [item for group in shown.context["sidebar_navigation"] for item in group["items"]]
    return next((item.get("badge") for item in items if item["title"] == "待备货自提"), None)


def test_a_code_of_another_shop_says_where_it_lies_and_nothing_of_its_buyer() -> None:
    lake, hill = make.shop(), make.shop("龙井门店")
    now = timezone.now()
    order = make.ready(hill, make.goods(hill, title="手工陶瓷茶杯"), at=now)
    Member.objects.filter(pk=order.member_id).update(nickname="小鹿", phone="13812345678")
    code = make.code_of(order)
    operator = clerk(lake)
    page = browser(operator)
    assert "龙井门店" not in said(page.get(COUNTER))
    answer = page.post(COUNTER, {"code": code, "place": lake.pk})
    assert "该订单在「龙井门店」自提" in said(answer)
    for secret in ("手工陶瓷茶杯", order.order_no, "小鹿", "5678"):
        assert secret not in said(answer), secret
    # Another shop cannot be chosen, nor named to the service.
    assert browser(operator).post(COUNTER, {"code": code, "place": hill.pk}).status_code == 200
    for call in (moving.look_up, moving.hand_over):
        with pytest.raises(moving.OtherPlace):
            call(operator=fresh(operator), code=code, place_id=hill.pk, at=now)
    assert Pickup.objects.get(order=order).status == "READY"
    # Fetched meanwhile: where it lay is still all that is told, not when it was fetched.
    moving.hand_over(operator=clerk(hill), code=code, place_id=hill.pk, at=now)
    with pytest.raises(moving.OtherPlace) as refused:
        moving.look_up(operator=fresh(operator), code=code, place_id=lake.pk, at=now)
    assert refused.value.details == {"place": "龙井门店"}
    with pytest.raises(moving.CodeInvalid):
        moving.look_up(operator=fresh(operator), code="00000000", place_id=lake.pk, at=now)


def test_a_bound_clerk_hands_over_in_that_shop() -> None:
    lake, hill = make.shop(), make.shop("龙井门店")
    now = timezone.now()
    order, other = make.fetched_from(lake, make.goods(lake)), make.fetched_from(hill, make.goods(hill))
    operator = clerk(lake)
    with pytest.raises(NotFound):
        moving.lie_ready(order_no=other.order_no, operator=fresh(operator), at=now)
    moving.lie_ready(order_no=order.order_no, operator=fresh(operator), at=now)
    done = moving.hand_over(operator=fresh(operator), code=make.code_of(order), place_id=lake.pk, at=now)
    assert (done.status, done.operator) == ("FETCHED", operator)


def test_who_may_see_orders_sees_those_of_the_bound_shops_and_none_that_go_by_parcel() -> None:
    lake, hill = make.shop(picks_up=True, **make.RIDES), make.shop("龙井门店", **make.RIDES)
    mine, theirs = make.ridden_from(lake), make.ridden_from(hill)
    operator = clerk(lake, also=("orders.view_order", "orders.change_order"))
    page = browser(operator)
    shown = page.get("/admin/orders/order/")
    assert [row.pk for row in shown.context["cl"].result_list] == [mine.pk]
    assert page.get(f"/admin/orders/order/{theirs.pk}/change/").status_code in (302, 404)
    items = {
        item["title"]: item.get("badge")
        for group in shown.context["sidebar_navigation"]
        for item in group["items"]
    }
    assert (items["待配送"], items["待发货"]) == ("1", None)
    now = timezone.now()
    with pytest.raises(NotFound):
        riding.leave(order_no=theirs.order_no, rider="", operator=fresh(operator), at=now)
    riding.leave(order_no=mine.order_no, rider="", operator=fresh(operator), at=now)
    with pytest.raises(NotFound):
        riding.arrive(order_no=theirs.order_no, operator=fresh(operator), at=now)
    riding.arrive(order_no=mine.order_no, operator=fresh(operator), at=now)
    assert Order.objects.get(pk=mine.pk).status == "RECEIVED"


def test_who_may_bind_whom(admin_user: User, admin_client: Client) -> None:
    lake = make.shop()
    operator = clerk()
    address = "/admin/stores/placestaff/add/"
    assert browser(operator).get(address).status_code == 403
    assert admin_client.post(address, {"operator": operator.pk, "place": lake.pk}).status_code == 302
    assert place_facts.places_of(operator=fresh(operator)) == {lake.pk}
    again = admin_client.post(address, {"operator": operator.pk, "place": lake.pk})
    assert "已绑定此门店" in said(again)
    store = Place.objects.create(name="总仓")
    for row in (PlaceStaff(operator=admin_user, place=lake), PlaceStaff(operator=operator, place=store)):
        with pytest.raises(StaffRefused):
            stores.bind(row)
    assert place_facts.places_of(operator=admin_user) is None
    PlaceStaff.objects.all().delete()
    assert place_facts.places_of(operator=fresh(operator)) is None


def test_a_bound_clerk_sees_who_comes_to_that_shop_alone() -> None:
    lake, hill = make.shop(**make.RIDES), make.shop("龙井门店", **make.RIDES)
    at = timezone.now()
    mine, theirs = (
        slotted.paid(slotted.template(place), make.goods(place), at=at, ahead=2) for place in (lake, hill)
    )
    seats = "/admin/pickup/slotseat/"

    shown = said(browser(clerk(lake)).get(seats))
    assert mine.order_no in shown
    assert theirs.order_no not in shown
    whole = said(browser(clerk()).get(seats))
    assert mine.order_no in whole
    assert theirs.order_no in whole
