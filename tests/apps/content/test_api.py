"""What the mini program is told of reviews: filters, pages, and as many statements for twenty rows as for one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.content.models import Review
from apps.members.models import Member
from tests.apps.content import make
from tests.apps.support import make as surveys
from tests.conftest import Shopper

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def statements(shopper: Shopper, path: str) -> tuple[int, int]:
    """How many rows the page has and how many statements it took."""
    with CaptureQueriesContext(connection) as asked:
        answer = shopper.call("GET", path)
    assert answer.status_code == 200, answer.content
    return len(answer.json()["results"]), len(asked)


def test_a_products_reviews_are_filtered_by_stars_and_pictures(anyone: Shopper) -> None:
    member = make.member()
    seen = make.published(member, rating=5, pictures=(make.picture(member).public_id,))
    make.published(member, rating=2)
    make.held(member, rating=5)
    Review.objects.update(product=seen.product)
    path = f"/products/{seen.product_id}/reviews"

    def ratings(query: str = "") -> list[int]:
        return [row["rating"] for row in anyone.call("GET", f"{path}{query}").json()["results"]]

    assert ratings() == [2, 5]
    assert (ratings("?rating=5"), ratings("?rating=4"), ratings("?with_pictures=true")) == ([5], [], [5])
    assert ratings("?with_pictures=false") == [2, 5]
    summary = anyone.call("GET", f"{path}/summary").json()
    assert (summary["count"], summary["average_tenths"], summary["good_bp"]) == (2, 35, 5000)
    assert summary["with_pictures"] == 1


def test_a_product_that_is_not_on_sale_shows_no_reviews(anyone: Shopper) -> None:
    review = make.published()
    type(review.product).objects.update(on_sale=False)
    for path in ("", "/summary"):
        assert anyone.call("GET", f"/products/{review.product_id}/reviews{path}").status_code == 404


def test_reviews_are_paged(anyone: Shopper) -> None:
    member = make.member()
    rows = [make.published(member, rating=rating) for rating in (1, 2, 3)]
    Review.objects.update(product=rows[0].product)
    first = anyone.call("GET", f"/products/{rows[0].product_id}/reviews?page_size=2").json()
    rest = anyone.call("GET", first["next"].split("/api/v1", 1)[1]).json()
    assert [row["rating"] for row in (*first["results"], *rest["results"])] == [3, 2, 1]
    assert rest["next"] is None


def test_what_others_see_says_nothing_of_the_member(anyone: Shopper) -> None:
    review = make.published(make.member("林小满", avatar_url="https://a.b/me.jpg", phone="13800000000"))
    shown = anyone.call("GET", f"/products/{review.product_id}/reviews").content.decode()
    for private in ("小满", "me.jpg", "13800000000", review.member.public_id, review.line.order.order_no):
        assert private not in shown


def test_lists_ask_the_database_equally_often_for_one_row_and_for_five(
    shopper_of: Callable[[Member], Shopper],
) -> None:
    member = make.member()
    me = shopper_of(member)
    today = datetime.now(tz=UTC) - timedelta(days=1)
    first = make.published(member, at=today, pictures=(make.picture(member).public_id,))
    make.order(member, at=today)
    week = {"starts_at": today, "ends_at": today + timedelta(days=7)}
    surveys.survey(**week)
    paths = ["/me/reviews", "/me/reviews/pending", "/surveys", f"/products/{first.product_id}/reviews"]
    few = {path: statements(me, path) for path in paths}
    for _ in range(4):
        make.published(member, at=today, pictures=(make.picture(member).public_id,))
        make.order(member, at=today)
        surveys.survey(**week)
    Review.objects.update(product=first.product)
    many = {path: statements(me, path) for path in paths}
    assert {path: rows for path, (rows, _) in few.items()} == dict.fromkeys(paths, 1)
    assert {path: rows for path, (rows, _) in many.items()} == dict.fromkeys(paths, 5)
    assert {path: asked for path, (_, asked) in few.items()} == {
        path: asked for path, (_, asked) in many.items()
    }


def test_each_sees_their_own_reviews_only(shopper_of: Callable[[Member], Shopper]) -> None:
    mine = make.written(make.member())
    make.written(make.member("小茶"))
    rows = shopper_of(mine.member).call("GET", "/me/reviews").json()["results"]
    assert [(row["id"], row["status"]) for row in rows] == [(mine.pk, "WAITING")]
