"""Sheets show numbers and names as they are; nothing that a member typed is computed."""

from __future__ import annotations

import csv

import pytest

from apps.base import sheets


def cell(value: str | int) -> str:
    ((told,),) = csv.reader([sheets.lines([[value]])])
    return told


@pytest.mark.parametrize("name", ["=1+1", "+86", "-2", "@SUM(A1)", "＝1+1", "\t=1", "=cmd|' /C calc'!A0"])
def test_a_name_that_looks_like_a_formula_is_a_text(name: str):
    assert cell(name) == f"'{name}"


@pytest.mark.parametrize("number", ["202611250001", "20261125000100010001", "0571", "12E5"])
def test_a_number_that_a_spreadsheet_would_change_is_a_text(number: str):
    assert cell(number) == f"{number}\t"


@pytest.mark.parametrize("value", ["SU260302K7M2P9QRTW4X", "小茶", "12.50", "2026-03-02 12:00:00", "", 1000])
def test_everything_else_stays_as_it_is(value: str | int):
    assert cell(value) == str(value)


def test_commas_quotes_and_line_ends_stay_in_their_cell():
    assert list(csv.reader(sheets.lines([['a,"b"', "c\nd"], ["e", "f"]]).splitlines(keepends=True))) == [
        ['a,"b"', "c\nd"],
        ["e", "f"],
    ]
