"""Has an uploaded picture read and drawn anew by a child process, within a budget; web threads stay free.

However it was made, a picture cannot hold the shop up: the child has so many seconds and so much memory, the
threads of a process that may wait for one are few, and what comes beyond that is asked to come again.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import BoundedSemaphore, Lock
from typing import Final

from apps.pictures import child
from apps.pictures.child import Drawing, Recipe
from mall.errors import Invalid, Kind, ShopError

MOST_BYTES: Final = 5 * 1024 * 1024
# libjpeg's own script makes 10 scans, careful encoders some more; each costs a pass over all pixels.
_MOST_SCANS: Final = 100
_CPU_SECONDS: Final = 8
# Less than gunicorn's 30 s: a machine that is busy otherwise takes longer than the child's own seconds.
_WALL_SECONDS: Final = 20
# A camera makes 12 million, a good one 48; decoded, three bytes each are held in memory.
MEMBERS: Final = Recipe(
    kinds=("JPEG", "PNG", "WEBP"),
    most_pixels=25_000_000,
    most_scans=_MOST_SCANS,
    cpu_seconds=_CPU_SECONDS,
    transparent=False,
)
OPERATORS: Final = Recipe(
    kinds=("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "JPEG2000", "AVIF"),
    most_pixels=50_000_000,
    most_scans=_MOST_SCANS,
    cpu_seconds=_CPU_SECONDS,
    transparent=True,
)
# One child a process, one more thread that waits for its turn; all other threads serve.
_AT_THE_DOOR: Final = BoundedSemaphore(2)
_TURN: Final = Lock()
_TURN_SECONDS: Final = 5


class PictureTooLarge(Invalid):
    """More than 5 MB, or more pixels than the door takes."""

    code = "picture_too_large"
    message = "图片不能超过 5 MB"


class PictureUnreadable(Invalid):
    """Not a picture of a kind that the door takes, or not readable to its end."""

    code = "picture_unreadable"
    message = "无法识别的图片，请上传 JPG、PNG 或 WebP 格式"


class PictureBroken(PictureUnreadable):
    """It began like a picture, and reading it has cost something before it failed."""


class PictureTooComplex(Invalid):
    """Reading it takes more work than any honest picture: thousands of scans, seconds of computing, all memory."""

    code = "picture_too_complex"
    message = "图片过于复杂，无法处理，请另存为普通 JPG 后上传"


class PicturesBusy(ShopError):
    """Other pictures are being read; ``details.retry_after`` says in how many seconds to come again."""

    code = "pictures_busy"
    message = "图片处理繁忙，请稍后重试"
    kind = Kind.UNAVAILABLE


def draw(content: bytes, *, recipe: Recipe, most_bytes: int = MOST_BYTES) -> Drawing:
    """Return the picture drawn anew: upright, in sRGB, in three sizes, with nothing in it but pixels.

    Raises PictureTooLarge, PictureUnreadable, PictureBroken, PictureTooComplex, PicturesBusy.
    """
    if len(content) > most_bytes:
        raise PictureTooLarge
    with turn():
        return drawn(content, recipe=recipe)


def drawn(content: bytes, *, recipe: Recipe) -> Drawing:
    """The same for whoever has the turn, and asked for the weight before."""
    return _read(_asked(content, recipe))


@contextmanager
def turn() -> Iterator[None]:
    """Keep the threads of this process that are about pictures few. Raises PicturesBusy."""
    if not _AT_THE_DOOR.acquire(blocking=False):
        raise PicturesBusy(details={"retry_after": 1})
    try:
        if not _TURN.acquire(timeout=_TURN_SECONDS):
            raise PicturesBusy(details={"retry_after": 2})
        try:
            yield
        finally:
            _TURN.release()
    finally:
        _AT_THE_DOOR.release()


def _asked(content: bytes, recipe: Recipe) -> bytes:
    """Return what the child says. It sees nothing of this process's environment, where the secrets are."""
    program = [sys.executable, "-I", "-B", str(Path(child.__file__)), recipe.as_json()]
    try:
        done = subprocess.run(  # noqa: S603 - our own program, the picture comes by a pipe
            program,
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_WALL_SECONDS,
            env={"PATH": os.defpath},
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise PictureTooComplex from late
    if (
        done.returncode < 0
    ):  # ended by the system: its seconds or its memory are used up, or a decoder crashed
        raise PictureTooComplex
    if done.returncode:
        raise PictureBroken
    return done.stdout


def _read(said: bytes) -> Drawing:
    """Return what the child drew. Raises what it refused with."""
    line, _, rest = said.partition(b"\n")
    head = json.loads(line)
    match head.get("fault"):
        case None:
            pass
        case "too_large":
            raise PictureTooLarge("图片尺寸过大")
        case "too_complex":
            raise PictureTooComplex
        case "broken":
            raise PictureBroken
        case "heic":
            raise PictureUnreadable("不支持 HEIC 格式，请先转为 JPG")
        case _:
            raise PictureUnreadable
    files: dict[str, bytes] = {}
    for name, length in head["files"].items():
        files[name], rest = rest[:length], rest[length:]
    return Drawing(head["width"], head["height"], head["kind"], files)
