"""Pictures that members send: asked for first, one at a time, only so many, and kept while somebody shows them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from PIL import Image

from apps.content.models import ReviewRules
from apps.members import handlers
from apps.members.models import Member, Upload
from apps.members.services import consents, profile, uploads
from apps.members.services.consents import ConsentRequired
from apps.pictures import drawing, stored
from mall.errors import NotFound
from mall.events import ConsentWithdrawn
from tests.apps.content import make
from tests.apps.content.make import DAY, NOW
from tests.apps.members import make as members
from tests.apps.pictures import make as draw
from tests.conftest import Shopper

pytestmark = pytest.mark.django_db

ShopperOf = Callable[[Member], Shopper]
HERE = "http://127.0.0.1:8000/media/"


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def sent(member: Member, content: bytes = b"", *, purpose: str = "review", at: Any = NOW) -> Upload:
    return uploads.upload(
        member=member, content=content or draw.picture(), purpose=purpose, per_day=50, at=at
    )


def file(content: bytes = b"") -> SimpleUploadedFile:
    """What wx.uploadFile sends of the temporary file that chooseAvatar gives."""
    return SimpleUploadedFile("tmp_abc.jpg", content or draw.picture())


def wears(me: Shopper, content: bytes = b"") -> Any:
    return me.post("/api/v1/me/avatar", {"file": file(content)}, format="multipart")


def name_of(url: str) -> str:
    return stored.name_at(url) or ""


def test_a_picture_is_kept_upright_without_its_place_and_without_what_hid_behind_it() -> None:
    hidden = b"<script>alert(1)</script>PK\x03\x04"
    content = draw.picture(exif=draw.on_its_side(), comment=hidden) + hidden
    picture = sent(make.member(), content)
    assert (picture.width, picture.height) == (30, 40)
    for size in stored.Size:
        with default_storage.open(stored.sized(picture.file, size)) as kept:
            whole = kept.read()
        assert hidden not in whole
        assert (Image.open(BytesIO(whole)).format, dict(Image.open(BytesIO(whole)).getexif())) == ("JPEG", {})


def test_two_members_who_send_the_same_picture_have_a_file_each() -> None:
    one, two = sent(make.member()), sent(make.member("小茶"))
    assert one.file != two.file
    with pytest.raises(NotFound):
        uploads_taken(two.member, one.public_id)


def uploads_taken(member: Member, public_id: str, purpose: str = "review") -> list[Upload]:
    with transaction.atomic():
        return uploads.take(member=member, public_ids=[public_id], purpose=purpose, at=NOW)


def test_a_picture_is_used_for_what_it_was_sent_for_and_once() -> None:
    member = make.member()
    picture = sent(member, purpose="after_sale")
    with pytest.raises(NotFound):
        uploads_taken(member, picture.public_id, "review")
    assert [one.file for one in uploads_taken(member, picture.public_id, "after_sale")] == [picture.file]
    with pytest.raises(NotFound):
        uploads_taken(member, picture.public_id, "after_sale")


def test_consent_and_the_days_number_are_asked_before_a_picture_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read: list[bytes] = []
    monkeypatch.setattr(drawing, "_asked", lambda content, recipe: read.append(content))
    members.privacy()
    with pytest.raises(ConsentRequired):
        sent(members.member(), draw.many_scans(200, side=64))
    with pytest.raises(uploads.TooManyPictures):
        uploads.upload(
            member=make.member("小茶"), content=draw.picture(), purpose="review", per_day=0, at=NOW
        )
    with pytest.raises(drawing.PictureTooLarge):
        sent(make.member("大茶"), b"x" * (5 * 1024 * 1024 + 1))
    assert (read, Upload.objects.count()) == ([], 0)


def test_what_cost_work_counts_for_the_day_and_what_is_no_picture_does_not() -> None:
    member = make.member()
    for content, refusal in (
        (b"no picture", drawing.PictureUnreadable),
        (draw.picture("PNG", size=(400, 400))[:300], drawing.PictureBroken),
        (draw.many_scans(200, side=64), drawing.PictureTooComplex),
    ):
        with pytest.raises(refusal):
            sent(member, content)
    assert Upload.objects.filter(member=member, file="", ended_at=NOW).count() == 2
    with pytest.raises(uploads.TooManyPictures):
        uploads.upload(member=member, content=draw.picture(), purpose="review", per_day=2, at=NOW)


def test_one_picture_of_a_member_at_a_time_and_whoever_was_cut_off_goes_on_after_a_minute() -> None:
    member, other = make.member(), make.member("小茶")
    Upload.objects.create(public_id="A" * 24, member=member, purpose="review", uploaded_at=NOW)
    with pytest.raises(uploads.PictureInProgress) as told:
        sent(member, at=NOW + timedelta(seconds=59))
    assert told.value.details == {"retry_after": 1}
    assert sent(other).file
    assert sent(member, at=NOW + timedelta(seconds=60)).file


def test_consent_that_is_taken_back_while_a_picture_is_drawn_keeps_it_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    member = make.member()
    ours = drawing.drawn

    def drawn(content: bytes, **how: Any) -> Any:
        consents.withdraw(member=member, document="privacy", at=NOW)
        return ours(content, **how)

    monkeypatch.setattr(drawing, "drawn", drawn)
    with pytest.raises(ConsentRequired):
        sent(member)
    assert (Upload.objects.get().file, list(Path(default_storage.location).rglob("*.jpg"))) == ("", [])


def test_so_many_pictures_a_shanghai_day_and_no_more() -> None:
    ReviewRules.objects.create(pk=1, pictures_per_day=2)
    member = make.member()
    for _ in range(2):
        make.picture(member)
    with pytest.raises(uploads.TooManyPictures):
        make.picture(member)
    assert make.picture(make.member("小茶"))
    # It is noon: tomorrow begins in twelve hours.
    with pytest.raises(uploads.TooManyPictures):
        make.picture(member, at=NOW + timedelta(hours=11, minutes=59))
    assert make.picture(member, at=NOW + timedelta(hours=12))


def test_a_picture_that_nothing_took_is_gone_after_a_day() -> None:
    member = make.member()
    used, unused = make.picture(member), make.picture(member)
    make.written(member, pictures=(used.public_id,))
    assert uploads.forget_unused(at=NOW + DAY - timedelta(seconds=1)) == 0
    assert uploads.forget_unused(at=NOW + DAY) == 1
    assert list(Upload.objects.all()) == [used]
    assert (default_storage.exists(used.file), default_storage.exists(unused.file)) == (True, False)


def test_the_sweep_asks_everybody_who_shows_pictures_before_it_deletes_one() -> None:
    """Rows that should say that they are taken, and do not: whoever shows the picture has the last word."""
    member = make.member()
    shown = [sent(member) for _ in range(4)]
    review = make.written(member, pictures=(shown[0].public_id,))
    line = review.line
    cup = line.sku.product
    cup.detail_html = f'<p><img src="/media/{stored.sized(shown[1].file, stored.Size.PAGE)}"></p>'
    cup.cover = shown[2].file
    cup.save()
    Member.objects.filter(pk=member.pk).update(avatar_url=stored.address(shown[3].file, stored.Size.LIST))
    unused = sent(member)
    Upload.objects.update(taken_at=None)
    assert uploads.forget_unused(at=NOW + DAY) == 1
    assert [default_storage.exists(one.file) for one in (*shown, unused)] == [True] * 4 + [False]
    assert set(Upload.objects.values_list("taken_at", flat=True)) == {NOW + DAY}


def test_what_choose_avatar_gives_becomes_the_avatar_and_stays(shopper_of: ShopperOf) -> None:
    member = make.member()
    me = shopper_of(member)
    answer = wears(me)
    url = answer.json()["avatar_url"]
    assert (answer.status_code, set(answer.json())) == (200, {"avatar_url"})
    assert url.startswith(f"{HERE}avatars/") and url.endswith("/list.jpg")
    assert me.call("GET", "/me").json()["avatar_url"] == url
    assert uploads.forget_unused(at=Upload.objects.get().uploaded_at + 30 * DAY) == 0
    assert default_storage.exists(url.removeprefix(HERE))
    # What is kept is the name, so that a new domain or a CDN changes no row.
    assert Member.objects.filter(avatar_url=url).count() == 1
    assert Member.objects.extra(where=["avatar_url LIKE 'avatars/%%'"]).count() == 1


def test_a_new_avatar_takes_the_place_of_the_old_one_whose_file_goes(shopper_of: ShopperOf) -> None:
    me = shopper_of(make.member())
    first = wears(me).json()["avatar_url"]
    second = wears(me, draw.picture(color=(200, 30, 30))).json()["avatar_url"]
    assert first != second
    later = Upload.objects.latest("pk").uploaded_at + DAY
    assert uploads.forget_unused(at=later) == 1
    assert [default_storage.exists(name_of(url)) for url in (first, second)] == [False, True]
    assert me.call("PATCH", "/me", {"avatar_url": ""}).json()["avatar_url"] == ""
    assert uploads.forget_unused(at=later) == 1
    assert not default_storage.exists(name_of(second))


def test_a_picture_that_was_sent_by_the_other_door_can_be_the_avatar_and_is_not_swept(
    shopper_of: ShopperOf,
) -> None:
    me = shopper_of(make.member())
    form = {"file": file(), "purpose": "avatar"}
    picture = me.post("/api/v1/me/pictures", form, format="multipart").json()
    worn = me.call("PATCH", "/me", {"avatar_url": picture["url"]})
    assert worn.json()["avatar_url"] == picture["url"].replace("page.jpg", "list.jpg")
    # Said once more, as a form sends it back, it changes nothing.
    again = me.call("PATCH", "/me", {"avatar_url": worn.json()["avatar_url"], "nickname": "大茶"})
    assert (again.status_code, again.json()["nickname"]) == (200, "大茶")
    assert uploads.forget_unused(at=Upload.objects.get().uploaded_at + 2 * DAY) == 0


def test_nobody_wears_anothers_picture_or_one_from_elsewhere(shopper_of: ShopperOf) -> None:
    theirs = wears(shopper_of(make.member("小茶"))).json()["avatar_url"]
    unused = sent(make.member("大茶"))
    mine = make.member()
    me = shopper_of(mine)
    for url in (theirs, stored.address(unused.file), f"/media/{unused.file}", "https://evil.example/a.png"):
        answer = me.call("PATCH", "/me", {"avatar_url": url, "nickname": "改了"})
        assert (answer.status_code, list(answer.json()["details"])) == (400, ["avatar_url"])
    mine.refresh_from_db()
    assert (mine.avatar_url, mine.nickname) == ("", "林小满")


def test_the_doors_of_pictures_say_what_they_do_not_take(shopper_of: ShopperOf) -> None:
    members.privacy()
    stranger, me = shopper_of(members.member()), shopper_of(make.member())
    assert (wears(stranger).status_code, wears(stranger).json()["code"]) == (403, "consent_required")
    assert wears(me, b"no picture").json()["code"] == "picture_unreadable"
    assert wears(me, draw.many_scans(200, side=64)).json()["code"] == "picture_too_complex"
    wrong = me.post("/api/v1/me/pictures", {"file": file(), "purpose": "ransom"}, format="multipart")
    assert (wrong.status_code, list(wrong.json()["details"])) == (400, ["purpose"])
    assert me.call("GET", "/me").json()["avatar_url"] == ""


def test_whoever_comes_while_pictures_are_being_drawn_is_told_when_to_come_again(
    shopper_of: ShopperOf,
) -> None:
    me = shopper_of(make.member())
    held = [drawing._AT_THE_DOOR.acquire(blocking=False) for _ in range(2)]
    try:
        answer = wears(me)
    finally:
        for _ in held:
            drawing._AT_THE_DOOR.release()
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (503, "pictures_busy", "1")
    assert wears(me).status_code == 200


def test_avatars_have_a_days_number_of_their_own() -> None:
    ReviewRules.objects.create(pk=1, pictures_per_day=1)
    member = make.member()
    make.picture(member)
    for _ in range(uploads.AVATARS_PER_DAY):
        profile.wear(member=member, content=draw.picture(), at=NOW)
    with pytest.raises(uploads.TooManyPictures):
        profile.wear(member=member, content=draw.picture(), at=NOW)


def test_taking_consent_back_deletes_the_avatar_and_what_nothing_took() -> None:
    member, other = make.member(), make.member("小茶")
    profile.wear(member=member, content=draw.picture(), at=NOW)
    profile.wear(member=other, content=draw.picture(), at=NOW)
    unused, used = sent(member), make.picture(member)
    make.written(member, pictures=(used.public_id,))
    avatar = Upload.objects.get(member=member, purpose="avatar").file
    consents.withdraw(member=member, document="privacy", at=NOW)
    for _ in range(2):  # the news may come twice
        news = ConsentWithdrawn(member_id=member.pk, document="privacy")
        handlers.erase_pictures_on_consent_withdrawn(news, at=NOW)
    assert [default_storage.exists(name) for name in (avatar, unused.file, used.file)] == [False, False, True]
    assert Member.objects.get(pk=member.pk).avatar_url == ""
    assert default_storage.exists(Upload.objects.get(member=other).file)


def test_an_address_of_wechats_own_from_former_days_is_shown_as_it_was(shopper_of: ShopperOf) -> None:
    old = "https://thirdwx.qlogo.cn/mmopen/vi_32/abc/132"
    me = shopper_of(make.member(avatar_url=old))
    assert me.call("GET", "/me").json()["avatar_url"] == old
    assert me.call("PATCH", "/me", {"nickname": "大茶", "avatar_url": old}).status_code == 200
    assert wears(me).status_code == 200
