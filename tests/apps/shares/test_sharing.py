"""The doors of shares: a token for each thing, what can be shared, code and poster until they are made and after."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone
from PIL import Image

from apps.bargain.services import CAMPAIGNS as BARGAINS
from apps.catalog.models import Product
from apps.checkout import activities
from apps.flashsale.services import CAMPAIGNS as SESSIONS
from apps.groupbuy.services import CAMPAIGNS as GROUP_BUYS
from apps.members.models import Member
from apps.outbox import services as outbox
from apps.presale.services import CAMPAIGNS as PRESALES
from apps.shares import cards, poster, tokens
from apps.shares import services as shares
from apps.shares.models import Share
from apps.wechat.sandbox.control import Sandbox
from mall.money import yuan
from tests.apps.bargain import make as bargains
from tests.apps.checkout import make as counter
from tests.apps.flashsale import make as flash
from tests.apps.groupbuy import make as group_buys
from tests.apps.members import make as members
from tests.apps.presale import make as presales
from tests.apps.shares import make

pytestmark = pytest.mark.django_db
Shoppers = Callable[[Member], Any]
CODE = "/wxa/getwxacodeunlimit"


def fetched(url: str) -> Any:
    """What a phone gets that knows the address only."""
    parts = urlsplit(url)
    assert (parts.scheme in ("http", "https"), bool(parts.netloc)) == (True, True)
    return Client().get(f"{parts.path}?{parts.query}")


def test_a_share_is_made_once_and_its_token_stays_the_same(shopper_of: Shoppers):
    owner, thing = make.member(), make.cup()
    asked = {"kind": "product", "id": thing.pk}
    first = shopper_of(owner).call("POST", "/shares", asked)
    assert first.status_code == 200
    told = first.json()
    assert tokens.is_ours(told["token"])
    assert (told["kind"], told["id"], told["title"]) == ("product", thing.pk, "手工陶瓷茶杯")
    page = urlsplit(told["path"])
    assert page.path == "/pages/product/index"
    assert parse_qs(page.query) == {"id": [str(thing.pk)], "share_token": [told["token"]]}
    assert told["live_card"] is None
    again = shopper_of(owner).call("POST", "/shares", asked).json()
    other = shopper_of(make.member()).call("POST", "/shares", asked).json()
    assert again["token"] == told["token"] != other["token"]
    Product.objects.filter(pk=thing.pk).update(title="青瓷茶杯")
    assert shopper_of(owner).call("POST", "/shares", asked).json()["token"] == told["token"]
    assert Share.objects.filter(member=owner).count() == 1


def test_code_and_poster_are_promised_and_then_made(shopper_of: Shoppers, wechat: Sandbox):
    owner, thing = make.member(), make.cup(cover=make.picture())
    told = shopper_of(owner).call("POST", "/shares", {"kind": "product", "id": thing.pk}).json()
    for url in (told["code_url"], told["poster_url"]):
        waiting = fetched(url)
        assert (waiting.status_code, waiting["Retry-After"], waiting["Cache-Control"]) == (
            503,
            "2",
            "no-store",
        )
        assert waiting.json()["code"] == "share_picture_pending"
    outbox.deliver_due(at=timezone.now())
    for url in (told["code_url"], told["poster_url"]):
        made = fetched(url)
        assert (made.status_code, made["Content-Type"].startswith("image/")) == (200, True)
        assert "immutable" in made["Cache-Control"]
        with Image.open(BytesIO(b"".join(made.streaming_content))) as drawn:
            assert drawn.width >= 280
    assert told["image_url"].startswith("http")
    (asked,) = wechat.calls(CODE)
    assert f'"scene":"{told["token"]}"' in asked["request"]
    assert '"check_path":false' in asked["request"]


def test_a_thing_without_a_picture_is_shown_by_its_poster(shopper_of: Shoppers):
    thing = make.cup()
    Product.objects.filter(pk=thing.pk).update(cover="")
    told = shopper_of(make.member()).call("POST", "/shares", {"kind": "product", "id": thing.pk}).json()
    assert told["image_url"] == told["poster_url"]


@pytest.mark.parametrize(
    ("kind", "said", "status", "code"),
    [
        ("product", 999_999, 404, "share_not_found"),
        ("product", "1", 400, "invalid"),
        ("product", 2**70, 400, "invalid"),
        ("product", True, 400, "invalid"),
        ("product", None, 400, "invalid"),
        ("bargain", "BG261128NOBODYS", 404, "share_not_found"),
        ("bargain", 5, 400, "invalid"),
        ("bargain", "一", 400, "invalid"),
        ("bargain", "x" * 65, 400, "invalid"),
        ("group", "PT261128NOBODYS", 404, "share_not_found"),
        ("group", 5, 400, "invalid"),
        ("flash_sale", 999, 404, "share_not_found"),
        ("flash_sale", "3", 400, "invalid"),
        ("presale", 1, 404, "share_not_found"),
        ("article", 1, 404, "share_not_found"),
        ("page", "spring", 404, "share_not_found"),
        ("promoter", "me", 404, "share_not_found"),
        ("referral", 10**9, 404, "share_not_found"),
        ("coupon", 1, 400, "share_kind_unknown"),
        (7, 1, 400, "invalid"),
    ],
)
def test_what_cannot_be_shared_has_its_own_code(
    shopper_of: Shoppers, kind: Any, said: Any, status: int, code: str
):
    refused = shopper_of(make.member()).call("POST", "/shares", {"kind": kind, "id": said})
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert not Share.objects.exists()


def test_a_product_that_cannot_be_bought_is_not_shared(shopper_of: Shoppers):
    hidden = make.cup(on_sale=False)
    coming = make.cup(sale_starts_at=timezone.now() + timedelta(hours=1))
    for thing in (hidden, coming):
        refused = shopper_of(make.member()).call("POST", "/shares", {"kind": "product", "id": thing.pk})
        assert (refused.status_code, refused.json()["code"]) == (404, "share_not_found")


def test_sharing_needs_a_login(anyone: Any):
    assert anyone.call("POST", "/shares", {"kind": "product", "id": make.cup().pk}).status_code == 401


def test_a_pre_sale_is_shared_at_its_lowest_price(shopper_of: Shoppers, anyone: Any):
    row = presales.live()
    told = shopper_of(make.member()).call("POST", "/shares", {"kind": "presale", "id": row.pk}).json()
    assert told["title"] == "明前龙井预售"
    assert told["path"].startswith(f"/pages/presale/index?id={row.pk}&share_token=")


def test_a_run_of_a_bargain_is_shared_by_its_number(shopper_of: Shoppers, anyone: Any):
    now = timezone.now()
    run = bargains.run(bargains.bargain(starts_at=now - bargains.HOUR, ends_at=now + bargains.HOUR), at=now)
    told = shopper_of(run.member).call("POST", "/shares", {"kind": "bargain", "id": run.bargain_no}).json()
    assert (told["id"], told["title"]) == (run.bargain_no, "陶壶砍到99")
    assert told["path"].startswith(f"/pages/bargain/index?bargain_no={run.bargain_no}&share_token=")
    shown = anyone.call("GET", f"/shares/{told['token']}").json()
    assert {name: shown[name] for name in ("kind", "id", "path", "title", "image_url")} == {
        name: told[name] for name in ("kind", "id", "path", "title", "image_url")
    }


def test_a_scanned_code_tells_its_thing_to_anybody_and_a_made_up_one_nothing(anyone: Any):
    share = make.share(at=timezone.now())
    shown = anyone.call("GET", f"/shares/{share.token}").json()
    assert (shown["kind"], shown["id"], "token" in shown) == ("product", int(share.subject), False)
    for token in ("nonsense", tokens.fresh(), share.token[:-1] + ("a" if share.token[-1] != "a" else "b")):
        refused = anyone.call("GET", f"/shares/{token}")
        assert (refused.status_code, refused.json()["code"]) == (404, "share_not_found")
        for what in ("code", "poster"):
            assert Client().get(f"/share-pictures/{token}/{what}").status_code == 404
    Product.objects.update(on_sale=False)
    assert anyone.call("GET", f"/shares/{share.token}").status_code == 404


def test_another_price_or_another_day_has_another_poster_and_the_same_code(wechat: Sandbox):
    owner, thing = make.member(), make.cup()
    share = make.share(owner, thing)
    assert shares.draw(share_id=share.pk, at=make.NOW)
    share.refresh_from_db()
    code, poster = share.code_file, share.poster_file
    assert make.share(owner, thing, at=make.NOW + make.MINUTE).is_made
    Product.objects.filter(pk=thing.pk).update(price_fen=40_00)
    dearer = make.share(owner, thing, at=make.NOW + 2 * make.MINUTE)
    assert (dearer.is_made, dearer.poster_file) == (False, poster)
    waiting = Client().get(f"/share-pictures/{share.token}/poster")
    assert waiting.status_code == 503
    shares.draw_due(at=make.NOW + 3 * make.MINUTE)
    dearer.refresh_from_db()
    assert (dearer.is_made, dearer.code_file, dearer.poster_file == poster) == (True, code, False)
    assert not make.share(owner, thing, at=make.NOW + make.DAY).is_made
    assert len(wechat.calls(CODE)) == 1


def test_a_group_is_shared_by_its_number_and_its_card_follows_who_pays(shopper_of: Shoppers, wechat: Sandbox):
    now = timezone.now()
    buying = group_buys.campaign(counter.goods(), **group_buys.today())
    group = group_buys.opened(buying, at=now)
    told = shopper_of(group.leader).call("POST", "/shares", {"kind": "group", "id": group.group_no}).json()
    assert told["path"].startswith(
        f"/pages/group/index?id={buying.pk}&group_no={group.group_no}&share_token="
    )
    outbox.deliver_due(at=timezone.now())
    (card,) = wechat.activities()
    assert card["updates"] == 0
    group_buys.joined(group, at=now)
    outbox.deliver_due(at=timezone.now())
    (card,) = wechat.activities()
    assert (card["state"], card["parameters"]["member_count"]) == (0, "2")
    group_buys.joined(group, at=now)
    outbox.deliver_due(at=timezone.now())
    (card,) = wechat.activities()
    assert card["state"] == 1


def test_a_good_of_a_flash_sale_is_shared_until_its_session_ends(shopper_of: Shoppers):
    now = timezone.now()
    running = flash.good(starts_at=now - make.MINUTE, ends_at=now + make.DAY)
    over = flash.good(starts_at=now - 2 * make.MINUTE, ends_at=now - make.MINUTE, at=now - make.DAY)
    owner = shopper_of(make.member())
    told = owner.call("POST", "/shares", {"kind": "flash_sale", "id": running.pk}).json()
    assert told["path"].startswith(f"/pages/flash-sale/index?id={running.pk}&share_token=")
    refused = owner.call("POST", "/shares", {"kind": "flash_sale", "id": over.pk})
    assert (refused.status_code, refused.json()["code"]) == (404, "share_not_found")


def worded(kind: str, said: int | str, *, at: datetime) -> tuple[str, str, str]:
    """What the poster of a thing says of its price and its end."""
    told = poster.words(cards.find(cards.kind_of(kind), said, member_id=0, at=at), at=at)
    return told.price, told.price_day.partition(" ")[2], told.until


def test_a_group_is_shared_at_what_the_next_one_pays_and_a_full_one_at_no_price():
    row = group_buys.campaign(counter.goods(50_00), {1: 38_00, 3: 39_00, 4: 35_00})
    group = group_buys.opened(row)
    said = []
    for _ in range(3):
        said.append(worded("group", group.group_no, at=group_buys.NOW))
        group_buys.joined(group_buys.fresh(group))
    end = "3月2日 13:00 截止"
    assert said == [("¥39.00", "3 人团价", end), ("¥39.00", "3 人团价", end), ("¥35.00", "4 人团价", end)]
    assert worded("group", group.group_no, at=group_buys.NOW) == ("", "", "")


def test_a_group_whose_time_is_over_before_anybody_noticed_has_no_price():
    group = group_buys.opened(group_buys.campaign(counter.goods(50_00)))
    assert worded("group", group.group_no, at=group.ends_at) == ("", "", "")


def test_a_run_that_was_bought_or_is_over_has_no_price():
    over, bought = (bargains.run(bargains.bargain()) for _ in range(2))
    assert worded("bargain", over.bargain_no, at=bargains.NOW)[:2] == ("¥99.00", "底价")
    assert worded("bargain", over.bargain_no, at=over.ends_at) == ("", "", "")
    ticket = activities.read({"kind": "bargain", "id": bought.bargain_no})
    who = (bought.member, members.address(bought.member))
    counter.order(*who, [(bought.bargain.sku, 1)], activity=ticket, at=bargains.NOW)
    assert worded("bargain", bought.bargain_no, at=bargains.NOW) == ("", "", "")


@pytest.mark.parametrize("move", ["pause", "stop"])
def test_what_nobody_can_order_now_is_shown_without_its_price_or_not_at_all(move: str):
    sale, run = presales.presale(), bargains.run(bargains.bargain())
    buying, good = group_buys.campaign(counter.goods(50_00)), flash.good()
    group = group_buys.opened(buying)
    at = group_buys.NOW + make.MINUTE
    assert presales.NOW == bargains.NOW == flash.NOW
    PRESALES.decide(sale, move=move, at=presales.NOW)
    BARGAINS.decide(run.bargain, move=move, at=presales.NOW)
    GROUP_BUYS.decide(buying, move=move, at=at)
    SESSIONS.decide(good.session, move=move, at=presales.NOW)
    assert worded("presale", sale.pk, at=presales.NOW) == ("", "", "")
    assert worded("bargain", run.bargain_no, at=presales.NOW) == ("", "", "")
    with pytest.raises(cards.NothingToShare):
        worded("flash_sale", good.pk, at=presales.NOW)
    # Whoever opened a group may still fill it when its campaign was stopped; while that is paused nobody joins.
    joined = worded("group", group.group_no, at=at)[0]
    assert joined == ("" if move == "pause" else "¥39.00")
    if move == "stop":
        group_buys.joined(group, at=at)


@pytest.mark.parametrize(
    ("worth_fen", "price", "called"), [(50_00, "¥130.00", "预售到手价"), (20_00, "¥160.00", "预售价")]
)
def test_the_poster_of_a_pre_sale_has_the_price_of_its_badge(worth_fen: int, price: str, called: str):
    row = presales.presale(presales.tea(), deposit_fen=20_00, deposit_worth_fen=worth_fen)
    (sku,) = presales.skus_of(row)
    (badge,) = activities.badges({sku.product_id: frozenset({sku.pk})}, at=presales.NOW)[sku.product_id]
    assert worded("presale", row.pk, at=presales.NOW)[:2] == (price, called)
    assert f"¥{yuan(badge['price_fen'])}" == price
