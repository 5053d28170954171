"""The doors of bargains: what is on offer, one's own run, helping; who reads what with and without login."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.bargain import services as bargains
from apps.bargain.models import Bargain
from apps.members.models import Member
from tests.apps.bargain import make

pytestmark = pytest.mark.django_db
Shoppers = Callable[[Member], Any]


def live(**said: Any) -> Bargain:
    now = timezone.now()
    return make.bargain(**{"starts_at": now - make.HOUR, "ends_at": now + make.HOUR, **said})


def test_a_bargain_is_told_with_what_is_left_of_quota_and_shelf(anyone: Any):
    row = live(quota=5)
    scarce = live(sku=make.pot(units=3), quota=5)
    draft = live(approved=False)
    answer = anyone.call("GET", "/bargains").json()
    assert [(one["id"], one["left"]) for one in answer["results"]] == [(row.pk, 5), (scarce.pk, 3)]
    assert answer["next"] is None
    assert answer["server_time"]
    one = anyone.call("GET", f"/bargains/{row.pk}").json()
    assert {name: one[name] for name in ("list_price_fen", "floor_fen", "helps_per_day", "state")} == {
        "list_price_fen": 199_00,
        "floor_fen": 99_00,
        "helps_per_day": 3,
        "state": "LIVE",
    }
    for path in (draft.pk, 2**70, 999):
        refused = anyone.call("GET", f"/bargains/{path}")
        assert (refused.status_code, refused.json()["code"]) == (404, "activity_not_found")


def test_what_is_announced_is_listed_and_what_is_over_is_only_found_by_its_id(anyone: Any):
    now = timezone.now()
    coming = live(starts_at=now + make.HOUR, ends_at=now + 2 * make.HOUR)
    secret = live(starts_at=now + make.HOUR, ends_at=now + 2 * make.HOUR, preheat_at=now + make.HOUR / 2)
    stopped = live()
    bargains.CAMPAIGNS.stop(stopped, at=now)
    listed = anyone.call("GET", "/bargains").json()["results"]
    assert [(one["id"], one["state"]) for one in listed] == [(coming.pk, "UPCOMING")]
    assert anyone.call("GET", f"/bargains/{secret.pk}").status_code == 404
    assert anyone.call("GET", f"/bargains/{stopped.pk}").json()["state"] == "ENDED"


def test_a_list_asks_equally_often_for_three_and_for_thirty(anyone: Any):
    def asked() -> int:
        with CaptureQueriesContext(connection) as seen:
            anyone.call("GET", "/bargains?page_size=50")
        return len(seen)

    for _ in range(3):
        live()
    asked()
    few = asked()
    for _ in range(7):
        live()
    asked()
    assert asked() == few <= 4


def test_a_run_is_opened_once_read_by_anybody_and_helped_once(anyone: Any, shopper_of: Shoppers):
    row = live()
    owner, friend = make.member("林小满"), make.member()
    opened = shopper_of(owner).call("POST", f"/bargains/{row.pk}/runs")
    assert opened.status_code == 201
    run = opened.json()
    assert (run["price_fen"], run["cut_fen"], run["helps"], run["status"]) == (199_00, 0, 0, "OPEN")
    assert (
        shopper_of(owner).call("POST", f"/bargains/{row.pk}/runs").json()["bargain_no"] == run["bargain_no"]
    )
    door = f"/bargain-runs/{run['bargain_no']}"
    helped = shopper_of(friend).call("POST", f"{door}/helps")
    assert helped.status_code == 201
    assert helped.json()["price_fen"] == 199_00 - helped.json()["cut_fen"]
    assert not helped.json()["held"]
    seen = anyone.call("GET", door).json()
    assert (seen["price_fen"], seen["owner"], seen["is_mine"], seen["helped"]) == (
        helped.json()["price_fen"],
        "林**",
        False,
        False,
    )
    assert shopper_of(friend).call("GET", door).json()["helped"]
    assert shopper_of(owner).call("GET", door).json()["is_mine"]


@pytest.mark.parametrize(
    "who, code",
    [("owner", "bargain_own"), ("friend", "bargain_helped_already"), ("late", "bargain_at_floor")],
)
def test_each_refused_help_has_its_own_code(shopper_of: Shoppers, who: str, code: str):
    row = live(helpers=1)
    owner, friend, late = make.member(), make.member(), make.member()
    run = make.run(row, member_id=owner.pk, at=timezone.now())
    door = f"/bargain-runs/{run.bargain_no}/helps"
    assert shopper_of(friend).call("POST", door).status_code == 201
    answer = shopper_of({"owner": owner, "friend": friend, "late": late}[who]).call("POST", door)
    assert (answer.status_code, answer.json()["code"]) == (409, code)


def test_the_doors_that_need_a_login_say_so_and_unknown_runs_are_not_found(anyone: Any, shopper_of: Shoppers):
    row = live()
    assert anyone.call("POST", f"/bargains/{row.pk}/runs").status_code == 401
    assert anyone.call("POST", "/bargain-runs/BG1/helps").status_code == 401
    for method, path in [
        ("GET", "/bargain-runs/BG1"),
        ("POST", "/bargain-runs/BG1/helps"),
        ("GET", "/bargain-runs/%00"),
        ("POST", "/bargain-runs/a%00b/helps"),
    ]:
        answer = shopper_of(make.member()).call(method, path)
        assert (answer.status_code, answer.json()["code"]) == (404, "activity_not_found")


def test_a_held_help_says_so_and_cuts_nothing_yet(shopper_of: Shoppers):
    make.rule("HELP_BURST", 1)
    run = make.helped(make.run(live(), at=timezone.now()), at=timezone.now())
    answer = shopper_of(make.member()).call("POST", f"/bargain-runs/{run.bargain_no}/helps").json()
    assert (answer["held"], answer["cut_fen"], answer["price_fen"]) == (True, 0, run.price_fen)
