"""The program that reads one picture and draws it anew, in a process of its own that may be killed at any moment.

``python child.py RECIPE`` takes the picture on standard input and writes one line of JSON, then the files that it
drew one after the other. It knows Pillow and nothing of the shop: no settings, no database, no secrets. Whoever only names
what it is told and answers (Recipe, Drawing) does not load Pillow: each function that draws does so itself.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL import Image

_WHITE: Final = (255, 255, 255)
# Of the longer side; what is smaller stays as it is. The full size comes last, which is the order of writing.
SIDES: Final[Mapping[str, int]] = {"list": 480, "page": 1080, "full": 2048}
_QUALITY: Final[Mapping[str, int]] = {"full": 84, "page": 82, "list": 80}
# Looked at in lists and on pages, where weight counts; the full size is opened one at a time.
_ALSO_WEBP: Final = ("page", "list")
_ALPHA: Final = ("RGBA", "LA", "PA", "RGBa", "La")
_SPACES: Final = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK"}
# Memory of the process: 50 million pixels of four bytes, twice, and what programs need.
_MEMORY: Final = 1536 * 1024 * 1024
# A mark is this part of the shorter side, and never too small to read.
_MARK_OF_SIDE: Final = (1, 22)
_MARK_LEAST: Final = 12
_MARK_INK: Final = (255, 255, 255, 190)
_MARK_EDGE: Final = (0, 0, 0, 120)
# 65535 becomes 255.
_FROM_16_BITS: Final = 257**-1


class Refused(Exception):
    """The picture is not drawn; ``fault`` is what the parent knows it by."""

    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self.fault = fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What may be read, and how much work it may be: kinds as Pillow names them, pixels, scans of a JPEG, seconds.

    ``transparent``: what is transparent stays so (the picture becomes WebP); else it becomes white. ``mark`` is written
    into the corner of each size, with the font file ``font``; none where it is empty.
    """

    kinds: Sequence[str]
    most_pixels: int
    most_scans: int
    cpu_seconds: int
    transparent: bool
    mark: str = ""
    font: str = ""

    def as_json(self) -> str:
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture drawn anew: its size in pixels, ``jpg`` or ``webp``, and its files by name, the full one last."""

    width: int
    height: int
    kind: str
    files: Mapping[str, bytes]


def draw(content: bytes, recipe: Recipe) -> Drawing:
    """Return a picture upright, in sRGB, in three sizes, with nothing in it but pixels. Raises Refused."""
    if _is_heic(content):
        raise Refused("heic")
    if content[:2] == b"\xff\xd8" and scans(content) > recipe.most_scans:
        raise Refused("too_complex")
    from PIL import Image  # -- here and below: 4 MB, which only this program's own process needs

    begun = False
    Image.MAX_IMAGE_PIXELS = None  # the recipe's own limit is asked right after
    try:
        with Image.open(BytesIO(content), formats=list(recipe.kinds)) as image:
            if image.width * image.height > recipe.most_pixels:
                raise Refused("too_large")
            begun = True
            return sized(_marked(_plain(image, transparent=recipe.transparent), recipe))
    except (Refused, MemoryError):
        raise
    except Exception as fault:
        # Decoders raise whatever their formats' libraries do: OSError, ValueError, SyntaxError, struct.error …
        raise Refused("broken" if begun else "unreadable") from fault


def sized(image: Image.Image) -> Drawing:
    """Return the files of an RGB picture (JPEG), or of an RGBA one (WebP), which is at most as large as the full size."""
    from PIL import Image

    kind = "webp" if image.mode == "RGBA" else "jpg"
    files: dict[str, bytes] = {}
    for size in SIDES:
        smaller = image.copy()
        smaller.thumbnail((SIDES[size], SIDES[size]), Image.Resampling.LANCZOS)
        name = f"{size}.{kind}"
        if size == "full" and max(image.size) <= SIDES["page"]:
            files[name] = files[f"page.{kind}"]
            continue
        files[name] = _written(smaller, kind, _QUALITY[size])
        if kind == "jpg" and size in _ALSO_WEBP:
            lighter = _written(smaller, "webp", _QUALITY[size])
            if len(lighter) < len(files[name]):
                files[f"{name}.webp"] = lighter
    return Drawing(image.width, image.height, kind, files)


def scans(content: bytes) -> int:
    """Return how often a JPEG goes over its pixels: each scan of a progressive one costs a pass over all of them.

    Counted from the markers (ITU-T T.81, B.1.1.2), without decoding anything, up to the end of the first image.
    """
    place, found = 2, 0
    while 0 <= (place := content.find(b"\xff", place)) < len(content) - 3:
        marker = content[place + 1]
        if marker == 0xD9:
            return found
        if marker == 0xFF:
            place += 1
        elif marker in (0x00, 0x01) or 0xD0 <= marker <= 0xD8:
            place += 2
        else:
            found += marker == 0xDA
            place += 2 + max(int.from_bytes(content[place + 2 : place + 4], "big"), 2)
    return found


def _plain(image: Image.Image, *, transparent: bool) -> Image.Image:
    """Return the first frame, small and upright, as RGB or RGBA in sRGB; nothing of the file's metadata is in it."""
    from PIL import Image, ImageOps

    full = SIDES["full"]
    image.draft(None, (2 * full, 2 * full))
    image.load()
    image = _eight_bits(image)
    image.thumbnail((full, full), Image.Resampling.LANCZOS, reducing_gap=3.0)
    ImageOps.exif_transpose(image, in_place=True)
    alpha = image.getchannel("A") if image.mode in ("RGBA", "LA") else None
    colours = _in_srgb(image)
    fresh = Image.new("RGB", image.size, _WHITE)
    if alpha is None or alpha.getextrema() == (255, 255):
        fresh.paste(colours)
    elif transparent:
        fresh.paste(colours)
        fresh.putalpha(alpha)
    else:
        fresh.paste(colours, (0, 0), alpha)
    return fresh


def _marked(image: Image.Image, recipe: Recipe) -> Image.Image:
    """Return the picture with the recipe's mark at its lower right, light with a dark edge, so that it shows on anything."""
    if not recipe.mark:
        return image
    from PIL import Image, ImageDraw, ImageFont

    size = max(_MARK_LEAST, min(image.size) * _MARK_OF_SIDE[0] // _MARK_OF_SIDE[1])
    font = ImageFont.truetype(recipe.font, size, layout_engine=ImageFont.Layout.BASIC)
    while font.getlength(recipe.mark) > image.width - size and size > 1:
        size -= 1
        font = ImageFont.truetype(recipe.font, size, layout_engine=ImageFont.Layout.BASIC)
    layer = Image.new("RGBA", image.size, (0, 0, 0, 0))
    place = (image.width - size // 2, image.height - size // 2)
    ImageDraw.Draw(layer).text(
        place,
        recipe.mark,
        font=font,
        anchor="rs",
        fill=_MARK_INK,
        stroke_width=max(1, size // 14),
        stroke_fill=_MARK_EDGE,
    )
    return Image.alpha_composite(image.convert("RGBA"), layer).convert(image.mode)


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return the picture in a mode of eight bits a channel; Pillow itself cuts 16-bit grey off at 255, which is white."""
    if image.mode.startswith("I;16"):
        return image.convert("I").point(lambda level: level * _FROM_16_BITS).convert("L")
    if image.mode in ("I", "F"):
        low, high = (float(level) for level in image.getextrema() if not isinstance(level, tuple))
        # As deep as it is: PNG's 16 bits come as "I", too; a TIFF may hold any numbers.
        top = 65535 if image.mode == "I" and low >= 0 and 255 < high <= 65535 else max(high, 1)
        return image.point(lambda level: level * (255 * top**-1)).convert("L")
    if image.mode in ("P", "1") or image.mode in _ALPHA:
        wanted = "RGBA" if image.mode in _ALPHA or "transparency" in image.info else "RGB"
        if image.mode == "LA":
            return image
        return image.convert("L" if image.mode == "1" else wanted)
    if "transparency" in image.info and image.mode in ("RGB", "L"):
        return image.convert("RGBA" if image.mode == "RGB" else "LA")
    return image


def _in_srgb(image: Image.Image) -> Image.Image:
    """Return the colours as sRGB means them, by the profile that the picture brings; without one they are sRGB."""
    from PIL import ImageCms

    bare = image.convert({"RGBA": "RGB", "LA": "L"}.get(image.mode, image.mode))
    profile = image.info.get("icc_profile")
    if profile and bare.mode in _SPACES:
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            if source.profile.xcolor_space.strip() == _SPACES[bare.mode]:
                bare.info.clear()
                moved = ImageCms.profileToProfile(
                    bare, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
                )
                if moved is not None:
                    return moved
    return bare.convert("RGB")


def _written(image: Image.Image, kind: str, quality: int) -> bytes:
    held = BytesIO()
    if kind == "webp":
        image.save(held, "WEBP", quality=quality, method=4)
    else:
        image.save(held, "JPEG", quality=quality, optimize=True, progressive=True)
    return held.getvalue()


def _is_heic(content: bytes) -> bool:
    """What iPhones keep, and no library here reads: ISO/IEC 23008-12 brands."""
    return content[4:8] == b"ftyp" and content[8:12] in (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"heim")


def _bounded(recipe: Recipe) -> None:
    """Have the system end this process when it takes more than the recipe allows; stay behind whoever serves."""
    resource.setrlimit(resource.RLIMIT_CPU, (recipe.cpu_seconds, recipe.cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(ValueError, OSError):  # macOS knows no such limit
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    os.nice(5)


def main() -> None:
    recipe = Recipe(**json.loads(sys.argv[1]))
    _bounded(recipe)
    out = sys.stdout.buffer
    try:
        drawn = draw(sys.stdin.buffer.read(), recipe)
    except Refused as refused:
        out.write(json.dumps({"fault": refused.fault}).encode() + b"\n")
        return
    except MemoryError:
        out.write(json.dumps({"fault": "too_complex"}).encode() + b"\n")
        return
    lengths = {name: len(content) for name, content in drawn.files.items()}
    head = {"width": drawn.width, "height": drawn.height, "kind": drawn.kind, "files": lengths}
    out.write(json.dumps(head).encode() + b"\n")
    for content in drawn.files.values():
        out.write(content)


if __name__ == "__main__":
    main()
