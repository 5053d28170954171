"""Pictures drawn anew: what phones show, in the colours that were meant, and never at the price of the shop."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from PIL import Image

from apps.pictures import child, drawing
from apps.pictures.drawing import MEMBERS, OPERATORS
from tests.apps.pictures import make


def drawn(content: bytes) -> bytes:
    """The full size, as the shop draws what an operator uploads; drawn here, not in a process of its own."""
    picture = child.draw(content, OPERATORS)
    return picture.files[f"full.{picture.kind}"]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "JPEG2000", "AVIF"])
def test_every_kind_that_operators_have_becomes_what_phones_show(kind: str) -> None:
    shown = drawn(make.picture(kind))
    assert make.opened(shown).format == "JPEG"
    assert make.near(make.middle(shown), (9, 200, 30))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_picture_stands_upright_and_says_nothing_of_where_it_was_taken(kind: str) -> None:
    content = make.picture(kind, exif=make.on_its_side())
    for file in child.draw(content, OPERATORS).files.values():
        shown = make.opened(file)
        assert (shown.size, dict(shown.getexif()), shown.info.get("icc_profile")) == ((30, 40), {}, None)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_red_of_display_p3_keeps_its_colour(kind: str) -> None:
    # P3 (200, 80, 60) is this red in sRGB; taken for sRGB as it stands, the cup would be paler.
    content = make.picture(kind, (200, 80, 60), icc_profile=make.display_p3())
    assert make.near(make.middle(drawn(content)), (216, 69, 51))


def test_a_profile_that_does_not_fit_the_picture_is_not_believed() -> None:
    grey = make.picture("JPEG", 100, mode="L", icc_profile=make.display_p3())
    assert make.middle(drawn(grey)) == (100, 100, 100)
    assert make.near(make.middle(drawn(make.picture(icc_profile=b"no profile"))), (9, 200, 30))


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_a_picture_for_print_becomes_one_for_phones(kind: str) -> None:
    red = make.picture(kind, (0, 255, 255, 0), mode="CMYK")
    assert make.near(make.middle(drawn(red)), (254, 0, 0))


@pytest.mark.parametrize(("kind", "mode"), [("PNG", "I;16"), ("TIFF", "I;16"), ("TIFF", "I")])
def test_grey_of_16_bits_does_not_turn_white(kind: str, mode: str) -> None:
    image = Image.new(mode, (40, 30), 32_768)
    image.putpixel((0, 0), 65_535)
    assert make.near(make.middle(drawn(make.written(image, kind))), (127, 127, 127))


def test_what_is_transparent_stays_so_for_operators_and_is_white_for_members() -> None:
    logo = make.picture("PNG", (255, 0, 0, 0), mode="RGBA")
    ours = child.draw(logo, OPERATORS)
    assert (ours.kind, set(ours.files)) == ("webp", {"list.webp", "page.webp", "full.webp"})
    assert make.middle(ours.files["full.webp"])[3] == 0
    assert make.middle(child.draw(logo, MEMBERS).files["full.jpg"]) == (255, 255, 255)
    half_grey = make.picture("PNG", (100, 128), mode="LA")
    assert make.middle(child.draw(half_grey, OPERATORS).files["full.webp"]) == (100, 100, 100, 128)


def test_a_picture_of_48_million_pixels_has_a_size_for_lists_for_pages_and_to_look_closely() -> None:
    picture = child.draw(make.picture(size=(8064, 6048)), OPERATORS)
    sides = {name: make.opened(content).width for name, content in picture.files.items()}
    assert sides == {
        "list.jpg": 480,
        "list.jpg.webp": 480,
        "page.jpg": 1080,
        "page.jpg.webp": 1080,
        "full.jpg": 2048,
    }
    assert (picture.width, picture.height) == (2048, 1536)
    assert list(picture.files)[-1] == "full.jpg"


def test_a_small_picture_is_not_blown_up() -> None:
    sizes = {make.opened(content).size for content in child.draw(make.picture(), OPERATORS).files.values()}
    assert sizes == {(40, 30)}


def test_of_an_animation_the_first_picture_is_kept() -> None:
    frames = [Image.new("RGB", (40, 30), color) for color in ("red", "blue")]
    moving = make.written(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert make.near(make.middle(drawn(moving)), (254, 0, 0))


def test_scans_are_counted_without_decoding() -> None:
    assert child.scans(make.picture()) == 1
    assert child.scans(make.picture(progressive=True)) == 10
    assert child.scans(make.many_scans(500, side=64)) == 509
    # Bytes that look like a marker within a segment, and what comes after the end, are none.
    assert child.scans(make.picture(comment=b"\xff\xda" * 50) + b"\xff\xda" * 50) == 1
    assert child.scans(b"\xff\xd8" + b"\xff" * 50) == 0


def test_a_picture_of_thousands_of_scans_is_refused_before_it_is_decoded() -> None:
    # As found: 25 million pixels, some 200 KB, 23 s of computing. Ten scans are what every progressive JPEG has.
    bomb = make.many_scans(5000)
    assert len(bomb) < 1_000_000
    begun = time.process_time()
    with pytest.raises(child.Refused) as refused:
        child.draw(bomb, MEMBERS)
    assert refused.value.fault == "too_complex"
    assert time.process_time() - begun < 1
    assert child.draw(make.many_scans(20, side=500), MEMBERS).width == 500


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"", drawing.PictureUnreadable),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", drawing.PictureUnreadable),
        (make.picture("BMP"), drawing.PictureUnreadable),
        (make.picture("PNG")[:60], drawing.PictureBroken),
        (b"\0\0\0\x18ftypheic\0\0\0\0", drawing.PictureUnreadable),
        (make.written(Image.new("1", (5001, 5000)), "PNG"), drawing.PictureTooLarge),
        (make.many_scans(200, side=64), drawing.PictureTooComplex),
        (make.picture() + b"\0" * 5 * 1024 * 1024, drawing.PictureTooLarge),
    ],
    ids=["nothing", "svg", "bmp", "half a png", "heic", "25 million and some pixels", "200 scans", "5 MB"],
)
def test_what_members_may_not_send_is_refused_by_name(content: bytes, refusal: type[Exception]) -> None:
    with pytest.raises(refusal) as told:
        drawing.draw(content, recipe=MEMBERS)
    assert type(told.value) is refusal


def test_a_child_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    # The picture is honest; the second that it may take is not enough even to start.
    monkeypatch.setattr(drawing, "_WALL_SECONDS", 0.01)
    with pytest.raises(drawing.PictureTooComplex):
        drawing.draw(make.picture(), recipe=MEMBERS)


def test_a_child_that_computes_too_long_is_ended_by_the_system() -> None:
    # Were scans not counted: some seconds of work against RLIMIT_CPU of one.
    busy = child.Recipe(
        kinds=("JPEG",), most_pixels=10**9, most_scans=10**9, cpu_seconds=1, transparent=False
    )
    with pytest.raises(drawing.PictureTooComplex):
        drawing.draw(make.many_scans(3000), recipe=busy)


def test_the_child_sees_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    ours = drawing.subprocess.run

    def run(program: list[str], **how: Any) -> Any:
        seen.append((program, how))
        return ours(program, **how)

    monkeypatch.setattr(drawing.subprocess, "run", run)
    drawing.draw(make.picture(), recipe=MEMBERS)
    ((program, how),) = seen
    assert set(how["env"]) == {"PATH"}
    assert program[1:3] == ["-I", "-B"]


def test_two_threads_of_a_process_are_about_pictures_at_most_and_the_third_comes_again() -> None:
    inside, leave = threading.Event(), threading.Event()
    told: list[str] = []

    def hold() -> None:
        with drawing.turn():
            inside.set()
            leave.wait(10)

    def wait() -> None:
        with drawing.turn():
            told.append("in turn")

    first, second = threading.Thread(target=hold), threading.Thread(target=wait)
    first.start()
    assert inside.wait(10)
    second.start()
    for _ in range(1000):  # until the second one waits
        if not drawing._AT_THE_DOOR._value:
            break
        leave.wait(0.01)
    with pytest.raises(drawing.PicturesBusy) as busy, drawing.turn():
        pass
    assert busy.value.details == {"retry_after": 1}
    leave.set()
    first.join(10)
    second.join(10)
    assert told == ["in turn"]
    with drawing.turn():
        pass
