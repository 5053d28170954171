"""Setting up a bargain: what nobody could explain is refused at its field, what is approved is shown to everybody."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from apps.bargain import services as bargains
from apps.bargain.models import Bargain
from apps.base.models import AuditEntry
from apps.campaigns import selectors as campaign_facts
from apps.campaigns import services as campaigns
from apps.campaigns.services.lifecycle import AlreadyOver
from apps.campaigns.states import Approval
from mall.errors import NotFound
from mall.lifecycle import MoveRefused
from tests.apps.bargain import make
from tests.apps.bargain.make import HOUR, NOW

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "said, field",
    [
        ({"helpers": 0}, "helpers"),
        ({"helpers": 1001}, "helpers"),
        ({"helps_per_day": 0}, "helps_per_day"),
        ({"minutes_per_run": 0}, "minutes_per_run"),
        ({"quota": 0}, "quota"),
        ({"ends_at": NOW}, "ends_at"),
        ({"preheat_at": NOW + HOUR}, "preheat_at"),
        ({"combines": ["luck"]}, "combines"),
        ({"floor_fen": 199_00}, "floor_fen"),
        ({"floor_fen": 198_91}, "helpers"),  # nine fen for ten friends
        ({"title": ""}, "title"),
        ({"sku_id": 2**40}, "floor_fen"),
    ],
)
def test_what_nobody_could_explain_is_refused_at_its_field(said: dict[str, Any], field: str):
    with pytest.raises(bargains.BargainRefused) as refusal:
        bargains.CAMPAIGNS.save(make.draft(make.pot(), **said), at=NOW)
    assert field in [fault.field for fault in refusal.value.faults]
    assert Bargain.objects.count() == 0


def test_ten_fen_for_ten_friends_and_a_floor_of_nothing_are_possible():
    bargains.CAMPAIGNS.save(make.draft(make.pot(), floor_fen=198_90), at=NOW)
    bargains.CAMPAIGNS.save(make.draft(make.pot(), floor_fen=0), at=NOW)
    assert Bargain.objects.count() == 2


def test_a_draft_is_shown_to_nobody_and_an_approved_one_wears_its_badge():
    row = make.bargain(approved=False)
    assert campaign_facts.shown(kind="bargain", at=NOW) == ()
    bargains.CAMPAIGNS.approve(row, at=NOW)
    (shown,) = campaign_facts.shown(kind="bargain", at=NOW)
    assert (shown.kind, shown.activity_id, shown.label, shown.price_fen) == (
        "bargain",
        str(row.pk),
        "砍价",
        99_00,
    )


def test_approving_twice_is_refused_and_what_is_over_is_not_approved():
    row = make.bargain()
    with pytest.raises(MoveRefused):
        bargains.CAMPAIGNS.approve(row, at=NOW)
    row.refresh_from_db()
    assert row.approval == "APPROVED"
    late = make.bargain(approved=False)
    with pytest.raises(AlreadyOver):
        bargains.CAMPAIGNS.approve(late, at=NOW + 10 * HOUR)
    with pytest.raises(NotFound):
        bargains.CAMPAIGNS.approve(Bargain(pk=2**40), at=NOW)


def test_a_second_bargain_of_the_sku_at_that_time_is_refused_until_the_first_is_stopped():
    pot = make.pot()
    first = make.bargain(pot)
    second = make.bargain(pot, approved=False)
    with pytest.raises(campaigns.SkuTaken):
        bargains.CAMPAIGNS.approve(second, at=NOW)
    assert Bargain.objects.get(pk=second.pk).approval == Approval.DRAFT
    bargains.CAMPAIGNS.stop(first, at=NOW + HOUR)
    bargains.CAMPAIGNS.save(
        make.draft(pot, row_id=second.pk, code=second.code, starts_at=NOW + HOUR), at=NOW + HOUR
    )
    bargains.CAMPAIGNS.approve(second, at=NOW + HOUR)


def test_what_was_stopped_never_goes_on():
    row = make.bargain()
    bargains.CAMPAIGNS.pause(row, at=NOW)
    bargains.CAMPAIGNS.resume(row, at=NOW)
    bargains.CAMPAIGNS.stop(row, at=NOW)
    with pytest.raises(MoveRefused):
        bargains.CAMPAIGNS.resume(row, at=NOW)


def test_a_changed_bargain_keeps_the_price_of_runs_that_exist():
    pot = make.pot()
    row = make.bargain(pot)
    run = make.run(row)
    bargains.CAMPAIGNS.save(make.draft(pot, row_id=row.pk, code=row.code, floor_fen=50_00), at=NOW)
    assert (make.helped(run, times=10).price_fen, make.run(row).floor_fen) == (99_00, 50_00)


def test_a_copy_is_a_draft_under_another_code():
    row = make.bargain(quota=7, combines=("coupon",))
    made = bargains.CAMPAIGNS.copy(row, code="POT-COPY", at=NOW)
    assert (made.approval, made.code, made.combines, made.floor_fen) == (
        Approval.DRAFT,
        "POT-COPY",
        ["coupon"],
        99_00,
    )
    assert bargains.CAMPAIGNS.draft_of(made).quota == 7


def test_who_saved_it_is_written_down(admin_user: Any):
    bargains.CAMPAIGNS.save(make.draft(make.pot()), at=NOW, operator=admin_user)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.at) == ("新建砍价活动", NOW)


def test_a_window_over_in_the_past_can_be_saved_as_a_draft():
    row = bargains.CAMPAIGNS.save(
        make.draft(make.pot(), starts_at=NOW - 2 * HOUR, ends_at=NOW - timedelta(seconds=1)), at=NOW
    ).row
    assert row.approval == Approval.DRAFT
