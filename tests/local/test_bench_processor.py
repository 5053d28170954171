"""Processor time is told for each answer; a process that has ended meanwhile takes nothing from the others' time."""

from __future__ import annotations

import os

from tests.bench.load import processor
from tests.bench.load.processor import Spent, Used


def test_what_each_process_used_since_then_is_shared_by_the_answers() -> None:
    before = Used({1: 2.0, 2: 1.0}, {7: 4.0})
    after = Used({1: 2.5, 2: 1.5}, {7: 4.25})
    assert after.since(before, answers=100) == Spent(10.0, 2.5)


def test_a_process_that_ended_takes_nothing_away_and_a_new_one_counts_whole() -> None:
    before = Used({1: 2.0}, {7: 4.0})
    after = Used({1: 2.0, 3: 1.0}, {8: 0.5})
    assert after.since(before, answers=1000) == Spent(1.0, 0.5)


def test_the_time_of_a_tree_has_that_of_its_eldest() -> None:
    assert processor.of_tree(os.getpid()) > 0
