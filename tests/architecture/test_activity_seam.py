"""Another kind of activity is its own room and two lines on boards: a toy kind is sold without another change."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

# The API is described by the kinds of the board as it is when the doors are read: before the toy is on it.
import config.urls  # noqa: F401
from apps.aftersales import services as aftersales
from apps.catalog.models import Sku
from apps.checkout import activities, placing, quoting, scarce
from apps.coupons.models import Coupon
from apps.fulfillment.services import parcels
from apps.inventory import selectors as stock_facts
from apps.members.models import Address, Member
from apps.orders.models import Order, Reduction
from apps.orders.states import Status
from apps.outbox.models import Announcement
from mall.pricing import refs
from tests.apps.checkout import make
from tests.apps.coupons import make as coupons
from tests.apps.fulfillment import make as shipping
from tests.apps.members import make as members
from tests.apps.points import make as points
from tests.apps.wallet import make as wallets
from tests.architecture import toy

ROOT = Path(__file__).parents[2]
Shoppers = Callable[[Member], Any]


@pytest.fixture
def cup(db: None, monkeypatch: pytest.MonkeyPatch) -> Sku:
    """A cup at 50 yuan in a shop with 满40减15, postage, and the toy room."""
    monkeypatch.setattr(activities, "KINDS", (*activities.KINDS, toy.ToyTeams()))
    monkeypatch.setattr(scarce, "HOLDERS", (*scarce.HOLDERS[:-1], toy.Seats(), scarce.HOLDERS[-1]))
    with connection.cursor() as cursor:
        cursor.execute(toy.TABLES)
    make.freight(800)
    make.promotion(label="满40减15", steps=[[4_000, 1_500]])
    return make.goods(5_000, units=10)


def body(sku: Sku, deal_id: Any, **more: Any) -> dict[str, Any]:
    activity = {"kind": "toy_team", "id": deal_id}
    return {"items": [{"sku_id": sku.pk, "quantity": 1}], "activity": activity, **more}


def placed(sku: Sku, deal_id: int, buyer: tuple[Member, Address]) -> Order:
    ticket = activities.read({"kind": "toy_team", "id": deal_id})
    return make.order(*buyer, [(sku, 1)], activity=ticket, at=timezone.now())


def news(order: Order) -> list[str]:
    """What was told of an order after it was placed."""
    told = Announcement.objects.filter(payload__order_no=order.order_no).order_by("id")
    return [name for name in told.values_list("kind", flat=True) if name != "OrderPlaced"]


def test_its_price_is_quoted_and_what_does_not_go_with_it_is_explained(
    cup: Sku, shopper_of: Shoppers
) -> None:
    deal_id = toy.deal(cup, price_fen=3_000)
    member, address = make.buyer()
    quote = (
        shopper_of(member).call("POST", "/checkout/quote", body(cup, deal_id, address_id=address.pk)).json()
    )
    assert (quote["goods_fen"], quote["payable_fen"]) == (5_000, 3_800)
    assert quote["activity"] == {"kind": "toy_team", "id": deal_id, "title": "两人成团"}
    assert quote["applied"] == [
        {"ref": f"toy_team:{deal_id}", "label": "玩具团价", "kind": "goods", "amount_fen": 2_000}
    ]
    assert [(one["label"], one["reason"]) for one in quote["declined"]] == [("满40减15", "不与玩具团价同享")]


@pytest.mark.parametrize(
    ("combines", "paid", "told"),
    [
        ([], 4_200, {"满40减15", "黑卡会员价", "立减4", "积分抵扣", "储值支付"}),
        (["promotions"], 2_700, {"黑卡会员价", "立减4", "积分抵扣", "储值支付"}),
        (["member_price"], 2_500, {"满40减15", "玩具团价", "立减4", "积分抵扣", "储值支付"}),
        (["coupon"], 3_800, {"满40减15", "黑卡会员价", "积分抵扣", "储值支付"}),
        (["points"], 4_100, {"满40减15", "黑卡会员价", "立减4", "储值支付"}),
        (["balance"], 4_200, {"满40减15", "黑卡会员价", "立减4", "积分抵扣"}),
    ],
)
def test_what_goes_with_it_is_its_own_choice_and_the_rest_is_explained(
    cup: Sku, shopper_of: Shoppers, settings: Any, combines: list[str], paid: int, told: set[str]
) -> None:
    """50 yuan by list, 42 in the toy deal, 25 for members; 15 off by 满减, 4 by a coupon, 1 by points."""
    settings.WALLET_ENABLED = True
    ago = timezone.now() - timedelta(minutes=1)
    deal_id = toy.deal(cup, price_fen=4_200, combines=combines)
    member, address = make.buyer(level=members.level("黑卡", discount_bp=5_000))
    coupons.coupon(
        member, of=coupons.template("立减4", kind="NO_THRESHOLD", threshold_fen=0, off_fen=400), at=ago
    )
    points.points.earn(member_id=member.pk, amount=100, cause="start", at=ago)
    wallets.funded(100_00, member=member)
    asked = body(cup, deal_id, address_id=address.pk, use_points=True, use_balance=True)
    coupon_id = str(Coupon.objects.get().public_id)

    quote = shopper_of(member).call("POST", "/checkout/quote", {**asked, "coupon_id": coupon_id}).json()

    assert quote["payable_fen"] - quote["shipping_fen"] == paid
    assert {one["label"] for one in quote["declined"]} == told
    assert quote["balance_fen"] == (quote["payable_fen"] if "balance" in combines else 0)
    assert bool(quote["coupon_id"]) == ("coupon" in combines)


def test_its_badge_is_worn_in_list_and_detail(cup: Sku, shopper_of: Shoppers) -> None:
    deal_id = toy.deal(cup, price_fen=3_000)
    shopper = shopper_of(make.buyer()[0])
    badge = {
        "kind": "toy_team",
        "id": deal_id,
        "label": "两人成团",
        "price_fen": 3_000,
        "starts_at": "2026-01-01T08:00:00+08:00",
        "ends_at": "2126-01-01T08:00:00+08:00",
    }
    assert shopper.call("GET", "/products").json()["results"][0]["badges"][0] == badge
    assert shopper.call("GET", f"/products/{cup.product_id}").json()["badges"][0] == badge


def test_paid_it_gathers_and_ships_nothing_until_it_is_formed(cup: Sku, shopper_of: Shoppers) -> None:
    shipping.carriers()
    deal_id = toy.deal(cup, price_fen=3_000)
    buyer = make.buyer()
    first, second = placed(cup, deal_id, buyer), placed(cup, deal_id, make.buyer())
    assert (toy.taken(deal_id), first.status) == (2, "UNPAID")

    make.pay(first, at=timezone.now())

    shown = shopper_of(buyer[0]).call("GET", f"/orders/{first.order_no}").json()
    assert (shown["status"], shown["status_text"]) == ("GATHERING", "拼团中")
    assert shown["activity"] == {
        "kind": "toy_team",
        "id": deal_id,
        "title": "两人成团",
        "group_no": "TG1",
    }
    assert news(first) == ["OrderGathered"]
    with pytest.raises(parcels.NotShippable):
        parcels.ship(
            order_no=first.order_no,
            carrier_code="SF",
            tracking_no="SF1234567890",
            operator=None,
            at=timezone.now(),
        )

    make.pay(second, at=timezone.now())

    assert set(Order.objects.values_list("status", flat=True)) == {"PAID"}
    assert [news(first), news(second)] == [["OrderGathered", "OrderPaid"]] * 2
    assert stock_facts.available([cup.pk]) == {cup.pk: 8}


def test_what_it_took_off_is_kept_as_a_row(cup: Sku) -> None:
    deal_id = toy.deal(cup, price_fen=3_000)
    order = placed(cup, deal_id, make.buyer())
    make.pay(order, at=timezone.now())
    row = Reduction.objects.get()
    assert (row.order, row.line, row.amount_fen) == (order, order.lines.get(), 2_000)
    assert row.ref == refs.activity("toy_team", deal_id)


def test_its_seat_is_free_again_when_the_order_closes(cup: Sku) -> None:
    deal_id = toy.deal(cup, price_fen=3_000)
    make.close(placed(cup, deal_id, make.buyer()), at=timezone.now())
    assert (toy.taken(deal_id), stock_facts.available([cup.pk])) == (0, {cup.pk: 10})


def test_a_gathering_order_is_refunded_with_its_seat_and_its_unit(cup: Sku) -> None:
    deal_id = toy.deal(cup, price_fen=3_000)
    order = placed(cup, deal_id, make.buyer())
    make.pay(order, at=timezone.now())
    aftersales.refund_unshipped(order_no=order.order_no, reason="未成团", operator=None, at=timezone.now())
    order.refresh_from_db()
    assert (order.status, order.refunded_fen, order.refunds.get().wechat_fen) == ("REFUNDED", 3_800, 3_800)
    assert (toy.taken(deal_id), stock_facts.available([cup.pk])) == (0, {cup.pk: 10})


def test_a_seat_that_was_taken_meanwhile_is_refused_in_its_own_words_with_nothing_held(cup: Sku) -> None:
    deal_id = toy.deal(cup, price_fen=3_000, quota=1)
    member, address = make.buyer()
    ticket = activities.read({"kind": "toy_team", "id": deal_id})
    choice = quoting.Choice(items=((cup.pk, 1),), address_id=address.pk, activity=ticket)
    seen = quoting.compose(member=member, choice=choice, at=timezone.now())
    placed(cup, deal_id, make.buyer())
    with pytest.raises(toy.SoldOut):
        placing.place(
            member=member,
            choice=choice,
            expected_payable_fen=seen.quote.payable_fen,
            idempotency_key="k",
            remark="",
            at=timezone.now(),
        )
    assert (toy.taken(deal_id), Order.objects.count()) == (1, 1)
    assert toy.SoldOut in scarce.taken_meanwhile()


@pytest.mark.parametrize(
    ("activity", "refusal"),
    [
        ({"kind": "toy_team", "id": "1"}, (400, "invalid")),
        ({"kind": "toy_team"}, (400, "invalid")),
        ({"kind": "toy_team", "id": 9_999}, (404, "activity_not_found")),
        ({"kind": "toy_crew", "id": 1}, (404, "activity_not_found")),
    ],
)
def test_what_names_none_is_refused_at_the_door(
    cup: Sku, shopper_of: Shoppers, activity: dict[str, Any], refusal: tuple[int, str]
) -> None:
    member, address = make.buyer()
    said = {**body(cup, 1), "activity": activity, "address_id": address.pk, "expected_payable_fen": 3_800}
    answers = [
        shopper_of(member).call("POST", "/checkout/quote", said),
        shopper_of(member).call("POST", "/orders", said, idempotency_key="k"),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [refusal] * 2


def test_operators_see_what_the_order_is_of(cup: Sku, admin_client: Client) -> None:
    order = placed(cup, toy.deal(cup, price_fen=3_000), make.buyer())
    page = admin_client.get(reverse("admin:orders_order_change", args=[order.pk])).content.decode()
    assert "玩具团：两人成团" in page


def test_operators_find_orders_by_a_status_only_where_a_kind_of_activity_brings_orders_there(
    cup: Sku, admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offered() -> tuple[list[str], list[str]]:
        page = admin_client.get(reverse("admin:orders_order_changelist"))
        [tabs] = [entry for entry in page.context["tab_list"] if entry["models"] == ["orders.order"]]
        spec = next(one for one in page.context["cl"].filter_specs if one.lookup_kwarg == "status__exact")
        choices = [str(one["display"]) for one in spec.choices(page.context["cl"])]
        return [item["title"] for item in tabs["items"]], choices[1:]

    plain = ["待付款", "待发货", "待收货", "已完成", "已关闭", "已退款"]
    none_waits = tuple(kind for kind in activities.KINDS if not kind.waits_in)
    monkeypatch.setattr(activities, "KINDS", (*none_waits, toy.ToyTeams()))
    assert offered() == (
        ["全部", "待付款", "拼团中", *plain[1:]],
        ["待付款", "拼团中", *plain[1:]],
    )
    monkeypatch.setattr(activities, "KINDS", none_waits)
    assert offered() == (["全部", *plain], plain)


def test_a_kind_whose_orders_wait_for_others_says_so() -> None:
    for kind in (*activities.KINDS, toy.ToyTeams()):
        waits = type(kind).when_paid is not activities.ActivityKind.when_paid
        assert waits == (Status.GATHERING in kind.waits_in), kind.kind


def test_no_kind_is_called_like_another_or_like_another_sort_of_offer() -> None:
    kinds = [kind.kind for kind in activities.KINDS]
    assert len(set(kinds)) == len(kinds)
    assert set(kinds) & refs.OWN_KINDS == set()
    assert all(refs.activity(kind, 1) for kind in kinds)


def test_the_counter_knows_a_kind_by_its_module_and_its_holder_only() -> None:
    words = re.compile("|".join(rf"\b{kind.kind}\b" for kind in activities.KINDS))
    naming = {
        str(path.relative_to(ROOT / "apps"))
        for path in (ROOT / "apps").rglob("*.py")
        if "migrations" not in path.parts and words.search(path.read_text())
    }
    rooms = {f"{kind.kind.replace('_', '')}/" for kind in activities.KINDS}
    at_home = {name for name in naming if name.startswith(("checkout/activities/", "demo/", *rooms))}
    assert naming - at_home == {
        "checkout/bills/presales.py",
        "checkout/holders.py",
        "desk/bargain_page.py",
        "desk/calendar.py",
        "desk/campaign_file.py",
        "desk/presale_page.py",
        # A prize is a reward of its campaign: no room of its own.
        "referrals/states.py",
    }, (
        "a kind is named by its own app, which is called like it without underscores (docs/guide/add-an-activity.md)"
    )
    assert "checkout/activities/points_good.py" in at_home
