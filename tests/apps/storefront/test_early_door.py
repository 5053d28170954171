"""The early door answers lists and pages as the views would, to the letter, and leaves the rest to them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from apps.catalog.models import Product, Sku
from apps.inventory.models import Stock
from apps.promotions.models import Tally
from apps.storefront.kept_api import KeptMiddleware
from tests.apps.checkout import make
from tests.apps.members import make as members
from tests.apps.promotions import make as promotions
from tests.apps.storefront import doors
from tests.conftest import Shopper

pytestmark = pytest.mark.django_db

PASSED_ON = 299


def early(path: str, **headers: str) -> HttpResponse | None:
    """What the early door itself answers; None where it leaves the request to the view."""

    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(status=PASSED_ON)

    request = RequestFactory().get(f"/api/v1{path}", headers=headers)
    answer = KeptMiddleware(view)(request)
    return None if answer.status_code == PASSED_ON else answer


def rates(settings: Any, **said: str) -> None:
    settings.REST_FRAMEWORK = {
        **settings.REST_FRAMEWORK,
        "DEFAULT_THROTTLE_RATES": {**settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"], **said},
    }


@pytest.fixture
def cup() -> Sku:
    return make.goods(units=50)


@pytest.fixture
def shopper() -> Shopper:
    return Shopper(members.access_token(members.member(level=members.level())))


@pytest.mark.parametrize("who", ["anyone", "member"])
def test_headers_and_body_are_those_of_the_view(
    cup: Sku, shopper: Shopper, settings: Any, monkeypatch: pytest.MonkeyPatch, who: str
):
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)
    caller = shopper if who == "member" else Shopper()
    paths = ["/products", "/products?ordering=price&page_size=5", f"/products/{cup.product_id}"]
    for path in paths:
        caller.call("GET", path)
    kept = [caller.call("GET", path) for path in paths]
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "KeptMiddleware" not in name]
    viewed = Shopper()
    viewed.credentials(**caller._credentials)
    for path, early_answer in zip(paths, kept, strict=True):
        answer = viewed.call("GET", path)
        assert early_answer.content == answer.content
        told, said = dict(early_answer.headers), dict(answer.headers)
        assert told.pop("X-Request-ID") != said.pop("X-Request-ID")
        assert told == said


def test_it_answers_goods_and_nothing_else(cup: Sku):
    page = f"/products/{cup.product_id}"
    for path in ("/products", page, "/products?page_size=7", "/products?q=cb", "/products?format_=xml"):
        answer, again = early(path), early(path)
        assert answer is not None and again is not None
        said, kept, shown = (
            json.loads(each.content) for each in (answer, again, Shopper().call("GET", path))
        )
        assert {**said, "server_time": ""} == {**kept, "server_time": ""} == {**shown, "server_time": ""}
    # What the view may refuse, and what is no list and no page of a product.
    for path in (
        f"{page}?format=xml",
        "/products?format=json",
        "/products?f%6frmat=json",
        "/products?category=x",
        "/products?category=999999",
        "/products?cursor=x",
        "/products?page_size=x",
        "/products?ordering=x",
        "/products?scope=x",
        "/products?price_from_fen=x",
        f"{page}/",
        f"{page}/reviews",
        "/products/999999",
        "/products/",
    ):
        assert early(path) is None, path
    assert early("/products", accept="text/html") is None
    assert early("/products", accept="text/html, */*") is not None
    Product.objects.update(title="另一只杯")
    for path in ("/products", page):
        answer = early(path)
        assert answer is not None and "另一只杯" in answer.content.decode()


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/products?category=x", {}, 400),
        ("GET", "/products?format=xml", {}, 404),
        ("GET", "/products/999999999999999999999", {}, 404),
        ("GET", "/products", {"accept": "text/html"}, 406),
        ("GET", "/products", {"authorization": "Bearer nobody's"}, 401),
        ("GET", "/products", {"authorization": "Basic eDp5"}, 401),
        ("GET", "/products", {"host": "elsewhere.example"}, 400),
        ("POST", "/products", {}, 405),
    ],
)
def test_what_is_refused_is_refused_as_ever_though_a_good_page_is_kept(
    cup: Sku, method: str, path: str, headers: dict[str, str], status: int
):
    Shopper().call("GET", "/products")
    assert early("/products") is not None
    doors.assert_refused(method, path, headers, status)


def test_head_says_what_get_says(cup: Sku):
    doors.assert_head("/products")


def test_the_line_of_the_request_and_its_count_are_there(cup: Sku, log_lines: StringIO):
    doors.assert_told(f"/products/{cup.product_id}", "product", log_lines)


@pytest.mark.parametrize("who", ["address", "member"])
def test_kept_answers_take_turns_too_and_are_refused_when_there_are_none(
    cup: Sku, shopper: Shopper, settings: Any, who: str
):
    rates(settings, **{who: "3/min"})
    caller = shopper if who == "member" else Shopper()
    assert [caller.call("GET", "/products").status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = caller.call("GET", f"/products/{cup.product_id}")
    assert (refused.status_code, refused.json()["code"]) == (429, "throttled")
    assert 1 <= int(refused["Retry-After"]) <= 60


def test_a_page_that_is_no_longer_good_takes_one_turn(cup: Sku, settings: Any):
    rates(settings, address="3/min")
    Shopper().call("GET", "/products")
    Product.objects.update(title="另一只杯")
    assert [Shopper().call("GET", "/products").status_code for _ in range(3)] == [200, 200, 429]


def test_searches_are_counted_apart(cup: Sku, settings: Any):
    rates(settings, search="2/min")
    assert [Shopper().call("GET", "/products?q=茶").status_code for _ in range(3)] == [200, 200, 429]
    assert Shopper().call("GET", "/products").status_code == 200


def test_a_member_costs_one_statement_more_and_a_page_to_be_made_at_most_four(
    cup: Sku, shopper: Shopper, django_assert_max_num_queries: Any, django_assert_num_queries: Any
):
    now = timezone.now()
    promotions.promotion(
        "FIXED",
        off_fen=100,
        starts_at=now - timedelta(hours=1),
        ends_at=now + timedelta(hours=1),
        limits={"total": 5},
    )
    paths = ("/products", f"/products/{cup.product_id}")
    for path in paths:
        shopper.call("GET", path)
    for path in paths:
        with django_assert_num_queries(2):
            shopper.call("GET", path)
    Sku.objects.update(price_fen=4_999)
    Product.objects.update(subtitle="新的一批")
    # The first reads what changed for everybody: promotions, which rest on goods too.
    shopper.call("GET", "/products?page_size=3")
    for path in paths:
        with django_assert_max_num_queries(4):
            assert shopper.call("GET", path).status_code == 200
    with django_assert_max_num_queries(4):
        shopper.call("GET", "/products?page_size=4")


def test_the_clock_turns_kept_pages_as_it_turns_made_ones(cup: Sku, monkeypatch: pytest.MonkeyPatch):
    """A step-up price rises by the hour, a day's limit is there again at midnight."""
    now = timezone.localtime().replace(hour=10, minute=0)  # two hours later it is still the same day
    stepped = promotions.promotion(
        "STEP_PRICE",
        steps=[[1, 5_000]],
        rise_bp=1_000,
        rise_hours=1,
        starts_at=now - timedelta(hours=1),
        ends_at=now + timedelta(days=3),
    )
    Tally.objects.create(promotion=stepped, uses=1, units=1, filled_at=now)
    daily = promotions.promotion(
        "FIXED",
        off_fen=1_00,
        starts_at=now - timedelta(hours=1),
        ends_at=now + timedelta(days=3),
        limits={"per_day": 1},
    )
    Tally.objects.create(promotion=daily, day=timezone.localtime(now).date(), uses=1)
    page = f"/products/{cup.product_id}"
    worn = []
    for hours in (0, 1, 2, 24, 25):
        at = now + timedelta(hours=hours, seconds=1)
        monkeypatch.setattr(timezone, "now", lambda at=at: at)
        first, second = (Shopper().call("GET", page).json() for _ in range(2))
        (listed,) = Shopper().call("GET", "/products").json()["results"]
        assert first["badges"] == second["badges"] == listed["badges"]
        worn.append((first["badges"], len(first["activities"])))
    assert len({tuple(badges) for badges, _ in worn[:3]}) == 3
    assert [activities for _, activities in worn] == [1, 1, 1, 1, 1]
    assert [any("1元" in badge for badge in badges) for badges, _ in worn] == [
        False,
        False,
        False,
        True,
        True,
    ]


def test_stock_in_several_places_adds_up(cup: Sku):
    for path in ("/products", f"/products/{cup.product_id}"):
        Shopper().call("GET", path)
    Stock.objects.update(on_hand=4)
    place = Stock.objects.get().place
    place.pk = None
    place.name = "二号仓"
    place.save()
    Stock.objects.create(sku=cup, place=place, on_hand=3, held=1)
    (row,) = Shopper().call("GET", "/products").json()["results"]
    page = Shopper().call("GET", f"/products/{cup.product_id}").json()
    assert (row["low_stock"], page["low_stock"], page["skus"][0]["available"]) == (6, 6, 6)


def test_a_statement_that_fails_is_left_to_the_view(cup: Sku):
    Shopper().call("GET", "/products")

    def away(execute: Callable[..., Any], *_: Any) -> Any:
        raise OperationalError

    with connection.execute_wrapper(away):
        answer = Shopper().call("GET", "/products")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
