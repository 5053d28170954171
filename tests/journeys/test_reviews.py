"""From a received order to points: reviews as a shopper meets them, with WeChat looking over every word."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from django.utils import timezone

from apps.catalog.models import Sku
from apps.content import services as reviews
from apps.fulfillment.services import parcels
from apps.outbox import services as outbox
from apps.wechat.sandbox.control import Sandbox
from tests.apps.checkout import make as counter
from tests.apps.content import make as content
from tests.apps.fulfillment import make as fulfillment
from tests.apps.members import make as members
from tests.apps.points import make as points
from tests.journeys.shopper import Shopper

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cup(settings: Any, tmp_path: Path) -> Sku:
    """A cup at 50 yuan; a review is worth 20 points."""
    settings.MEDIA_ROOT = tmp_path
    fulfillment.carriers()
    members.privacy("1.0")
    points.interaction("REVIEW", 20)
    return counter.goods(5000)


@pytest.fixture
def received(shopper: Shopper, cup: Sku) -> str:
    """The number of the order in which 小满 got the cup."""
    shopper.does("POST", "/me/consents", {"document": "privacy", "version": "1.0"})
    order_no: str = shopper.orders(cup.pk)["order_no"]
    shopper.pays(order_no)
    shopper.waits_for(order_no, "PAID")
    parcels.ship(
        order_no=order_no, carrier_code="SF", tracking_no="SF1234567890123", operator=None, at=timezone.now()
    )
    shopper.does("POST", f"/orders/{order_no}/receive")
    deliver()
    return order_no


def deliver(after: timedelta = timedelta(0)) -> None:
    """The post comes round until nothing is due."""
    while outbox.deliver_due(at=timezone.now() + after):
        pass


def says(shopper: Shopper, order_no: str, text: str, **more: Any) -> Any:
    (line,) = shopper.does("GET", "/me/reviews/pending")["results"]
    said = {"sku_id": line["sku_id"], "rating": 5, "text": text, **more}
    return shopper.does("POST", f"/orders/{order_no}/reviews", {"reviews": [said]})["results"][0]


def earned(shopper: Shopper) -> int:
    """Points of reviews, without those of the order."""
    entries = shopper.does("GET", "/me/points/entries")["results"]
    return sum(row["points"] for row in entries if row["kind"] == "REVIEW")


def test_a_review_is_checked_published_and_rewarded(shopper: Shopper, received: str, cup: Sku) -> None:
    assert says(shopper, received, "<b>杯口</b>不烫手")["status"] == "WAITING"
    product = f"/products/{cup.product_id}/reviews"
    assert shopper.does("GET", product)["results"] == []
    deliver()
    (seen,) = shopper.does("GET", product)["results"]
    assert (seen["text"], seen["rating"], seen["nickname"]) == ("<b>杯口</b>不烫手", 5, "微信用户")
    assert shopper.does("GET", f"{product}/summary")["average_tenths"] == 50
    assert earned(shopper) == 20
    assert shopper.does("GET", "/me/reviews/pending")["results"] == []
    again = {"reviews": [{"sku_id": cup.pk, "rating": 1}]}
    refused = shopper.call("POST", f"/orders/{received}/reviews", again)
    assert (refused.status, refused.body["code"]) == (409, "already_reviewed")


def test_a_forbidden_word_is_never_seen_and_earns_nothing(shopper: Shopper, received: str, cup: Sku) -> None:
    says(shopper, received, "来赌博吧")
    deliver()
    assert [row["status"] for row in shopper.does("GET", "/me/reviews")["results"]] == ["REJECTED"]
    assert shopper.does("GET", f"/products/{cup.product_id}/reviews")["results"] == []
    assert earned(shopper) == 0


def test_while_wechat_is_down_the_review_waits_and_is_published_later(
    shopper: Shopper, received: str, cup: Sku, wechat: Sandbox
) -> None:
    wechat.fault("http_status", path="/wxa/msg_sec_check", status=502)
    says(shopper, received, "杯口不烫手")
    deliver()
    assert shopper.does("GET", f"/products/{cup.product_id}/reviews")["results"] == []
    deliver(after=timedelta(minutes=1))
    assert len(shopper.does("GET", f"/products/{cup.product_id}/reviews")["results"]) == 1
    assert earned(shopper) == 20


def uploads(shopper: Shopper) -> str:
    """Send a picture as wx.uploadFile does and return its id."""
    with requests.Session() as session:
        session.trust_env = False
        answer = session.post(
            f"{shopper.shop}/api/v1/me/pictures",
            files={"file": ("cup.jpg", content.photo())},
            headers={"Authorization": f"Bearer {shopper.tokens['access']}", "Connection": "close"},
            timeout=20,
        )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


@pytest.mark.parametrize(
    ("found", "status", "seen"),
    [("pass", "PUBLISHED", 1), ("risky", "REJECTED", 0), ("unfetched", "HELD", 0)],
)
def test_a_picture_is_seen_only_after_wechat_pushed_that_it_passed(
    shopper: Shopper, received: str, cup: Sku, wechat: Sandbox, found: str, status: str, seen: int
) -> None:
    wechat.find_picture(found)
    says(shopper, received, "看图", pictures=[uploads(shopper)])
    deliver()
    wechat.wait(
        lambda: [row for row in wechat.pushes() if row["state"] == "ACCEPTED" and "media" in row["event"]]
    )
    deliver(after=timedelta(seconds=10))
    assert [row["status"] for row in shopper.does("GET", "/me/reviews")["results"]] == [status]
    shown = shopper.does("GET", f"/products/{cup.product_id}/reviews?with_pictures=true")["results"]
    assert [len(row["pictures"]) for row in shown] == [1] * seen


def test_a_picture_about_which_wechat_says_nothing_is_for_a_person(
    shopper: Shopper, received: str, wechat: Sandbox
) -> None:
    wechat.find_picture("lost")
    says(shopper, received, "看图", pictures=[uploads(shopper)])
    deliver()
    assert reviews.hold_overdue(at=timezone.now() + timedelta(minutes=31)) == 1
    assert [row["status"] for row in shopper.does("GET", "/me/reviews")["results"]] == ["HELD"]


def test_others_cannot_review_what_i_bought_nor_show_my_pictures(
    shop: str, shopper: Shopper, received: str, cup: Sku, wechat: Sandbox
) -> None:
    stranger = Shopper(shop, wechat, "老徐")
    stranger.logs_in()
    stranger.does("POST", "/me/consents", {"document": "privacy", "version": "1.0"})
    said = {"reviews": [{"sku_id": cup.pk, "rating": 1, "text": "坏"}]}
    assert stranger.call("POST", f"/orders/{received}/reviews", said).status == 404
    mine = {"sku_id": cup.pk, "rating": 5, "pictures": [uploads(stranger)]}
    assert shopper.call("POST", f"/orders/{received}/reviews", {"reviews": [mine]}).status == 404


def test_taking_consent_back_takes_the_review_out_of_sight(shopper: Shopper, received: str, cup: Sku) -> None:
    says(shopper, received, "杯口不烫手")
    deliver()
    shopper.does("DELETE", "/me/consents/privacy")
    deliver()
    assert shopper.does("GET", f"/products/{cup.product_id}/reviews")["results"] == []
    assert shopper.does("GET", "/me/reviews")["results"] == []
