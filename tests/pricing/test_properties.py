"""What holds for every basket and all offers, tried on random ones (HYPOTHESIS_PROFILE=long: 10,000 each)."""

from __future__ import annotations

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from mall import money
from mall.pricing import contest, engine
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

SMALL_IDS = st.integers(min_value=1, max_value=5)
ID_SETS = st.frozensets(SMALL_IDS, min_size=1, max_size=3)
PRICES_FEN = st.one_of(st.integers(min_value=0, max_value=40), st.integers(min_value=0, max_value=50_000))
RATES_BP = st.integers(min_value=1, max_value=10_000)
SCOPES = st.one_of(st.just(ALL_GOODS), ID_SETS.map(Products), ID_SETS.map(Categories), ID_SETS.map(Brands))
LANES = st.one_of(st.just(EVERY_LANE), st.frozensets(st.sampled_from(Lane)))
PLACES = st.builds(
    Destination,
    province=st.sampled_from(["浙江省", "江苏省"]),
    city=st.sampled_from(["杭州市", "南京市", ""]),
    district=st.sampled_from(["鼓楼区", "西湖区", ""]),
)
NAMES = st.frozensets(st.sampled_from(["浙江省", "杭州市", "鼓楼区", "南京市/鼓楼区"]), min_size=1)


def zones(regions):
    return st.builds(
        Zone,
        regions=regions,
        first_units=st.integers(1, 2000),
        first_fee_fen=PRICES_FEN,
        next_units=st.integers(1, 2000),
        next_fee_fen=PRICES_FEN,
    )


FREIGHTS = st.builds(
    Freight,
    ref=st.sampled_from(["一", "二"]),
    label=st.just("运费"),
    charged_by=st.sampled_from(ChargedBy),
    zones=st.tuples(zones(NAMES)),
    default=st.one_of(st.none(), zones(st.just(frozenset()))),
)


@st.composite
def baskets(draw):
    freights = draw(st.lists(FREIGHTS, max_size=2, unique_by=lambda freight: freight.ref))
    lines = st.builds(
        Line,
        sku_id=st.integers(min_value=1, max_value=9),
        product_id=SMALL_IDS,
        category_ids=st.frozensets(SMALL_IDS, max_size=3),
        brand_id=st.one_of(st.none(), SMALL_IDS),
        title=st.just("茶杯"),
        quantity=st.integers(min_value=1, max_value=20),
        unit_price_fen=PRICES_FEN,
        weight_g=st.integers(min_value=0, max_value=3000),
        freight_ref=st.sampled_from([None, *(freight.ref for freight in freights)]),
    )
    return Basket(
        lines=tuple(draw(st.lists(lines, max_size=6, unique_by=lambda line: line.sku_id))),
        buyer=Buyer(level_id=draw(st.sampled_from([None, 1, 2]))),
        destination=draw(st.one_of(st.none(), PLACES)),
        freights=tuple(freights),
    )


@st.composite
def steps(draw, *, up_to, off_up_to=None):
    """One to three steps that an operator could save; by amount, none takes off more than the first needs."""
    thresholds = sorted(draw(st.sets(st.integers(3, up_to), min_size=1, max_size=3)))
    count = len(thresholds)
    offs = sorted(draw(st.sets(st.integers(1, off_up_to or thresholds[0]), min_size=count, max_size=count)))
    return tuple(map(Step, thresholds, offs))


AMOUNT_STEPS = steps(up_to=60_000)
PIECE_STEPS = steps(up_to=20, off_up_to=40_000)


SKU_IDS = st.integers(min_value=1, max_value=9)
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
BUNDLE_ITEMS = st.lists(
    st.builds(BundleItem, sku_id=SKU_IDS, title=st.just("茶杯"), quantity=st.integers(1, 3)),
    min_size=2,
    max_size=3,
    unique_by=lambda item: item.sku_id,
).map(tuple)
CAPS = st.one_of(st.none(), st.integers(1, 20_000))
ENDS = st.sampled_from([None, "2026-11-24", "2026-12-24"])


@st.composite
def coupons(draw, **terms):
    """A coupon over an amount, over a percentage, or for the freight."""
    threshold_fen = draw(st.one_of(st.just(0), st.integers(1, 60_000)))
    terms |= {"threshold_fen": st.just(threshold_fen), "valid_until": ENDS}
    kind = draw(st.sampled_from(["amount", "percent", "freight"]))
    if kind == "amount":
        return draw(st.builds(Coupon, off_fen=st.integers(1, threshold_fen or 60_000), scope=SCOPES, **terms))
    if kind == "percent":
        return draw(st.builds(Coupon, off_bp=RATES_BP, cap_fen=CAPS, scope=SCOPES, **terms))
    return draw(st.builds(FreightCoupon, off_fen=st.one_of(st.none(), st.integers(1, 3000)), **terms))


@st.composite
def wallets(draw):
    count = draw(st.integers(0, 5))
    return [
        draw(coupons(ref=st.just(f"wallet:{n}"), label=st.just("券"), combines_with=LANES))
        for n in range(count)
    ]


@st.composite
def gift_offers(draw, **terms):
    thresholds = sorted(draw(st.sets(st.integers(1, 40_000), min_size=1, max_size=2)))
    built = tuple(GiftStep(at_least, draw(GIFTS)) for at_least in thresholds)
    return draw(st.builds(Gift, steps=st.just(built), basis=st.sampled_from(Basis), scope=SCOPES, **terms))


@st.composite
def offers(draw):
    kinds = {
        "member": lambda **terms: st.builds(
            MemberPrice,
            level_ids=st.frozensets(st.sampled_from([1, 2]), min_size=1),
            prices_fen=st.dictionaries(st.integers(1, 9), PRICES_FEN, max_size=3),
            off_bp=RATES_BP,
            scope=SCOPES,
            **terms,
        ),
        "percent": lambda **terms: st.builds(
            PercentOff,
            off_bp=RATES_BP,
            cap_fen=st.one_of(st.none(), st.integers(1, 20_000)),
            scope=SCOPES,
            **terms,
        ),
        "amount": lambda **terms: st.builds(Stepped, steps=AMOUNT_STEPS, scope=SCOPES, **terms),
        "pieces": lambda **terms: st.builds(
            Stepped, steps=PIECE_STEPS, basis=st.just(Basis.PIECES), scope=SCOPES, **terms
        ),
        "activity": lambda **terms: st.builds(
            ActivityPrice,
            prices_fen=st.dictionaries(SKU_IDS, PRICES_FEN, min_size=1, max_size=3),
            scope=SCOPES,
            **terms,
        ),
        "less": lambda **terms: st.builds(
            FixedOff, off_fen=st.integers(1, 20_000), cap_fen=CAPS, scope=SCOPES, **terms
        ),
        "special": lambda **terms: st.builds(
            FixedOff, price_fen=PRICES_FEN, cap_fen=CAPS, scope=SCOPES, **terms
        ),
        "any": lambda **terms: st.builds(
            NForM, pieces=st.integers(2, 5), price_fen=st.integers(1, 60_000), scope=SCOPES, **terms
        ),
        "second": lambda **terms: st.builds(
            SecondHalf, off_bp=RATES_BP, same_sku=st.booleans(), scope=SCOPES, **terms
        ),
        "bundle": lambda **terms: st.builds(
            Bundle, items=BUNDLE_ITEMS, price_fen=st.integers(1, 60_000), **terms
        ),
        "gift": gift_offers,
        "coupon": coupons,
        "postage": lambda **terms: st.builds(
            FreePostage, threshold_fen=PRICES_FEN, regions=st.one_of(st.none(), NAMES), **terms
        ),
    }
    chosen = draw(st.lists(st.sampled_from(sorted(kinds)), max_size=10))
    found = [
        draw(kinds[kind](ref=st.just(f"{kind}:{n}"), label=st.just(kind), combines_with=LANES))
        for n, kind in enumerate(chosen)
    ]
    purse = st.builds(
        PointsDeduction,
        ref=st.just("points"),
        label=st.just("积分"),
        available_points=st.integers(0, 100_000),
        points_per_yuan=st.sampled_from([1, 10, 30, 100, 1000]),
        cap_bp=RATES_BP,
        combines_with=LANES,
    )
    return found + draw(st.lists(purse, max_size=1))


def freight_offers(terms):
    return {offer.ref for offer in terms if isinstance(offer, FreePostage | FreightCoupon)}


@given(basket=baskets(), terms=offers())
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


@given(basket=baskets(), terms=offers())
def test_each_offer_is_applied_or_gives_or_is_declined_with_a_reason(basket, terms):
    quote = engine.quote(basket, terms)
    gifted = {gift.ref for gift in quote.gifts}
    answered = [*(part.ref for part in quote.applied), *(refusal.ref for refusal in quote.declined), *gifted]
    assert sorted(answered) == sorted(offer.ref for offer in terms)
    assert all(refusal.reason and (refusal.short_by_fen or 1) > 0 for refusal in quote.declined)


@given(basket=baskets(), terms=offers(), shuffle=st.randoms())
def test_the_order_of_offers_does_not_matter_and_quoting_twice_gives_the_same(basket, terms, shuffle):
    quote = engine.quote(basket, terms)
    shuffled = list(terms)
    shuffle.shuffle(shuffled)
    assert engine.quote(basket, shuffled) == quote
    assert engine.quote(basket, terms).as_dict() == quote.as_dict()


@given(basket=baskets(), terms=offers())
def test_no_two_offers_that_do_not_combine_share_a_line(basket, terms):
    by_ref = {offer.ref: offer for offer in terms}
    for item in engine.quote(basket, terms).items:
        there = [by_ref[part.ref] for part in item.reductions]
        for first in there:
            for second in there:
                if first is not second:
                    assert first.lane is not second.lane
                    assert second.lane in first.combines_with


@given(basket=baskets(), terms=offers())
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


@given(basket=baskets(), terms=offers(), data=st.data())
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


@given(basket=baskets(), terms=offers())
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


@given(basket=baskets(), terms=offers())
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


@given(basket=baskets(), terms=offers(), wallet=wallets())
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


@given(basket=baskets(), terms=offers(), wallet=wallets(), shuffle=st.randoms())
def test_the_order_of_coupons_does_not_matter(basket, terms, wallet, shuffle):
    shuffled = list(wallet)
    shuffle.shuffle(shuffled)
    assert engine.weigh(basket, terms, shuffled) == engine.weigh(basket, terms, wallet)
    assert engine.quote(basket, terms, coupons=shuffled) == engine.quote(basket, terms, coupons=wallet)


@given(basket=baskets(), terms=offers())
def test_a_hint_names_what_is_missing_and_a_gain(basket, terms):
    quote = engine.quote(basket, terms)
    for hint in quote.hints:
        assert (hint.short_by_fen is None) is not (hint.short_by_pieces is None)
        assert (hint.short_by_fen or hint.short_by_pieces) > 0
        assert hint.gain_fen is None or hint.gain_fen > 0


@st.composite
def rivalries(draw):
    """Up to four 满减 and discounts of one lane on the same few lines."""
    basket = draw(baskets())
    rivals = draw(st.lists(st.tuples(AMOUNT_STEPS, ID_SETS), min_size=1, max_size=4))
    return basket, [
        Stepped(ref=f"{n}", label="满减", steps=pairs, scope=Products(ids))
        for n, (pairs, ids) in enumerate(rivals)
    ]


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


@given(rivalry=rivalries())
def test_among_few_rivals_no_order_of_serving_them_would_save_more(rivalry):
    basket, rivals = rivalry
    assert len(rivals) <= contest.EXACT_UP_TO
    best_fen = max(
        saved_by_serving(basket, order)
        for chosen in range(len(rivals) + 1)
        for order in permutations(rivals, chosen)
    )
    assert engine.quote(basket, rivals).reduction_fen == best_fen
