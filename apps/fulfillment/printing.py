"""Draws a wave as PDF: the pick list on A4, and the packing slips on A5, one page or more for each order."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings

from apps.base import days
from apps.fulfillment.wave import Packed, Picked, Slip

if TYPE_CHECKING:
    from fpdf import FPDF

# They write each step to the log, and the letters of names that the font has not.
for _talker in ("fontTools", "fpdf"):
    logging.getLogger(_talker).setLevel(logging.ERROR)

_MARGIN: Final = 10.0
# The library warns of its own A5, which it had wrong once.
_A5: Final = (148.0, 210.0)
_LINE: Final = 5.0
_SMALL, _BODY, _LARGE = 8, 9, 14
# Columns in millimetres; the rest is as wide as the paper leaves.
_CODE, _UNITS, _BOX = 34.0, 14.0, 10.0
_PLACES: Final = 50.0
_MOST_IN_CELL: Final = 120
# What the font has no picture of (emoji, other scripts); what only joins or varies pictures is nothing by itself.
_MARK: Final = "〓"
_LACKING: Final = f"{_MARK} 处是打印字体没有的字符（如表情），请在订单页查看原文"
_JOINS: Final = re.compile("[\u200b-\u200d\u2060\ufe00-\ufe0f]")


def pick_list(of: Sequence[Picked], slips: Sequence[Slip], *, at: datetime) -> bytes:
    """Return the pick list of a wave: each SKU with its units and the places that they go to, then each place's order."""
    paper = _paper("A4")
    paper.add_page()
    units = sum(row.units for row in of)
    _heading(paper, "拣货单", f"{_time(at=at)}　{len(slips)} 单　{len(of)} 种　{units} 件")
    title = paper.epw - _CODE - _UNITS - _PLACES - _BOX
    widths = (_CODE, title, _UNITS, _PLACES, _BOX)
    _row(paper, widths, ("商品编码", "商品", "件数", "分到（序号×件数）", "已拣"), filled=True)
    for shop, row in _by_shop(of):
        if shop:
            _row(paper, (paper.epw,), (f"在「{shop}」备货",), filled=True)
        places = "、".join(f"{place}×{many}" for place, many in row.places)
        name = f"{row.title} {row.option_text}".strip()
        # What goes to very many orders has a row of its own: no cell is as high as a page.
        own = len(places) > _MOST_IN_CELL
        _row(paper, widths, (row.sku_code, name, str(row.units), "见下" if own else places, ""))
        if own:
            _row(paper, (paper.epw,), (places,))
    paper.ln(_LINE)
    columns = (_UNITS, 50.0, _UNITS, paper.epw - 50.0 - 2 * _UNITS)
    _row(paper, columns, ("序号", "订单号", "件数", "说明"), filled=True)
    for slip in slips:
        _row(paper, columns, (str(slip.place), slip.order_no, str(slip.units), "；".join(_notes(slip))))
    return bytes(paper.output())


def _by_shop(of: Sequence[Picked]) -> Iterator[tuple[str, Picked]]:
    """Each row, the first of a shop with its name."""
    last = ""
    for row in of:
        yield row.shop if row.shop != last else "", row
        last = row.shop


def packing_slips(slips: Sequence[Slip], *, at: datetime) -> bytes:
    """Return the packing slips of a wave, each beginning on a page of its own."""
    paper = _paper(_A5)
    for slip in slips:
        paper.add_page()
        _heading(paper, f"{slip.place}　装箱单", f"{settings.SHOP_NAME}　订单号 {slip.order_no}")
        paid = f"付款 {_time(at=slip.paid_at)}　" if slip.paid_at else ""
        for told in (
            f"{paid}打印 {_time(at=at)}",
            *([f"收货人 {slip.receiver}　{slip.phone}", slip.address] if slip.address else []),
            *(_notes(slip)),
            *([f"买家留言：{slip.remark}"] if slip.remark else []),
            *([f"贺卡：{slip.card}"] if slip.card else []),
        ):
            paper.multi_cell(0, _LINE, _printable(paper, told), new_x="LMARGIN", new_y="NEXT")
        paper.ln(2)
        widths = (_CODE, paper.epw - _CODE - _UNITS - _BOX, _UNITS, _BOX)
        _row(paper, widths, ("商品编码", "商品", "件数", "已装"), filled=True)
        for line in slip.packed:
            _row(paper, widths, (line.sku_code, _named(line), str(line.units), ""))
        paper.multi_cell(0, _LINE * 1.6, f"共 {slip.units} 件", align="R", new_x="LMARGIN", new_y="NEXT")
        if _is_lacking(paper, slip):
            paper.multi_cell(0, _LINE, _LACKING, new_x="LMARGIN", new_y="NEXT")
    return bytes(paper.output())


def _notes(slip: Slip) -> Iterator[str]:
    if slip.way:
        yield slip.way
    if slip.sent_before:
        yield f"此前已发 {slip.sent_before} 个包裹，本单为其余商品"
    if slip.together:
        yield f"与 {'、'.join(map(str, slip.together))} 号为同一收货人，可合并发货"


def _named(line: Packed) -> str:
    return f"{line.mark}{line.title} {line.option_text}".strip()


def _paper(size: Any) -> FPDF:
    """Empty paper that writes Chinese. The library is large and seldom needed, so it is loaded when something is printed."""
    from fpdf import FPDF

    paper = FPDF(format=size)
    paper.set_margin(_MARGIN)
    paper.set_auto_page_break(True, margin=_MARGIN)
    paper.add_font("cjk", fname=str(settings.PRINT_FONT))
    paper.set_font("cjk", size=_BODY)
    paper.set_fill_color(235)
    return paper


def _heading(paper: FPDF, title: str, told: str) -> None:
    paper.set_font_size(_LARGE)
    paper.multi_cell(0, _LINE * 1.6, title, new_x="LMARGIN", new_y="NEXT")
    paper.set_font_size(_BODY)
    paper.multi_cell(0, _LINE, _printable(paper, told), new_x="LMARGIN", new_y="NEXT")


def _printable(paper: FPDF, text: str) -> str:
    """The text with a mark for each character that the font lacks: left out, a name would read as another one."""
    known: Any = paper.fonts["cjk"]
    shown = _JOINS.sub("", text)
    return "".join(each if ord(each) in known.cmap or each.isspace() else _MARK for each in shown)


def _is_lacking(paper: FPDF, slip: Slip) -> bool:
    """Whether anything on a slip is printed as a mark."""
    told = (slip.receiver, slip.address, slip.remark, slip.card, *map(_named, slip.packed))
    return any(_MARK in _printable(paper, text) for text in told if text)


def _row(paper: FPDF, widths: Sequence[float], cells: Sequence[str], *, filled: bool = False) -> None:
    """One row of a table, as high as its longest cell; it is not torn by the end of a page."""
    wrapped: list[Any] = [
        paper.multi_cell(width, _LINE, _printable(paper, cell) or " ", dry_run=True, output="LINES")
        for width, cell in zip(widths, cells, strict=True)
    ]
    height = _LINE * max(len(lines) for lines in wrapped)
    if paper.will_page_break(min(height, paper.eph)):
        paper.add_page()
    left, top = paper.l_margin, paper.get_y()
    for width, lines in zip(widths, wrapped, strict=True):
        paper.set_xy(left, top)
        style = "DF" if filled else "D"
        paper.rect(left, top, width, height, style=style)
        paper.multi_cell(width, _LINE, "\n".join(lines))
        left += width
    paper.set_xy(paper.l_margin, top + height)


def _time(*, at: datetime) -> str:
    return f"{days.local(at):%Y-%m-%d %H:%M}"
