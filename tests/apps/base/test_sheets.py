"""Sheets show numbers and names as they are; nothing that a member typed is computed."""

from __future__ import annotations

import csv

import pytest

from apps.base import sheets


def cell(value: str | int) -> str:
    ((told,),) = csv.reader([sheets.lines([[value]])])
    return told


@pytest.mark.parametrize(
    "name",
    [
        *("=1+1", "+86", "-2", "@SUM(A1)", "＝1+1", "＋1", "－1", "＠A1", "\t=1", "\r=1", "\n=1", " =1+1"),
        "=cmd|' /C calc'!A0",
    ],
)
def test_a_name_that_looks_like_a_formula_is_a_text(name: str):
    assert cell(name) == f"'{name}"


@pytest.mark.parametrize(
    "number",
    [
        *("202611250001", "20261125000100010001", " 20261125000100010001 ", "1,234,567,890,123"),
        *("0571", "00", "12E5", "1.2e5", "3.14159265358979", "202611250001.00", "3-4", "12/31", "1/2"),
    ],
)
def test_a_number_that_a_spreadsheet_would_change_is_a_text(number: str):
    assert cell(number) == f"{number}\t"


@pytest.mark.parametrize(
    "value",
    [
        *(
            "SU260302K7M2P9QRTW4X",
            "小茶",
            "12.50",
            "2026-03-02 12:00:00",
            "",
            "0",
            "13800138000",
            "a=b",
            "1-2-3-4",
        ),
        *(1000, -2, 0, 99_999_999_999),
    ],
)
def test_everything_else_stays_as_it_is(value: str | int):
    assert cell(value) == str(value)


def test_commas_quotes_and_line_ends_stay_in_their_cell():
    assert list(csv.reader(sheets.lines([['a,"b"', "c\nd"], ["e", "f"]]).splitlines(keepends=True))) == [
        ['a,"b"', "c\nd"],
        ["e", "f"],
    ]


@pytest.mark.parametrize("number", [100_000_000_000, 20261125000100010001])
def test_a_number_that_a_spreadsheet_would_round_is_a_text_too(number: int):
    assert cell(number) == f"{number}\t"


def test_a_sheet_begins_with_the_sign_that_makes_excel_read_chinese_and_comes_in_pieces():
    pieces = list(sheets.sheet(["名称", "数量"], [[f"茶{n}", n] for n in range(5)], chunk=2))
    assert pieces == ["\ufeff名称,数量\r\n", "茶0,0\r\n茶1,1\r\n", "茶2,2\r\n茶3,3\r\n", "茶4,4\r\n"]


def test_a_download_is_saved_as_a_file():
    answer = sheets.download(sheets.sheet(["名称"], []), name="list")
    assert (answer["Content-Type"], answer["Content-Disposition"]) == (
        "text/csv; charset=utf-8",
        'attachment; filename="list.csv"',
    )
    assert answer.getvalue() == "﻿名称\r\n".encode()
