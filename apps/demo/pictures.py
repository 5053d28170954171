"""The demo shop's pictures: a quiet background and the silhouette of the thing, drawn once and kept in ``drawings/``."""

from __future__ import annotations

from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Final

from django.core.files.storage import default_storage
from PIL import Image, ImageDraw, ImageFilter

from apps.demo import shapes
from apps.pictures import child, stored

DRAWINGS: Final = Path(__file__).parent / "drawings"
Color = tuple[int, int, int]
SIZE = 600
# Background from top to bottom, and the thing itself.
_TONES: dict[str, tuple[Color, Color, Color]] = {
    "green": ((238, 244, 230), (203, 221, 188), (104, 142, 86)),
    "moss": ((240, 242, 226), (212, 216, 180), (128, 138, 72)),
    "rust": ((248, 236, 228), (230, 196, 176), (150, 78, 54)),
    "gold": ((250, 244, 226), (236, 214, 164), (190, 142, 62)),
    "amber": ((250, 240, 226), (234, 202, 160), (172, 104, 46)),
    "teal": ((230, 242, 240), (176, 210, 206), (58, 118, 116)),
    "silver": ((246, 246, 244), (216, 218, 218), (150, 156, 160)),
    "celadon": ((236, 244, 240), (190, 216, 206), (122, 166, 152)),
    "ink": ((238, 236, 234), (186, 182, 180), (56, 54, 60)),
    "sand": ((248, 242, 232), (226, 210, 186), (168, 138, 102)),
    "blue": ((236, 241, 248), (188, 204, 226), (70, 102, 158)),
    "indigo": ((234, 236, 244), (178, 184, 210), (62, 72, 122)),
}


def drawn(name: str) -> str:
    """Return the stored name of a picture, in its sizes; stored first where it is missing.

    Its folder ends with the hash of the drawing, so that nothing is worked out where the files are there.
    """
    content = (DRAWINGS / f"{name}.webp").read_bytes()
    place = f"demo/{name}/{sha256(content).hexdigest()[:32]}"
    full = f"{place}/{stored.Size.FULL}.jpg"
    if not default_storage.exists(full):
        with Image.open(BytesIO(content)) as image:
            stored.put(child.sized(image.convert("RGB")), place=place)
    return full


def draw(name: str, *, shape: str, tone: str, turn: int = 0) -> None:
    """Draw a picture and keep it among the drawings, where somebody changed a shape or added a product.

    ``turn`` shifts the sun behind the thing and the background's light, so that pictures of one product differ.
    """
    path = DRAWINGS / f"{name}.webp"
    path.parent.mkdir(parents=True, exist_ok=True)
    _picture(shape, _TONES[tone], turn).save(path, "WEBP", quality=84, method=6)


def _picture(shape: str, tone: tuple[Color, Color, Color], turn: int) -> Image.Image:
    """Draw at twice the size and shrink: smooth edges without a drawing library."""
    top, bottom, body = tone
    if turn % 2:
        top, bottom = bottom, top
    side = SIZE * 2
    canvas = _gradient(top, bottom, side)
    _lay(canvas, _sun(side, turn), _mixed(body, (255, 255, 255), 62), 150)
    _lay(canvas, _shadow(side), _mixed(body, (0, 0, 0), 60), 90)
    pen = ImageDraw.Draw(canvas)
    palette = shapes.Palette(
        body=body, dark=_mixed(body, (0, 0, 0), 24), light=_mixed(body, (255, 255, 255), 38), pale=top
    )
    shapes.SHAPES[shape](shapes.Pencil(pen, side), palette)
    return canvas.resize((SIZE, SIZE), Image.Resampling.LANCZOS)


def _gradient(top: Color, bottom: Color, side: int) -> Image.Image:
    mask = Image.linear_gradient("L").resize((side, side))
    return Image.composite(Image.new("RGB", (side, side), bottom), Image.new("RGB", (side, side), top), mask)


def _lay(canvas: Image.Image, mask: Image.Image, color: Color, strength: int) -> None:
    """Paint a color through a mask at a strength of 0 … 255."""
    canvas.paste(color, (0, 0), mask.point([level * strength // 255 for level in range(256)]))


def _sun(side: int, turn: int) -> Image.Image:
    mask = Image.new("L", (side, side), 0)
    left = side * (30 + 18 * (turn % 3)) // 100
    ImageDraw.Draw(mask).ellipse((left, side * 14 // 100, left + side // 2, side * 64 // 100), fill=255)
    return mask


def _shadow(side: int) -> Image.Image:
    """A blurred ellipse under the thing; blurred small and enlarged, which is quick."""
    small = side // 8
    mask = Image.new("L", (small, small), 0)
    box = (small * 20 // 100, small * 78 // 100, small * 80 // 100, small * 86 // 100)
    ImageDraw.Draw(mask).ellipse(box, fill=255)
    return mask.filter(ImageFilter.GaussianBlur(small // 40)).resize((side, side), Image.Resampling.BICUBIC)


def _mixed(color: Color, other: Color, percent: int) -> Color:
    red, green, blue = (
        (mine * (100 - percent) + its * percent) // 100 for mine, its in zip(color, other, strict=True)
    )
    return red, green, blue
