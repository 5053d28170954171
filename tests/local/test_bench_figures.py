"""The arithmetic of the benchmark's report: what is told of a run is what was measured, and an error is never a figure."""

from __future__ import annotations

import json
import math
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.bench.load import ceiling, figures, growth, written
from tests.bench.load.drive import Refused
from tests.bench.load.figures import Figure, Goal

CEILING = Figure("ceiling", 400.0)
ORDER = Figure(
    "order",
    100.0,
    rounds=(90.0, 100.0, 120.0),
    latencies={50: 8.0, 95: 20.0, 99: 31.0},
    statements=13,
    web=6.0,
    postgres=2.0,
    goal=Goal(0.35, "ceiling"),
    floor=Goal(0.2, "ceiling"),
)
WORKER = Figure("worker", 140.0, "MB resident", goal=Goal(150, at_most=True))


def report(*more: Figure) -> written.Report:
    return written.Report("make bench QUICK=1", "ceiling", [CEILING, ORDER, WORKER, *more], ["quick run"])


@pytest.mark.parametrize(("percent", "value"), [(50, 50.0), (95, 95.0), (99, 99.0), (100, 100.0), (1, 1.0)])
def test_a_percentile_is_the_value_that_so_many_percent_do_not_exceed(percent: int, value: float) -> None:
    assert figures.percentile([float(n) for n in range(100, 0, -1)], percent) == value


def test_a_percentile_of_few_values_is_one_of_them() -> None:
    assert [figures.percentile([7.0], percent) for percent in (1, 50, 99)] == [7.0, 7.0, 7.0]
    assert [figures.percentile([2.0, 1.0], percent) for percent in (50, 51, 99)] == [1.0, 2.0, 2.0]


def test_nothing_measured_has_no_percentile_and_no_share() -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        figures.percentile([], 50)
    with pytest.raises(ValueError, match="no share of nothing"):
        figures.share(3.0, 0.0)
    assert figures.latencies([[], []]) == {}


def test_latencies_are_the_medians_of_the_rounds_so_that_one_bad_round_does_not_decide() -> None:
    assert figures.latencies([[1.0], [2.0], [900.0]]) == {50: 2.0, 95: 2.0, 99: 2.0}


def test_a_share_is_of_the_figure_that_the_goal_names() -> None:
    others = report().by_name
    assert ORDER.judged(ORDER.goal, others) == 0.25
    assert ORDER.keeps(ORDER.goal, others) is False
    assert ORDER.keeps(ORDER.floor, others) is True
    assert CEILING.keeps(CEILING.goal, others) is None


@pytest.mark.parametrize(("value", "is_kept"), [(149.9, True), (150.0, True), (150.1, False)])
def test_what_has_to_stay_small_keeps_its_goal_up_to_the_border(value: float, is_kept: bool) -> None:
    worker = Figure("worker", value, "MB resident", goal=Goal(150, at_most=True))
    assert worker.keeps(worker.goal, {}) is is_kept


def test_what_misses_a_goal_is_told_and_what_is_below_its_floor_fails_the_run() -> None:
    slow = Figure("slow", 10.0, goal=Goal(0.5, "ceiling"), floor=Goal(0.1, "ceiling"))
    assert (report().missed, report().short) == (["order"], [])
    assert (report(slow).missed, report(slow).short) == (["order", "slow"], ["slow"])


def test_the_page_has_each_figure_beside_its_share_of_the_ceiling_and_its_goal() -> None:
    page = written.as_markdown(report())
    assert "Repeat it with `make bench QUICK=1`." in page
    row = "| order | 100 | 90.0 100 120 | 8.0 | 20.0 | 31.0 | 13 | 6.00 / 2.00 | 0.250 | 0.250 of ceiling | ≥ 0.35 short |"
    assert row in page.splitlines()
    assert "| worker | 140 MB resident |  |  |  |  |  |  |  |  | ≤ 150 reached |" in page.splitlines()


def test_page_values_and_plots_are_written_beside_each_other(tmp_path: Path) -> None:
    written.write(report(), tmp_path / "bench")
    told = json.loads((tmp_path / "bench" / "report.json").read_text())
    order = next(one for one in told["figures"] if one["name"] == "order")
    assert (order["share_of_ceiling"], order["judged"], order["goal_kept"]) == (0.25, 0.25, False)
    assert (told["command"], told["missed"], told["short"]) == ("make bench QUICK=1", ["order"], [])
    plots = sorted(path.name for path in (tmp_path / "bench").glob("*.svg"))
    assert plots == ["a-second.svg", "goals.svg", "p95.svg"]
    for name in plots:
        assert ET.parse(tmp_path / "bench" / name).getroot().tag.endswith("svg")  # noqa: S314 -- ours


def test_a_bar_is_as_long_as_its_share_of_the_longest_and_red_where_its_goal_is_missed() -> None:
    made = written.bars("a & b", [("half", 50.0, False), ("all", 100.0, True)])
    drawn = ET.fromstring(made)  # noqa: S314 -- ours
    bars = [one.attrib for one in drawn if one.tag.endswith("rect")]
    half, whole = (float(bar["width"]) for bar in bars)
    assert math.isclose(half * 2, whole)
    assert [bar["fill"] for bar in bars] == ["#c62828", "#2e7d32"]


def test_a_grown_shop_is_judged_by_the_processor_time_that_an_answer_takes() -> None:
    before = {"order": ORDER, "sweep": Figure("sweep", 1000.0), "worker": WORKER}
    after = [
        Figure("order", 50.0, web=6.0, postgres=4.0),
        Figure("sweep", 900.0),
        Figure("new", 1.0),
        Figure("worker", 160.0, "MB resident"),
    ]
    _, rows = growth.compared(before, after)
    assert rows == [
        ("order", "100.0", "50.0", "0.50", "0.80", "short"),
        ("sweep", "1,000.0", "900.0", "0.90", "", "kept"),
    ]


def test_the_ceiling_is_what_pgbench_tells() -> None:
    said = (
        "number of failed transactions: 0 (0.000%)\nlatency average = 3.1 ms\ntps = 2534.018231 (without …)\n"
    )
    assert ceiling.rate_told(said) == 2534.018231


@pytest.mark.parametrize(
    "said", ["pgbench: error: connection refused", "number of failed transactions: 3 (1.0%)\ntps = 2534.01\n"]
)
def test_a_pgbench_that_met_errors_is_no_ceiling(said: str) -> None:
    with pytest.raises(Refused, match="pgbench"):
        ceiling.rate_told(said)
