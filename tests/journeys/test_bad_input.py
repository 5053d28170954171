"""Every door of the shopper's API, knocked at with nonsense: a polite 4xx, never a 500, and nothing stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from typing import Any
from urllib.parse import quote

import pytest
from django.apps import apps
from django.db import connection
from django.test import override_settings
from django.urls import get_resolver
from django.utils import timezone

from apps.aftersales.models import AfterSale
from apps.carts import services as carts
from apps.carts.models import CartItem
from apps.catalog.models import Product
from apps.coupons.models import PromoCode
from apps.distribution.models import Promoter
from apps.invoices.models import InvoiceTitle
from apps.members.models import Member
from apps.members.services import consents
from apps.messaging.models import Template
from apps.orders.models import Order
from apps.support.models import Survey
from apps.wallet.models import Pack
from tests.apps.aftersales import apply
from tests.apps.checkout import make as counter
from tests.apps.content import make as content
from tests.apps.coupons import make as coupons
from tests.apps.distribution import make as promotion
from tests.apps.members import make as members
from tests.apps.points import make as points
from tests.apps.support import make as surveys
from tests.apps.wallet import make as wallet
from tests.conftest import Shopper
from tests.standing import standing

pytestmark = pytest.mark.django_db

FORM = {"code", "message", "details", "request_id"}
HUGE = "x" * 10_000

INT = ["1", "１２", "a", "", 1.5, 1.0, -1, 0, 2**63, 10**40, True, None, [], [1], {}, {"a": 1}, "1\x00"]
TEXT = [7, 1.5, True, [], ["a"], {}, {"a": "b"}, "a\x00b", "a\x1b[31m", "\ud800", HUGE]
REQUIRED_TEXT = [*TEXT, "", "   ", None]
BOOL = ["true", "", 1, 0, 1.0, None, [], {}]
WANTED = [[], {}, "1", 1, None, [[]], [1], [None], [{}], [{"sku_id": 1}], [{"quantity": 1}], [[[[[[]]]]]]]

# What no parser should let pass.
BODIES = [
    b"null", b"[]", b"1", b'"text"', b"{", b'{"a":', b"\xff\xfe", b'{"a":NaN}', b'{"a":1,"a":2}', b"[" * 50_000,
    b'{"a":' * 50 + b"1" + b"}" * 50, b"code=1&x=2", b"<xml/>", b'{"a":"' + b"x" * 3_000_000 + b'"}',
]  # fmt: skip


@dataclass(frozen=True)
class Door:
    """A call that succeeds with ``good`` and, for each field, values that it must not take."""

    method: str
    path: str
    good: dict[str, Any]
    wrong: dict[str, list[Any]]
    headers: dict[str, str] = field(default_factory=dict)


ADDRESS = {
    "name": "林小茶",
    "phone": "13800000000",
    "province": "浙江省",
    "city": "杭州市",
    "district": "西湖区",
    "detail": "龙井路 1 号",
    "postal_code": "310000",
    "is_default": False,
}
ADDRESS_WRONG = {
    **dict.fromkeys(("name", "phone", "province", "city", "detail"), REQUIRED_TEXT),
    "district": [*TEXT, None],
    "postal_code": [*TEXT, None, 310000],
    "lat": ["30.2", True, [], {}, 90.1, -91, 10**400, 30.2],
    "lng": ["120.1", False, [], {}, 180.1, -181, 10**400, 120.1],
    "is_default": BOOL,
}
TITLE = {"kind": "COMPANY", "name": "清茶", "tax_no": "91350100M000100Y43", "email": "tea@example.com"}
TITLE_WRONG = {
    "kind": [*REQUIRED_TEXT, "company", "SHOP"],
    "name": [*REQUIRED_TEXT, "茶" * 101],
    "tax_no": [*REQUIRED_TEXT, "91350100M000100Y4Z", "110105123456789", "I1350100M000100Y43"],
    "email": [*TEXT, None, "tea", "a@b@c.d"],
}
NULLABLE = [value for value in INT if value is not None]
DELIVERIES = [
    *(
        7,
        1.5,
        True,
        "CITY",
        [],
        [{}],
        {},
        {"kind": None},
        {"kind": 1},
        {"kind": []},
        {"kind": "pickup"},
        {"kind": HUGE},
    ),
    *({"kind": "PICKUP", "place_id": value} for value in [*INT, 2**62]),
    *({"kind": "CITY", "place_id": value} for value in INT if value is not None),
    *({"kind": "EXPRESS", "slot": value} for value in ["09:00", 0, {}, [], "3-20260303-0900-1100"]),
    *({"kind": "CITY", "slot": value} for value in TEXT),
    *({"kind": "EXPRESS", "packing": value} for value in ["GIFT", False, {"kind": "GIFT"}, [], {}]),
    *({"kind": "EXPRESS", "packing": {"id": value}} for value in [*INT, 10**9]),
    *({"kind": "EXPRESS", "packing": {"id": 1, "message": value}} for value in [*TEXT, "x" * 5000]),
    {"kind": "PICKUP"},
    {"kind": "CITY"},
    {"kind": "EXPRESS", "place_id": 1},
]
CHOICE_WRONG = {
    "delivery": DELIVERIES,
    "items": WANTED,
    "from_cart": [value for value in BOOL if value is not None] + [True],
    "address_id": NULLABLE,
    # An empty one says that no coupon is to be used.
    "coupon_id": [*(value for value in NULLABLE if value != ""), 7],
    "use_points": ["1", -1, 1.5, 2**63, [], {}],
    "use_balance": ["1", -1, 1.5, 2**63, [], {}],
    "activity": ["groupbuy", 1, [], True, {"kind": {"a": 1}}, {"kind": "points_good", "id": "1"}],
}


DATES = [
    *REQUIRED_TEXT,
    "1990-02-30",
    "1990-13-01",
    "１９９０-05-20",
    "20.5.1990",
    "2199-01-01",
    "0000-00-00",
]


def reviewing(order_no: str, sku_id: int) -> Door:
    """The door of reviews: one of a line, and everything that is no review of it."""
    good = {"sku_id": sku_id, "rating": 5, "text": "好", "pictures": [], "anonymous": False}
    wrong = {
        "sku_id": [*INT, 2**62],
        "rating": [*INT, 6],
        "text": [7, 1.5, True, None, [], {}, "a\x00b", "\ud800", "字" * 501, HUGE],
        "pictures": [
            *("7K2M9QRTW4XPBCDE5FGH6JNV", 1, None, {}, [1], [None], ["../x"], [HUGE], ["A" * 24]),
            [f"{number:024d}" for number in range(10)],
        ],
        "anonymous": BOOL,
    }
    one_wrong = [[{**good, name: value}] for name, values in wrong.items() for value in values]
    return Door(
        "POST",
        f"/orders/{order_no}/reviews",
        {"reviews": [good]},
        {"reviews": [[], {}, "1", 1, None, [[]], [1], [None], [{}], [good, good], [good] * 101, *one_wrong]},
    )


def asking_back(order: Order, approved: AfterSale) -> list[Door]:
    """The doors of applications: what one would give, asking, a word to the shop, a parcel."""
    line = order.lines.get()
    one = {"line_id": line.pk, "quantity": 1}
    units = [{**one, "quantity": value} for value in [*INT, 10**9]]
    lines = [{**one, "line_id": value} for value in [*INT, 2**62]]
    other = [{**one, "new_sku_id": value} for value in (0, -1, "1", 1.5, [], True)]
    pictures = [1, None, {}, [1], [None], ["../x"], [HUGE], ["A" * 24] * 2]
    good = {"kind": "REFUND", "lines": [one], "reason": "CHANGED_MIND"}
    wrong = {
        "kind": [*REQUIRED_TEXT, "refund", "COMPENSATE"],
        "lines": [
            *([], {}, "1", None, [[]], [1], [{}], [one, one]),
            *([row] for row in units + lines + other),
        ],
        "reason": [*REQUIRED_TEXT, "NOPE", "SIZE"],
        "text": [7, 1.5, True, None, [], {}, "a\x00b", "\ud800", "字" * 501, HUGE],
        "picture_ids": pictures,
        "amount_fen": [*(value for value in INT if value is not None), 0, 10**15],
    }
    door = f"/after-sales/{approved.after_sale_no}"
    none_there = [["A" * 24]]
    return [
        Door("POST", f"/orders/{order.order_no}/after-sales/preview", good, wrong),
        Door(
            "POST",
            f"/orders/{order.order_no}/after-sales",
            good,
            {**wrong, "picture_ids": pictures + none_there},
            {"idempotency_key": "never"},
        ),
        Door(
            "POST", f"{door}/messages", {"text": "在吗"}, {"text": TEXT, "picture_ids": pictures + none_there}
        ),
        Door(
            "POST",
            f"{door}/return-parcel",
            {"carrier": "顺丰速运", "tracking_no": "SF1234567890"},
            {"carrier": REQUIRED_TEXT, "tracking_no": [*REQUIRED_TEXT, "SF 1", "<script>"]},
        ),
    ]


def invoicing(member: Member, order: Order) -> list[Door]:
    """The doors of invoices: a title, and applying."""
    title = InvoiceTitle.objects.create(member=member, kind="PERSONAL", name="小茶", added_at=timezone.now())
    changed = {name: TITLE_WRONG[name] for name in ("kind", "name", "email")}
    return [
        Door("POST", "/me/invoice-titles", TITLE, TITLE_WRONG),
        Door("PATCH", f"/me/invoice-titles/{title.pk}", {}, changed),
        Door(
            "POST", f"/orders/{order.order_no}/invoice", {"title_id": title.pk}, {"title_id": [*INT, 2**62]}
        ),
    ]


def answering(survey: Survey) -> Door:
    """The door of a survey with one question of each kind."""
    tea, times, stars, words = survey.questions.all()
    good: list[dict[str, Any]] = [
        {"question_id": tea.pk, "choices": [1]},
        {"question_id": times.pk, "choices": [1, 2]},
        {"question_id": stars.pk, "rating": 5},
        {"question_id": words.pk, "text": "好"},
    ]
    wrong = [
        *(
            {**good[0], "choices": value}
            for value in [[3], [0], [1, 2], [], None, 1, "1", ["1"], [True], [10**30]]
        ),
        *({**good[0], "question_id": value} for value in [*INT, 2**62]),
        *({**good[0], "rating": value} for value in [*(v for v in INT if v is not None), 5, 6]),
        *({**good[0], "text": value} for value in [*TEXT, "好"]),
    ]
    refused = [[one, *good[1:]] for one in wrong]
    return Door(
        "POST",
        f"/surveys/{survey.pk}/answers",
        {"answers": good},
        {
            "answers": [
                [],
                {},
                "1",
                1,
                None,
                [[]],
                [None],
                [{}],
                good[:2],
                [*good, good[0]],
                good * 30,
                *refused,
            ]
        },
    )


def showing(product_id: int) -> Door:
    """The door of shares: a product, and everything that cannot be shared."""
    wrong = {"kind": [*REQUIRED_TEXT, "coupon", "article"], "id": [*INT, 2**62, [7], "PR1"]}
    return Door("POST", "/shares", {"kind": "product", "id": product_id}, wrong)


def granting(template_id: str) -> Door:
    """The door of grants: one accept, and everything that no mini program was answered."""
    said = {template_id: "accept"}
    words = [{template_id: value} for value in [7, 1.5, True, None, [], {}, "", "perhaps", HUGE]]
    strangers = [{"nobody's": "accept"}, {"🍵": "accept"}, {"a\x00b": "accept"}, {HUGE: "accept"}]
    wrong = {
        "scene": [*REQUIRED_TEXT, "nonsense"],
        "results": [
            {},
            [],
            7,
            None,
            "accept",
            [said],
            {f"T{n}": "accept" for n in range(4)},
            *words,
            *strangers,
        ],
    }
    return Door("POST", "/me/message-grants", {"scene": "order_paid", "results": said}, wrong)


def _form(content: bytes) -> bytes:
    """A multipart form whose only part is a file."""
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
    return head + content + b"\r\n--x--\r\n"


def doors(sku_id: int, address_id: int, item_id: int, good_id: int, pack_id: int) -> list[Door]:
    choice = {"items": [{"sku_id": sku_id, "quantity": 1}], "address_id": address_id}
    units = [{"items": [{"sku_id": sku_id, "quantity": value}]} for value in [*INT, 10**9]]
    goods = [{"items": [{"sku_id": value, "quantity": 1}]} for value in [*INT, 2**62]]
    many = [{"sku_id": number, "quantity": 1} for number in range(1, 1002)]
    items = [*WANTED, *(one["items"] for one in units + goods), many]
    order_wrong = {
        **CHOICE_WRONG,
        "items": items,
        "expected_payable_fen": [*(v for v in INT if v != 0), 0, 1],
        "remark": [7, 1.5, True, None, [], {}, "a\x00b", "\ud800", "🍵" * 201, HUGE],
    }
    order = {**choice, "expected_payable_fen": 5000}
    return [
        Door("POST", "/auth/login", {"code": "x"}, {"code": REQUIRED_TEXT}),
        Door("POST", "/auth/refresh", {"refresh": "x"}, {"refresh": REQUIRED_TEXT}),
        Door("POST", "/auth/logout", {"refresh": "x"}, {"refresh": REQUIRED_TEXT}),
        Door("PATCH", "/me", {}, {"nickname": [*TEXT, None], "avatar_url": [*TEXT, None, "ftp://a.b/c"]}),
        Door("POST", "/me/phone", {"code": "x"}, {"code": REQUIRED_TEXT}),
        Door(
            "POST",
            "/me/consents",
            {"document": "privacy", "version": "1.0"},
            {"document": REQUIRED_TEXT, "version": REQUIRED_TEXT},
        ),
        granting(Template.objects.get_or_create(template_id="T-paid")[0].template_id),
        Door("PUT", "/me/message-settings", {"marketing": True}, {"marketing": BOOL}),
        Door("POST", "/me/addresses", ADDRESS, ADDRESS_WRONG),
        Door("PUT", f"/me/addresses/{address_id}", ADDRESS, ADDRESS_WRONG),
        Door("PATCH", f"/me/addresses/{address_id}", {}, ADDRESS_WRONG),
        Door(
            "POST",
            "/cart/items",
            {"sku_id": sku_id, "quantity": 1, "selected": True},
            {"sku_id": [*INT, 2**62], "quantity": [*INT, 10**9], "selected": BOOL},
        ),
        Door("PATCH", f"/cart/items/{item_id}", {}, {"quantity": [*INT, 10**9], "selected": BOOL}),
        Door("POST", "/me/promoter", {}, {"agreement_version": [*TEXT, "", "   ", None]}),
        Door(
            "POST",
            "/me/promoter/withdrawals",
            {"amount_fen": 30_000},
            # A blank name is none, which is asked for from 2,000 yuan on only.
            {"amount_fen": [*INT, 0, -1], "real_name": [*TEXT, None, "长" * 51]},
            {"idempotency_key": "never"},
        ),
        Door("POST", "/me/inviter", {"promo_code": "K7M2P9QR"}, {"promo_code": REQUIRED_TEXT}),
        Door("PUT", "/me/birthday", {"birthday": "1990-05-20"}, {"birthday": DATES}),
        Door("POST", "/coupons/redeem", {"code": "WANG2026"}, {"code": REQUIRED_TEXT}),
        Door(
            "POST",
            f"/points-mall/{good_id}/redemptions",
            {"quantity": 1},
            {"quantity": [*INT, 10**9]},
            {"idempotency_key": "never"},
        ),
        Door(
            "POST",
            "/wallet/recharges",
            {"pack_id": pack_id, "expected_principal_fen": 50_000},
            {"pack_id": [*INT, 2**62], "expected_principal_fen": INT},
            {"idempotency_key": "never"},
        ),
        Door("POST", "/checkout/quote", choice, {**CHOICE_WRONG, "items": items}),
        Door("POST", "/orders", order, order_wrong, {"idempotency_key": "never"}),
    ]


@dataclass
class World:
    """A member with a token, an address, a line in the cart, an unpaid order and points; goods, and a code."""

    member: Member
    me: Shopper
    doors: list[Door]
    order_no: str


def on_offer() -> Pack:
    now = timezone.now()
    return wallet.pack(starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=1))


@pytest.fixture
def world(stage: World, shopper_of: Callable[[Member], Shopper], settings: Any) -> World:
    settings.WECHAT_API_BASE = settings.WECHATPAY_BASE = "http://127.0.0.1:1"
    settings.WALLET_ENABLED = True
    return replace(stage, me=shopper_of(stage.member))


@pytest.fixture(scope="module")
def stage(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """The world before anybody has logged in: nothing of it is changed by what is refused."""
    with standing(django_db_blocker), override_settings(WALLET_ENABLED=True):
        yield _world()


def _world() -> World:
    members.privacy("1.0")
    member, address = counter.buyer()
    sku = counter.goods(5000, units=50)
    carts.put(member=member, sku_id=sku.pk, quantity=1, selected=True, at=timezone.now())
    item = CartItem.objects.get()
    order = counter.order(member, address, [(sku, 1)], at=timezone.now() - timedelta(minutes=1))
    coupon = coupons.template("满500减10", threshold_fen=50_000)
    PromoCode.objects.create(code="WANG2026", template=coupon, promoter=members.member("老王"))
    Promoter.objects.filter(pk=promotion.promoter().pk).update(code="K7M2P9QR")
    promotion.give(promotion.promoter(member), 30_000)
    points.points.earn(member_id=member.pk, amount=100, cause="start", at=timezone.now())
    known = doors(sku.pk, address.pk, item.pk, points.coupon_good(100).pk, on_offer().pk)
    consents.give(member=member, document="privacy", version="1.0", at=timezone.now())
    received = content.order(member, at=timezone.now() - timedelta(days=1))
    now = timezone.now()
    survey = surveys.survey(starts_at=now - timedelta(days=1), ends_at=now + timedelta(days=1))
    known[:0] = [
        reviewing(received.order_no, received.lines.get().sku_id),
        *asking_back(received, agreed_to_take_back(member)),
        *invoicing(member, received),
        answering(survey),
        showing(sku.product_id),
        Door("PUT", "/me/favorites", {"product_id": sku.product_id}, {"product_id": INT}),
        Door("PUT", "/me/stock-wishes", {"sku_id": counter.goods(units=0).pk}, {"sku_id": INT}),
    ]
    return World(member, Shopper(), known, order.order_no)


def agreed_to_take_back(member: Member) -> AfterSale:
    """Another received order, of which the shop has agreed to take the goods back."""
    yesterday = timezone.now() - timedelta(days=1)
    order = content.order(member, at=yesterday)
    row = apply.applied(order, {order.lines.get().sku: 1}, "RETURN", at=yesterday)
    return apply.approve(row, at=yesterday)


def everything() -> dict[str, str]:
    """Every row of every table of ours, by one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_everything())
        return dict(cursor.fetchall())


@cache
def _everything() -> str:
    tables = [model._meta.db_table for model in apps.get_models() if model.__module__.startswith("apps.")]
    return " UNION ALL ".join(
        f"SELECT '{table}', (SELECT string_agg(one::text, chr(10) ORDER BY one::text) FROM \"{table}\" AS one)"  # noqa: S608 -- names of ours
        for table in tables
    )


def complaint(answer: Any) -> str:
    """What is wrong with an answer that should be a polite 4xx; empty if nothing is."""
    if not 400 <= answer.status_code < 500:
        return f"answered {answer.status_code}"
    body = answer.json()
    if set(body) != FORM or not all(isinstance(body[name], str) for name in ("code", "message")):
        return f"answered {body}"
    return ""


def test_no_door_takes_a_wrong_value_in_any_field(world: World) -> None:
    before = everything()
    complaints = []
    for door in world.doors:
        for name, values in door.wrong.items():
            for value in values:
                body = {**door.good, name: value}
                answer = world.me.call(door.method, door.path, body, **door.headers)
                if said := complaint(answer):
                    complaints.append((door.method, door.path, name, str(value)[:40], said))

    assert complaints == []
    assert everything() == before


def test_no_door_takes_a_body_that_is_no_json_object(world: World) -> None:
    before = everything()
    complaints = []
    for door in world.doors:
        for body in BODIES:
            answer = world.me.generic(
                door.method,
                f"/api/v1{door.path}",
                body,
                content_type="application/json",
                headers={"Idempotency-Key": "never"},
            )
            if said := complaint(answer):
                complaints.append((door.method, door.path, body[:20], said))

    assert complaints == []
    assert everything() == before


def test_no_door_takes_a_form_or_xml(world: World) -> None:
    for door in world.doors:
        for kind in ("application/x-www-form-urlencoded", "text/xml", "multipart/form-data; boundary=x"):
            answer = world.me.generic(
                door.method,
                f"/api/v1{door.path}",
                b"a=1",
                content_type=kind,
                headers={"Idempotency-Key": "never"},
            )
            assert (door.path, answer.status_code) == (door.path, 415)


def test_every_field_that_is_needed_is_missed_when_it_is_missing(world: World) -> None:
    optional = {"address_id", "selected", "district", "postal_code", "is_default", "quantity"}
    optional |= {"expected_principal_fen", "email"}
    before = everything()
    for door in world.doors:
        for name in door.good.keys() - optional:
            body = {known: value for known, value in door.good.items() if known != name}
            assert complaint(world.me.call(door.method, door.path, body, **door.headers)) == "", (door, name)
    assert everything() == before


@pytest.mark.parametrize("key", ["", " ", "a b", "k" * 81, "键", "k\x7f"])
def test_an_order_needs_a_plain_idempotency_key(world: World, key: str) -> None:
    before = everything()
    door = world.doors[-1]
    answers = [
        world.me.call("POST", "/orders", door.good),
        world.me.call("POST", "/orders", door.good, idempotency_key=key),
    ]
    assert {answer.json()["code"] for answer in answers} == {"idempotency_key_required"}
    assert everything() == before


IDS = ["0", "-1", "1.0", "1e3", "abc", "１", "9223372036854775807", "9223372036854775808", "9" * 5000, "\x00"]
IDS += ["%", "'", "1;DROP TABLE", "..", "🍵", " ", HUGE]


@pytest.mark.parametrize(
    ("methods", "path"),
    [
        ("GET", "/products/{}"),
        ("GET PUT PATCH DELETE", "/me/addresses/{}"),
        ("PATCH DELETE", "/me/invoice-titles/{}"),
        ("GET", "/orders/{}/invoice"),
        ("PATCH DELETE", "/cart/items/{}"),
        ("POST", "/me/messages/{}/read"),
        ("GET", "/orders/{}"),
        ("GET", "/orders/{}/pickup-code"),
        ("POST", "/coupons/{}/claim"),
        ("GET", "/me/coupons/{}"),
        ("POST", "/me/coupons/{}/pass"),
        ("POST", "/orders/{}/pay"),
        ("GET", "/products/{}/reviews"),
        ("GET", "/products/{}/reviews/summary"),
        ("GET", "/surveys/{}"),
        ("POST", "/orders/{}/cancel"),
        ("POST", "/orders/{}/receive"),
        ("GET", "/me/wallet/recharges/{}"),
        ("POST", "/wallet/recharges/{}/pay"),
        ("POST", "/wallet/recharges/{}/cancel"),
        ("GET", "/documents/{}"),
        ("DELETE", "/me/consents/{}"),
        ("POST DELETE", "/flash-sales/goods/{}/reminders"),
        ("POST", "/flash-sales/goods/{}/waits"),
        ("GET", "/places/{}/slots"),
    ],
)
def test_what_is_no_id_of_anything_is_404(world: World, methods: str, path: str) -> None:
    before = everything()
    for method in methods.split():
        for number in IDS:
            answer = world.me.call(method, path.format(quote(number, safe="")), {})
            assert (number[:30], answer.status_code, complaint(answer)) == (number[:30], 404, "")
    assert everything() == before


def test_what_is_asked_of_a_list_is_understood_or_refused(world: World) -> None:
    nonsense = ["", "0", "-1", "1.5", "１０", "abc", "\x00", "a\x00b", "'", "%", "🍵", "9" * 5000, "[]", HUGE]
    signed_elsewhere = "WyJhIl0:1abcde:Zm9yZ2Vk"
    lists: dict[str, tuple[str, ...]] = {
        "/products": ("category", "q", "ordering", "scope", "price_from_fen"),
        "/orders": ("status",),
        "/places": ("lat", "lng", "sku_id", "city"),
        "/packings": ("place_id",),
        "/coupons": (),
        "/me/coupons": ("status", "ordering"),
        "/me/promo-codes": (),
        "/me/check-ins": ("month",),
        "/me/points/entries": (),
        "/points-mall": (),
        "/me/wallet/recharges": (),
        "/me/reviews": (),
        "/me/after-sales": (),
        "/me/reviews/pending": (),
        f"/products/{Product.objects.all()[0].pk}/reviews": ("rating", "with_pictures"),
        "/surveys": (),
        "/flash-sales": ("day",),
        "/me/waits": (),
        "/leaderboards/promoters": ("period",),
        "/leaderboards/referrals": ("period",),
        "/referrals": (),
        "/me/packets": ("order_no",),
        "/me/promoter/team": ("level",),
        "/me/promoter/orders": (),
        "/me/promoter/commissions": ("status",),
        "/me/promoter/withdrawals": (),
        "/me/promoter/goods": (),
        "/me/promoter/materials": ("product",),
    }
    for path, names in lists.items():
        for name in (*names, "cursor", "page_size"):
            for value in [*nonsense, signed_elsewhere]:
                answer = world.me.call("GET", f"{path}?{name}={quote(value)}")
                told = (path, name, value[:20], answer.status_code)
                assert answer.status_code == 200 or complaint(answer) == "", told


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/json", b"{}", 415),
        ("text/xml", b"<a/>", 415),
        ("multipart/form-data", b"x", 400),
        ("multipart/form-data; boundary=x", b"", 400),
        ("multipart/form-data; boundary=x", b"--x--", 400),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n--x--',
            400,
        ),
        ("multipart/form-data; boundary=x", _form(b""), 400),
        ("multipart/form-data; boundary=x", _form(b"no picture"), 400),
        ("multipart/form-data; boundary=x", _form(b"\xff\xd8\xff" + b"\x00" * 100), 400),
        ("multipart/form-data; boundary=x", _form(b"x" * 6_000_000), 413),
    ],
    ids=["json", "xml", "no boundary", "nothing", "no part", "no file", "empty", "text", "broken", "6 MB"],
)
def test_the_door_of_pictures_takes_pictures_only(world: World, kind: str, body: bytes, status: int) -> None:
    before = everything()
    answer = world.me.generic("POST", "/api/v1/me/pictures", body, content_type=kind)
    assert (answer.status_code, complaint(answer)) == (status, "")
    assert everything() == before


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ("/products?ordering=cheapest", "ordering_unknown"),
        ("/products?ordering=cost_fen", "ordering_unknown"),
        ("/products?q=" + HUGE, "query_too_long"),
        ("/products?category=tea", "category_invalid"),
        ("/products?category=99999999", "not_found"),
        ("/products?cursor=tampered", "cursor_invalid"),
        ("/products?page_size=1000", "page_size_invalid"),
        ("/me/coupons?ordering=best", "ordering_unknown"),
        ("/orders?status=LOST", "status_unknown"),
        ("/orders?cursor=tampered", "cursor_invalid"),
    ],
)
def test_a_list_says_what_it_does_not_understand(world: World, question: str, code: str) -> None:
    answer = world.me.call("GET", question)
    assert (complaint(answer), answer.json()["code"]) == ("", code)


def test_a_cursor_of_one_list_opens_no_other(world: World) -> None:
    for _ in range(2):
        counter.goods(5000)
    following = world.me.call("GET", "/products?page_size=1").json()["next"]
    cursor = following.partition("cursor=")[2].partition("&")[0]

    assert world.me.call("GET", f"/products?page_size=1&cursor={cursor}").status_code == 200
    answer = world.me.call("GET", f"/orders?cursor={cursor}")
    assert (answer.status_code, answer.json()["code"]) == (400, "cursor_invalid")


def test_wechats_doors_refuse_what_wechat_did_not_say(world: World) -> None:
    before = everything()
    for path in ("pay/notify", "refund/notify", "transfer/notify", "push"):
        for body in [b"", b"{}", *BODIES]:
            answer = world.me.generic("POST", f"/wechat/{path}", body, content_type="application/json")
            assert (path, body[:20], 400 <= answer.status_code < 500) == (path, body[:20], True)
    assert everything() == before


def test_no_door_was_forgotten(world: World) -> None:
    """Each path of the API that takes a body stands in the table above."""
    tried = {door.path for door in world.doors}
    # A picture is no JSON: its door has tests of its own.
    taking_no_body = {
        "pay",
        "cancel",
        "receive",
        "claim",
        "pass",
        "check-ins",
        "openings",
        "read",
        "pictures",
        "avatar",
        "again",
        "export",
        "erasure",
        "runs",
        "helps",
        # Answered 204 whatever is said: tests/apps/shares/test_visits.py.
        "visits",
        # Likewise: tests/apps/messaging/test_sending.py.
        "opened",
        # tests/apps/referrals/test_watching.py.
        "watch",
        "done",
        "reminders",
        "waits",
    }
    for method, path in _paths_with_bodies():
        known = any(door.startswith(path.partition("{")[0]) for door in tried)
        assert known or path.rpartition("/")[2] in taking_no_body, (method, path)


def _paths_with_bodies() -> list[tuple[str, str]]:
    """The API's paths, below /api/v1, whose views have POST, PUT or PATCH."""
    found = []
    for pattern in _flat(get_resolver().url_patterns, ""):
        path, view = pattern
        if path.startswith("api/v1/"):
            methods = [name for name in ("post", "put", "patch") if hasattr(view, name)]
            found += [(method, "/" + path.removeprefix("api/v1/")) for method in methods]
    assert len(found) > 10
    return found


def _flat(patterns: Any, before: str) -> list[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = []
    for pattern in patterns:
        path = before + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            rows += _flat(pattern.url_patterns, path)
        else:
            rows.append((path.replace("<", "{").replace(">", "}"), getattr(pattern.callback, "cls", None)))
    return rows


def test_the_good_bodies_are_good(world: World) -> None:
    """Otherwise the sweeps above would be refused for another reason than the one they try."""
    for door in world.doors:
        if not door.path.startswith(("/auth", "/me/phone")):
            answer = world.me.call(door.method, door.path, door.good, **door.headers)
            assert (door.path, answer.status_code in {200, 201, 204}) == (door.path, True), answer.content


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        (
            "POST",
            "/checkout/quote",
            {"items": [{"sku_id": 1, "quantity": 1}], "delivery": {"kind": "\ud800"}},
        ),
        ("POST", "/me/message-grants", {"scene": "order_paid", "results": {"\ud800": 1}}),
        ("POST", "/orders/{}/delay-answer", {"choice": "茶\udfff"}),
    ],
)
def test_half_a_character_that_a_refusal_repeats_is_no_fault_of_ours(
    world: World, method: str, path: str, body: Any
) -> None:
    answer = world.me.call(method, path.format(world.order_no), body)
    assert (answer.status_code, complaint(answer)) == (400, "")
