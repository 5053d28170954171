"""Silhouettes of what the demo shop sells, in percent of the picture's side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PIL import ImageDraw

Color = tuple[int, int, int]


@dataclass(frozen=True)
class Palette:
    """The colors of one thing."""

    body: Color
    dark: Color
    light: Color
    pale: Color


@dataclass(frozen=True)
class Pencil:
    """Draws with coordinates from 0 to 100."""

    pen: ImageDraw.ImageDraw
    side: int

    def _at(self, *numbers: float) -> list[float]:
        return [number * self.side / 100 for number in numbers]

    def oval(self, left: float, top: float, right: float, bottom: float, color: Color) -> None:
        self.pen.ellipse(self._at(left, top, right, bottom), fill=color)

    def ring(
        self, left: float, top: float, right: float, bottom: float, color: Color, width: float = 2.5
    ) -> None:
        self.pen.ellipse(
            self._at(left, top, right, bottom), outline=color, width=int(width * self.side / 100)
        )

    def block(
        self, left: float, top: float, right: float, bottom: float, color: Color, round_: float = 2
    ) -> None:
        self.pen.rounded_rectangle(
            self._at(left, top, right, bottom), radius=round_ * self.side / 100, fill=color
        )

    def area(self, color: Color, *points: tuple[float, float]) -> None:
        self.pen.polygon([(x * self.side / 100, y * self.side / 100) for x, y in points], fill=color)

    def bow(
        self, left: float, top: float, right: float, bottom: float, start: int, end: int, color: Color
    ) -> None:
        self.pen.arc(
            self._at(left, top, right, bottom), start, end, fill=color, width=int(2.5 * self.side / 100)
        )

    def half(self, left: float, top: float, right: float, bottom: float, color: Color) -> None:
        """The lower half of an ellipse: every vessel's belly."""
        self.pen.chord(self._at(left, top, right, bottom), 0, 180, fill=color)


def _cup(draw: Pencil, tint: Palette) -> None:
    draw.ring(66, 50, 82, 70, tint.dark)
    draw.half(26, 18, 72, 82, tint.body)
    draw.block(40, 79, 58, 83, tint.dark, 1)
    draw.oval(26, 44, 72, 56, tint.light)
    draw.oval(29, 46, 69, 54.5, tint.dark)


def _bowl(draw: Pencil, tint: Palette) -> None:
    draw.half(20, 22, 80, 82, tint.body)
    draw.block(40, 79, 60, 83, tint.dark, 1)
    draw.oval(20, 44, 80, 60, tint.light)
    draw.oval(23, 46, 77, 58.5, tint.dark)
    for x, y in ((34, 53), (44, 56), (55, 55), (63, 52), (49, 50)):
        draw.oval(x, y, x + 2, y + 1, tint.light)


def _gaiwan(draw: Pencil, tint: Palette) -> None:
    draw.half(16, 66, 84, 88, tint.light)
    draw.half(28, 30, 72, 84, tint.pale)
    draw.bow(28, 30, 72, 84, 20, 160, tint.body)
    draw.oval(26, 52, 74, 62, tint.light)
    draw.pen.chord(draw._at(30, 38, 70, 74), 180, 360, fill=tint.body)
    draw.oval(46, 33, 54, 40, tint.dark)


def _teapot(draw: Pencil, tint: Palette) -> None:
    draw.area(tint.dark, (24, 58), (10, 44), (14, 41), (32, 52))
    draw.ring(66, 46, 86, 70, tint.dark, 3)
    draw.oval(22, 42, 76, 84, tint.body)
    draw.oval(34, 41, 64, 50, tint.dark)
    draw.pen.chord(draw._at(35, 34, 63, 54), 180, 360, fill=tint.light)
    draw.oval(46, 29, 52, 36, tint.dark)


def _kettle(draw: Pencil, tint: Palette) -> None:
    draw.bow(26, 16, 74, 76, 180, 360, tint.dark)
    draw.area(tint.dark, (24, 60), (8, 46), (12, 42), (32, 54))
    draw.oval(22, 44, 78, 84, tint.body)
    draw.block(32, 78, 68, 84, tint.dark, 1)
    draw.oval(36, 42, 64, 51, tint.light)
    draw.oval(47, 38, 53, 44, tint.dark)


def _tin(draw: Pencil, tint: Palette) -> None:
    draw.block(32, 36, 68, 84, tint.body, 3)
    draw.block(30, 26, 70, 40, tint.dark, 3)
    draw.block(38, 50, 62, 74, tint.pale, 2)
    _leaflet(draw, tint, 50, 62, 7)


def _pouch(draw: Pencil, tint: Palette) -> None:
    draw.area(tint.body, (30, 30), (70, 30), (74, 84), (26, 84))
    draw.block(29, 26, 71, 34, tint.dark, 1)
    draw.oval(38, 46, 62, 70, tint.pale)
    _leaflet(draw, tint, 50, 58, 7)


def _cake(draw: Pencil, tint: Palette) -> None:
    draw.oval(20, 26, 80, 86, tint.dark)
    draw.oval(20, 24, 80, 83, tint.body)
    draw.oval(30, 34, 70, 73, tint.light)
    draw.oval(44, 48, 56, 59, tint.dark)


def _leaf(draw: Pencil, tint: Palette) -> None:
    _leaflet(draw, tint, 40, 50, 17)
    _leaflet(draw, tint, 62, 62, 12)
    draw.oval(47, 76, 53, 82, tint.dark)


def _leaflet(draw: Pencil, tint: Palette, x: float, y: float, size: float) -> None:
    """A pointed leaf around (x, y), leaning right."""
    tip, root = (x + size, y - size), (x - size, y + size)
    draw.area(tint.body, root, (x - size * 0.75, y - size * 0.2), (x, y - size * 0.85), tip)
    draw.area(tint.dark, root, (x + size * 0.2, y + size * 0.75), (x + size * 0.85, y), tip)


def _box(draw: Pencil, tint: Palette) -> None:
    draw.block(20, 44, 80, 84, tint.body, 2)
    draw.block(17, 34, 83, 50, tint.dark, 2)
    draw.block(46, 34, 54, 84, tint.light, 0)
    draw.oval(34, 22, 50, 36, tint.light)
    draw.oval(50, 22, 66, 36, tint.light)


def _sweets(draw: Pencil, tint: Palette) -> None:
    draw.oval(14, 66, 86, 88, tint.pale)
    for left, top in ((24, 56), (42, 60), (58, 56), (34, 42), (50, 44)):
        draw.block(left, top, left + 18, top + 16, tint.dark, 3)
        draw.block(left, top - 2, left + 18, top + 12, tint.body, 3)
        draw.oval(left + 6, top + 1, left + 12, top + 7, tint.light)


def _tray(draw: Pencil, tint: Palette) -> None:
    draw.area(tint.dark, (12, 66), (88, 66), (82, 84), (18, 84))
    draw.area(tint.body, (22, 48), (78, 48), (88, 66), (12, 66))
    for left in range(26, 76, 8):
        draw.block(left, 53, left + 4, 61, tint.dark, 1)


def _cloth(draw: Pencil, tint: Palette) -> None:
    for step, color in enumerate((tint.dark, tint.body, tint.light)):
        draw.block(22, 66 - step * 12, 78, 82 - step * 12, color, 5)
    draw.block(30, 42, 34, 58, tint.body, 0)


def _glass(draw: Pencil, tint: Palette) -> None:
    draw.area(tint.pale, (34, 26), (68, 26), (64, 84), (38, 84))
    draw.area(tint.light, (36, 48), (66, 48), (64, 84), (38, 84))
    draw.oval(36, 45, 66, 51, tint.body)
    draw.block(33, 22, 69, 28, tint.dark, 2)
    draw.bow(60, 36, 82, 66, 270, 90, tint.dark)


def _incense(draw: Pencil, tint: Palette) -> None:
    for left in (36, 44, 40):
        draw.bow(left, 14, left + 18, 40, 90, 270, tint.light)
        draw.bow(left - 6, 38, left + 12, 58, 270, 90, tint.light)
    draw.half(28, 44, 72, 84, tint.body)
    draw.oval(28, 58, 72, 69, tint.dark)
    for left in (32, 62):
        draw.block(left, 78, left + 6, 86, tint.dark, 1)


def _candle(draw: Pencil, tint: Palette) -> None:
    draw.oval(47, 22, 53, 38, tint.light)
    draw.block(49.3, 36, 50.7, 46, tint.dark, 0)
    draw.block(32, 46, 68, 84, tint.body, 4)
    draw.oval(32, 42, 68, 52, tint.light)
    draw.block(40, 58, 60, 74, tint.pale, 2)


def _vase(draw: Pencil, tint: Palette) -> None:
    draw.block(49.2, 12, 50.8, 44, tint.dark, 0)
    _leaflet(draw, tint, 57, 22, 6)
    _leaflet(draw, tint, 56, 32, 5)
    draw.block(44, 40, 56, 58, tint.body, 2)
    draw.oval(32, 50, 68, 85, tint.body)
    draw.oval(43, 38, 57, 43, tint.dark)
    draw.oval(38, 56, 46, 72, tint.light)


SHAPES: dict[str, Callable[[Pencil, Palette], None]] = {
    "bowl": _bowl,
    "box": _box,
    "cake": _cake,
    "candle": _candle,
    "cloth": _cloth,
    "cup": _cup,
    "gaiwan": _gaiwan,
    "glass": _glass,
    "incense": _incense,
    "kettle": _kettle,
    "leaf": _leaf,
    "pouch": _pouch,
    "sweets": _sweets,
    "teapot": _teapot,
    "tin": _tin,
    "tray": _tray,
    "vase": _vase,
}
