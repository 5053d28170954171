"""The shopper's doors of group-buys: what is offered, what can be joined, how a group stands, and the order's refusals."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.groupbuy import progress
from apps.groupbuy import services as groupbuy
from apps.groupbuy.models import Group, Seat
from apps.members.models import Member
from apps.orders.models import Order
from apps.payments.models import Payment
from apps.payments.services.attempts import LEAST_TIME_TO_PAY
from tests.apps.groupbuy import make
from tests.conftest import Shopper

pytestmark = pytest.mark.django_db
Open = Callable[[Member], Shopper]


def counted(call: Callable[[], Any]) -> tuple[Any, int]:
    """What it answers, and how many statements that took; sessions note their use the first time."""
    call()
    with CaptureQueriesContext(connection) as asked:
        answer = call()
    return answer, len(asked)


def live(sku: Any = None, ladder: Any = None, **columns: Any) -> Any:
    return make.campaign(sku or make.goods(50_00, units=10), ladder, **make.today(**columns))


def opened(row: Any, who: Any = None) -> Group:
    return make.opened(row, who, at=timezone.now())


def test_what_runs_and_what_is_announced_is_listed_with_what_is_left(anyone: Shopper) -> None:
    now = timezone.now()
    cup = make.goods(50_00, units=10)
    row = live(cup, {1: 35_00, **make.THREE_OR_FIVE}, quota=4, limit_per_member=2, combines=["coupon"])
    coming = live(starts_at=now + make.HOUR, ends_at=now + 2 * make.HOUR)
    live(preheat_at=now + make.HOUR, starts_at=now + 2 * make.HOUR, ends_at=now + 3 * make.HOUR)
    live(starts_at=now - 2 * make.HOUR, ends_at=now - make.HOUR)
    groupbuy.CAMPAIGNS.save(make.draft(make.goods(50_00), **make.today()), at=now)
    opened(row)
    answer, statements = counted(lambda: anyone.call("GET", "/group-buys").json())
    assert [one["id"] for one in answer["results"]] == [row.pk, coming.pk]
    assert answer["server_time"].endswith("+08:00") and answer["next"] is None
    assert statements <= 4
    first, second = answer["results"]
    assert first | {"starts_at": "", "ends_at": "", "cover_url": ""} == {
        "id": row.pk,
        "product_id": cup.product_id,
        "title": "春茶三人团",
        "cover_url": "",
        "skus": [
            {
                "sku_id": cup.pk,
                "list_price_fen": 50_00,
                "tiers": [{"size": 3, "price_fen": 39_00}, {"size": 5, "price_fen": 35_00}],
                "leader_price_fen": 35_00,
            }
        ],
        "starts_at": "",
        "ends_at": "",
        "minutes_per_group": 60,
        "limit_per_member": 2,
        "left": 3,
        "newcomers_only": False,
        "combines": ["coupon"],
        "state": "LIVE",
    }
    assert (second["state"], second["left"], second["limit_per_member"]) == ("UPCOMING", 100 - 90, None)
    only = anyone.call("GET", f"/group-buys?product={cup.product_id}").json()["results"]
    assert [one["id"] for one in only] == [row.pk]
    for no_id in ("x", "0", "-1", "１", "9" * 19):
        assert anyone.call("GET", f"/group-buys?product={no_id}").json()["code"] == "invalid"


def test_left_is_never_more_than_lies_on_the_shelf(anyone: Shopper) -> None:
    row = live(make.goods(50_00, units=2), quota=100)
    assert anyone.call("GET", f"/group-buys/{row.pk}").json()["left"] == 2


def test_one_that_is_over_or_paused_is_told_as_ended_and_a_draft_not_at_all(anyone: Shopper) -> None:
    now = timezone.now()
    over = live(starts_at=now - 2 * make.HOUR, ends_at=now - make.HOUR)
    paused, stopped = live(), live()
    groupbuy.CAMPAIGNS.pause(paused, at=now)
    groupbuy.CAMPAIGNS.stop(stopped, at=now)
    draft, _ = groupbuy.CAMPAIGNS.save(make.draft(make.goods(50_00), **make.today()), at=now)
    told = [anyone.call("GET", f"/group-buys/{row.pk}").json() for row in (over, paused, stopped)]
    assert [one["state"] for one in told] == ["ENDED"] * 3
    assert "server_time" in told[0]
    for unknown in (draft.pk, 0, 2**70):
        answer = anyone.call("GET", f"/group-buys/{unknown}")
        assert (answer.status_code, answer.json()["code"]) == (404, "activity_not_found")
    assert anyone.call("GET", "/group-buys").json()["results"] == []


def test_a_group_is_told_to_everybody_masked_and_to_its_members_as_theirs(
    anyone: Shopper, shopper_of: Open
) -> None:
    row = live(ladder=make.THREE_OR_FIVE)
    leader = make.buyer(nickname="林小满")
    group = opened(row, leader)
    second = make.joined(group, make.buyer(nickname=""), at=timezone.now())
    make.order(row, group=group, at=timezone.now())
    told = anyone.call("GET", f"/groups/{group.group_no}").json()
    assert "server_time" in told
    assert {name: told[name] for name in told if name not in {"server_time", "ends_at"}} == {
        "group_no": group.group_no,
        "group_buy_id": row.pk,
        "status": "OPEN",
        "joinable": True,
        "size": 3,
        "joined": 2,
        "missing": 1,
        "price_fen": 39_00,
        "prices": [{"sku_id": row.prices.first().sku_id, "price_fen": 39_00}],
        "next_tier": {"size": 3, "price_fen": 39_00, "missing": 1},
        "members": [
            {"nickname": "林**", "avatar_url": "", "is_leader": True},
            {"nickname": "微信用户", "avatar_url": "", "is_leader": False},
        ],
        "is_mine": False,
        "my_order_no": None,
    }
    mine = shopper_of(second.member).call("GET", f"/groups/{group.group_no}").json()
    assert (mine["is_mine"], mine["my_order_no"]) == (True, second.order_no)


def test_what_the_next_one_pays_is_the_tier_that_is_reached_with_them(anyone: Shopper) -> None:
    row = live(ladder=make.THREE_OR_FIVE)
    group = opened(row)

    def told() -> tuple[Any, ...]:
        shown = anyone.call("GET", f"/groups/{group.group_no}").json()
        names = ("status", "joined", "missing", "price_fen", "next_tier", "joinable")
        return tuple(shown[name] for name in names)

    for _ in range(2):
        make.joined(group, at=timezone.now())
    assert told() == ("FORMED", 3, 0, 39_00, {"size": 5, "price_fen": 35_00, "missing": 2}, True)
    make.joined(group, at=timezone.now())
    assert told() == ("FORMED", 4, 0, 35_00, {"size": 5, "price_fen": 35_00, "missing": 1}, True)
    make.joined(group, at=timezone.now())
    assert told() == ("FORMED", 5, 0, 35_00, None, False)


def test_progress_costs_no_statement_while_nothing_changes_and_is_never_behind(
    anyone: Shopper, django_capture_on_commit_callbacks: Any
) -> None:
    row = live()
    group = opened(row)

    def joined() -> int:
        return int(anyone.call("GET", f"/groups/{group.group_no}").json()["joined"])

    assert counted(joined) == (1, 0)
    with django_capture_on_commit_callbacks(execute=True):
        make.joined(group, at=timezone.now())
    assert counted(joined) == (2, 0)


def test_what_a_reader_read_before_a_change_is_not_kept_after_it(
    django_capture_on_commit_callbacks: Any,
) -> None:
    """The reader looks, the writer commits, and only then the reader wants to keep what it saw."""
    with django_capture_on_commit_callbacks(execute=True):
        progress.changes("PT1")

    def slow() -> int:
        with django_capture_on_commit_callbacks(execute=True):
            progress.changes("PT1")
        return 1

    assert progress.kept("PT1", slow) == 1
    assert progress.kept("PT1", lambda: 2) == 2
    assert progress.kept("PT1", lambda: 3) == 2


def test_while_a_change_is_under_way_nothing_is_kept(django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=False) as after:
        progress.changes("PT1")
    answers = iter((1, 2, 3, 4))
    assert [progress.kept("PT1", lambda: next(answers)) for _ in range(2)] == [1, 2]
    for callback in after:
        callback()
    assert [progress.kept("PT1", lambda: next(answers)) for _ in range(2)] == [3, 3]


def test_a_group_whose_time_is_over_reads_so_before_anybody_ends_it(anyone: Shopper) -> None:
    now = timezone.now()
    row = live()
    group = make.opened(row, at=now - timedelta(minutes=59, seconds=59))
    Group.objects.update(ends_at=now)
    told = anyone.call("GET", f"/groups/{group.group_no}").json()
    assert (told["status"], told["joinable"]) == ("FAILED", False)
    assert anyone.call("GET", f"/group-buys/{row.pk}/groups").json()["results"] == []


def test_groups_that_can_be_joined_come_soonest_end_first(anyone: Shopper, shopper_of: Open) -> None:
    now = timezone.now()
    row = live()
    later, sooner = make.opened(row, at=now), make.opened(row, at=now - make.HOUR / 2)
    full = make.opened(row, at=now)
    make.joined(full, at=now)
    waiting = make.order(row, group=full, at=now)
    answer, statements = counted(lambda: anyone.call("GET", f"/group-buys/{row.pk}/groups").json())
    assert [one["group_no"] for one in answer["results"]] == [sooner.group_no, later.group_no]
    assert statements <= 4 and "server_time" in answer
    mine = shopper_of(Seat.objects.filter(group=later).get().member)
    _, of_a_member = counted(lambda: mine.call("GET", f"/group-buys/{row.pk}/groups").json())
    assert of_a_member <= 4
    assert waiting.status == "UNPAID"
    assert anyone.call("GET", "/group-buys/0/groups").status_code == 404


@pytest.mark.parametrize(
    "group_no", ["PT261128ABCDEFGHJKMN", "x", "0" * 33, "团", "..%2f", "PT261128%20", "%00", "'--"]
)
def test_a_group_number_that_is_guessed_is_nobodys(anyone: Shopper, group_no: str) -> None:
    answer = anyone.call("GET", f"/groups/{group_no}")
    assert answer.status_code == 404


def ordered(shopper: Shopper, row: Any, address: Any, said: Any = None, **more: Any) -> Any:
    """Order one unit; the answer's status and code."""
    sku_id = row.prices.first().sku_id
    activity = {"kind": "group_buy", "id": row.pk, **(said or {})}
    body = {
        "items": [{"sku_id": sku_id, "quantity": 1}],
        "address_id": address.pk,
        "activity": activity,
        "expected_payable_fen": 39_00,
        **more,
    }
    return shopper.call("POST", "/orders", body, idempotency_key=make.counter.key())


def test_an_order_of_a_group_names_it_once_it_is_paid_and_costs_at_most_thirty_statements(
    shopper_of: Open,
) -> None:
    row = live(limit_per_member=3, quota=50)
    member, address = make.buyer()
    shopper = shopper_of(member)
    ordered(shopper, row, address)
    with CaptureQueriesContext(connection) as asked:
        answer = ordered(shopper, row, address)
    assert (answer.status_code, answer.json()["activity"]) == (
        201,
        {"kind": "group_buy", "id": row.pk, "title": "春茶三人团"},
    )
    assert len(asked) <= 30, [query["sql"][:90] for query in asked]
    make.pay(Order.objects.get(order_no=answer.json()["order_no"]), at=timezone.now())
    shown = shopper.call("GET", f"/orders/{answer.json()['order_no']}").json()
    group = Group.objects.get()
    assert (shown["status"], shown["activity"]["group_no"]) == ("GATHERING", group.group_no)

    other, there = make.buyer()
    shopper = shopper_of(other)
    ordered(shopper, row, there)
    with CaptureQueriesContext(connection) as asked:
        answer = ordered(shopper, row, there, {"group_no": group.group_no})
    assert (answer.status_code, answer.json()["activity"]["group_no"]) == (201, group.group_no)
    assert len(asked) <= 30, [query["sql"][:90] for query in asked]


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ({"group_no": "PT261128ABCDEFGHJKMN"}, (404, "activity_not_found")),
        ({"group_no": ""}, (404, "activity_not_found")),
        ({"group_no": "\u0000"}, (404, "activity_not_found")),
        ({"group_no": 7}, (400, "invalid")),
        ({"group_no": ["PT"]}, (400, "invalid")),
        ({"id": "7"}, (400, "invalid")),
        ({"id": 2**70}, (404, "activity_not_found")),
        ({"id": True}, (400, "invalid")),
    ],
)
def test_an_activity_that_is_none_has_its_own_refusal_and_nothing_is_held(
    shopper_of: Open, said: dict[str, Any], refusal: tuple[int, str]
) -> None:
    member, address = make.buyer()
    answer = ordered(shopper_of(member), live(), address, said)
    assert (answer.status_code, answer.json()["code"]) == refusal
    assert (Order.objects.count(), Seat.objects.count()) == (0, 0)


def test_refusals_of_a_group_are_told_at_the_quote_and_at_the_order(shopper_of: Open) -> None:
    row = live(ladder={2: 39_00})
    leader = make.buyer()
    group = opened(row, leader)
    said = {"group_no": group.group_no}
    member, address = make.buyer()
    shopper = shopper_of(member)
    assert ordered(shopper_of(leader[0]), row, leader[1], said).json()["code"] == "group_joined_already"
    make.joined(group, at=timezone.now())
    sku_id = row.prices.first().sku_id
    quote = {
        "items": [{"sku_id": sku_id, "quantity": 1}],
        "activity": {"kind": "group_buy", "id": row.pk, **said},
    }
    answer = shopper.call("POST", "/checkout/quote", quote)
    assert (answer.status_code, answer.json()["code"]) == (409, "group_full")
    assert ordered(shopper, row, address, said).json()["code"] == "group_full"


def test_a_payment_for_a_group_that_has_ended_is_refused_before_paying(shopper_of: Open) -> None:
    row = live(ladder={2: 39_00})
    group = opened(row)
    late = make.order(row, group=group, at=timezone.now())
    Group.objects.update(ends_at=timezone.now())
    answer = shopper_of(late.member).call("POST", f"/orders/{late.order_no}/pay")
    assert (answer.status_code, answer.json()["code"]) == (409, "group_closed")


def test_a_seat_can_be_paid_in_the_last_seconds_of_its_group(shopper_of: Open, wechat: Any) -> None:
    """WeChat takes no order of less than a minute: it is told of more, and what then comes too late goes back."""
    row = live(ladder={2: 39_00}, minutes_per_group=1)
    group = opened(row)
    who = make.buyer(openid=wechat.login("立夏").openid)
    last = make.order(row, who, group=group, at=timezone.now())
    assert last.expires_at == group.ends_at
    assert shopper_of(last.member).call("POST", f"/orders/{last.order_no}/pay").status_code == 200
    attempt = Payment.objects.get(order=last)
    assert attempt.expires_at - attempt.started_at == LEAST_TIME_TO_PAY
    again = shopper_of(last.member).call("POST", f"/orders/{last.order_no}/pay")
    assert (again.status_code, Payment.objects.filter(order=last).count()) == (200, 1)
    ordinary = make.counter.order(*make.buyer(), [(make.goods(1_00), 1)], at=timezone.now())
    Order.objects.filter(pk=ordinary.pk).update(expires_at=timezone.now() + timedelta(seconds=60))
    answer = shopper_of(ordinary.member).call("POST", f"/orders/{ordinary.order_no}/pay")
    assert answer.json()["code"] == "order_expired"


def test_products_wear_its_badge_with_the_lowest_price(anyone: Shopper) -> None:
    row = live(ladder=make.THREE_OR_FIVE)
    (listed,) = anyone.call("GET", "/products").json()["results"]
    (badge,) = (badge for badge in listed["badges"] if isinstance(badge, dict))
    assert (badge["id"], badge["label"], badge["price_fen"]) == (row.pk, "拼团", 35_00)


def test_what_the_campaign_lets_go_with_its_price_is_used_and_the_rest_is_explained(shopper_of: Open) -> None:
    make.counter.promotion(label="满30减10", steps=[[30_00, 10_00]])
    row, open_row = live(), live(combines=["promotions"])
    member, _ = make.buyer()

    def quoted(one: Any) -> tuple[int, list[str]]:
        body = {
            "items": [{"sku_id": one.prices.first().sku_id, "quantity": 1}],
            "activity": {"kind": "group_buy", "id": one.pk},
        }
        quote = shopper_of(member).call("POST", "/checkout/quote", body).json()
        return quote["payable_fen"], [f"{row['label']}：{row['reason']}" for row in quote["declined"]]

    assert quoted(row) == (39_00, ["满30减10：不与3 人团价同享"])
    assert quoted(open_row) == (29_00, [])


def test_the_price_is_called_after_the_step_that_is_paid(shopper_of: Open) -> None:
    make.counter.promotion(label="满30减10", steps=[[30_00, 10_00]])
    row = live(ladder={1: 38_00, **make.THREE_OR_FIVE})

    def called(group: Group | None = None) -> tuple[str, str, int]:
        activity = {"kind": "group_buy", "id": row.pk} | ({"group_no": group.group_no} if group else {})
        body = {"items": [{"sku_id": row.prices.first().sku_id, "quantity": 1}], "activity": activity}
        quote = shopper_of(make.buyer()[0]).call("POST", "/checkout/quote", body).json()
        (applied,), (declined,) = quote["applied"], quote["declined"]
        return applied["label"], declined["reason"], quote["payable_fen"]

    opening = called()
    group = opened(row)
    steps = []
    for _ in range(4):
        steps.append(called(make.fresh(group)))
        make.joined(make.fresh(group), at=timezone.now())
    assert opening == ("开团者价", "不与开团者价同享", 38_00)
    assert steps == [("3 人团价", "不与3 人团价同享", 39_00)] * 3 + [("5 人团价", "不与5 人团价同享", 35_00)]


def test_a_number_is_not_guessed_from_another() -> None:
    row = live()
    numbers = {opened(row).group_no for _ in range(3)}
    assert len({number[-6:] for number in numbers}) == 3
    assert all(re.fullmatch(r"PT[0-9]{6}[2-9A-HJKMNP-Z]{12}", number) for number in numbers)


def test_without_redis_progress_is_read_from_the_database(anyone: Shopper, monkeypatch: Any) -> None:
    row = live()
    group = opened(row)
    monkeypatch.setattr(cache.breaker, "_until", float("inf"))
    assert anyone.call("GET", f"/groups/{group.group_no}").json()["joined"] == 1
    with transaction.atomic():
        make.joined(group, at=timezone.now())
    assert anyone.call("GET", f"/groups/{group.group_no}").json()["joined"] == 2
