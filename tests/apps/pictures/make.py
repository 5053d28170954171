"""Pictures for tests: of all kinds that phones, cameras, office programs and attackers make."""

from __future__ import annotations

import struct
from io import BytesIO
from typing import Any

from PIL import Image

Color = tuple[int, ...]


def picture(
    kind: str = "JPEG", color: Any = (9, 200, 30), size: tuple[int, int] = (40, 30), **how: Any
) -> bytes:
    """The bytes of a picture of one colour, wide enough to tell its sides apart."""
    mode = how.pop("mode", "RGB")
    return written(Image.new(mode, size, color), kind, **how)


def written(image: Image.Image, kind: str, **how: Any) -> bytes:
    held = BytesIO()
    image.save(held, kind, **how)
    return held.getvalue()


def opened(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content))


def middle(content: bytes) -> Color:
    """The colour in the middle of a picture."""
    image = opened(content)
    color = image.getpixel((image.width // 2, image.height // 2))
    assert isinstance(color, tuple)
    return color


def near(one: Color, other: Color, by: int = 4) -> bool:
    return len(one) == len(other) and all(abs(a - b) <= by for a, b in zip(one, other, strict=True))


def on_its_side() -> Image.Exif:
    """What a phone says of a picture that was taken upright: to be turned, and where it was taken."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[2] = (30.0, 15.0, 1.0)  # GPSLatitude
    return exif


def display_p3() -> bytes:
    """An ICC profile with the primaries of Display P3 (SMPTE EG 432-1) and the curve of sRGB, as iPhones embed it."""
    tags = [
        (b"wtpt", _xyz(0.9642, 1.0, 0.8249)),
        (b"rXYZ", _xyz(0.51512, 0.2412, -0.00105)),
        (b"gXYZ", _xyz(0.29198, 0.69225, 0.04189)),
        (b"bXYZ", _xyz(0.1571, 0.06657, 0.78407)),
        *((name, _curve()) for name in (b"rTRC", b"gTRC", b"bTRC")),
    ]
    table, content = struct.pack(">I", len(tags)), b""
    begins = 128 + 4 + 12 * len(tags)
    for name, body in tags:
        table += name + struct.pack(">II", begins + len(content), len(body))
        content += body
    length = 128 + len(table) + len(content)
    head = (
        struct.pack(">I4sI", length, b"\0" * 4, 0x04000000)
        + b"mntrRGB XYZ "
        + b"\0" * 12
        + b"acsp"
        + b"\0" * 28
    )
    return (head + _fixed(0.9642, 1.0, 0.8249)).ljust(128, b"\0") + table + content


def _fixed(*numbers: float) -> bytes:
    return b"".join(struct.pack(">i", round(number * 65536)) for number in numbers)


def _xyz(*numbers: float) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(*numbers)


def _curve() -> bytes:
    return b"para\0\0\0\0\0\x03\0\0" + _fixed(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def many_scans(scans: int, side: int = 5000) -> bytes:
    """A progressive JPEG of side² pixels that goes over them once more for each of so many scans: 25 bytes each."""
    plain = picture(size=(side, side), progressive=True)
    last = plain.rindex(b"\xff\xda")
    return plain[:last] + plain[last:-2] * scans + plain[-2:]
