"""What holds for every basket and all offers, tried on random ones (HYPOTHESIS_PROFILE=long: 10,000 each)."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate, combinations, permutations
from operator import add

from hypothesis import given
from hypothesis import strategies as st

from mall import money
from mall.pricing import contest, engine, hearing
from mall.pricing.basket import Basket, Buyer, ChargedBy, Destination, Freight, Line, Zone
from mall.pricing.offers import (
    EVERY_LANE,
    ActivityPrice,
    Basis,
    Bundle,
    BundleItem,
    Coupon,
    FixedOff,
    FreePostage,
    FreightCoupon,
    Gift,
    GiftItem,
    GiftStep,
    Lane,
    MemberPrice,
    NForM,
    PercentOff,
    PointsDeduction,
    SecondHalf,
    Step,
    Stepped,
)
from mall.pricing.scope import ALL_GOODS, Brands, Categories, Products


def some(choices, *, least=1, most=3):
    """A set of so many of a few things, as one choice among all such sets: one draw instead of one for each."""
    sizes = range(least, most + 1)
    return st.sampled_from([frozenset(chosen) for size in sizes for chosen in combinations(choices, size)])


# Hypothesis spends most of its time on drawing, so strategies are built once and draw as little as possible.
SMALL_IDS = st.integers(min_value=1, max_value=5)
SKU_IDS = st.integers(min_value=1, max_value=9)
ID_SETS = some(range(1, 6))
PRICES_FEN = st.one_of(st.integers(min_value=0, max_value=40), st.integers(min_value=0, max_value=50_000))
RATES_BP = st.integers(min_value=1, max_value=10_000)
SCOPES = st.one_of(st.just(ALL_GOODS), ID_SETS.map(Products), ID_SETS.map(Categories), ID_SETS.map(Brands))
LANES = st.one_of(st.just(EVERY_LANE), some(Lane, least=0, most=len(Lane)))
PLACES = st.sampled_from(
    [
        Destination(province=province, city=city, district=district)
        for province in ("浙江省", "江苏省")
        for city in ("杭州市", "南京市", "")
        for district in ("鼓楼区", "西湖区", "")
    ]
)
NAMES = some(["浙江省", "杭州市", "鼓楼区", "南京市/鼓楼区"], most=4)
CAPS = st.one_of(st.none(), st.integers(1, 20_000))
REFUSED = st.sampled_from(["", "", "", "", "名额已用完"])
ENDS = st.sampled_from([None, "2026-11-24", "2026-12-24"])


def zones(regions):
    return st.builds(
        Zone,
        regions=regions,
        first_units=st.integers(1, 2000),
        first_fee_fen=PRICES_FEN,
        next_units=st.integers(1, 2000),
        next_fee_fen=PRICES_FEN,
    )


FREIGHTS = st.lists(
    st.builds(
        Freight,
        ref=st.sampled_from(["一", "二"]),
        label=st.just("运费"),
        charged_by=st.sampled_from(ChargedBy),
        zones=st.tuples(zones(NAMES)),
        default=st.one_of(st.none(), zones(st.just(frozenset()))),
    ),
    max_size=2,
    unique_by=lambda freight: freight.ref,
)
LINES = st.lists(
    st.builds(
        Line,
        sku_id=SKU_IDS,
        product_id=SMALL_IDS,
        category_ids=some(range(1, 6), least=0),
        brand_id=st.one_of(st.none(), SMALL_IDS),
        title=st.just("茶杯"),
        quantity=st.integers(min_value=1, max_value=20),
        unit_price_fen=PRICES_FEN,
        weight_g=st.integers(min_value=0, max_value=3000),
        freight_ref=st.sampled_from([None, "一", "二"]),
    ),
    max_size=6,
    unique_by=lambda line: line.sku_id,
)


def basket(lines, freights, level_id, destination):
    """A basket whose lines name only templates that it holds."""
    refs = {freight.ref for freight in freights}
    return Basket(
        lines=tuple(line if line.freight_ref in refs else replace(line, freight_ref=None) for line in lines),
        buyer=Buyer(level_id=level_id),
        destination=destination,
        freights=tuple(freights),
    )


BASKETS = st.builds(basket, LINES, FREIGHTS, st.sampled_from([None, 1, 2]), st.one_of(st.none(), PLACES))


def steps(*, gap, off_up_to):
    """One to three steps that an operator could save; by amount, none takes off more than the first needs."""

    def rising(gaps, offs):
        thresholds = list(accumulate(gaps, initial=2))[1:]
        most_fen = off_up_to or thresholds[0]
        return tuple(map(Step, thresholds, sorted({1 + off_fen % most_fen for off_fen in offs})))

    figures = st.lists(st.integers(1, gap), min_size=1, max_size=3)
    return st.builds(rising, figures, st.lists(st.integers(0, 60_000), min_size=3, max_size=3)).filter(bool)


AMOUNT_STEPS = steps(gap=20_000, off_up_to=None)
PIECE_STEPS = steps(gap=6, off_up_to=40_000)
GIFTS = st.lists(
    st.builds(
        GiftItem,
        sku_id=SKU_IDS,
        title=st.just("茶巾"),
        quantity=st.integers(1, 3),
        in_stock=st.integers(0, 4),
    ),
    min_size=1,
    max_size=2,
    unique_by=lambda gift: gift.sku_id,
).map(tuple)
GIFT_STEPS = st.dictionaries(st.integers(1, 40_000), GIFTS, min_size=1, max_size=2).map(
    lambda steps: tuple(GiftStep(at_least, steps[at_least]) for at_least in sorted(steps))
)
BUNDLE_ITEMS = st.lists(
    st.builds(BundleItem, sku_id=SKU_IDS, title=st.just("茶杯"), quantity=st.integers(1, 3)),
    min_size=2,
    max_size=3,
    unique_by=lambda item: item.sku_id,
).map(tuple)


def offered(kind, label, **terms):
    """Offers of a kind, each to be named by ``named``."""
    return st.builds(
        kind, ref=st.just("?"), label=st.just(label), combines_with=LANES, refused=REFUSED, **terms
    )


def named(prefix):
    """Give offers of a list their refs, by their kind and their place."""
    return lambda offers: [
        replace(offer, ref=f"{prefix or offer.label}:{n}") for n, offer in enumerate(offers)
    ]


def amount_coupon(threshold_fen, off_fen, **terms):
    """A coupon that takes off no more than its threshold."""
    return Coupon(threshold_fen=threshold_fen, off_fen=min(off_fen, threshold_fen or off_fen), **terms)


THRESHOLDS = st.one_of(st.just(0), st.integers(1, 60_000))
COUPONS = st.one_of(
    offered(
        amount_coupon,
        "coupon",
        threshold_fen=THRESHOLDS,
        off_fen=st.integers(1, 60_000),
        scope=SCOPES,
        valid_until=ENDS,
    ),
    offered(
        Coupon,
        "coupon",
        threshold_fen=THRESHOLDS,
        off_bp=RATES_BP,
        cap_fen=CAPS,
        scope=SCOPES,
        valid_until=ENDS,
    ),
    offered(
        FreightCoupon,
        "coupon",
        threshold_fen=THRESHOLDS,
        off_fen=st.one_of(st.none(), st.integers(1, 3000)),
        valid_until=ENDS,
    ),
)
WALLETS = st.lists(COUPONS, max_size=5).map(named("wallet"))
PURSES = st.lists(
    st.builds(
        PointsDeduction,
        ref=st.just("points"),
        label=st.just("积分"),
        available_points=st.integers(0, 100_000),
        points_per_yuan=st.sampled_from([1, 10, 30, 100, 1000]),
        cap_bp=RATES_BP,
        combines_with=LANES,
    ),
    max_size=1,
)
KINDS = [
    offered(
        MemberPrice,
        "member",
        level_ids=some([1, 2], most=2),
        prices_fen=st.dictionaries(SKU_IDS, PRICES_FEN, max_size=3),
        off_bp=RATES_BP,
        scope=SCOPES,
    ),
    offered(
        ActivityPrice,
        "activity",
        prices_fen=st.dictionaries(SKU_IDS, PRICES_FEN, min_size=1, max_size=3),
        scope=SCOPES,
    ),
    offered(PercentOff, "percent", off_bp=RATES_BP, cap_fen=CAPS, scope=SCOPES),
    offered(FixedOff, "less", off_fen=st.integers(1, 20_000), cap_fen=CAPS, scope=SCOPES),
    offered(FixedOff, "special", price_fen=PRICES_FEN, cap_fen=CAPS, scope=SCOPES),
    offered(NForM, "any", pieces=st.integers(2, 5), price_fen=st.integers(1, 60_000), scope=SCOPES),
    offered(SecondHalf, "second", off_bp=RATES_BP, same_sku=st.booleans(), scope=SCOPES),
    offered(Bundle, "bundle", items=BUNDLE_ITEMS, price_fen=st.integers(1, 60_000)),
    offered(Stepped, "amount", steps=AMOUNT_STEPS, scope=SCOPES),
    offered(Stepped, "pieces", steps=PIECE_STEPS, basis=st.just(Basis.PIECES), scope=SCOPES),
    offered(Gift, "gift", steps=GIFT_STEPS, basis=st.sampled_from(Basis), scope=SCOPES),
    COUPONS,
    offered(FreePostage, "postage", threshold_fen=PRICES_FEN, regions=st.one_of(st.none(), NAMES)),
]
OFFERS = st.builds(add, st.lists(st.one_of(KINDS), max_size=10).map(named("")), PURSES)


def freight_offers(terms):
    return {offer.ref for offer in terms if isinstance(offer, FreePostage | FreightCoupon)}


@given(basket=BASKETS, terms=OFFERS)
def test_every_fen_of_a_quote_is_explained(basket, terms):
    quote = engine.quote(basket, terms)
    assert sum(item.payable_fen for item in quote.items) + quote.shipping_fen == quote.payable_fen
    assert quote.goods_fen - quote.reduction_fen + quote.shipping_fen == quote.payable_fen
    explained: dict[str, int] = {}
    for item, line in zip(quote.items, basket.lines, strict=True):
        assert 0 <= item.payable_fen <= item.list_fen == line.unit_price_fen * line.quantity
        assert sum(part.amount_fen for part in item.reductions) == item.list_fen - item.payable_fen
        assert sum(money.split_units(item.payable_fen, item.quantity)) == item.payable_fen
        for part in item.reductions:
            explained[part.ref] = explained.get(part.ref, 0) + part.amount_fen
    postage = freight_offers(terms)
    assert {part.ref: part.amount_fen for part in quote.applied if part.ref not in postage} == explained
    full = engine.quote(basket, [])
    waived_fen = sum(part.amount_fen for part in quote.applied if part.ref in postage)
    assert sum(part.ref in postage for part in quote.applied) <= 1
    assert quote.shipping_fen + waived_fen == full.shipping_fen


@given(basket=BASKETS, terms=OFFERS)
def test_each_offer_is_applied_or_gives_or_is_declined_with_a_reason(basket, terms):
    quote = engine.quote(basket, terms)
    gifted = {gift.ref for gift in quote.gifts}
    answered = [*(part.ref for part in quote.applied), *(refusal.ref for refusal in quote.declined), *gifted]
    assert sorted(answered) == sorted(offer.ref for offer in terms)
    assert all(refusal.reason and (refusal.short_by_fen or 1) > 0 for refusal in quote.declined)
    refused = {offer.ref for offer in terms if offer.refused}
    assert refused <= {refusal.ref for refusal in quote.declined}
    assert not any(hint.ref in refused for hint in quote.hints)


@given(basket=BASKETS, terms=OFFERS)
def test_what_a_basket_does_not_hear_of_would_have_changed_nothing(basket, terms):
    whole, heard = engine.quote(basket, terms), hearing.heard(basket, terms, most_elsewhere=0)
    untold = {offer.ref for offer in terms} - {offer.ref for offer in heard}
    told = tuple(refusal for refusal in whole.declined if refusal.ref not in untold)
    assert engine.quote(basket, heard) == replace(whole, declined=told)


@given(basket=BASKETS, terms=OFFERS, wallet=WALLETS)
def test_strangers_say_what_the_offers_themselves_would_say(basket, terms, wallet):
    def means_any(offer):
        return hearing.is_for_all(offer) or any(map(offer.scope.covers, basket.lines))

    told = [offer if means_any(offer) else hearing.stranger(offer) for offer in terms]
    assert engine.weighed_quote(basket, told, wallet) == engine.weighed_quote(basket, terms, wallet)
    assert hearing.heard(basket, told, most_elsewhere=0) == hearing.heard(basket, terms, most_elsewhere=0)


@given(basket=BASKETS, terms=OFFERS)
def test_the_index_finds_the_offers_on_everything_and_those_that_mean_any_of_the_goods(basket, terms):
    meaning = hearing.Index([offer.scope for offer in terms]).meaning(basket.lines)
    assert meaning == {
        place
        for place, offer in enumerate(terms)
        if hearing.is_for_all(offer) or any(map(offer.scope.covers, basket.lines))
    }


@given(basket=BASKETS, terms=OFFERS, shuffle=st.randoms())
def test_the_order_of_offers_does_not_matter_and_quoting_twice_gives_the_same(basket, terms, shuffle):
    quote = engine.quote(basket, terms)
    shuffled = list(terms)
    shuffle.shuffle(shuffled)
    assert engine.quote(basket, shuffled) == quote
    assert engine.quote(basket, terms).as_dict() == quote.as_dict()


@given(basket=BASKETS, terms=OFFERS)
def test_no_two_offers_that_do_not_combine_share_a_line(basket, terms):
    by_ref = {offer.ref: offer for offer in terms}
    for item in engine.quote(basket, terms).items:
        there = [by_ref[part.ref] for part in item.reductions]
        for first in there:
            for second in there:
                if first is not second:
                    assert first.lane is not second.lane
                    assert second.lane in first.combines_with


@given(basket=BASKETS, terms=OFFERS)
def test_no_offer_takes_off_more_than_the_goods_it_is_for_had_left(basket, terms):
    by_ref = {offer.ref: offer for offer in terms}
    quote = engine.quote(basket, terms)
    eligible: dict[str, int] = {}
    for item, line in zip(quote.items, basket.lines, strict=True):
        left_fen = item.list_fen
        for part in item.reductions:
            offer = by_ref[part.ref]
            assert offer.scope.covers(line)
            assert part.amount_fen <= left_fen
            eligible[part.ref] = eligible.get(part.ref, 0) + left_fen
            left_fen -= part.amount_fen
    for part in quote.applied:
        offer = by_ref[part.ref]
        if isinstance(offer, Coupon):
            cap_fen = offer.cap_fen if offer.off_fen is None else offer.off_fen
            assert part.amount_fen <= min(
                eligible[part.ref], eligible[part.ref] if cap_fen is None else cap_fen
            )


@given(basket=BASKETS, terms=OFFERS, data=st.data())
def test_refunding_units_one_by_one_gives_back_what_was_paid_and_leaves_other_lines_alone(
    basket, terms, data
):
    """Units of all lines come back in any order; what is left of a line is always the sum of its other units."""
    quote = engine.quote(basket, terms)
    worth = {item.sku_id: money.split_units(item.payable_fen, item.quantity) for item in quote.items}
    units = [(item.sku_id, unit) for item in quote.items for unit in range(item.quantity)]
    left = {item.sku_id: item.payable_fen for item in quote.items}
    for sku_id, unit in data.draw(st.permutations(units)):
        before = dict(left)
        left[sku_id] -= worth[sku_id][unit]
        assert left[sku_id] >= 0
        assert all(left[other] == before[other] for other in left if other != sku_id)
    assert set(left.values()) <= {0}
    assert sum(map(sum, worth.values())) == quote.payable_fen - quote.shipping_fen


@given(basket=BASKETS, terms=OFFERS)
def test_points_pay_whole_fen_with_as_few_points_as_that_takes(basket, terms):
    quote = engine.quote(basket, terms)
    paid_fen = sum(part.amount_fen for part in quote.applied if part.ref == "points")
    purse = next((offer for offer in terms if isinstance(offer, PointsDeduction)), None)
    if purse is None or not paid_fen:
        assert quote.points_used == 0
        return
    per_yuan = purse.points_per_yuan
    assert 0 < quote.points_used <= purse.available_points
    assert money.points_worth(quote.points_used, points_per_yuan=per_yuan) == paid_fen
    assert money.points_worth(quote.points_used - 1, points_per_yuan=per_yuan) < paid_fen


@given(basket=BASKETS, terms=OFFERS)
def test_gifts_come_from_what_is_in_stock(basket, terms):
    quote = engine.quote(basket, terms)
    in_stock: dict[int, int] = {}
    for offer in terms:
        for step in offer.steps if isinstance(offer, Gift) else ():
            for gift in step.gifts:
                in_stock[gift.sku_id] = max(gift.in_stock, in_stock.get(gift.sku_id, 0))
    given_away: dict[int, int] = {}
    for gift in quote.gifts:
        given_away[gift.sku_id] = given_away.get(gift.sku_id, 0) + gift.quantity
    assert all(quantity <= in_stock[sku_id] for sku_id, quantity in given_away.items())


def cost_fen(quote):
    """Money and the money's worth of points: what the buyer gives for goods and freight."""
    return quote.payable_fen + sum(part.amount_fen for part in quote.applied if part.ref == "points")


@given(basket=BASKETS, terms=OFFERS, wallet=WALLETS)
def test_no_other_coupon_and_no_coupon_at_all_would_cost_the_buyer_less(basket, terms, wallet):
    chosen = engine.quote(basket, terms, coupons=wallet)
    without = engine.quote(basket, terms)
    assert cost_fen(chosen) <= cost_fen(without)
    worth = {verdict.ref: verdict for verdict in engine.weigh(basket, terms, wallet)}
    for coupon in wallet:
        named = engine.quote(basket, [*terms, coupon])
        assert cost_fen(chosen) <= cost_fen(named)
        refusal = next((one for one in named.declined if one.ref == coupon.ref), None)
        assert worth[coupon.ref].usable is (refusal is None)
        if refusal is None:
            assert worth[coupon.ref].saving_fen == cost_fen(without) - cost_fen(named)
        else:
            assert (worth[coupon.ref].reason, worth[coupon.ref].short_by_fen) == (
                refusal.reason,
                refusal.short_by_fen,
            )


@given(basket=BASKETS, terms=OFFERS, wallet=WALLETS, shuffle=st.randoms())
def test_the_order_of_coupons_does_not_matter(basket, terms, wallet, shuffle):
    shuffled = list(wallet)
    shuffle.shuffle(shuffled)
    assert engine.weigh(basket, terms, shuffled) == engine.weigh(basket, terms, wallet)
    assert engine.quote(basket, terms, coupons=shuffled) == engine.quote(basket, terms, coupons=wallet)


@given(basket=BASKETS, terms=OFFERS)
def test_a_hint_names_what_is_missing_and_a_gain(basket, terms):
    quote = engine.quote(basket, terms)
    for hint in quote.hints:
        assert (hint.short_by_fen is None) is not (hint.short_by_pieces is None)
        assert (hint.short_by_fen or hint.short_by_pieces) > 0
        assert hint.gain_fen is None or hint.gain_fen > 0


def rivalry(basket, rivals):
    """满减 of one lane on the same few lines."""
    return basket, [
        Stepped(ref=f"{n}", label="满减", steps=pairs, scope=Products(ids))
        for n, (pairs, ids) in enumerate(rivals)
    ]


RIVALRIES = st.builds(rivalry, BASKETS, st.lists(st.tuples(AMOUNT_STEPS, ID_SETS), min_size=1, max_size=4))


def saved_by_serving(basket, order):
    """What the buyer saves when these offers are served one after the other, each on the goods still free."""
    free, saved_fen = list(basket.lines), 0
    for offer in order:
        wanted = [line for line in free if offer.scope.covers(line)]
        left_fen = sum(line.list_fen for line in wanted)
        reached = [step.off_fen for step in offer.steps if step.at_least <= left_fen]
        if reached:
            saved_fen += max(reached)
            free = [line for line in free if line not in wanted]
    return saved_fen


@given(rivalry=RIVALRIES)
def test_among_few_rivals_no_order_of_serving_them_would_save_more(rivalry):
    basket, rivals = rivalry
    assert len(rivals) <= contest.EXACT_UP_TO
    best_fen = max(
        saved_by_serving(basket, order)
        for chosen in range(len(rivals) + 1)
        for order in permutations(rivals, chosen)
    )
    assert engine.quote(basket, rivals).reduction_fen == best_fen
