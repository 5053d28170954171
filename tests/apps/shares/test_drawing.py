"""Making codes and posters: what they say, what happens while WeChat is away or says no, who may make them."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
import segno
from django.core.files.storage import default_storage
from django.db import transaction
from PIL import Image

from apps.base.transactions import NoTransaction
from apps.catalog.models import Product
from apps.shares import poster
from apps.shares import services as shares
from apps.shares.cards import Card
from apps.shares.services import drawing
from apps.wechat.sandbox.control import Sandbox
from tests.apps.shares import make
from tests.apps.shares.make import NOW

CODE = "/wxa/getwxacodeunlimit"
SECOND = timedelta(seconds=1)


def card(**said: Any) -> Card:
    return Card(**{"subject": "1", "title": "手工陶瓷茶杯", "query": {"id": "1"}, **said})


def test_a_price_is_printed_with_its_day_and_the_offer_with_its_end():
    told = poster.words(card(price_fen=99_00, price_label="底价", until=NOW + timedelta(days=2)), at=NOW)
    assert told == poster.Words(("手工陶瓷茶杯",), "¥99.00", "11月28日 底价", "11月30日 10:00 截止")
    assert poster.words(card(price_fen=50_00), at=NOW).price_day == "11月28日 价格"
    assert poster.words(card(until=NOW + timedelta(days=60)), at=NOW).until == "2027年1月27日 10:00 截止"
    late = poster.words(card(price_fen=50_00), at=NOW + timedelta(hours=14))
    assert late.price_day == "11月29日 价格"


def test_what_has_no_price_says_none():
    assert poster.words(card(), at=NOW) == poster.Words(("手工陶瓷茶杯",), "", "", "")


def test_a_long_title_ends_in_an_ellipsis_and_signs_without_a_letter_are_left_out():
    told = poster.words(card(title="春" * 80), at=NOW).title
    assert (len(told), told[2].endswith("…"), "".join(told).count("春") < 80) == (3, True, True)
    assert poster.words(card(title="茶杯🍵 Long jing\u200d 新茶"), at=NOW).title == ("茶杯 Long jing 新茶",)


@pytest.mark.parametrize("sign", ["茶", "镕", "喆", "囧", "A", "é", "¥", "·", "「", "㎡"])
def test_the_font_has_what_titles_are_written_with(sign: str):
    assert poster.printable(sign) == sign


def test_a_card_looks_different_once_a_day_only_where_it_has_a_price():
    priced, plain = card(price_fen=1), card()
    tomorrow = NOW + timedelta(days=1)
    assert priced.sign(at=NOW) == priced.sign(at=NOW + timedelta(hours=13))
    assert priced.sign(at=NOW) != priced.sign(at=tomorrow)
    assert plain.sign(at=NOW) == plain.sign(at=tomorrow)
    assert card(title="青瓷茶杯").sign(at=NOW) != plain.sign(at=NOW)


def test_a_poster_has_the_picture_above_and_the_code_below():
    held = BytesIO()
    segno.make("a").save(held, kind="png", scale=10)
    drawn = poster.draw(
        card(price_fen=50_00, until=NOW),
        code=held.getvalue(),
        picture=make.picture("#ff0000").read(),
        at=NOW,
    )
    with Image.open(BytesIO(drawn)) as sheet:
        assert (sheet.format, sheet.size) == ("JPEG", (750, 1080))
        pixel = sheet.getpixel((375, 375))
        assert isinstance(pixel, tuple)
        assert (pixel[0] > 240, pixel[1] < 20) == (True, True)
        dark = sheet.crop((490, 790, 710, 1010)).convert("L").point(lambda level: level < 100)
        assert dark.histogram()[1] > 5_000


@pytest.mark.django_db
def test_what_wechat_cannot_do_now_is_made_later_and_sooner_when_it_is_shared_again(wechat: Sandbox):
    owner, thing = make.member(), make.cup()
    share = make.share(owner, thing)
    wechat.fault("errcode", path=CODE, errcode=45009, times=10)
    at = NOW
    for _ in range(8):
        assert shares.draw(share_id=share.pk, at=at)
        share.refresh_from_db()
        assert (share.code_file, "45009" in share.fault) == ("", True)
        assert share.due_at is not None
        at = share.due_at
    assert not shares.draw(share_id=share.pk, at=share.due_at - SECOND)
    wechat.clear_faults()
    again = make.share(owner, thing, at=share.due_at - timedelta(seconds=100))
    assert shares.draw_due(at=again.due_at or at) == 1
    share.refresh_from_db()
    assert (share.is_made, share.fault, share.due_at, share.tries) == (True, "", None, 0)


@pytest.mark.django_db
def test_a_share_whose_maker_died_is_made_by_another_after_a_minute(wechat: Sandbox):
    share = make.share()
    assert drawing._taken(share.pk, at=NOW) is not None
    assert not shares.draw(share_id=share.pk, at=NOW + 59 * SECOND)
    assert shares.draw(share_id=share.pk, at=NOW + 60 * SECOND)
    share.refresh_from_db()
    assert share.is_made


@pytest.mark.django_db
def test_a_thing_that_is_gone_is_not_drawn_until_it_is_shared_again(wechat: Sandbox):
    thing = make.cup()
    share = make.share(thing=thing)
    Product.objects.filter(pk=thing.pk).update(on_sale=False)
    shares.draw(share_id=share.pk, at=NOW)
    share.refresh_from_db()
    assert (share.is_made, share.due_at, share.fault) == (False, None, "分享的内容不存在或暂不可见")


@pytest.mark.django_db
def test_a_new_poster_takes_the_place_of_the_old_one(wechat: Sandbox):
    owner, thing = make.member(), make.cup()
    shares.draw(share_id=make.share(owner, thing).pk, at=NOW)
    old = make.share(owner, thing).poster_file
    Product.objects.filter(pk=thing.pk).update(price_fen=1_00)
    share = make.share(owner, thing, at=NOW + make.MINUTE)
    shares.draw_due(at=NOW + make.MINUTE)
    share.refresh_from_db()
    assert (share.is_made, share.poster_file == old) == (True, False)
    assert (default_storage.exists(share.poster_file), default_storage.exists(old)) == (True, False)


@pytest.mark.django_db
def test_a_price_that_changes_while_the_poster_is_drawn_is_drawn_once_more(wechat: Sandbox):
    owner, thing = make.member(), make.cup()
    share = make.share(owner, thing)
    working = drawing._taken(share.pk, at=NOW)
    assert working is not None
    made = drawing._code(working)
    made |= drawing._poster(working, code_file=made["code_file"], at=NOW)
    Product.objects.filter(pk=thing.pk).update(price_fen=1_00)
    assert make.share(owner, thing, at=NOW + SECOND).due_at == working.due_at
    drawing._settle(working, made, fault="", until=working.due_at, at=NOW + 2 * SECOND)
    share.refresh_from_db()
    assert (share.is_made, share.due_at) == (False, NOW + 2 * SECOND)
    assert shares.draw(share_id=share.pk, at=NOW + 2 * SECOND)
    share.refresh_from_db()
    assert (share.is_made, len(wechat.calls(CODE))) == (True, 1)


@pytest.mark.django_db
def test_wechat_is_never_asked_inside_a_transaction():
    share = make.share()
    with pytest.raises(NoTransaction), transaction.atomic():
        shares.draw(share_id=share.pk, at=NOW)
