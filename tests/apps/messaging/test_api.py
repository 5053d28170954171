"""The shopper's doors of messages, word for word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test.utils import CaptureQueriesContext

from apps.members.models import Member
from apps.messaging.models import GrantEntry
from apps.messaging.states import Reason
from tests.apps.messaging import make
from tests.apps.messaging.make import DAY, NOW

pytestmark = pytest.mark.django_db
Shoppers = Callable[[Member], Any]


def test_the_scenes_say_what_to_ask_for_and_when(anyone: Any) -> None:
    make.told_by(make.template("T-paid"))

    answer = anyone.call("GET", "/messages/scenes")

    assert answer.status_code == 200
    assert answer.json() == {
        "results": [
            {"scene": "order_paid", "moment": "pay", "template_ids": ["T-paid"]},
            {"scene": "back_in_stock", "moment": "remind", "template_ids": []},
            {"scene": "price_drop", "moment": "favorite", "template_ids": []},
        ],
        "next": None,
    }


def test_a_scene_that_is_off_or_whose_template_is_gone_asks_for_nothing(anyone: Any) -> None:
    setting = make.told_by(make.template("T-paid"))
    setting.enabled = False
    setting.save()
    assert anyone.call("GET", "/messages/scenes").json()["results"][0]["template_ids"] == []
    setting.enabled = True
    setting.save()
    setting.template.missing_since = NOW
    setting.template.save()
    assert anyone.call("GET", "/messages/scenes").json()["results"][0]["template_ids"] == []


def test_an_accept_is_a_grant_and_repeating_the_call_is_safe(shopper_of: Shoppers) -> None:
    owner, found = make.member(), make.template("T-paid")
    body = {"scene": "order_paid", "results": {"T-paid": "accept"}}

    for _ in range(2):
        answer = shopper_of(owner).call("POST", "/me/message-grants", body)
        assert (answer.status_code, answer.content) == (204, b"")

    assert make.balance(owner, found) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "scene"),
        ({"scene": "order_paid"}, "results"),
        ({"scene": "order_paid", "results": {}}, "results"),
        ({"scene": "order_paid", "results": []}, "results"),
        ({"scene": "order_paid", "results": {"T-paid": 1}}, "results"),
        ({"scene": "order_paid", "results": {"T-paid": "perhaps"}}, "results.T-paid"),
        ({"scene": "order_paid", "results": {"T-none": "accept"}}, "results.T-none"),
        ({"scene": "order_paid", "results": {f"T{n}": "accept" for n in range(4)}}, "results"),
        ({"scene": "nonsense", "results": {"T-paid": "accept"}}, "scene"),
        ({"scene": 7, "results": {"T-paid": "accept"}}, "scene"),
    ],
)
def test_nonsense_is_refused_with_its_field(shopper_of: Shoppers, body: Any, field: str) -> None:
    make.template("T-paid")
    answer = shopper_of(make.member()).call("POST", "/me/message-grants", body)
    assert answer.status_code == 400
    assert field in answer.json()["details"]
    assert not GrantEntry.objects.exists()


def test_the_inbox_is_ones_own_newest_first_page_by_page(shopper_of: Shoppers) -> None:
    owner = make.member()
    for number in range(3):
        make.write(owner, make.is_true(f"SO{number}"), at=NOW + number * DAY)
        make.tell(at=NOW + number * DAY)
    make.write(make.member(), make.is_true("SO9"))
    make.tell()

    first = shopper_of(owner).call("GET", "/me/messages?page_size=2").json()

    assert [row["text"][:6] for row in first["results"]] == ["订单 SO2", "订单 SO1"]
    row = first["results"][0]
    assert set(row) == {"id", "scene", "title", "text", "page", "at", "read_at"}
    assert (row["title"], row["page"], row["read_at"]) == (
        "支付成功",
        "pages/order/detail?order_no=SO2",
        None,
    )
    assert row["at"] == "2026-03-04T12:00:00+08:00"
    second = shopper_of(owner).call("GET", first["next"].partition("/api/v1")[2]).json()
    assert ([row["text"][:6] for row in second["results"]], second["next"]) == (["订单 SO0"], None)


def test_what_was_not_told_is_not_in_the_inbox(shopper_of: Shoppers) -> None:
    owner = make.member()
    make.write(owner, "nothing true")
    make.write(owner, make.is_true("SO2"), at=NOW, due_at=NOW + DAY)
    make.tell()
    assert make.the_message(owner, subject="nothing true").reason == Reason.NOT_TRUE
    assert shopper_of(owner).call("GET", "/me/messages").json()["results"] == []


def test_a_message_is_read_once(shopper_of: Shoppers) -> None:
    owner = make.member()
    make.write(owner, make.is_true("SO1"))
    make.tell()
    path = f"/me/messages/{make.the_message(owner).pk}/read"

    first = shopper_of(owner).call("POST", path)
    second = shopper_of(owner).call("POST", path)

    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json()["read_at"] is not None
    assert second.json() == first.json()
    assert shopper_of(make.member()).call("POST", path).status_code == 404
    assert shopper_of(owner).call("POST", f"/me/messages/{2**63}/read").status_code == 404


def test_the_switch_of_marketing_is_the_members_own(shopper_of: Shoppers) -> None:
    owner = make.member()
    me = shopper_of(owner)
    assert me.call("GET", "/me/message-settings").json() == {"marketing": True}

    answer = me.call("PUT", "/me/message-settings", {"marketing": False})
    assert (answer.status_code, answer.json()) == (200, {"marketing": False})
    assert me.call("GET", "/me/message-settings").json() == {"marketing": False}
    assert me.call("PUT", "/me/message-settings", {"marketing": True}).json() == {"marketing": True}
    assert shopper_of(make.member()).call("GET", "/me/message-settings").json() == {"marketing": True}


@pytest.mark.parametrize("body", [{}, {"marketing": "no"}, {"marketing": None}, [], {"marketing": 0}])
def test_the_switch_is_true_or_false(shopper_of: Shoppers, body: Any) -> None:
    assert shopper_of(make.member()).call("PUT", "/me/message-settings", body).status_code == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/me/messages"),
        ("POST", "/me/messages/1/read"),
        ("POST", "/me/message-grants"),
        ("GET", "/me/message-settings"),
        ("PUT", "/me/message-settings"),
    ],
)
def test_nobody_reads_or_says_anything_without_a_login(anyone: Any, method: str, path: str) -> None:
    assert anyone.call(method, path, {}).status_code == 401


def test_hot_calls_are_few_statements(
    shopper_of: Shoppers, anyone: Any, django_assert_num_queries: Callable[[int], CaptureQueriesContext]
) -> None:
    owner = make.member()
    for number in range(5):
        make.write(owner, make.is_true(f"SO{number}"))
    make.tell()
    make.told_by(make.template("T-paid"))
    me = shopper_of(owner)
    # The tokens, and once the rows.
    with django_assert_num_queries(2):
        anyone.call("GET", "/messages/scenes")
    with django_assert_num_queries(1):
        anyone.call("GET", "/messages/scenes")
    # The session, and the rows.
    with django_assert_num_queries(2):
        me.call("GET", "/me/messages")
    with django_assert_num_queries(2):
        me.call("GET", "/me/message-settings")
