"""A first order over HTTP, every answer held against the published document; the calls around it, and refusals."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
from django.utils import timezone

from apps.aftersales.models import AfterSale
from apps.base import days
from apps.catalog.models import Sku
from apps.checkout import asking
from apps.content import services as reviews
from apps.coupons.models import PromoCode
from apps.distribution.models import Material, Promoter
from apps.fulfillment.services import parcels
from apps.invoices.models import Invoice
from apps.members.models import LevelChange, Member
from apps.members.services import exports
from apps.messaging import marks
from apps.messaging import services as messaging
from apps.messaging.models import Rules, SceneSetting
from apps.messaging.models import Template as MessageTemplate
from apps.messaging.services import deciding
from apps.orders.models import Order
from apps.pickup.models import Pickup
from apps.pickup.services import moving
from apps.referrals.services import watching
from apps.wechat.sandbox.control import Sandbox
from tests.api.openapi import Contract
from tests.apps.aftersales import apply
from tests.apps.bargain import make as bargains
from tests.apps.catalog import make as catalog
from tests.apps.checkout import make
from tests.apps.content import make as content
from tests.apps.coupons import make as coupons
from tests.apps.deadlines import make as deadlines
from tests.apps.distribution import make as promotion
from tests.apps.flashsale import make as flash
from tests.apps.fulfillment import packings
from tests.apps.groupbuy import make as group_buys
from tests.apps.invoices import make as invoicing
from tests.apps.members import make as members
from tests.apps.packets import make as packets
from tests.apps.pickup import make as pickups
from tests.apps.pickup import slotted
from tests.apps.points import make as points
from tests.apps.presale import make as presales
from tests.apps.referrals import make as referral
from tests.apps.shares import make as shares
from tests.apps.support import make as surveys
from tests.apps.wallet import make as wallet
from tests.conftest import Shopper

pytestmark = pytest.mark.django_db

ADDRESS = {
    "name": "林小满",
    "phone": "13800138000",
    "province": "浙江省",
    "city": "杭州市",
    "district": "西湖区",
    "detail": "龙井路1号",
    "postal_code": "310013",
    "is_default": True,
}


class Witness:
    """Makes calls and insists that each answer is one that the document describes."""

    def __init__(self, contract: Contract, shopper: Shopper) -> None:
        self.contract = contract
        self.shopper = shopper
        self.seen: set[str] = set()

    def call(self, method: str, path: str, body: Any = None, *, status: int = 200, **headers: str) -> Any:
        """Call, expect the status, compare the body with its schema, and return it."""
        answer = self.shopper.call(method, path, body, **headers)
        assert answer.status_code == status, answer.content.decode()
        operation = self.contract.operation(method, f"/api/v1{path.split('?')[0]}")
        self.seen.add(operation["operationId"])
        schema = self.contract.response(operation, status)
        if schema is None:
            assert answer.content == b""
            return None
        assert answer["Content-Type"].startswith("application/json")
        assert self.contract.faults(answer.json(), schema) == []
        return answer.json()

    def upload(self, picture: bytes, *, to: str = "/me/pictures", status: int = 201, **said: str) -> Any:
        """Upload a picture as wx.uploadFile does."""
        path = f"/api/v1{to}"
        answer = self.shopper.post(path, {"file": BytesIO(picture), **said}, format="multipart")
        assert answer.status_code == status, answer.content.decode()
        operation = self.contract.operation("POST", path)
        self.seen.add(operation["operationId"])
        assert self.contract.faults(answer.json(), self.contract.response(operation, status) or {}) == []
        return answer.json()

    def log_in(self, wechat: Sandbox, nickname: str) -> Any:
        login = wechat.login(nickname)
        welcome = self.call("POST", "/auth/login", {"code": login.code})
        self.shopper.credentials(HTTP_AUTHORIZATION=f"Bearer {welcome['access']}")
        return login, welcome


@pytest.fixture
def witness(contract: Contract, anyone: Shopper) -> Witness:
    return Witness(contract, anyone)


@pytest.fixture
def cup() -> Sku:
    """A shop that sells a cup at 50 yuan, ten in stock, with 满100减15 and 8 yuan of freight."""
    members.privacy()
    make.promotion()
    make.promotion("FREE_POSTAGE", threshold_fen=19_900, label="满199包邮")
    make.freight()
    root = catalog.category("茶器")
    return make.goods(
        units=10,
        title="手工陶瓷茶杯",
        category=catalog.category("茶杯", parent=root),
        brand=catalog.brand("青禾"),
        attributes=[{"name": "材质", "value": "陶瓷"}],
    )


def collect_points(call: Callable[..., Any]) -> None:
    """Check in, look around, and spend the point of the day on a coupon."""
    good = points.coupon_good(1)
    call("PUT", "/me/birthday", {"birthday": "1990-05-20"})
    call("GET", "/levels")
    assert call("POST", "/me/check-ins")["points"] == 1
    call("GET", "/me/check-ins")
    assert call("GET", "/me/points")["balance"] == 1
    call("GET", "/points-mall")
    call("POST", f"/points-mall/{good.pk}/redemptions", {}, status=201, idempotency_key="k1")
    call("GET", "/me/points/entries")
    assert {way["kind"]: way["done"] for way in call("GET", "/me/points/ways")["results"]}["CHECK_IN"]
    assert [row["good_id"] for row in call("GET", "/me/redemptions")["results"]] == [good.pk]
    call("GET", "/me/growth/entries")
    call("GET", "/me/level-changes")


def like_and_wait(call: Callable[..., Any], cup: Sku) -> None:
    """Like the cup, and wait for a pot that is sold out."""
    pot = make.goods(88_00, units=0)
    call("PUT", "/me/favorites", {"product_id": cup.product_id})
    assert [row["id"] for row in call("GET", "/me/favorites")["results"]] == [cup.product_id]
    call("DELETE", f"/me/favorites?product_id={cup.product_id}", status=204)
    call("PUT", "/me/stock-wishes", {"sku_id": pot.pk})
    assert [row["sku_id"] for row in call("GET", "/me/stock-wishes")["results"]] == [pot.pk]
    call("DELETE", f"/me/stock-wishes?sku_id={pot.pk}", status=204)


def wait_for_a_flash_sale(call: Callable[..., Any]) -> None:
    """Be reminded of tomorrow's, and queue for what is sold out today."""
    now = timezone.now()
    coming = flash.good(starts_at=now + timedelta(days=1), ends_at=now + timedelta(days=2), at=now)
    sold_out = flash.good(make.goods(50_00, units=0), starts_at=now, ends_at=now + timedelta(hours=1), at=now)
    call("POST", f"/flash-sales/goods/{coming.pk}/reminders")
    told = call("GET", "/flash-sales")["results"]
    assert [session["state"] for session in told] == ["LIVE", "UPCOMING"]
    assert told[1]["goods"][0]["reminded"]
    call("DELETE", f"/flash-sales/goods/{coming.pk}/reminders", status=204)
    assert call("POST", f"/flash-sales/goods/{sold_out.pk}/waits")["place"] == 1
    assert call("GET", "/me/waits")["results"][0]["state"] == "WAITING"


def collect_coupons(call: Callable[..., Any]) -> None:
    """Claim a coupon from the centre, type a promoter's word for another, look at both, and at one's own words."""
    word = PromoCode.objects.create(
        code="WANG2026", template=coupons.template("推广券", visible=False), promoter=members.member("老王")
    )
    coupons.template("满50减10")
    (shown,) = call("GET", "/coupons")["results"]
    claimed = call("POST", f"/coupons/{shown['id']}/claim", status=201)
    assert call("POST", "/coupons/redeem", {"code": word.code}, status=201)["promo_code"] == "WANG2026"
    # The third was in the packet of the order before.
    ways = sorted(one["way"] for one in call("GET", "/me/coupons?status=AVAILABLE")["results"])
    assert ways == ["CLAIM", "PACKET", "PROMO"]
    assert call("GET", f"/me/coupons/{claimed['id']}") == claimed
    shown = call("POST", f"/me/coupons/{claimed['id']}/pass", status=201)
    assert shown["qr_text"] == f"CP{shown['code']}"
    assert call("GET", "/me/promo-codes") == {"results": [], "next": None}


def fill_the_wallet(call: Callable[..., Any], member: Member, wechat: Sandbox) -> None:
    """100 yuan paid in and 10 given; of what is on offer one pack is bought and another thought better of."""
    wallet.funded(10_000, 1_000, member=member)
    wallet.pack(starts_at=datetime(2020, 1, 1, tzinfo=UTC), ends_at=datetime(2120, 1, 1, tzinfo=UTC))
    assert call("GET", "/me/wallet")["available_fen"] == 11_000
    assert len(call("GET", "/me/wallet/entries")["results"]) == 1
    (pack,) = call("GET", "/wallet/packs")["results"]
    assert pack["title"] == "充500送50"
    wanted = {"pack_id": pack["id"], "expected_principal_fen": pack["principal_fen"]}
    first = call("POST", "/wallet/recharges", wanted, status=201, idempotency_key="r1")
    second = call("POST", "/wallet/recharges", wanted, status=201, idempotency_key="r2")
    door = f"/wallet/recharges/{first['recharge_no']}"
    wechat.pay(member.openid, call("POST", f"{door}/pay"))
    asking.query_unheard(at=datetime.now(tz=UTC) + timedelta(minutes=5))
    assert call("POST", f"{door}/pay") == {"paid": True}
    assert call("POST", f"/wallet/recharges/{second['recharge_no']}/cancel")["status"] == "CLOSED"
    assert call("GET", f"/me/wallet/recharges/{first['recharge_no']}")["status"] == "PAID"
    assert len(call("GET", "/me/wallet/recharges")["results"]) == 2
    assert call("GET", "/me/wallet")["available_fen"] == 66_000
    call("GET", "/me/wallet/entries")


def want_it_back(witness: Witness, path: str) -> None:
    """A cup goes back: what that would give, asking, talking, taking it back; then agreed to, and sent."""
    call = witness.call
    apply.reasons()
    reasons = call("GET", "/after-sale-reasons?kind=RETURN")
    (line,) = call("GET", path)["items"]
    picture = witness.upload(content.photo(), purpose="after_sale")
    ask = {
        "kind": "RETURN",
        "lines": [{"line_id": line["line_id"], "quantity": 1}],
        "reason": reasons[1]["code"],
        "text": "杯口有裂纹",
    }
    seen = call("POST", f"{path}/after-sales/preview", ask)
    assert seen["amount_fen"] == seen["goods_fen"] == 4250
    asked = {**ask, "picture_ids": [picture["id"]]}
    made = call("POST", f"{path}/after-sales", asked, status=201, idempotency_key="a1")
    assert call("POST", f"{path}/after-sales", asked, status=201, idempotency_key="a1") == {
        **made,
        "server_time": ANY,
    }
    assert (made["status"], made["amount_fen"], len(made["history"][0]["picture_urls"])) == (
        "APPLIED",
        4250,
        1,
    )
    door = f"/after-sales/{made['after_sale_no']}"
    said = call("POST", f"{door}/messages", {"text": "在吗"})
    assert [row["move"] for row in said["history"]] == ["apply", "message"]
    assert call("POST", f"{door}/cancel")["status"] == "CANCELLED"
    again = call("POST", f"{path}/after-sales", ask, status=201, idempotency_key="a2")
    door = f"/after-sales/{again['after_sale_no']}"
    apply.deciding.approve(
        after_sale_no=again["after_sale_no"], operator=apply.head(), at=datetime.now(tz=UTC)
    )
    parcel = {"carrier": "顺丰速运", "tracking_no": "SF1234567890"}
    sent = call("POST", f"{door}/return-parcel", parcel)
    assert (sent["status"], sent["return_parcel"]["tracking_no"]) == ("RETURNING", "SF1234567890")
    assert call("GET", door)["history"][-1]["move"] == "send_back"
    assert [row["status"] for row in call("GET", "/me/after-sales")["results"]] == ["RETURNING", "CANCELLED"]
    now = datetime.now(tz=UTC)
    row = apply.arrive(AfterSale.objects.get(after_sale_no=again["after_sale_no"]), at=now)
    apply.deciding.refuse(
        after_sale_no=row.after_sale_no, reason="已使用", operator=apply.head(), at=datetime.now(tz=UTC)
    )
    assert call("GET", door)["status"] == "REFUSED"


def wait_for_it(call: Callable[..., Any], path: str) -> None:
    """The shop cannot keep its word; the shopper waits."""
    now = datetime.now(tz=UTC)
    order = Order.objects.get(order_no=path.rpartition("/")[2])
    deadlines.owed(order, at=now)
    deadlines.put_off(order, days.shop_day(now) + timedelta(days=9), at=now)
    assert call("GET", path)["delay"]["choices"] == ["wait", "refund"]
    assert call("POST", f"{path}/delay-answer", {"choice": "wait"})["delay"]["status"] == "WAITS"


def be_invoiced(call: Callable[..., Any], path: str) -> None:
    """Keep titles, apply for the order's invoice, look how it stands."""
    wrong = call("POST", "/me/invoice-titles", invoicing.COMPANY, status=201)
    call("PATCH", f"/me/invoice-titles/{wrong['id']}", {"name": "清茶"})
    call("DELETE", f"/me/invoice-titles/{wrong['id']}", status=204)
    kept = call("POST", "/me/invoice-titles", {"kind": "PERSONAL", "name": "小茶"}, status=201)
    assert call("GET", "/me/invoice-titles")["results"] == [kept]
    made = call("POST", f"{path}/invoice", {"title_id": kept["id"]}, status=201)
    assert call("GET", f"{path}/invoice") == made
    invoicing.refuse(Invoice.objects.get())
    assert call("GET", f"{path}/invoice")["reason"] == "税号有误"


def fetch_it(witness: Witness) -> None:
    """Which shop has it, an order that is fetched there, and what is shown at its counter."""
    shop = pickups.shop()
    cup = pickups.goods(shop)
    (found,) = witness.call("GET", f"/places?lat=30.25&lng=120.15&sku_id={cup.pk}&city=杭州市")["results"]
    assert (found["id"], found["available"]) == (shop.pk, 10)
    slotted.template(shop, kind="PICKUP")
    slot = witness.call("GET", f"/places/{shop.pk}/slots?kind=PICKUP")["results"][-1]
    packings.card()
    (wrap,) = witness.call("GET", f"/packings?place_id={shop.pk}")["results"]
    wanted = {
        "items": [{"sku_id": cup.pk, "quantity": 1}],
        "delivery": {
            "kind": "PICKUP",
            "place_id": shop.pk,
            "slot": slot["id"],
            "packing": {"id": wrap["id"], "message": "生日快乐"},
        },
    }
    assert slot["state"] == "OPEN"
    price = witness.call("POST", "/checkout/quote", wanted)["payable_fen"]
    placed = witness.call(
        "POST", "/orders", {**wanted, "expected_payable_fen": price}, status=201, idempotency_key="p1"
    )
    order = Order.objects.get(order_no=placed["order_no"])
    make.pay(order, at=datetime.now(tz=UTC))
    path = f"/orders/{order.order_no}"
    assert (
        witness.call("GET", path)["pickup_code"] == witness.call("GET", f"{path}/pickup-code")["pickup_code"]
    )
    moving.lie_ready(order_no=order.order_no, operator=None, at=datetime.now(tz=UTC))
    assert witness.call("GET", path)["fetch_by"] is not None
    moving.give(Pickup.objects.get(), operator=None, at=datetime.now(tz=UTC))
    assert witness.call("GET", path)["pickup_code"] is None


def review_and_answer(witness: Witness, order_no: str, product_id: int) -> None:
    """A picture, a review with it, what others see of it, and a survey."""
    call = witness.call
    (line,) = call("GET", "/me/reviews/pending")["results"]
    assert witness.upload(content.photo(), to="/me/avatar", status=200)["avatar_url"]
    picture = witness.upload(content.photo())
    said = {"sku_id": line["sku_id"], "rating": 5, "text": "杯口不烫手", "pictures": [picture["id"]]}
    written = call("POST", f"/orders/{order_no}/reviews", {"reviews": [said]}, status=201)["results"]
    review_id = written[0]["id"]
    reviews.hold_overdue(at=datetime.now(tz=UTC) + timedelta(days=1))
    reviews.publish(review_id=review_id, operator=None, at=datetime.now(tz=UTC))
    reviews.reply(review_id=review_id, text="谢谢您", operator=None, at=datetime.now(tz=UTC))
    assert [row["status"] for row in call("GET", "/me/reviews")["results"]] == ["PUBLISHED"]
    seen = call("GET", f"/products/{product_id}/reviews?rating=5&with_pictures=true")["results"]
    assert [(row["reply"], row["nickname"]) for row in seen] == [("谢谢您", "小***")]
    assert call("GET", f"/products/{product_id}/reviews/summary")["average_tenths"] == 50

    now = datetime.now(tz=UTC)
    survey = surveys.survey(starts_at=now - timedelta(days=1), ends_at=now + timedelta(days=1))
    (open_to_me,) = call("GET", "/surveys")["results"]
    one, two, three, _ = open_to_me["questions"]
    answers = [
        {"question_id": one["id"], "choices": [1]},
        {"question_id": two["id"], "choices": [1, 3]},
        {"question_id": three["id"], "rating": 5},
    ]
    call("POST", f"/surveys/{survey.pk}/answers", {"answers": answers}, status=201)
    assert call("GET", f"/surveys/{survey.pk}")["answered"] is True


def share_and_come_by(witness: Witness, sku: Sku) -> None:
    """Share the cup, look at what the code will show, come by a friend's share."""
    share = witness.call("POST", "/shares", {"kind": "product", "id": sku.product_id})
    assert witness.call("GET", f"/shares/{share['token']}")["id"] == sku.product_id
    friends = shares.share()
    landed = {"share_token": friends.token, "visitor_id": "v-1"}
    assert witness.call("POST", "/visits", landed, status=204) is None


def read_messages(witness: Witness, member: Member) -> None:
    """Grant a message, read what the shop told of a new level, and ask for no offers."""
    template = MessageTemplate.objects.create(template_id="T-level", title="等级变更")
    SceneSetting.objects.update_or_create(scene="level_changed", defaults={"template": template})
    asked = {row["scene"]: row["template_ids"] for row in witness.call("GET", "/messages/scenes")["results"]}
    assert asked["level_changed"] == ["T-level"]
    said = {"scene": "level_changed", "results": {"T-level": "accept"}}
    assert witness.call("POST", "/me/message-grants", said, status=204) is None
    assert witness.call("GET", "/me/message-settings") == {"marketing": True}
    now = datetime.now(tz=UTC)
    change = LevelChange.objects.create(
        member=member, to_level=members.level("茶友", rank=90), why="BY_HAND", at=now
    )
    Member.objects.filter(pk=member.pk).update(level=change.to_level)
    subject = str(change.pk)
    messaging.write(scene="level_changed", member_id=member.pk, subject=subject, occasion=subject, at=now)
    Rules.objects.update_or_create(pk=1, defaults={"quiet_from": time(0), "quiet_until": time(0)})
    deciding.decide_due(at=now)
    (told,) = [
        row for row in witness.call("GET", "/me/messages")["results"] if row["scene"] == "level_changed"
    ]
    assert witness.call("POST", f"/me/messages/{told['id']}/read")["read_at"] is not None
    mark = marks.marked("pages/index", message_id=told["id"]).partition("msg=")[2]
    assert witness.call("POST", "/me/messages/opened", {"msg": mark}, status=204) is None
    assert witness.call("PUT", "/me/message-settings", {"marketing": False}) == {"marketing": False}


def promote(witness: Witness) -> None:
    """Who brought one, asking to be a promoter, the promoter's pages, the leaderboard, and leaving."""
    promotion.set_rules(needs_review=False)
    by = promotion.promoter(at=datetime.now(tz=UTC))
    assert witness.call("GET", "/me/inviter") is None
    assert witness.call("POST", "/me/inviter", {"promo_code": by.code})["until"] is None
    assert witness.call("GET", "/me/inviter")["nickname"] == "小**"
    assert witness.call("GET", "/me/promoter")["status"] == "NONE"
    assert witness.call("POST", "/me/promoter", {})["status"] == "ACTIVE"
    mine = Promoter.objects.order_by("-id")[0]
    order = Order.objects.filter(member=mine.member, paid_at__isnull=False)[0]
    promotion.earned(mine, order, buyer=by.member)
    promotion.bind(members.member(), mine, at=datetime.now(tz=UTC))
    Material.objects.create(title="陶杯上新", body="握在手里是暖的")
    for page in ("team?level=1", "orders", "commissions?status=PENDING", "goods", "materials"):
        assert len(witness.call("GET", f"/me/promoter/{page}")["results"]) >= 1
    promotion.give(mine, 30_000)
    asked = {"amount_fen": 30_000}
    withdrawn = witness.call(
        "POST", "/me/promoter/withdrawals", asked, status=201, idempotency_key="withdraw"
    )
    assert withdrawn["status"] == "REVIEW"
    assert witness.call("GET", "/me/promoter/withdrawals")["results"] == [withdrawn]
    assert witness.call("GET", "/leaderboards/promoters?period=month")["mine"] is None
    witness.call("DELETE", "/me/promoter", status=204)


def invite_friends(witness: Witness, member: Member) -> None:
    """What inviting friends wins, one campaign with how mine stand, who invited most, and staying at a friend's page."""
    now = datetime.now(tz=UTC)
    window = {"starts_at": now - timedelta(days=1), "ends_at": now + timedelta(days=1)}
    row = referral.campaign(code=f"BRING{now:%H%M%S%f}", at=now, **window)
    offered = [shown["id"] for shown in witness.call("GET", "/referrals")["results"]]
    mine = witness.call("GET", f"/referrals/{row.pk}")["mine"]
    assert (row.pk in offered, mine["friends"]) == (True, 0)
    referral.registered(members.member("林小满"), row, at=now)
    board = witness.call("GET", "/leaderboards/referrals?period=month")
    assert (board["results"][0]["nickname"], board["mine"]) == ("林**", None)
    page = referral.watching(make.goods(), at=now, **window)
    referral.come(member, referral.share(referral.member(), page, at=now), at=now)
    assert witness.call("POST", f"/referrals/{page.pk}/watch", status=201)["seconds"] == 15
    # As if it had been opened some time ago.
    opened = watching.open_page(referral_id=page.pk, member_id=member.pk, at=now - timedelta(minutes=1))
    witness.call("POST", f"/referrals/{page.pk}/watch/done", {"token": opened.token})


def open_a_packet(witness: Witness) -> None:
    """Mine of an order, and a friend's, which is read and opened."""
    assert witness.call("GET", "/me/packets")["results"] == []
    packets.rule()
    found = packets.packet(at=datetime.now(tz=UTC))
    path = f"/packets/{found.packet_no}"
    assert witness.call("GET", path)["mine"] is None
    sent = {"share_token": packets.token(found)}
    got = witness.call("POST", f"{path}/openings", sent, status=201)
    assert witness.call("POST", f"{path}/openings", sent)["amount_fen"] == got["amount_fen"]
    assert witness.call("GET", path)["mine"]["amount_fen"] == got["amount_fen"]


def bargain_with_friends(witness: Witness) -> None:
    """A run is opened, read, and helped by somebody."""
    now = datetime.now(tz=UTC)
    row = bargains.bargain(starts_at=now - bargains.HOUR, ends_at=now + bargains.HOUR)
    assert witness.call("GET", "/bargains")["results"][0]["id"] == row.pk
    assert witness.call("GET", f"/bargains/{row.pk}")["state"] == "LIVE"
    mine = witness.call("POST", f"/bargains/{row.pk}/runs", status=201)
    assert witness.call("GET", f"/bargain-runs/{mine['bargain_no']}")["is_mine"] is True
    friends = bargains.run(row, at=now)
    assert witness.call("POST", f"/bargain-runs/{friends.bargain_no}/helps", status=201)["held"] is False


def order_before_it_is_here(witness: Witness) -> None:
    """A pre-sale is found in the list and read."""
    row = presales.live()
    assert witness.call("GET", "/presales")["results"][0]["id"] == row.pk
    assert witness.call("GET", f"/presales/{row.pk}")["state"] == "LIVE"


def buy_in_a_group(witness: Witness) -> None:
    """What is offered, the groups that can be joined, and how one stands."""
    now = datetime.now(tz=UTC)
    row = group_buys.campaign(group_buys.goods(50_00), **group_buys.today())
    group = group_buys.opened(row, at=now)
    assert witness.call("GET", "/group-buys")["results"][0]["id"] == row.pk
    assert witness.call("GET", f"/group-buys/{row.pk}")["state"] == "LIVE"
    assert witness.call("GET", f"/group-buys/{row.pk}/groups")["results"][0]["group_no"] == group.group_no
    assert witness.call("GET", f"/groups/{group.group_no}")["joined"] == 1


def copy_and_think_of_leaving(call: Callable[..., Any]) -> None:
    """A file with everything; an erasure that is taken back."""
    assert call("POST", "/me/export", status=202)["status"] == "WAITING"
    exports.make_due(at=datetime.now(tz=UTC))
    assert call("GET", "/me/export")["file_url"].endswith("/me/export/file")
    assert call("GET", "/me/export/file")["内容"]["会员"][0]["昵称"] != ""
    assert call("POST", "/me/erasure", status=202)["held_up_by"] == []
    assert call("GET", "/me/erasure")["status"] == "WAITING"
    call("DELETE", "/me/erasure", status=204)


def test_every_answer_of_a_first_order_is_as_documented(
    witness: Witness, wechat: Sandbox, cup: Sku, settings: Any, tmp_path: Path
) -> None:
    settings.WALLET_ENABLED = True
    settings.MEDIA_ROOT = tmp_path
    call = witness.call
    login, welcome = witness.log_in(wechat, "林小满")
    call("GET", "/documents/privacy")
    call("POST", "/me/consents", {"document": "privacy", "version": "1.0"}, status=201)
    call("POST", "/me/phone", {"code": wechat.phone_code(login.openid)})
    call("PATCH", "/me", {"nickname": "小满"})
    call("GET", "/me")
    address = call("POST", "/me/addresses", ADDRESS, status=201)
    call("GET", "/me/addresses")
    call("GET", f"/me/addresses/{address['id']}")
    call("PUT", f"/me/addresses/{address['id']}", ADDRESS)
    call("PATCH", f"/me/addresses/{address['id']}", {"detail": "龙井路2号"})

    tree = call("GET", "/categories")["results"]
    listed = call("GET", f"/products?category={tree[0]['id']}&q=茶杯&ordering=price")["results"]
    page = call("GET", f"/products/{listed[0]['id']}")
    assert [sku["id"] for sku in page["skus"]] == [cup.pk]

    cart = call("POST", "/cart/items", {"sku_id": cup.pk, "quantity": 1, "selected": True}, status=201)
    call("PATCH", f"/cart/items/{cart['items'][0]['id']}", {"quantity": 2})
    call("GET", "/cart")
    choice = {"from_cart": True, "address_id": address["id"]}
    quote = call("POST", "/checkout/quote", choice)
    assert (quote["goods_fen"], quote["reduction_fen"], quote["shipping_fen"]) == (10_000, 1500, 800)
    order = call(
        "POST", "/orders", {**choice, "expected_payable_fen": 9300}, status=201, idempotency_key="k1"
    )
    path = f"/orders/{order['order_no']}"
    params = call("POST", f"{path}/pay")
    wechat.pay(login.openid, params)
    asking.query_unheard(at=datetime.now(tz=UTC) + timedelta(minutes=5))
    assert call("POST", f"{path}/pay") == {"paid": True}
    wait_for_it(call, path)
    parcels.ship(
        order_no=order["order_no"],
        carrier_code="SF",
        tracking_no="SF1234567890123",
        operator=None,
        at=datetime.now(tz=UTC),
    )
    (parcel,) = call("GET", path)["parcels"]
    assert parcel["tracking_no"] == "SF1234567890123"
    way = call("GET", f"{path}/parcels/{parcel['parcel_no']}/trace")
    assert (way["state"], way["carrier"]) == ("WAITING", "顺丰速运")
    assert call("POST", f"{path}/receive")["status"] == "RECEIVED"
    call("GET", "/orders?status=RECEIVED&page_size=1")
    review_and_answer(witness, order["order_no"], listed[0]["id"])
    be_invoiced(call, path)
    want_it_back(witness, path)
    fetch_it(witness)

    call("POST", "/cart/items", {"sku_id": cup.pk}, status=201)
    call("DELETE", f"/cart/items/{call('GET', '/cart')['items'][0]['id']}", status=204)
    wanted = {"items": [{"sku_id": cup.pk, "quantity": 1}], "address_id": address["id"]}
    price = call("POST", "/checkout/quote", wanted)["payable_fen"]
    second = call(
        "POST", "/orders", {**wanted, "expected_payable_fen": price}, status=201, idempotency_key="k2"
    )
    assert call("POST", f"/orders/{second['order_no']}/cancel")["status"] == "CLOSED"
    assert call("GET", "/orders/counts")["RECEIVED"] == 2
    assert call("POST", f"{path}/again")["added"] == [cup.pk]
    assert call("GET", "/shop")["server_time"]

    bargain_with_friends(witness)
    promote(witness)
    open_a_packet(witness)
    invite_friends(witness, Member.objects.get(openid=login.openid))
    order_before_it_is_here(witness)
    share_and_come_by(witness, cup)
    read_messages(witness, Member.objects.get(openid=login.openid))
    buy_in_a_group(witness)
    copy_and_think_of_leaving(call)
    collect_points(call)
    wait_for_a_flash_sale(call)
    like_and_wait(call, cup)
    collect_coupons(call)
    fill_the_wallet(call, Member.objects.get(openid=login.openid), wechat)

    call("DELETE", f"/me/addresses/{address['id']}", status=204)
    call("DELETE", "/me/consents/privacy", status=204)
    tokens = call("POST", "/auth/refresh", {"refresh": welcome["refresh"]})
    call("POST", "/auth/logout", {"refresh": tokens["refresh"]}, status=204)
    everything = {operation["operationId"] for _, _, operation in witness.contract.operations()}
    assert everything - witness.seen == set()


def test_empty_lists_and_an_empty_cart_are_as_documented(witness: Witness, wechat: Sandbox, cup: Sku) -> None:
    witness.log_in(wechat, "林小满")
    assert witness.call("GET", "/orders") == {"results": [], "next": None}
    assert witness.call("GET", "/me/addresses") == {"results": [], "next": None}
    assert witness.call("GET", "/cart")["quote"] is None
    assert witness.call("GET", "/products?q=没有这样的东西") == {
        "results": [],
        "next": None,
        "matched": "most",
    }


def test_the_address_of_the_next_page_is_as_documented(witness: Witness, wechat: Sandbox, cup: Sku) -> None:
    make.goods()
    first = witness.call("GET", "/products?page_size=1")
    assert first["next"].startswith("http")
    rest = witness.call("GET", first["next"].split("/api/v1", 1)[1])
    assert (len(first["results"]), len(rest["results"]), rest["next"]) == (1, 1, None)


def test_refusals_are_as_documented(witness: Witness, wechat: Sandbox, cup: Sku) -> None:
    def code(method: str, path: str, body: Any = None, *, status: int, **headers: str) -> str:
        return str(witness.call(method, path, body, status=status, **headers)["code"])

    assert code("GET", "/me", status=401) == "not_authenticated"
    assert code("POST", "/auth/login", {"code": "nonsense"}, status=400) == "wechat_code_invalid"
    assert code("POST", "/auth/refresh", {"refresh": "nonsense"}, status=401) == "refresh_invalid"
    assert code("GET", "/products?ordering=beauty", status=400) == "ordering_unknown"
    assert code("GET", "/products/999999", status=404) == "not_found"
    witness.log_in(wechat, "林小满")
    assert code("POST", "/me/phone", {"code": "x"}, status=403) == "consent_required"
    stale = {"document": "privacy", "version": "0.9"}
    assert code("POST", "/me/consents", stale, status=400) == "document_version_invalid"
    assert code("GET", "/orders/SO260302K7M2P9QRTW4X", status=404) == "not_found"
    address = witness.call("POST", "/me/addresses", ADDRESS, status=201)["id"]
    wanted = {"items": [{"sku_id": cup.pk, "quantity": 2}], "address_id": address}
    order = {**wanted, "expected_payable_fen": 9300}
    assert code("POST", "/orders", order, status=400) == "idempotency_key_required"
    cheap = {**order, "expected_payable_fen": 1}
    assert code("POST", "/orders", cheap, status=409, idempotency_key="k1") == "price_changed"
    placed = witness.call("POST", "/orders", order, status=201, idempotency_key="k1")
    assert code("POST", "/orders", cheap, status=409, idempotency_key="k1") == "idempotency_key_reused"
    assert code("POST", f"/orders/{placed['order_no']}/receive", status=409) == "move_refused"
    witness.call("POST", f"/orders/{placed['order_no']}/cancel")
    assert code("POST", f"/orders/{placed['order_no']}/cancel", status=409) == "order_not_cancellable"
    assert code("POST", f"/orders/{placed['order_no']}/pay", status=409) == "order_not_payable"


def test_refusals_of_a_recharge_are_as_documented(witness: Witness, wechat: Sandbox, settings: Any) -> None:
    def code(path: str, body: Any = None, *, status: int, **headers: str) -> str:
        return str(witness.call("POST", path, body, status=status, **headers)["code"])

    settings.WALLET_ENABLED = True
    always = {"starts_at": datetime(2020, 1, 1, tzinfo=UTC), "ends_at": datetime(2120, 1, 1, tzinfo=UTC)}
    once, huge = wallet.pack(per_member=1, **always), wallet.pack(500_000, 0, **always)
    over = wallet.pack()
    witness.log_in(wechat, "林小满")
    wanted = {"pack_id": once.pk}
    assert code("/wallet/recharges", wanted, status=400) == "idempotency_key_required"
    said = {**wanted, "expected_principal_fen": 1}
    assert code("/wallet/recharges", said, status=409, idempotency_key="r") == "pack_changed"
    placed = witness.call("POST", "/wallet/recharges", wanted, status=201, idempotency_key="r")
    assert code("/wallet/recharges", said, status=409, idempotency_key="r") == "idempotency_key_reused"
    for pack_id, status, refusal in [
        (once.pk, 409, "pack_limit_reached"),
        (huge.pk, 409, "balance_above_limit"),
        (over.pk, 409, "pack_gone"),
        (2**62, 404, "not_found"),
    ]:
        body = {"pack_id": pack_id}
        assert code("/wallet/recharges", body, status=status, idempotency_key=f"{pack_id}") == refusal
    door = f"/wallet/recharges/{placed['recharge_no']}"
    witness.call("POST", f"{door}/cancel")
    assert code(f"{door}/cancel", status=409) == "recharge_not_cancellable"
    assert code(f"{door}/pay", status=409) == "recharge_not_payable"
    settings.WALLET_ENABLED = False
    assert code("/wallet/recharges", wanted, status=404, idempotency_key="r") == "wallet_off"
    assert code(f"{door}/pay", status=404) == "wallet_off"


def test_too_many_units_are_refused_as_documented(witness: Witness, wechat: Sandbox, cup: Sku) -> None:
    witness.log_in(wechat, "林小满")
    address = witness.call("POST", "/me/addresses", ADDRESS, status=201)["id"]
    wanted = {"items": [{"sku_id": cup.pk, "quantity": 11}], "address_id": address}
    price = witness.call("POST", "/checkout/quote", wanted)["payable_fen"]
    body = {**wanted, "expected_payable_fen": price}
    refusal = witness.call("POST", "/orders", body, status=409, idempotency_key="k1")
    assert refusal["code"] == "out_of_stock"
    short = {"sku_id": cup.pk, "available": 10}
    assert refusal["details"] == {**short, "items": [short]}


def test_wechat_being_down_is_told_as_documented(witness: Witness, settings: Any) -> None:
    settings.WECHAT_API_BASE = "http://127.0.0.1:9"
    refusal = witness.call("POST", "/auth/login", {"code": "0a3Xyz"}, status=503)
    assert refusal["code"] == "wechat_unavailable"
