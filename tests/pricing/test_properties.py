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
    Basis,
    FreePostage,
    Lane,
    MemberPrice,
    PercentOff,
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
        "postage": lambda **terms: st.builds(
            FreePostage, threshold_fen=PRICES_FEN, regions=st.one_of(st.none(), NAMES), **terms
        ),
    }
    chosen = draw(st.lists(st.sampled_from(sorted(kinds)), max_size=8))
    return [
        draw(kinds[kind](ref=st.just(f"{kind}:{n}"), label=st.just(kind), combines_with=LANES))
        for n, kind in enumerate(chosen)
    ]


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
    postage = {offer.ref for offer in terms if isinstance(offer, FreePostage)}
    assert {part.ref: part.amount_fen for part in quote.applied if part.ref not in postage} == explained
    full = engine.quote(basket, [])
    waived_fen = sum(part.amount_fen for part in quote.applied if part.ref in postage)
    assert waived_fen in (0, full.shipping_fen)
    assert quote.shipping_fen + waived_fen == full.shipping_fen


@given(basket=baskets(), terms=offers())
def test_each_offer_is_either_applied_or_declined_with_a_reason(basket, terms):
    quote = engine.quote(basket, terms)
    answered = [part.ref for part in quote.applied] + [refusal.ref for refusal in quote.declined]
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
