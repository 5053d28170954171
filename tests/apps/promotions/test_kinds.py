"""Every kind of promotion as an operator sets it up and a buyer pays it: rows, offers and prices together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from apps.base import versions
from apps.catalog.models import Sku
from apps.members.models import Member
from apps.promotions import selectors as promotion_facts
from apps.promotions import services as promotions
from apps.promotions.ladders import Ladder, Rung
from apps.promotions.models import Campaign, MemberDay, Promotion, Tally
from apps.promotions.wearing import Shelved
from mall.errors import ShopError
from mall.pricing import engine, hearing
from mall.pricing.basket import Basket, Line
from mall.pricing.offers import FreePostage
from mall.pricing.quote import Quote
from tests.apps.inventory import make as inventory_make
from tests.apps.promotions import make
from tests.apps.promotions.make import NOW

pytestmark = pytest.mark.django_db


def quoted(*wanted: tuple[Sku, int], at: datetime = NOW, stock: Any = None, member: Any = None) -> Quote:
    """What these goods cost at a moment, with whatever promotions there are."""
    lines = tuple(line_of(*each) for each in wanted)
    return engine.quote(Basket(lines=lines), promotion_facts.offers_for(member=member, at=at, stock=stock))


def line_of(sku: Sku, quantity: int) -> Line:
    return Line(
        sku_id=sku.pk,
        product_id=sku.product_id,
        category_ids=frozenset({sku.product.category_id}),
        title=sku.product.title,
        quantity=quantity,
        unit_price_fen=sku.price_fen,
    )


def cup(price_fen: int) -> Sku:
    return inventory_make.sku(price_fen=price_fen)


@pytest.mark.parametrize(
    ("kind", "figures", "pieces", "payable_fen"),
    [
        ("PERCENT", {"off_bp": 1500}, 2, 170_00),
        ("PERCENT", {"off_bp": 1500, "cap_fen": 20_00}, 2, 180_00),
        ("FIXED", {"off_fen": 8_00}, 2, 184_00),
        ("FIXED", {"off_fen": 8_00, "cap_fen": 10_00}, 2, 190_00),
        ("FIXED", {"price_fen": 59_00}, 2, 118_00),
        ("STEPPED", {"steps": [[100_00, 15_00], [199_00, 30_00]]}, 1, 85_00),
        ("STEPPED", {"steps": [[100_00, 15_00], [199_00, 30_00]]}, 2, 170_00),
        ("STEPPED", {"steps": [[3, 20_00]], "by_pieces": True}, 3, 280_00),
        ("N_FOR_M", {"pieces": 3, "price_fen": 199_00}, 4, 299_00),
        ("SECOND_HALF", {"off_bp": 5000}, 3, 250_00),
        ("STEP_PRICE", {"steps": [[100, 5000]]}, 2, 100_00),
    ],
)
def test_cups_at_a_hundred_yuan_cost(kind: str, figures: dict[str, Any], pieces: int, payable_fen: int):
    make.promotion(kind, **figures)
    assert quoted((cup(100_00), pieces)).payable_fen == payable_fen


def test_a_bundle_costs_its_price_as_often_as_it_is_there():
    pot, mug = cup(120_00), cup(40_00)
    make.promotion("BUNDLE", price_fen=160_00, parts=[(0, pot.pk, 1), (0, mug.pk, 2)])
    assert quoted((pot, 1), (mug, 3)).payable_fen == 160_00 + 40_00
    assert (
        quoted((pot, 1), (mug, 1)).declined[0].reason == f"再买「{mug.product.title}」1 件可享套餐价 ¥160.00"
    )


def test_the_second_piece_may_be_any_where_the_kinds_mix():
    row = make.promotion("SECOND_HALF", off_bp=5000, same_sku=False)
    assert quoted((cup(100_00), 1), (cup(60_00), 1)).payable_fen == 130_00
    Promotion.objects.filter(pk=row.pk).update(same_sku=True)
    assert quoted((cup(100_00), 1), (cup(60_00), 1)).payable_fen == 160_00


def test_gifts_come_by_steps_and_what_is_out_of_stock_is_said():
    spoon, tray = cup(10_00), cup(30_00)
    make.promotion(
        "GIFT", label="买赠", parts=[(100_00, spoon.pk, 2), (200_00, spoon.pk, 2), (200_00, tray.pk, 1)]
    )
    asked: list[list[int]] = []

    def stock(sku_ids: Any) -> dict[int, int]:
        asked.append(list(sku_ids))
        return {spoon.pk: 1, tray.pk: 0}

    first = quoted((cup(100_00), 1), stock=stock)
    assert [(gift.sku_id, gift.quantity, gift.missing) for gift in first.gifts] == [(spoon.pk, 1, 1)]
    second = quoted((cup(200_00), 1), stock=stock)
    assert [(gift.sku_id, gift.quantity, gift.missing) for gift in second.gifts] == [
        (spoon.pk, 1, 1),
        (tray.pk, 0, 1),
    ]
    assert asked == [[spoon.pk, tray.pk]] * 2
    assert quoted((cup(100_00), 1)).gifts == ()  # nobody said what is in stock, so nothing is promised


def test_early_birds_pay_half_and_after_a_hundred_the_price_rises_by_a_tenth_each_hour():
    ladder = Ladder(rungs=(Rung(100, 5000),), rise_bp=1000, rise_hours=1)
    assert ladder.present(units=99, filled_at=None, at=NOW) == (0, 5000)
    risen = [
        ladder.present(units=100, filled_at=NOW, at=NOW + timedelta(minutes=minutes)).off_bp
        for minutes in (0, 59, 60, 120, 180, 240, 300)
    ]
    assert risen == [4000, 4000, 3000, 2000, 1000, 0, 0]


def test_a_price_that_steps_up_by_units_ends_at_the_list_price():
    row = make.promotion("STEP_PRICE", label="早鸟", steps=[[2, 5000], [5, 3000]])
    mug, buyer = cup(100_00), make.member()
    prices = []
    for number, pieces in enumerate((2, 1, 2, 1)):
        said = quoted((mug, pieces))
        prices.append(said.payable_fen)
        promotions.hold(order_no=f"SO{number}", member_id=buyer.pk, quote=said, at=NOW)
    # Two at half price, three at seven tenths, then the list price.
    assert prices == [100_00, 70_00, 140_00, 100_00]
    assert [reduction.ref for reduction in quoted((mug, 1)).applied] == []
    promotions.release(order_no="SO2", at=NOW)
    assert quoted((mug, 1)).applied[0].ref == f"promotion:{row.pk}@1"


def test_an_order_quoted_at_a_step_that_was_sold_meanwhile_is_refused():
    make.promotion("STEP_PRICE", steps=[[1, 5000]])
    mug = cup(100_00)
    said = quoted((mug, 1))
    promotions.hold(order_no="SO1", member_id=make.member().pk, quote=said, at=NOW)
    with pytest.raises(promotions.LimitReached):
        promotions.hold(order_no="SO2", member_id=make.member().pk, quote=said, at=NOW)


@pytest.mark.parametrize(
    ("kind", "figures"),
    [
        ("FIXED", {}),
        ("FIXED", {"off_fen": 1, "price_fen": 1}),
        ("GIFT", {}),
        ("BUNDLE", {"price_fen": 100}),
        ("N_FOR_M", {"pieces": 3}),
        ("N_FOR_M", {"pieces": 1, "price_fen": 100}),
        ("SECOND_HALF", {}),
        ("STEP_PRICE", {"steps": []}),
        ("STEP_PRICE", {"steps": [[100, 5000], [200, 6000]]}),
        ("STEP_PRICE", {"steps": [[100, 5000], [100, 4000]]}),
        ("STEP_PRICE", {"steps": [[0, 5000]]}),
        ("STEP_PRICE", {"steps": [[100, "5000"]]}),
        ("STEP_PRICE", {"steps": [[100]]}),
        ("STEP_PRICE", {"steps": [[100, 5000]], "rise_bp": 1000}),
        ("STEP_PRICE", {"steps": [[100, 5000]], "rise_bp": 0, "rise_hours": 1}),
        ("PERCENT", {"off_bp": 1000, "excludes": ["WEATHER"]}),
    ],
)
def test_what_nobody_could_explain_is_not_set_up(kind: str, figures: dict[str, Any]):
    with pytest.raises(promotions.PromotionRefused):
        make.promotion(kind, **figures)
    assert not Promotion.objects.exists()


def test_goods_that_take_part_in_an_offer_take_no_reduction_that_it_excludes():
    # 八折 that excludes 满减: 80 of the mug are left, and 满50减10 finds no goods to take part.
    make.promotion("PERCENT", off_bp=2000, label="八折", excludes=["ORDER"])
    make.promotion(steps=[[50_00, 10_00]], label="满减")
    said = quoted((cup(100_00), 1))
    assert said.payable_fen == 80_00
    assert [(no.label, no.reason) for no in said.declined] == [("满减", "不与「八折」同享")]


def test_parts_that_are_no_goods_are_not_set_up():
    with pytest.raises(ShopError, match="不存在"):
        make.promotion("GIFT", parts=[(100_00, 999_999, 1)])


def test_a_promotion_of_a_member_day_is_made_on_shanghai_days_only():
    fridays = MemberDay.objects.create(name="会员日", weekdays=[5], month_days=[23])
    forever = {"starts_at": NOW - timedelta(days=30), "ends_at": NOW + timedelta(days=30)}
    make.promotion(member_day=fridays, **forever)
    midnight = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)  # 23 November in Shanghai begins
    moments = [
        midnight - timedelta(seconds=1),
        midnight,
        midnight + timedelta(days=1),
        midnight + timedelta(days=4),
    ]
    assert [len(promotion_facts.offers_for(member=None, at=at)) for at in moments] == [0, 1, 0, 1]


def test_points_count_double_on_member_days_and_once_on_others():
    MemberDay.objects.create(name="每周五", weekdays=[5])
    MemberDay.objects.create(name="每月27日", month_days=[27], points_bp=30_000)
    MemberDay.objects.create(name="停用", weekdays=[1, 2, 3, 4, 5, 6, 7], points_bp=50_000, enabled=False)
    days = [NOW + timedelta(days=ahead) for ahead in (0, 4, 11)]  # Monday, Friday 27th, Friday
    assert [promotion_facts.points_multiplier_bp(at=at) for at in days] == [10_000, 30_000, 20_000]


def test_a_level_with_a_lead_comes_early_and_its_members_ship_free():
    row = make.promotion(starts_at=NOW, ends_at=NOW + timedelta(hours=1))
    gold = make.level()
    type(gold).objects.filter(pk=gold.pk).update(early_access_minutes=30, free_postage=True)
    early = NOW - timedelta(minutes=30)
    offers = promotion_facts.offers_for(member=make.member(gold), at=early)
    assert [offer.ref for offer in offers] == [f"level:{gold.pk}:postage", f"promotion:{row.pk}"]
    assert isinstance(offers[0], FreePostage)
    before = promotion_facts.offers_for(member=make.member(gold), at=early - timedelta(seconds=1))
    assert [offer.ref for offer in before] == [f"level:{gold.pk}:postage"]
    assert promotion_facts.offers_for(member=make.member(), at=early) == []


def why_not(member: Member | None = None, *, at: datetime = NOW) -> list[str]:
    """Why the promotions do not apply to a cup of ¥100.00 that this member wants; nothing where they do."""
    return [refusal.reason for refusal in quoted((cup(100_00), 1), member=member, at=at).declined]


def test_a_promotion_whose_limit_a_member_has_used_says_so_to_them_and_applies_to_others():
    make.promotion(limits={"per_member": 1})
    tea = make.member()
    promotions.hold(order_no="SO1", member_id=tea.pk, quote=quoted((cup(100_00), 1)), at=NOW)
    assert why_not(tea) == ["您已达到此活动的参与次数"]
    assert why_not(make.member()) == []
    assert len(promotion_facts.live(at=NOW)) == 1
    promotions.release(order_no="SO1", at=NOW)
    assert why_not(tea) == []


@pytest.mark.parametrize(
    ("limit", "reason", "tomorrow"),
    [
        ("total", "活动名额已用完", ["活动名额已用完"]),
        ("per_day", "今天的活动名额已用完", []),
        ("per_member", "您已达到此活动的参与次数", ["您已达到此活动的参与次数"]),
        ("per_member_day", "您今天已达到此活动的参与次数", []),
    ],
)
def test_what_is_used_up_for_today_comes_back_tomorrow_and_what_is_used_up_for_good_does_not(
    limit: str, reason: str, tomorrow: list[str]
):
    make.promotion(limits={limit: 1}, ends_at=NOW + timedelta(days=2))
    tea = make.member()
    promotions.hold(order_no="SO1", member_id=tea.pk, quote=quoted((cup(100_00), 1)), at=NOW)
    assert why_not(tea) == [reason]
    assert why_not(tea, at=NOW + timedelta(days=1)) == tomorrow


def test_a_used_up_promotion_gives_no_hint_no_gift_and_no_free_postage_and_is_worn_by_no_product():
    gift = cup(10_00)
    make.promotion(steps=[[300_00, 15_00]], limits={"total": 1})
    make.promotion("GIFT", parts=[(100_00, gift.pk, 1)], limits={"total": 1})
    make.promotion("FREE_POSTAGE", threshold_fen=0, limits={"total": 1})
    Tally.objects.bulk_create(Tally(promotion=row, uses=1) for row in Promotion.objects.all())
    said = quoted((cup(100_00), 1), stock=lambda ids: dict.fromkeys(ids, 5))
    assert [refusal.reason for refusal in said.declined] == 3 * ["活动名额已用完"]
    assert (said.hints, said.gifts, said.applied) == ((), (), ())
    assert promotion_facts.live(at=NOW) == []


@pytest.mark.parametrize("number", [1, 200])
def test_two_hundred_promotions_of_every_sort_are_kept_and_their_limits_asked_in_one_statement(
    number: int, django_assert_num_queries: Any
):
    mug, gold = cup(100_00), make.member(make.level(discount_bp=9000))
    day = MemberDay.objects.create(name="每天", weekdays=[1, 2, 3, 4, 5, 6, 7])
    for turn in range(number):
        make.promotion(
            "GIFT", parts=[(100_00, mug.pk, 1)], limits={"total": 9}
        ) if turn % 2 else make.promotion(
            "FIXED", off_fen=1_00, product_ids=[mug.product_id], limits={"per_member": 9}, member_day=day
        )
    with versions.once():
        assert len(promotion_facts.offers_for(member=gold, at=NOW, stock=lambda ids: {})) == number + 1
        with django_assert_num_queries(1):
            assert len(promotion_facts.offers_for(member=gold, at=NOW, stock=lambda ids: {})) == number + 1


def test_a_basket_hears_the_same_of_all_promotions_and_of_those_that_are_looked_up_for_it(
    django_assert_num_queries: Any,
):
    mug, pot = cup(100_00), cup(300_00)
    buyer = make.member(make.level())
    for number in range(30):
        make.promotion("FIXED", off_fen=1_00, product_ids=[pot.product_id], limits={"per_member": 1 + number})
    make.promotion("GIFT", parts=[(100_00, mug.pk, 1)], product_ids=[pot.product_id])
    make.promotion("STEP_PRICE", steps=[[7000, 5]], product_ids=[pot.product_id])
    make.promotion("FIXED", off_fen=2_00, product_ids=[mug.product_id])
    make.promotion("FREE_POSTAGE", threshold_fen=0)
    make.promotion()
    make.promotion(starts_at=NOW + timedelta(minutes=1))

    def heard(sku: Sku, *, looked_up: bool) -> tuple[list[str], Quote]:
        basket = Basket(lines=(line_of(sku, 1),))
        offers = promotion_facts.offers_for(
            member=buyer,
            at=NOW,
            stock=lambda ids: dict.fromkeys(ids, 5),
            lines=basket.lines if looked_up else None,
        )
        told = hearing.heard(basket, offers)
        known = [repr(one.offer if isinstance(one, hearing.Stranger) else one) for one in told]
        return known, engine.quote(basket, told)

    for sku in (mug, pot):
        assert heard(sku, looked_up=True) == heard(sku, looked_up=False)
    assert len(heard(mug, looked_up=True)[0]) == 3 + hearing.MOST_ELSEWHERE
    with versions.once(), django_assert_num_queries(0):  # those with limits are for the pot
        heard(mug, looked_up=True)


def test_a_festival_is_shown_ahead_of_its_start_and_sells_from_then_on():
    opens = NOW + timedelta(hours=2)
    festival = Campaign.objects.create(
        name="茶具节", preheat_at=NOW, starts_at=opens, ends_at=opens + timedelta(days=1)
    )
    mug = cup(100_00)
    row = make.promotion(starts_at=opens, ends_at=opens + timedelta(days=1), campaign=festival)
    shelved = Shelved(mug.product_id, frozenset(), None, frozenset({mug.pk}))

    def shown(at: datetime) -> list[tuple[str, bool]]:
        worn = promotion_facts.scene(at=at).wear.of(shelved).activities
        return [(each["label"], each["preheat"]) for each in worn]

    assert shown(NOW - timedelta(seconds=1)) == []
    assert shown(NOW) == [("满100减15", True)]
    assert quoted((mug, 1)).payable_fen == 100_00
    assert shown(opens) == [("满100减15", False)]
    assert quoted((mug, 1), at=opens).payable_fen == 85_00
    (activity,) = promotion_facts.scene(at=NOW).wear.of(shelved).activities
    assert (activity["ref"], activity["kind"]) == (f"promotion:{row.pk}", "STEPPED")
    told = [datetime.fromisoformat(activity[name]) for name in ("starts_at", "ends_at")]
    assert told == [opens, opens + timedelta(days=1)]
    assert activity["starts_at"].endswith("+08:00")


def test_a_member_day_counts_down_to_midnight():
    day = MemberDay.objects.create(name="周一", weekdays=[1])
    make.promotion(member_day=day, starts_at=NOW - timedelta(days=9), ends_at=NOW + timedelta(days=9))
    (seen,) = promotion_facts.shown(at=NOW)
    midnight = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
    assert (seen.starts_at, seen.ends_at) == (midnight, midnight + timedelta(days=1))
    assert promotion_facts.shown(at=NOW + timedelta(days=1)) == []


def test_badges_tell_each_kind_in_a_word_and_a_bundle_is_worn_by_its_parts():
    pot, mug, other = cup(120_00), cup(40_00), cup(50_00)
    make.promotion("FIXED", off_fen=8_00)
    make.promotion("FIXED", price_fen=59_50)
    make.promotion("GIFT", parts=[(99_00, mug.pk, 1)])
    make.promotion("GIFT", parts=[(3, mug.pk, 1)], by_pieces=True)
    make.promotion("N_FOR_M", pieces=3, price_fen=99_00)
    make.promotion("SECOND_HALF", off_bp=5000)
    make.promotion("SECOND_HALF", off_bp=3000)
    make.promotion("STEP_PRICE", steps=[[100, 5000]])
    make.promotion("BUNDLE", price_fen=150_00, parts=[(0, pot.pk, 1), (0, mug.pk, 1)])
    everywhere = [
        "直降8元",
        "特价59.50元",
        "满99赠好礼",
        "满3件赠好礼",
        "3件99元",
        "第二件半价",
        "第二件7折",
        "限时5折",
    ]
    shelved = [Shelved(sku.product_id, frozenset(), None, frozenset({sku.pk})) for sku in (pot, other)]
    wear = promotion_facts.scene(at=NOW).wear
    assert [wear.of(product).badges for product in shelved] == [[*everywhere, "套餐价150元"], everywhere]


def test_the_database_itself_refuses_a_limit_of_nothing():
    row = make.promotion()
    with pytest.raises(Exception, match="promotion_limits_positive"), connection.cursor() as cursor:
        cursor.execute("UPDATE promotions_promotion SET limit_total = 0 WHERE id = %s", [row.pk])


def test_an_operator_who_makes_a_step_longer_opens_it_again():
    row, mug = make.promotion("STEP_PRICE", steps=[[2, 5000]], rise_bp=1000, rise_hours=1), cup(100_00)
    promotions.hold(order_no="SO1", member_id=make.member().pk, quote=quoted((mug, 2)), at=NOW)
    assert quoted((mug, 1)).payable_fen == 60_00
    Promotion.objects.filter(pk=row.pk).update(steps=[[5, 5000]])
    promotions.recount(promotion_id=row.pk, at=NOW)
    assert quoted((mug, 1)).payable_fen == 50_00
    Promotion.objects.filter(pk=row.pk).update(steps=[[1, 5000]])
    promotions.recount(promotion_id=row.pk, at=NOW)
    # The hours begin when the step is found sold.
    assert quoted((mug, 1)).payable_fen == 60_00
    assert quoted((mug, 1), at=NOW + timedelta(minutes=59)).payable_fen == 60_00
