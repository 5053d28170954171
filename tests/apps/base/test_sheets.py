"""Sheets show numbers and names as they are; nothing that a member typed is computed."""

from __future__ import annotations

import csv
import io
from zipfile import ZipFile

import pytest
from defusedxml import ElementTree

from apps.base import sheets
from apps.base.fields import MAX_FEN


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
        *("1-2-3", "1/2/2026", "12:30", "8:05:59", "50%", "7.5 %", "TRUE", "false"),
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


def book(*rows: list[sheets.Cell]) -> tuple[str, str]:
    """The first worksheet of a workbook and its styles, as XML."""
    file = io.BytesIO()
    sheets.workbook(sheets.sheet(["甲", "乙"], list(rows)), file=file)
    with ZipFile(file) as found:
        return found.read("xl/worksheets/sheet1.xml").decode(), found.read("xl/styles.xml").decode()


def cells(row: list[sheets.Cell]) -> list[tuple[str, str, str]]:
    """Kind (``n`` for numbers), text and style of each cell of the second line."""
    page, _ = book(row)
    line = ElementTree.fromstring(page).find("{*}sheetData/{*}row[@r='2']")
    assert line is not None
    return [
        (found.get("t", "n"), "".join(found.itertext()), found.get("s", "0"))
        for found in line.findall("{*}c")
    ]


def test_a_workbook_has_money_and_counts_as_numbers_and_everything_else_as_text():
    told = cells(
        [
            sheets.yuan(123456),
            sheets.yuan(-5),
            1000,
            "小茶",
            "20261125000100010001",
            10**12,
            sheets.yuan(MAX_FEN - 1),
        ]
    )
    assert [(kind, text) for kind, text, _ in told] == [
        ("n", "1234.56"),
        ("n", "-0.05"),
        ("n", "1000"),
        ("inlineStr", "小茶"),
        ("inlineStr", "20261125000100010001"),
        ("inlineStr", "1000000000000"),
        # The most that is ever paid, to the fen: no digit is lost on the way to a number of Excel.
        ("n", "99999999.99"),
    ]
    amount, _, count, plain, number, _, largest = (style for _, _, style in told)
    assert (count, plain, amount == number, largest == amount) == ("0", "0", False, True)
    _, styles = book(["="])
    assert 'quotePrefix="1"' in styles


@pytest.mark.parametrize(
    "name", ["=1+1", "+86", "-2", "@SUM(A1)", "=cmd|' /C calc'!A0", "http://x.example", "0571"]
)
def test_nothing_in_a_workbook_is_computed_or_opened(name: str):
    page, _ = book([name])
    ((kind, text, _),) = cells([name])
    assert (kind, text) == ("inlineStr", name)
    assert ("<f>" in page, "hyperlink" in page) == (False, False)


def test_a_letter_that_no_workbook_can_hold_is_left_out_and_the_rest_opens():
    ((_, text, _),) = cells(["a\x00b\x0bc\ud800d\uffff"])
    assert text == "abcd"


def test_a_text_of_any_length_fits_its_cell():
    ((_, text, _),) = cells(["茶" * 40_000])
    assert len(text) == 32_767


def test_amounts_read_the_same_in_csv():
    assert sheets.lines([[sheets.yuan(123456), sheets.percent(1250)]]) == "1234.56,12.50\r\n"
