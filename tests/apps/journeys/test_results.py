"""What a journey brought: intervals against published figures, sentences that say when nothing is proved, a whole report."""

from __future__ import annotations

import pytest

from apps.journeys import lift
from apps.journeys import selectors as journey_facts
from apps.journeys import services as journeys
from apps.journeys.models import Participation
from apps.members.models import Member
from apps.messaging.models import Message
from apps.messaging.services import deciding
from tests.apps.journeys import make
from tests.apps.journeys.make import AT, DAY, HOUR, give, message, wait


@pytest.mark.parametrize(
    ("did", "of", "low", "high"),
    [(81, 263, "0.2553", "0.3662"), (15, 148, "0.0624", "0.1605"), (0, 20, "0.0000", "0.1611"), (1, 29, "0.0061", "0.1718")],
)  # fmt: skip
def test_the_interval_of_a_share_is_wilsons(did: int, of: int, low: str, high: str) -> None:
    """R. G. Newcombe, Two-sided confidence intervals for the single proportion, Stat. in Medicine 17 (1998), table I."""
    found = lift.share(did, of=of)
    assert [f"{figure / 1e6:.4f}" for figure in (found.low, found.high)] == [low, high]


@pytest.mark.parametrize(
    ("one", "two", "low", "high"),
    [
        ((56, 70), (48, 80), "0.0524", "0.3339"),
        ((9, 10), (3, 10), "0.1705", "0.8090"),
        ((6, 7), (2, 7), "0.0582", "0.8062"),
        ((5, 56), (0, 29), "-0.0381", "0.1926"),
        ((0, 10), (0, 20), "-0.1611", "0.2775"),
        ((10, 10), (0, 20), "0.6791", "1.0000"),
    ],
)
def test_the_interval_of_a_difference_is_newcombes(
    one: tuple[int, int], two: tuple[int, int], low: str, high: str
) -> None:
    """R. G. Newcombe, Interval estimation for the difference …, Statistics in Medicine 17 (1998), table II, method 10."""
    found = lift.lift(treated=one[0], treated_of=one[1], held_out=two[0], held_out_of=two[1])
    assert [f"{figure / 1e6:.4f}" for figure in (found.low, found.high)] == [low, high]
    turned = lift.lift(treated=two[0], treated_of=two[1], held_out=one[0], held_out_of=one[1])
    assert [f"{-figure / 1e6:.4f}" for figure in (turned.high, turned.low)] == [low, high]


@pytest.mark.parametrize(
    ("figures", "told"),
    [
        ((5, 10, 0, 0), "证明不了什么：只有一组会员，没有可以比较的对象。"),
        ((9, 10, 3, 10), "证明不了什么：人数太少（95% 置信区间 17.1 至 80.9 个百分点），请等数据积累。"),
        ((4, 500, 1, 60), "证明不了什么：人数太少"),
        (
            (110, 1000, 10, 100),
            "证明不了什么：两组的差别可能只是偶然（95% 置信区间 -6.6 至 5.9 个百分点，包含 0）。",
        ),
        (
            (300, 1000, 10, 100),
            "实验组的下单率比对照组多 20.0 个百分点（95% 置信区间 12.1 至 25.3 个百分点）",
        ),
        ((50, 1000, 20, 100), "实验组的下单率比对照组少 15.0 个百分点"),
    ],
)
def test_it_is_said_plainly_when_nothing_is_proved(figures: tuple[int, int, int, int], told: str) -> None:
    treated, treated_of, held_out, held_out_of = figures
    said = lift.verdict(treated=treated, treated_of=treated_of, held_out=held_out, held_out_of=held_out_of)
    assert said.startswith(told)


@pytest.mark.django_db
def test_the_report_of_a_journey_counts_each_member_once_from_the_first_entering_on() -> None:
    row = make.live(make.event(), message(), wait(60), give(), holdout=50, again_days=0)
    people = [make.member(f"客{number}") for number in range(40)]
    for owner in people:
        make.come(owner)
    journeys.move_due(at=AT)
    deciding.decide_due(at=AT)
    arms = dict(Participation.objects.values_list("member_id", "arm"))
    treated = [owner for owner in people if arms[owner.pk] == "TREATED"]
    held_out = [owner for owner in people if arms[owner.pk] == "HOLDOUT"]
    for owner in treated[:3]:
        make.bought(owner, 100_00, at=AT + DAY, refunded_fen=20_00)
    make.bought(treated[0], 50_00, at=AT + 2 * DAY)
    make.bought(treated[4], 70_00, at=AT + 15 * DAY)  # past the days
    make.bought(treated[5], 70_00, at=AT - DAY)  # before
    make.bought(held_out[0], 30_00, at=AT + 13 * DAY)
    make.bought(held_out[1], 30_00, at=AT + DAY, status="REFUNDED")
    Message.objects.filter(member__in=treated[:2]).update(read_at=AT + HOUR)
    Member.objects.filter(pk=treated[6].pk).update(last_login_at=AT + DAY)
    journeys.move_due(at=AT + DAY)
    make.come(treated[0], subject="SO2", at=AT + 14 * DAY)
    make.come(late := make.member("迟"), subject="SO3", at=AT + 14 * DAY)

    early = journey_facts.results(row, at=AT + DAY)
    assert (early.treated.entered, early.treated.counted) == (
        len(treated) + (early.treated.entered - len(treated)),
        0,
    )
    found = journey_facts.results(row, at=AT + 14 * DAY)
    one_more = Participation.objects.get(member=late).arm == "TREATED"
    assert found.treated == (len(treated) + one_more, len(treated), len(treated), 2, 4, 3, 290_00)
    assert found.held_out == (len(held_out) + (not one_more), len(held_out), 0, 0, 1, 1, 30_00)
    assert found.verdict.startswith("证明不了什么：人数太少")
    steps = {result.placed.number: result for result in found.steps}
    assert (steps[1].done, steps[1].skipped) == (len(treated), {"对照组，不做任何动作": len(held_out)})


@pytest.mark.django_db
def test_what_is_coming_is_told_by_the_hour_and_by_shanghai_days() -> None:
    row = make.live(make.event(), wait(60 * 24), give())
    make.live({"is": "calendar", "at": (AT + 3 * DAY).isoformat()}, message())
    for number in range(3):
        make.come(make.member(f"客{number}"))
    journeys.move_due(at=AT)
    listed = journey_facts.days_of(journey_facts.coming(at=AT), at=AT)
    told = [(day.day, [(one.hour, one.what, one.rows) for one in rows]) for day, rows, _ in listed]
    assert told[1] == (3, [(AT + DAY, "送积分", 3)])
    assert told[3] == (5, [(AT + 3 * DAY, "全部会员进入", 0)])
    assert len(told) == 7
    journeys.pause(journey_id=row.pk, at=AT)
    assert [one.what for one in journey_facts.coming(at=AT)] == ["全部会员进入"]
