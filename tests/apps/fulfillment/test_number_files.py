"""Files of tracking numbers as people make them: what is read, and what is refused with what to do instead."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from typing import Any

import openpyxl
import pytest

from apps.base import filled_sheets
from apps.base.filled_sheets import FileUnreadable
from apps.fulfillment import number_files
from apps.fulfillment.number_files import Row
from mall.errors import Fault, Faulty, Invalid

HEAD = ["订单号", "快递公司", "快递单号"]


def workbook(*rows: list[Any], formats: dict[str, str] | None = None) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for cell, form in (formats or {}).items():
        book.active[cell].number_format = form
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def with_part(content: bytes, name: str, part: bytes) -> bytes:
    """The workbook with a part put in, in place of one of that name."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for one in old.namelist():
            if one != name:
                new.writestr(one, old.read(one))
        new.writestr(name, part)
    return file.getvalue()


def rows_of(content: bytes) -> list[Row]:
    """The rows of a file that can all be read, as whoever takes them refuses the others."""
    sheet = number_files.read(content)
    if sheet.unfit:
        raise Faulty([Fault("file", unfit.sentence) for unfit in sheet.unfit])
    return sheet.rows


def refused(content: bytes) -> list[str]:
    with pytest.raises(Invalid) as refusal:
        rows_of(content)
    error = refusal.value
    return [fault.text for fault in error.faults] if isinstance(error, Faulty) else [error.text]


TEXT = "订单号,快递公司,快递单号\r\nSO1,顺丰,SF1234567\r\n\r\nso2 ,圆通,\tYT7654321\r\n"
READ = [Row(2, "SO1", "顺丰", "SF1234567"), Row(4, "SO2", "圆通", "YT7654321")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_csv_is_read_in_each_encoding_that_excel_and_wps_write(encoding: str) -> None:
    assert rows_of(TEXT.encode(encoding)) == READ
    tabs = TEXT.replace("\t", "").replace(",", "\t")
    assert rows_of(tabs.encode(encoding)) == READ


def test_a_workbook_is_read_with_numbers_that_excel_kept_whole() -> None:
    rows = rows_of(
        workbook(
            ["快递单号*", "订单编号（必填）", "物流公司", "商品编码", "数量"],
            [773012345678901, "SO1", "申通快递", "CUP", 2],
            [None, None, None],
            ["'SF1234567", "SO2", "SF", None, None],
        )
    )
    assert rows == [
        Row(2, "SO1", "申通快递", "773012345678901", "CUP", 2),
        Row(4, "SO2", "SF", "SF1234567"),
    ]


def test_a_number_kept_whole_by_a_formula_of_text_is_read() -> None:
    assert (
        rows_of('订单号,快递公司,快递单号\nSO1,顺丰,="0012345678"\n'.encode())[0].tracking_no == "0012345678"
    )


def test_a_code_of_digits_around_an_e_is_none_that_excel_rewrote() -> None:
    rows = f"{','.join([*HEAD, '商品编码'])}\nSO1,顺丰,12E3456789,8E2\n"
    assert rows_of(rows.encode()) == [Row(2, "SO1", "顺丰", "12E3456789", "8E2")]
    for rewritten in ("1.23E14", "1.23e+14", "1E+15", "7.73012345678901E14"):
        (said,) = refused(f"{','.join(HEAD)}\nSO1,顺丰,{rewritten}\n".encode())
        assert "已被 Excel 改写" in said


def test_each_row_that_would_send_a_parcel_wrongly_is_refused_by_its_number() -> None:
    said = refused(
        workbook(
            HEAD,
            ["SO1", "顺丰", 1.23e14 + 0.5],
            ["SO2", "顺丰", 1234567890123456789],
            ["SO3", "顺丰", "1.23E+14"],
            ["SO4", "顺丰", '=A1&"1"'],
            ["SO5", "顺丰", date(2026, 3, 2)],
            ["SO6", "", "SF1234567"],
            ["SO7", "顺丰", "SF1234567"],
            ["SO8", True, "SF1234567"],
        )
    )
    rewritten = "已被 Excel 改写为科学计数或丢失末尾数字，请把该列设为「文本」格式后重新填写原单号"
    assert said == [
        f"第 2 行：「1.23E+14」{rewritten}",
        f"第 3 行：「1.23457E+18」{rewritten}",
        f"第 4 行：「1.23E+14」{rewritten}",
        '第 5 行：「=A1&"1"」是公式，请粘贴为数值',
        "第 6 行：单元格是日期或逻辑值，请设为「文本」格式后重新填写",
        "第 7 行：缺少快递公司",
        "第 9 行：单元格是日期或逻辑值，请设为「文本」格式后重新填写",
    ]
    text = (
        f"{','.join([*HEAD, '商品编码', '数量'])}\nSO1,顺丰,SF1,CUP,0\nSO1,顺丰,SF1,,2\nSO1,顺丰,@SUM(A1)\n"
    )
    assert refused(text.encode()) == [
        "第 2 行：数量「0」应为正整数",
        "第 3 行：填写数量时请同时填写商品编码",
        "第 4 行：「@SUM(A1)」是公式，请粘贴为数值",
    ]


def test_what_is_no_such_file_is_refused_with_what_to_do() -> None:
    good = workbook(HEAD, ["SO1", "顺丰", "SF1234567"])
    bomb = (
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "cc"><!ENTITY d "&b;&b;">]><worksheet>&d;</worksheet>'
    )
    assert [refused(content)[0] for content in (
        b"",
        "\ufeff\n\n".encode(),
        "订单号,快递单号\nSO1,SF1\n".encode(),
        "订单号,快递公司,快递单号\n".encode(),
        "订单号,快递公司,快递单号,运单号\nSO1,a,b,c\n".encode(),
        b"\xff\xff\xff\xff",
        b"\xd0\xcf\x11\xe0" + b"\0" * 99,
        b"PK\x03\x04 and nothing",
        with_part(good, "xl/vbaProject.bin", b"Sub Auto_Open()"),
        with_part(good, "xl/worksheets/sheet1.xml", bomb),
        b"x" * (filled_sheets.MOST_BYTES + 1),
    )] == [
        "文件是空的",
        "文件是空的",
        "第一行应为表头，缺少列：快递公司",
        "表头下面没有内容",
        "表头中「快递单号」类的列有 2 个，请只保留一个",
        "无法识别文件的编码，请另存为 UTF-8 或 GBK 编码的 CSV，或 .xlsx",
        "这是旧版 Excel（.xls）或加密的文件，请另存为未加密的 .xlsx 或 CSV",
        "Excel 文件已损坏或不是 .xlsx，请另存后重试",
        "文件含有宏，请另存为不含宏的 .xlsx 或 CSV",
        "Excel 文件已损坏或不是 .xlsx，请另存后重试",
        "文件不能超过 2 MB，请分成几份",
    ]  # fmt: skip


def test_a_million_rows_are_refused_without_being_read(monkeypatch: pytest.MonkeyPatch) -> None:
    one = b'<row><c t="inlineStr"><is><t>SO1</t></is></c></row>'
    sheet = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        + one * 1_000_000
        + b"</sheetData></worksheet>"
    )
    packed = with_part(workbook(HEAD), "xl/worksheets/sheet1.xml", sheet)
    assert len(packed) < filled_sheets.MOST_BYTES  # small as it comes, 50 MB unpacked
    # Whoever unpacked anything of it would be noticed.
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("it was unpacked"))
    assert refused(packed) == ["Excel 内容过多，一次最多导入 1000 行，请分成几份"]


def test_a_row_too_many_is_refused_in_either_form() -> None:
    rows = [["SO1", "顺丰", "SF1234567"]] * (filled_sheets.MOST_ROWS + 1)
    text = "\n".join(",".join(row) for row in [HEAD, *rows])
    assert len(rows_of(text.rpartition("\n")[0].encode())) == filled_sheets.MOST_ROWS
    for content in (text.encode(), workbook(HEAD, *rows)):
        assert refused(content) == ["一次最多导入 1000 行，请分成几份"]


def test_a_file_of_faults_is_told_in_fifty() -> None:
    columns = filled_sheets.Columns(
        names={"order_no": ("订单号",), "carrier": ("快递公司",)},
        needed=("order_no", "carrier"),
        row=lambda number, said: number,
    )
    with pytest.raises(Faulty) as refusal:
        filled_sheets.read(("订单号,快递公司\n" + "SO1,\n" * 500).encode(), columns=columns)
    assert len(refusal.value.faults) == 51


def test_bytes_that_are_nothing_at_all_are_refused_and_never_fail() -> None:
    for content in (b"\0" * 100, b"a,b\0c\n1,2", bytes(range(256)), b'"' * 2000, "，".encode() * 9):
        with pytest.raises((FileUnreadable, Faulty)):
            rows_of(content)
