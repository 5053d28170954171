"""What is the same for everybody is answered early as its views would, to the letter, and as of the last commit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import resolve
from django.utils import timezone
from rest_framework.permissions import AllowAny
from rest_framework.views import APIView

import config.urls  # noqa: F401 -- doors name their answers
from apps.aftersales.models import AfterSaleReason
from apps.base import alike, versions
from apps.catalog import selectors as catalog_facts
from apps.catalog import serializers as catalog_shapes
from apps.catalog.models import Category
from apps.members.models import Document
from apps.messaging.models import SceneSetting, Template
from apps.storefront.alike_api import AlikeMiddleware
from apps.storefront.models import Shop
from apps.storefront.shop_api import ShopSerializer
from tests.apps.catalog import make as catalog
from tests.apps.members import make as members
from tests.apps.messaging import make as messaging
from tests.apps.storefront import doors
from tests.conftest import Shopper

pytestmark = pytest.mark.django_db

PASSED_ON = 299
ADDRESSES = [
    *(f"/after-sale-reasons?kind={kind}" for kind in ("EXCHANGE", "REFUND", "RESHIP", "RETURN")),
    "/categories",
    *(f"/documents/{kind}" for kind in ("privacy", "promoter")),
    "/messages/scenes",
    "/shop",
]


def early(path: str, **headers: str) -> HttpResponse | None:
    """What the early door itself answers; None where it leaves the request to the view."""

    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(status=PASSED_ON)

    versions.forget()
    answer = AlikeMiddleware(view)(RequestFactory().get(f"/api/v1{path}", headers=headers))
    versions.forget()  # as the first middleware does when a request is over
    return None if answer.status_code == PASSED_ON else answer


def said(path: str) -> Any:
    return Shopper().call("GET", path).json()


@pytest.fixture
def words() -> None:
    """A shop that has something to say under every address."""
    Shop.objects.create(pk=1, name="青禾茶铺", logo="shop/logo.png", notice="初八开门")
    catalog.category("茶杯", parent=catalog.category("茶器"))
    for kind in Document.Kind.values:
        Document.objects.create(kind=kind, version="1.0", body="……", published_at=timezone.now())
    messaging.told_by(messaging.template("T-paid"))


@pytest.fixture
def shopper() -> Shopper:
    return Shopper(members.access_token(members.member(level=members.level())))


def test_these_are_the_answers_that_are_the_same_for_everybody():
    assert alike.addresses() == [f"/api/v1{address}" for address in ADDRESSES]


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_door_asks_of_callers_what_the_view_does(address: str):
    """Whoever gives such a view another right or another throttle gives it to the door."""
    view: Any = resolve(f"/api/v1{address}".partition("?")[0]).func
    assert view.cls.permission_classes == [AllowAny]
    for name in ("authentication_classes", "throttle_classes", "renderer_classes"):
        assert getattr(view.cls, name) == getattr(APIView, name)
    assert view.cls().allowed_methods == ["GET", "OPTIONS"]


@pytest.mark.parametrize("who", ["anyone", "member"])
@pytest.mark.parametrize("address", ADDRESSES)
def test_headers_and_body_are_those_of_the_view(
    words: None, shopper: Shopper, settings: Any, monkeypatch: pytest.MonkeyPatch, who: str, address: str
):
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)
    caller = shopper if who == "member" else Shopper()
    made, kept = caller.call("GET", address), caller.call("GET", address)
    assert early(address) is not None
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "AlikeMiddleware" not in name]
    alike.forget()
    viewed = Shopper()
    viewed.credentials(**caller._credentials)
    answer = viewed.call("GET", address)
    for each in (made, kept):
        assert each.content == answer.content
        told, expected = dict(each.headers), dict(answer.headers)
        assert told.pop("X-Request-ID") != expected.pop("X-Request-ID")
        assert told == expected


def test_what_is_kept_is_what_the_serializers_describe(words: None, monkeypatch: pytest.MonkeyPatch):
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)
    for path in ("/shop", "/categories"):
        said(path)
    assert early("/shop") is not None and early("/categories") is not None
    assert said("/shop") == dict(ShopSerializer(Shop.objects.get()).data)
    tree = [catalog_shapes.category(root) for root in catalog_facts.tree()]
    assert said("/categories") == {"results": tree, "next": None}


def test_the_shop_s_time_is_that_of_each_answer(words: None, monkeypatch: pytest.MonkeyPatch):
    now = timezone.now()
    told = []
    for minutes in range(3):
        monkeypatch.setattr(timezone, "now", lambda at=now + timedelta(minutes=minutes): at)
        told.append(said("/shop")["server_time"])
    assert len(set(told)) == 3


def changed() -> dict[str, Callable[[], Any]]:
    """A change of each table that something is said from, by the address that says it."""
    return {
        "/after-sale-reasons?kind=RETURN": lambda: AfterSaleReason.objects.filter(kind="RETURN").update(
            label="就是不想要"
        ),
        "/categories": lambda: Category.objects.filter(name="茶杯").update(visible=False),
        "/documents/privacy": lambda: Document.objects.update(body="另一份"),
        "/messages/scenes": lambda: SceneSetting.objects.update(enabled=False),
        "/shop": lambda: Shop.objects.update(notice="今日歇业"),
    }


@pytest.mark.parametrize("address", list(changed()))
def test_whoever_asks_after_a_change_is_told_of_it(words: None, address: str):
    before = said(address)
    assert early(address) is not None
    changed()[address]()
    assert early(address) is None
    after = said(address)
    assert (
        {**after, "server_time": ""} != {**before, "server_time": ""}
        if isinstance(after, dict)
        else after != before
    )
    assert early(address) is not None


def test_what_comes_and_what_goes_is_told():
    assert said("/shop")["name"] == "茶里茶外"
    assert Shopper().call("GET", "/documents/privacy").status_code == 404
    Shop.objects.create(pk=1, name="青禾茶铺")
    Document.objects.create(kind="privacy", version="1.0", body="……", published_at=timezone.now())
    setting = messaging.told_by(messaging.template("T-paid"))
    assert (said("/shop")["name"], said("/documents/privacy")["version"]) == ("青禾茶铺", "1.0")
    assert said("/messages/scenes")["results"][0]["template_ids"] == ["T-paid"]
    Template.objects.filter(pk=setting.template_id).update(missing_since=timezone.now())
    Shop.objects.all().delete()
    Document.objects.all().delete()
    assert said("/shop")["name"] == "茶里茶外"
    assert said("/messages/scenes")["results"][0]["template_ids"] == []
    assert Shopper().call("GET", "/documents/privacy").status_code == 404


def test_it_answers_such_addresses_to_the_letter_and_nothing_else(words: None):
    for address in ADDRESSES:
        said(address)
        assert early(address) is not None
    for address in (
        "/shop?format=json",
        "/shop?q=x",
        "/shop/",
        "/categories?format=xml",
        "/after-sale-reasons",
        "/after-sale-reasons?kind=NONE",
        "/after-sale-reasons?kind=RETURN&kind=REFUND",
        "/documents/nowhere",
        "/products",
    ):
        assert early(address) is None, address
    assert early("/shop", accept="text/html") is None
    assert early("/shop", accept="text/html, */*") is not None


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/shop?format=xml", {}, 404),
        ("GET", "/after-sale-reasons", {}, 400),
        ("GET", "/documents/nowhere", {}, 404),
        ("GET", "/shop", {"accept": "text/html"}, 406),
        ("GET", "/categories", {"authorization": "Bearer nobody's"}, 401),
        ("GET", "/categories", {"authorization": "Basic eDp5"}, 401),
        ("GET", "/shop", {"host": "elsewhere.example"}, 400),
        ("POST", "/shop", {}, 405),
    ],
)
def test_what_is_refused_is_refused_as_ever_though_a_good_answer_is_kept(
    words: None, method: str, path: str, headers: dict[str, str], status: int
):
    for kept in ("/shop", "/categories"):
        said(kept)
        assert early(kept) is not None
    doors.assert_refused(method, path, headers, status)


def test_a_question_is_read_as_the_view_reads_it(words: None):
    said("/after-sale-reasons?kind=RETURN")
    assert said("/after-sale-reasons?kind=REFUND&kind=RETURN") == said("/after-sale-reasons?kind=RETURN")
    assert said("/after-sale-reasons?x=1&kind=RETURN") == said("/after-sale-reasons?kind=RETURN")


def test_head_says_what_get_says(words: None):
    doors.assert_head("/categories")


def test_the_line_of_the_request_and_its_count_are_there(words: None, log_lines: StringIO):
    doors.assert_told("/categories", resolve("/api/v1/categories").view_name, log_lines)


@pytest.mark.parametrize("who", ["address", "member"])
def test_kept_answers_take_turns_too_and_are_refused_when_there_are_none(
    words: None, shopper: Shopper, settings: Any, who: str
):
    said("/shop")
    rates = {**settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"], who: "3/min"}
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": rates}
    caller = shopper if who == "member" else Shopper()
    taken = 1 if who == "address" else 0
    statuses = [caller.call("GET", "/shop").status_code for _ in range(4 - taken)]
    assert statuses == [200] * (3 - taken) + [429]
    refused = caller.call("GET", "/categories")
    assert (refused.status_code, refused.json()["code"]) == (429, "throttled")
    assert 1 <= int(refused["Retry-After"]) <= 60


def test_an_answer_that_is_made_takes_one_turn(words: None, settings: Any):
    rates = {**settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"], "address": "3/min"}
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": rates}
    statuses = []
    for number in range(4):
        Shop.objects.update(notice=str(number))
        statuses.append(Shopper().call("GET", "/shop").status_code)
    assert statuses == [200, 200, 200, 429]


def test_a_kept_answer_is_one_statement_for_a_member_too_and_a_made_one_more(
    words: None, shopper: Shopper, django_assert_num_queries: Any
):
    for caller in (Shopper(), shopper):
        for address in ADDRESSES:
            caller.call("GET", address)
            with django_assert_num_queries(1):
                assert caller.call("GET", address).status_code == 200
    Shop.objects.update(notice="今日歇业")
    with django_assert_num_queries(2):
        assert said("/shop")["notice"] == "今日歇业"


def test_a_statement_that_fails_is_left_to_the_view(words: None):
    said("/shop")

    def away(execute: Callable[..., Any], *_: Any) -> Any:
        raise OperationalError

    with connection.execute_wrapper(away):
        answer = Shopper().call("GET", "/shop")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
