"""A member gets a copy of everything, leaves for good, and what the law keeps of them is gone when its time is over."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection
from PIL import Image

from apps.base import personal
from apps.carts import services as carts
from apps.content.services import pictures
from apps.fulfillment.models import ShippingUpload
from apps.journeys import services as journeys
from apps.journeys.models import StaffTask
from apps.members.models import ErasureRequest, ExportRequest, Group, Member, Membership, Session
from apps.members.services import erasures, exports, identity, keeping
from apps.messaging.models import Content
from apps.messaging.services import broadcasts, deciding
from apps.orders import personal as orders
from apps.orders.models import Order
from apps.payments.models import Notification, Payment, Refund
from apps.payments.services import refunds
from apps.points import services as points
from apps.shares import services as shares
from apps.wallet.models import Account
from apps.wechat.models import PushMessage
from config.celery import app
from config.personal import BOARD
from tests.apps.checkout import make as counter
from tests.apps.checkout.test_recharging import confirm
from tests.apps.content import make as reviews
from tests.apps.journeys import make as ways
from tests.apps.members import make
from tests.apps.payments import make as money
from tests.apps.shares import make as shared
from tests.apps.support import make as surveys
from tests.apps.wallet import make as wallet

pytestmark = pytest.mark.django_db

NOW = counter.NOW
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
WEEK = timedelta(days=7)

# Each of them lies somewhere of its own; none of them may lie anywhere afterwards.
NAME, PHONE, STREET, NICKNAME = "慕容雪见", "13912345678", "听雨巷 77 号", "雪见爱喝茶"
REMARK, REVIEW, ANSWER, SAID = (
    "请放在蓝色信箱里",
    "杯口像湖面一样平",
    "想买一把紫砂壶",
    "你好，我的茶到哪儿了",
)
OPENID = "oMurongXuejian77-abcdefghijk"
AVATAR = "https://thirdwx.qlogo.cn/xuejian"
VISITOR = "v-xuejian-77abc"
IN_THE_ORDER = (NAME, PHONE, STREET, REMARK)
EVERYTHING = (*IN_THE_ORDER, NICKNAME, REVIEW, ANSWER, SAID, OPENID, AVATAR, VISITOR)


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def a_life() -> Member:
    """A member who bought, wrote, answered, asked and left traces in every room."""
    make.privacy()
    fields = {"phone": PHONE, "openid": OPENID, "avatar_url": AVATAR, "birthday": "1990-05-06"}
    member = make.member(NICKNAME, **fields)
    reviews.consents.give(member=member, document="privacy", version="1.0", at=NOW)
    address = make.address(member, name=NAME, phone=PHONE, detail=STREET)
    received = reviews.order(member)
    Order.objects.filter(pk=received.pk).update(remark=REMARK)
    closed = counter.order(member, address, [(counter.goods(), 1)], remark=REMARK)
    counter.close(closed)
    picture = pictures.upload(member=member, content=_picture(), at=NOW)
    draft = reviews.draft(received, text=REVIEW, pictures=(picture.public_id,))
    reviews.reviews.write(member=member, order_no=received.order_no, drafts=[draft], at=NOW)
    surveys.answer(surveys.survey(), member, text=ANSWER)
    carts.put(member=member, sku_id=counter.goods().pk, quantity=2, selected=True, at=NOW)
    points.check_in(member_id=member.pk, at=NOW)
    Membership.objects.create(group=Group.objects.create(name="茶友会"), member=member, added_at=NOW)
    message = {"FromUserName": OPENID, "MsgType": "text", "Content": SAID}
    PushMessage.objects.create(message_key="k1", kind="text", content=message, received_at=NOW)
    nested = {"Event": "trade_manage_order_settlement", "payer": {"list": [{"openid": OPENID}]}}
    PushMessage.objects.create(message_key="k2", kind="event", content=nested, received_at=NOW)
    friends = shared.share(at=NOW)
    shares.note_visit(token=friends.token, visitor_id=VISITOR, member=member, at=NOW)
    shares.note_visit(token=shared.share(member, at=NOW).token, visitor_id="v-friend", member=None, at=NOW)
    _told(member)
    _called(member)
    make.access_token(member, at=NOW)
    return member


def _told(member: Member) -> None:
    """A message of the inbox that calls the member by name."""
    content = Content(title="上新", text="{nickname}您好，明前龙井已上架。")
    asked = {"audience": "LIST", "member_numbers": [member.public_id], "due_at": NOW, "operator": None}
    sent = broadcasts.draft(content=content, at=NOW, **asked)  # type: ignore[arg-type]  # several kinds
    broadcasts.start(broadcast_id=sent.pk, at=NOW)
    broadcasts.prepare_due(at=NOW)
    deciding.decide_due(at=NOW)


def _called(member: Member) -> None:
    """A task of a journey, of which staff wrote down what the member said."""
    ways.live(ways.event(), {"is": "task", "text": "致电"}, at=NOW)
    ways.come(member, at=NOW)
    journeys.move_due(at=NOW)
    task = StaffTask.objects.get(member=member)
    journeys.finish_task(task_id=task.pk, note=ANSWER, operator=None, at=NOW)


def _picture() -> bytes:
    held = BytesIO()
    Image.new("RGB", (8, 8), (90, 140, 90)).save(held, "JPEG")
    return held.getvalue()


def lies_in(text: str) -> set[str]:
    """The tables of the whole database in one of whose rows this text stands, whatever the column."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        found = set()
        for (table,) in cursor.fetchall():
            look = f'SELECT 1 FROM "{table}" t WHERE t::text LIKE %s LIMIT 1'  # noqa: S608 - a table's own name
            cursor.execute(look, [f"%{text}%"])
            if cursor.fetchone():
                found.add(table)
    return found


def places(texts: tuple[str, ...] = EVERYTHING) -> dict[str, set[str]]:
    return {text: tables for text in texts if (tables := lies_in(text))}


def erased(member: Member) -> Member:
    """The member a week after they asked, the sweep having come twice."""
    erasures.ask(member=member, at=NOW)
    erasures.carry_out_due(at=NOW + WEEK)
    erasures.carry_out_due(at=NOW + WEEK + 2 * MINUTE)
    return Member.objects.get(pk=member.pk)


def ring(name: str) -> None:
    """What beat and worker do."""
    app.loader.import_default_modules()
    app.tasks[name]()


# --- a copy -----------------------------------------------------------------------------------------------------


def test_the_file_holds_everything_that_the_shop_knows() -> None:
    member = a_life()
    exports.ask(member=member, at=NOW)
    assert exports.make_due(at=NOW) == 1
    told = gzip.decompress(exports.fetch(member=member, at=NOW)).decode()
    assert [text for text in EVERYTHING if text not in told] == []
    tables = json.loads(told)["内容"]
    assert tables["会员"][0]["手机号"] == PHONE
    assert [row["收货人"] for row in tables["收货地址"]] == [NAME]
    assert [row["状态"] for row in tables["订单"]] == ["已完成", "已关闭"]
    assert tables["评价图片"][0]["文件"].startswith("http")
    assert tables["会员分组"][0]["名称"] == "茶友会"


def test_each_table_that_the_board_promises_is_in_the_file() -> None:
    promised = {h.exported for room in personal.board() for h in room.holdings if h.exported}
    tables = exports.content(member=make.member(), at=NOW)["内容"]
    assert promised - set(tables) == set()
    names = [name for room in personal.board() for name in room.export(make.member().person)]
    assert len(names) == len(set(names))


def test_nothing_of_another_member_is_in_the_file() -> None:
    a_life()
    told = json.dumps(exports.content(member=make.member("路人"), at=NOW), default=str, ensure_ascii=False)
    assert [text for text in EVERYTHING if text in told] == []


def test_asking_over_http_and_fetching_the_file(shopper_of: Callable[[Member], Any], anyone: Any) -> None:
    member, other = make.member("小茶"), make.member("路人")
    me, stranger = shopper_of(member), shopper_of(other)
    assert me.call("GET", "/me/export").status_code == 404
    asked = me.call("POST", "/me/export")
    assert (asked.status_code, asked.json()["status"]) == (202, "WAITING")
    assert (asked.json()["file_url"], asked.json()["until"]) == (None, None)
    assert me.call("GET", "/me/export/file").status_code == 404
    ring("members.make_exports")
    ready = me.call("GET", "/me/export").json()
    assert ready["status"] == "READY"
    assert ready["file_url"].endswith("/api/v1/me/export/file")
    file = me.call("GET", "/me/export/file")
    assert file.json()["内容"]["会员"][0]["昵称"] == "小茶"
    assert "no-store" in file["Cache-Control"]
    assert stranger.call("GET", "/me/export/file").status_code == 404
    assert anyone.call("GET", "/me/export/file").status_code == 401


def test_asked_twice_within_a_day_it_is_one_file_and_after_a_day_a_new_one() -> None:
    member = make.member()
    first = exports.ask(member=member, at=NOW)
    assert exports.ask(member=member, at=NOW + MINUTE).pk == first.pk
    exports.make_due(at=NOW + MINUTE)
    assert exports.ask(member=member, at=NOW + timedelta(hours=23)).pk == first.pk
    second = exports.ask(member=member, at=NOW + DAY)
    assert second.pk != first.pk
    assert bytes(ExportRequest.objects.get(pk=first.pk).file or b"") == b""


def test_the_file_is_gone_after_a_week() -> None:
    member = make.member()
    exports.ask(member=member, at=NOW)
    exports.make_due(at=NOW)
    exports.fetch(member=member, at=NOW + WEEK - MINUTE)
    with pytest.raises(exports.NotFound):
        exports.fetch(member=member, at=NOW + WEEK)
    assert exports.latest(member=member, at=NOW + WEEK - MINUTE).status == "READY"
    assert exports.latest(member=member, at=NOW + WEEK).status == "EXPIRED"
    keeping.forget_past(at=NOW + WEEK)
    left = ExportRequest.objects.get()
    assert (left.status, left.file) == ("EXPIRED", None)


def test_a_file_that_cannot_be_made_is_tried_again_and_stops_no_other(settings: Any) -> None:
    settings.PERSONAL_BOARD = "tests.apps.members.test_personal.BROKEN_FOR_ONE"
    unlucky, lucky = make.member("难"), make.member("易")
    exports.ask(member=unlucky, at=NOW)
    exports.ask(member=lucky, at=NOW)
    assert exports.make_due(at=NOW) == 2
    failed = ExportRequest.objects.get(member=unlucky)
    assert (failed.status, failed.last_error) == ("WAITING", "RuntimeError: the room is locked")
    assert failed.due_at == NOW + 5 * MINUTE
    assert ExportRequest.objects.get(member=lucky).status == "READY"


def _broken_for_one(person: personal.Person) -> dict[str, personal.Table]:
    if Member.objects.get(pk=person.member_id).nickname == "难":
        raise RuntimeError("the room is locked")
    return {}


BROKEN_FOR_ONE = [personal.Room(name="broken", holdings=(), export=_broken_for_one)]


# --- leaving ----------------------------------------------------------------------------------------------------


def test_who_leaves_is_nowhere_but_in_the_orders_that_the_law_keeps() -> None:
    member = a_life()
    files = list(Path(default_storage.location).rglob("*.jpg"))
    assert set(places()) == set(EVERYTHING)
    assert files
    gone = erased(member)
    assert places() == {key: {"orders_order"} for key in IN_THE_ORDER}
    assert Order.objects.exclude(address_erased_at=None).get().status == "CLOSED"
    assert (gone.nickname, gone.phone, gone.birthday, str(gone)) == ("", "", None, gone.public_id)
    assert not any(path.exists() for path in files)
    assert list(Session.objects.filter(member=member)) == []


def test_three_years_later_the_last_address_is_gone_too_and_the_figures_stay() -> None:
    member = a_life()
    before = Order.objects.order_by("id").values_list("order_no", "payable_fen", "status")
    figures = list(before)
    erased(member)
    keeping.forget_past(at=NOW + orders.TRADES_KEPT - MINUTE)
    assert set(places()) == set(IN_THE_ORDER)
    keeping.forget_past(at=NOW + orders.TRADES_KEPT)
    assert places() == {}
    assert list(before) == figures
    assert Order.objects.order_by("id").first().address["city"] == "杭州市"


def test_erasing_twice_changes_nothing() -> None:
    gone = erased(a_life())
    whole = Member.objects.filter(pk=gone.pk).values().get()
    for room in personal.board():
        room.erase(gone.person, at=NOW + 9 * DAY)
    assert Member.objects.filter(pk=gone.pk).values().get() == whole


def test_whoever_comes_back_is_a_new_member(wechat: Any) -> None:
    first = identity.log_in(code=wechat.login("雪见").code, at=NOW).member
    erased(first)
    back = identity.log_in(code=wechat.login("雪见").code, at=NOW + 9 * DAY)
    assert back.is_new
    assert back.member.openid == first.openid
    assert back.member.pk != first.pk


def test_the_member_hears_what_is_open(shopper_of: Callable[[Member], Any]) -> None:
    member, address = counter.buyer()
    unpaid = counter.order(member, address, [(counter.goods(), 1)])
    Account.objects.create(member=member, principal_fen=500)
    refused = shopper_of(member).call("POST", "/me/erasure")
    assert (refused.status_code, refused.json()["code"]) == (409, "erasure_blocked")
    told = {one["code"]: one["numbers"] for one in refused.json()["details"]["open"]}
    assert told == {"orders": [unpaid.order_no], "stored_value": []}
    assert not ErasureRequest.objects.exists()


def test_a_refund_under_way_holds_it_up_until_the_money_is_back() -> None:
    member, address = counter.buyer()
    order = counter.order(member, address, [(counter.goods(), 1)])
    counter.pay(order)
    Order.objects.filter(pk=order.pk).update(status="REFUNDED")
    refund = Refund.objects.create(
        refund_no="RF1", payment=Payment.objects.get(order=order), amount_fen=1, reason="x",
        business_key="refund:1", due_at=NOW, requested_at=NOW,
    )  # fmt: skip
    assert [(one.code, one.numbers) for one in erasures.still_open(member=member)] == [("refunds", ("RF1",))]
    Refund.objects.filter(pk=refund.pk).update(status="SETTLED", settled_at=NOW)
    assert erasures.still_open(member=member) == []


def closed_of_order() -> tuple[Member, Refund]:
    """A refunded order whose refund WeChat has closed: the buyer has nothing, and nothing moves by itself."""
    member, address = counter.buyer()
    order = counter.order(member, address, [(counter.goods(1000), 1)])
    counter.pay(order)
    Order.objects.filter(pk=order.pk).update(status="REFUNDED")
    return member, closed(Payment.objects.get(order=order))


def closed_of_recharge() -> tuple[Member, Refund]:
    """The same of a recharge that was given back."""
    recharge = wallet.placed()
    payment = money.recharge_attempt(recharge)
    assert confirm(payment) == "used"
    payment.refresh_from_db()
    recharge.member.refresh_from_db()
    Account.objects.update(principal_fen=0, bonus_fen=0)
    return recharge.member, closed(payment)


def closed(payment: Payment) -> Refund:
    return Refund.objects.create(
        refund_no="RF1", payment=payment, amount_fen=payment.captured_fen, reason="x", status="CLOSED",
        business_key="refund:1", due_at=NOW, requested_at=NOW,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("made", "code"), [(closed_of_order, "refunds"), (closed_of_recharge, "recharge_refunds")]
)
def test_a_refund_that_wechat_closed_holds_it_up_until_somebody_sees_to_it(
    made: Callable[[], tuple[Member, Refund]], code: str, settings: Any
) -> None:
    settings.WALLET_ENABLED = True
    member, refund = made()
    assert [(one.code, one.numbers) for one in erasures.still_open(member=member)] == [(code, ("RF1",))]

    ended = Refund.objects.filter(pk=refund.pk)
    ended.update(status="PAID_OUTSIDE", settled_at=NOW)
    assert erasures.still_open(member=member) == []

    ended.update(status="CLOSED", settled_at=None)
    refunds.resubmit(refund_no="RF1", at=NOW)
    anew = Refund.objects.get(business_key="after:RF1")
    assert [one.numbers for one in erasures.still_open(member=member)] == [(anew.refund_no,)]
    Refund.objects.filter(pk=anew.pk).update(status="SETTLED", settled_at=NOW)
    assert erasures.still_open(member=member) == []


def test_a_closed_refund_of_money_that_the_console_gave_back_holds_nobody_up() -> None:
    member, refund = closed_of_order()
    Refund.objects.create(
        refund_no="CONSOLE1", payment=refund.payment, amount_fen=refund.amount_fen, reason="x", status="SETTLED",
        origin="CONSOLE", settled_at=NOW, business_key="console:CONSOLE1", due_at=NOW, requested_at=NOW,
    )  # fmt: skip
    assert erasures.still_open(member=member) == []


def test_what_the_shop_still_has_to_tell_wechat_is_waited_for_and_refuses_nobody() -> None:
    member = reviews.member()
    received = reviews.order(member)
    upload = ShippingUpload.objects.create(order=received)
    erasures.ask(member=member, at=NOW)
    erasures.carry_out_due(at=NOW + WEEK)
    assert ErasureRequest.objects.get().held_up_by == ["shipping"]
    ShippingUpload.objects.filter(pk=upload.pk).update(status="DONE")
    erasures.carry_out_due(at=NOW + WEEK + DAY)
    assert ErasureRequest.objects.get().held_up_by == []
    assert Member.objects.get(pk=member.pk).disabled_at == NOW + WEEK + DAY


def test_a_recharge_under_way_holds_it_up(settings: Any) -> None:
    settings.WALLET_ENABLED = True
    recharge = wallet.placed()
    found = erasures.still_open(member=recharge.member)
    assert [(one.code, one.numbers) for one in found] == [("recharges", (recharge.recharge_no,))]


def test_a_bonus_alone_is_the_shops_and_holds_nothing_up() -> None:
    member = make.member()
    Account.objects.create(member=member, bonus_fen=500)
    assert erasures.still_open(member=member) == []


def test_asking_and_taking_back_over_http(shopper_of: Callable[[Member], Any]) -> None:
    member = make.member()
    me = shopper_of(member)
    assert me.call("GET", "/me/erasure").status_code == 404
    asked = me.call("POST", "/me/erasure")
    assert (asked.status_code, asked.json()["status"], asked.json()["held_up_by"]) == (202, "WAITING", [])
    assert me.call("POST", "/me/erasure").json() == asked.json()
    assert me.call("DELETE", "/me/erasure").status_code == 204
    assert me.call("GET", "/me/erasure").json()["status"] == "TAKEN_BACK"
    assert me.call("DELETE", "/me/erasure").json()["code"] == "erasure_not_waiting"


def test_nothing_happens_before_the_seven_days_are_over_or_when_it_was_taken_back() -> None:
    member = make.member()
    erasures.ask(member=member, at=NOW)
    assert erasures.carry_out_due(at=NOW + WEEK - MINUTE) == 0
    erasures.take_back(member=member, at=NOW + WEEK - MINUTE)
    assert erasures.carry_out_due(at=NOW + 2 * WEEK) == 0
    assert Member.objects.get(pk=member.pk).disabled_at is None


def test_the_door_closes_two_minutes_before_so_that_nothing_begins_meanwhile() -> None:
    member = make.member()
    make.access_token(member, at=NOW + WEEK)
    erasures.ask(member=member, at=NOW)
    erasures.carry_out_due(at=NOW + WEEK)
    shut = Member.objects.get(pk=member.pk)
    assert (shut.disabled_at, shut.erased_at) == (NOW + WEEK, None)
    assert not Session.objects.filter(revoked_at=None).exists()
    assert erasures.carry_out_due(at=NOW + WEEK + MINUTE) == 0
    erasures.carry_out_due(at=NOW + WEEK + 2 * MINUTE)
    assert Member.objects.get(pk=member.pk).erased_at == NOW + WEEK + 2 * MINUTE


def test_what_came_in_the_last_moment_opens_the_door_again_and_is_waited_for() -> None:
    member, address = counter.buyer()
    erasures.ask(member=member, at=NOW)
    erasures.carry_out_due(at=NOW + WEEK)
    counter.order(member, address, [(counter.goods(), 1)], at=NOW + WEEK)
    erasures.carry_out_due(at=NOW + WEEK + 2 * MINUTE)
    waiting = ErasureRequest.objects.get()
    assert (waiting.status, waiting.held_up_by, waiting.closed_at) == ("WAITING", ["orders"], None)
    assert waiting.due_at == NOW + WEEK + 2 * MINUTE + DAY
    assert Member.objects.get(pk=member.pk).disabled_at is None


def test_an_account_that_an_operator_closed_stays_closed_when_it_is_taken_back() -> None:
    member = make.member()
    erasures.ask(member=member, at=NOW)
    identity.disable(member_id=member.pk, at=NOW + DAY)
    erasures.carry_out_due(at=NOW + WEEK)
    erasures.take_back(member=member, at=NOW + WEEK + MINUTE)
    assert Member.objects.get(pk=member.pk).disabled_at == NOW + DAY


def test_a_room_that_fails_undoes_the_whole_step_and_is_tried_again(settings: Any) -> None:
    member = make.member(NICKNAME)
    erasures.ask(member=member, at=NOW)
    erasures.carry_out_due(at=NOW + WEEK)
    settings.PERSONAL_BOARD = "tests.apps.members.test_personal.FAILING_AT_THE_END"
    erasures.carry_out_due(at=NOW + WEEK + 2 * MINUTE)
    assert Member.objects.get(pk=member.pk).nickname == NICKNAME
    waiting = ErasureRequest.objects.get()
    assert (waiting.status, waiting.last_error) == ("WAITING", "RuntimeError: no")
    settings.PERSONAL_BOARD = "config.personal.BOARD"
    erasures.carry_out_due(at=waiting.due_at)
    assert ErasureRequest.objects.get().status == "DONE"


def _says_no(person: personal.Person, *, at: Any) -> None:
    raise RuntimeError("no")


def _with_a_failing_last_room() -> list[personal.Room]:
    return [*BOARD, personal.Room(name="last", holdings=(), export=lambda person: {}, erase=_says_no)]


FAILING_AT_THE_END = _with_a_failing_last_room()


def test_an_erased_member_is_not_enabled_again() -> None:
    gone = erased(make.member())
    with pytest.raises(identity.MemberErased):
        identity.enable(member_id=gone.pk)


# --- its time is over -------------------------------------------------------------------------------------------


def test_addresses_of_unpaid_orders_go_after_ninety_days_and_are_counted_until_then() -> None:
    member, address = counter.buyer()
    closed = counter.order(member, address, [(counter.goods(), 1)], remark=REMARK)
    counter.close(closed)
    late = NOW + orders.UNPAID_KEPT
    assert keeping.forget_past(at=late - MINUTE) == 0
    assert keeping.overdue(at=late) == {"orders": 1}
    assert keeping.forget_past(at=late) == 1
    assert keeping.overdue(at=late) == {}
    assert keeping.forget_past(at=late) == 0
    left = Order.objects.get()
    assert left.address == {
        "province": "浙江省", "city": "杭州市", "district": "西湖区",
        "name": "", "phone": "", "detail": "", "postal_code": "",
    }  # fmt: skip
    assert left.remark == ""


def test_a_refund_begins_the_three_years_anew() -> None:
    received = reviews.order(reviews.member())
    late = NOW + orders.TRADES_KEPT
    received.refunds.create(
        refund_no="RO1", token="t", reason="x", goods_fen=0, shipping_fen=1, wechat_fen=1, balance_fen=0,
        units_unsent=0, units_sent=0, at=NOW + DAY,
    )  # fmt: skip
    assert keeping.forget_past(at=late) == 0
    assert keeping.forget_past(at=late + DAY) == 1


def test_an_order_on_its_way_keeps_its_address_however_old_it_is() -> None:
    reviews.order(reviews.member(), until="ship")
    assert keeping.forget_past(at=NOW + 2 * orders.TRADES_KEPT) == 0


def test_pushes_go_after_thirty_days_and_notifications_after_half_a_year_unless_they_wait() -> None:
    PushMessage.objects.create(message_key="k", kind="text", content={"Content": SAID}, received_at=NOW)
    common = {"resource": {}, "received_at": NOW}
    Notification.objects.create(notify_id="1", event_type="TRANSACTION.SUCCESS", handled_at=NOW, **common)
    Notification.objects.create(notify_id="2", event_type="TRANSACTION.SUCCESS", **common)
    Notification.objects.create(notify_id="3", event_type="MCHTRANSFER.AUTHORIZATION.CLOSED", **common)
    assert keeping.forget_past(at=NOW + 30 * DAY) == 0
    assert keeping.forget_past(at=NOW + 30 * DAY + MINUTE) == 1
    assert keeping.forget_past(at=NOW + 180 * DAY + MINUTE) == 2
    assert Notification.objects.get().notify_id == "2"


def test_a_room_that_fails_keeps_no_other_from_forgetting(settings: Any) -> None:
    PushMessage.objects.create(message_key="k", kind="text", content={}, received_at=NOW)
    settings.PERSONAL_BOARD = "tests.apps.members.test_personal.FIRST_FAILS"
    with pytest.raises(RuntimeError, match="no"):
        keeping.forget_past(at=NOW + 31 * DAY)
    assert not PushMessage.objects.exists()


def _forgets_nothing(*, at: Any, limit: int) -> int:
    raise RuntimeError("no")


def _with_a_failing_first_room() -> list[personal.Room]:
    first = personal.Room(name="x", holdings=(), export=lambda person: {}, forget_old=_forgets_nothing)
    return [first, *BOARD]


FIRST_FAILS = _with_a_failing_first_room()


def test_the_check_names_the_room_that_holds_too_long() -> None:
    said = StringIO()
    call_command("check_personal_data", stdout=said)
    assert said.getvalue() == "nothing is held past its time\n"
    PushMessage.objects.create(message_key="k", kind="text", content={}, received_at=NOW - 365 * DAY)
    with pytest.raises(CommandError):
        call_command("check_personal_data", stdout=said)
    assert "wechat: 1 rows are past their time" in said.getvalue()


# --- operators --------------------------------------------------------------------------------------------------


def test_operators_ask_and_take_back_in_a_members_name_with_a_reason() -> None:
    clerk = User.objects.create_user("客服")
    member = make.member()
    with pytest.raises(erasures.ReasonMissing):
        erasures.ask(member=member, operator=clerk, reason=" ", at=NOW)
    asked = erasures.ask(member=member, operator=clerk, reason="来电申请", at=NOW)
    assert (asked.operator, asked.reason) == (clerk, "来电申请")
    erasures.take_back(member=member, operator=clerk, at=NOW + DAY)
    assert ErasureRequest.objects.get().status == "TAKEN_BACK"
