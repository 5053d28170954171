"""Draws a poster: picture, title, price with the day it was read on, the end of the offer, the mini-program code.

The font is Noto Sans SC, cut down to GB 2312 and what names need beyond it (ADR 0029); what it does not have (emoji)
is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from PIL import Image, ImageDraw, ImageFont, ImageOps

from apps.shares.cards import Card
from mall.money import priced

FONT: Final = Path(__file__).parent / "fonts" / "NotoSansSC-Regular.subset.otf"
WIDTH: Final = 750
_EDGE: Final = 40
_CODE: Final = 220
_FOOT: Final = 330
_WHITE: Final = (255, 255, 255)
_INK: Final = (38, 38, 38)
_PALE: Final = (140, 140, 140)
_RED: Final = (200, 38, 38)
_GROUND: Final = (244, 244, 242)
_QUALITY: Final = 88
_ELLIPSIS: Final = "…"


@dataclass(frozen=True, slots=True)
class Words:
    """What a poster says, line by line; an empty one is not printed."""

    title: tuple[str, ...]
    price: str
    price_day: str
    until: str


def words(card: Card, *, at: datetime) -> Words:
    """What the poster of a card says when it is drawn at this moment: no price without its day."""
    price = price_day = until = ""
    here = at.astimezone(_zone())
    if card.price_fen is not None:
        price = priced(card.price_fen)
        price_day = f"{here.month}月{here.day}日 {card.price_label or '价格'}"
    if card.until is not None:
        end = card.until.astimezone(_zone())
        year = "" if end.year == here.year else f"{end.year}年"
        until = f"{year}{end.month}月{end.day}日 {end:%H:%M} 截止"
    room = WIDTH - 3 * _EDGE - _CODE
    return Words(tuple(_lines(printable(card.title), room, size=34, most=3)), price, price_day, until)


def draw(card: Card, *, code: bytes, picture: bytes | None, at: datetime) -> bytes:
    """Return the poster as JPEG: 750 pixels wide, the picture square above, words and code below."""
    said = words(card, at=at)
    top = WIDTH if picture is not None else 0
    sheet = Image.new("RGB", (WIDTH, top + _FOOT), _WHITE)
    if picture is not None:
        sheet.paste(_square(picture, WIDTH), (0, 0))
    pen = ImageDraw.Draw(sheet)
    sheet.paste(_square(code, _CODE), (WIDTH - _EDGE - _CODE, top + _EDGE))
    pen.text(
        (WIDTH - _EDGE - _CODE + _CODE // 2, top + _EDGE + _CODE + 12),
        "微信扫码查看",
        font=_font(22),
        fill=_PALE,
        anchor="ma",
    )
    down = top + _EDGE - 6
    for line in said.title:
        pen.text((_EDGE, down), line, font=_font(34), fill=_INK)
        down += 46
    if said.price:
        down += 8
        pen.text((_EDGE, down), said.price, font=_font(46), fill=_RED, stroke_width=1, stroke_fill=_RED)
        along = _EDGE + int(_font(46).getlength(said.price)) + 16
        if along + _font(22).getlength(said.price_day) > WIDTH - 2 * _EDGE - _CODE:
            along, down = _EDGE, down + 40
        pen.text((along, down + 24), said.price_day, font=_font(22), fill=_PALE)
        down += 66
    if said.until:
        pen.text((_EDGE, down), said.until, font=_font(24), fill=_INK)
    held = BytesIO()
    sheet.save(held, "JPEG", quality=_QUALITY, optimize=True)
    return held.getvalue()


def printable(text: str) -> str:
    """The text without the signs that the font does not have; spaces are one."""
    return " ".join("".join(sign for sign in text if _has(sign)).split())


def _lines(text: str, room: int, *, size: int, most: int) -> Iterator[str]:
    """Cut a text into lines that fit; what is too long ends with an ellipsis."""
    font = _font(size)
    for number in range(most):
        if not text:
            return
        fits = _fitting(text, room, font)
        if number == most - 1 and fits < len(text):
            while font.getlength(text[:fits] + _ELLIPSIS) > room:
                fits -= 1
            yield text[:fits].rstrip() + _ELLIPSIS
            return
        yield text[:fits].rstrip()
        text = text[fits:].lstrip()


def _fitting(text: str, room: int, font: ImageFont.FreeTypeFont) -> int:
    """How many signs fit into a line; a Latin word that began in it is kept whole where that leaves something."""
    fits = len(text)
    while fits > 1 and font.getlength(text[:fits]) > room:
        fits -= 1
    if fits < len(text) and text[fits].isascii() and text[fits].isalnum():
        begun = text.rfind(" ", 0, fits)
        if begun > 0:
            return begun
    return fits


def _square(content: bytes, side: int) -> Image.Image:
    """The middle of a picture as a square, on a pale ground where it is transparent."""
    with Image.open(BytesIO(content)) as found:
        plain = Image.new("RGB", found.size, _GROUND)
        whole = found.convert("RGBA")
        plain.paste(whole, (0, 0), whole)
    return ImageOps.fit(plain, (side, side), Image.Resampling.LANCZOS)


def _has(sign: str) -> bool:
    if sign.isspace():
        return True
    mask = _font(24).getmask(sign)
    return bytes(mask) != _nothing() or mask.size != _font(24).getmask("\uffff").size


@cache
def _nothing() -> bytes:
    """How the font draws a sign that it does not have."""
    return bytes(_font(24).getmask("\uffff"))


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    # The basic layout: no shaping library is asked for, Chinese needs none.
    return ImageFont.truetype(str(FONT), size, layout_engine=ImageFont.Layout.BASIC)


def _zone() -> ZoneInfo:
    return ZoneInfo(settings.TIME_ZONE)
