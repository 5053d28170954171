"""Whom each condition means, and that nothing an operator types is anything but a value."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.audiences import compiling, conditions
from apps.audiences import selectors as audience_facts
from apps.audiences import services as audiences
from apps.audiences.compiling import Among
from apps.audiences.models import Segment
from apps.carts.models import CartItem, Favorite
from apps.catalog.models import Category, Product, Sku
from apps.coupons.models import Coupon
from apps.distribution.models import Bond
from apps.members.models import Group as MemberGroup
from apps.members.models import Member, Membership
from apps.points.models import Account
from apps.shares.models import Share, Visit
from tests.apps.audiences import make
from tests.apps.audiences.make import AT, DAY, all_of, bought, meant
from tests.apps.coupons import make as coupons
from tests.apps.distribution import make as promotion
from tests.apps.inventory import make as inventory
from tests.apps.members import make as members

pytestmark = pytest.mark.django_db


# Around what the shop's members spent, how often and when.
_FEN = st.sampled_from([1, 4_000, 4_001, 10_000, 20_000, 30_000, 30_001])
_FEW = st.integers(1, 3)
_DAYS = st.sampled_from([None, 2, 30, 41, 91])
_SOME_DAYS = st.sampled_from([1, 9, 10, 40, 90])


@pytest.fixture
def shop() -> dict[str, Member]:
    """Four members: 甲 buys often and much, 乙 bought once long ago, 丙 never, 丁 is disabled and bought."""
    found = {name: members.member(name, registered_at=AT - 100 * DAY) for name in "甲乙丙丁"}
    Member.objects.filter(nickname="丁").update(disabled_at=AT)
    for days in (1, 10, 40):
        bought(found["甲"], 10_000, at=AT - days * DAY)
    bought(found["乙"], 5_000, at=AT - 90 * DAY, refunded_fen=1_000)
    bought(found["丁"], 90_000, at=AT - DAY)
    return found


@pytest.mark.parametrize(
    ("part", "whom"),
    [
        ({"is": "spent", "low_fen": 30_000}, "甲"),
        ({"is": "spent", "low_fen": 30_001}, ""),
        ({"is": "spent", "low_fen": 20_001, "days": 30}, ""),
        ({"is": "spent", "low_fen": 20_000, "days": 30}, "甲"),
        ({"is": "spent", "low_fen": 4_000, "high_fen": 4_000}, "乙"),
        ({"is": "spent", "high_fen": 4_000}, "乙丙"),
        ({"is": "spent", "low_fen": 0, "high_fen": 0}, "丙"),
        ({"is": "ordered", "low": 3}, "甲"),
        ({"is": "ordered", "low": 1, "high": 2}, "乙"),
        ({"is": "ordered", "high": 0}, "丙"),
        ({"is": "ordered", "high": 0, "days": 30}, "乙丙"),
        ({"is": "ordered", "low": 1, "not": True}, "丙"),
        ({"is": "last_paid", "high": 1}, "甲"),
        ({"is": "last_paid", "high": 0}, ""),
        ({"is": "last_paid", "low": 2}, "乙"),
        ({"is": "last_paid", "low": 90, "high": 90}, "乙"),
        ({"is": "last_paid", "low": 91}, ""),
        ({"is": "registered", "low": 100, "high": 100}, "甲乙丙"),
        ({"is": "registered", "high": 99}, ""),
        ({"is": "login", "high": 5}, ""),
        ({"is": "channel", "origin": "own"}, "甲乙丙"),
        ({"is": "points", "high": 0}, "甲乙丙"),
    ],
)
def test_figures_mean_what_was_paid_and_kept(
    shop: dict[str, Member], part: dict[str, Any], whom: str
) -> None:
    assert meant(all_of(part)) == set(whom)


def test_a_day_is_a_shanghai_day(shop: dict[str, Member]) -> None:
    """甲 paid at noon yesterday: by 23:59 tonight that is one day ago, by 00:01 two."""
    tonight = AT + timedelta(hours=11, minutes=59)
    assert meant(all_of({"is": "last_paid", "high": 1}), at=tonight) == {"甲"}
    assert meant(all_of({"is": "last_paid", "high": 1}), at=tonight + timedelta(minutes=2)) == set()


def test_parts_are_joined_by_and_or_and_not(shop: dict[str, Member]) -> None:
    often, never = {"is": "ordered", "low": 3}, {"is": "ordered", "high": 0}
    either = {"op": "any", "of": [often, never]}
    assert meant(all_of(either)) == {"甲", "丙"}
    assert meant(all_of({**either, "not": True})) == {"乙"}
    assert meant(all_of(often, never)) == set()
    assert meant(conditions.read({**either, "not": True})) == {"乙"}


def test_goods_are_those_that_were_bought_and_kept(shop: dict[str, Member]) -> None:
    top = Category.objects.create(name="茶", path="/1/")
    below = Category.objects.create(name="红茶", parent=top, path="/1/2/")
    product = Product.objects.create(title="滇红", category=below, cover="x.png")
    sku = Sku.objects.create(product=product, code="DH", price_fen=100)
    bought(shop["甲"], at=AT - 3 * DAY, sku=sku)
    back = bought(shop["乙"], at=AT - 3 * DAY, sku=sku)
    back.lines.update(refunded=1)
    assert meant(all_of({"is": "product", "products": [product.pk]})) == {"甲"}
    assert meant(all_of({"is": "product", "products": [product.pk], "days": 3})) == set()
    assert meant(all_of({"is": "category", "categories": [top.pk], "days": 4})) == {"甲"}
    assert meant(all_of({"is": "category", "categories": [below.pk], "not": True})) == {"乙", "丙"}


def test_who_they_are(shop: dict[str, Member]) -> None:
    gold = members.level("金", rank=2)
    Member.objects.filter(nickname="甲").update(level=gold, birthday=date(1990, 3, 9), last_login_at=AT - DAY)
    Member.objects.filter(nickname="乙").update(birthday=date(1990, 5, 9))
    club = MemberGroup.objects.create(name="茶友会")
    Membership.objects.create(group=club, member=shop["乙"], added_at=AT)
    members.address(shop["丙"], province="浙江省", city="宁波市")
    word = make.tag("常客")
    audiences.put(tag_id=word.pk, member_ids=[shop["甲"].pk], operator=None, at=AT)
    assert meant(all_of({"is": "level", "levels": [gold.pk]})) == {"甲"}
    assert meant(all_of({"is": "level", "levels": [gold.pk], "not": True})) == {"乙", "丙"}
    assert meant(all_of({"is": "birthday", "months": ["0"]})) == {"甲"}
    assert meant(all_of({"is": "birthday", "months": ["5"]})) == {"乙"}
    assert meant(all_of({"is": "login", "low": 1, "high": 1})) == {"甲"}
    assert meant(all_of({"is": "group", "groups": [club.pk]})) == {"乙"}
    assert meant(all_of({"is": "tag", "tags": [word.pk]})) == {"甲"}
    for name in ("浙江", "宁波"):
        assert meant(all_of({"is": "area", "where": "address", "areas": [name]})) == {"丙"}
    assert meant(all_of({"is": "area", "where": "address", "areas": ["杭州"]})) == set()


def test_where_the_last_order_went(shop: dict[str, Member]) -> None:
    bought(shop["甲"], at=AT, address={"province": "云南省", "city": "昆明市"})
    audiences.reckon_due(at=AT)
    assert meant(all_of({"is": "area", "where": "order", "areas": ["云南"]})) == {"甲"}
    assert meant(all_of({"is": "area", "where": "order", "areas": ["昆明", "上海"]})) == {"甲"}


def test_where_they_come_from_and_what_they_hold(shop: dict[str, Member]) -> None:
    promoter = promotion.promoter()
    Bond.objects.create(member=shop["甲"], promoter=promoter, bound_at=AT - DAY, valid_until=AT + DAY)
    Bond.objects.create(member=shop["乙"], promoter=promoter, bound_at=AT - 2 * DAY, valid_until=AT)
    Account.objects.create(member=shop["乙"], balance=80)
    ticket = coupons.coupon(shop["丙"])
    assert meant(all_of({"is": "promoter"})) == {"甲"}
    assert meant(all_of({"is": "promoter", "promoters": [promoter.pk]})) == {"甲"}
    assert meant(all_of({"is": "points", "low": 80, "high": 80})) == {"乙"}
    assert meant(all_of({"is": "coupon"})) == {"丙"}
    assert meant(all_of({"is": "coupon", "templates": [ticket.template_id], "days": 8})) == {"丙"}
    assert meant(all_of({"is": "coupon", "days": 6})) == set()
    Coupon.objects.update(status="EXPIRED")
    assert meant(all_of({"is": "coupon"})) == set()


def test_what_they_left_lying(shop: dict[str, Member]) -> None:
    sku = inventory.sku()
    for owner, hours in (("甲", 23), ("乙", 24)):
        CartItem.objects.create(member=shop[owner], sku=sku, quantity=1, added_at=AT - timedelta(hours=hours))
    share = Share.objects.create(
        member=shop["丁"], kind="product", subject=str(sku.product_id), title="杯", token="t",
        opened_at=AT, shared_at=AT,
    )  # fmt: skip
    for owner in "甲乙":
        when = AT - 2 * DAY
        Visit.objects.create(share=share, member=shop[owner], day=when.date(), first_at=when, last_at=when)
    bought(shop["甲"], at=AT - DAY, sku=sku)
    assert meant(all_of({"is": "cart", "hours": 24})) == {"乙"}
    Favorite.objects.create(member=shop["丙"], product=sku.product, price_fen=1, mark_fen=1, added_at=AT)
    assert meant(all_of({"is": "favorite"})) == {"丙"}
    assert meant(all_of({"is": "favorite", "products": [sku.product_id]})) == {"丙"}
    assert meant(all_of({"is": "favorite", "products": [sku.product_id], "not": True})) == {"甲", "乙"}
    assert meant(all_of({"is": "seen", "days": 3})) == {"乙"}
    assert meant(all_of({"is": "seen", "days": 2})) == set()


def test_asked_of_one_member_every_part_is_narrowed(shop: dict[str, Member]) -> None:
    """Also below not and or, where PostgreSQL would read the orders of all members."""
    tree = conditions.read(
        {"op": "any", "of": [{"is": "ordered", "high": 2, "not": True}, {"is": "spent", "high_fen": 1}]}
    )
    row = audiences.save(Segment(name="常客"), tree=tree, operator=None, at=AT)
    assert row.current is not None
    with CaptureQueriesContext(connection) as asked:
        assert audience_facts.contains(version=row.current, member_id=shop["甲"].pk, at=AT)
    (statement,) = asked.captured_queries
    assert statement["sql"].count(f'"member_id" IN ({shop["甲"].pk})') == 2
    assert not audience_facts.contains(version=row.current, member_id=shop["乙"].pk, at=AT)
    assert not audience_facts.contains(version=row.current, member_id=shop["丁"].pk, at=AT)


def test_members_come_in_batches_and_each_once(shop: dict[str, Member], monkeypatch: Any) -> None:
    monkeypatch.setattr(audience_facts, "SLICE", 2)
    row = make.segment({"is": "registered", "low": 1})
    assert row.current is not None
    batches = list(audience_facts.members_of(version=row.current, at=AT, batch=1))
    assert [len(batch) for batch in batches] == [1, 1, 1]
    assert [member_id for batch in batches for member_id in batch] == sorted(
        shop[name].pk for name in "甲乙丙"
    )


_HOSTILE = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["'; DROP TABLE members_member; --", "%s", "%(x)s", "\\", "\x00", "$1", "浙江'--", "{0}"]
    ),
)


@given(_HOSTILE)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_of_an_operators_is_ever_part_of_a_statement(typed: str) -> None:
    """Read, it is refused or known by its canonical name; and past every check it is a value of the same statement."""
    part = {"is": "area", "where": "address", "areas": [typed]}
    try:
        (read,) = conditions.read({"op": "all", "of": [part]}).of
        assert isinstance(read, conditions.InArea)
        assert not {"'", "%", "\\", "\x00", ";", "$", "{"} & set("".join(read.areas))
    except conditions.ConditionsRefused:
        pass
    text, values = _statement(typed)
    assert text == _statement("STEADY")[0]
    assert typed in values
    if "\x00" not in typed:
        assert list(compiling.members(_of_standing(typed), at=AT)) == []


def _of_standing(word: str) -> conditions.Both:
    return conditions.Both(op="any", of=(conditions.OfStanding(standings=(word,)),))


def _statement(word: str) -> tuple[str, tuple[Any, ...]]:
    return compiling.members(_of_standing(word), at=AT).query.sql_with_params()


def test_a_count_that_takes_too_long_is_estimated_and_says_so(
    shop: dict[str, Member], monkeypatch: Any
) -> None:
    tree = all_of({"is": "ordered", "low": 1})
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        usual = cursor.fetchone()
    assert audience_facts.count_in(tree, at=AT) == audience_facts.Size(2)
    slow = compiling.members

    def held_up(tree: Any, *, at: Any, among: Among = compiling.EVERYBODY) -> Any:
        if among.ids is None:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(5)")
        return slow(tree, at=at, among=among)

    monkeypatch.setattr(compiling, "members", held_up)
    size = audience_facts.count_in(tree, at=AT, seconds=0.1)
    assert (size.members, size.exact, size.sample) == (2, False, 3)
    # What was set for the statement is set back.
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == usual


@pytest.mark.parametrize(
    ("found", "sample", "of", "members_", "margin"),
    [(500, 5_000, 100_000, 10_000, 831), (0, 5_000, 100_000, 0, 0), (5_000, 5_000, 100_000, 100_000, 0)],
)
def test_the_margin_of_a_sample_is_that_of_statistics(
    found: int, sample: int, of: int, members_: int, margin: int
) -> None:
    """10 % of 5,000: 1.96 × √(0.1 × 0.9 / 5,000) = 0.8316 %, of 100,000."""
    size = audience_facts.scaled(found=found, sample=sample, of=of)
    assert (size.members, size.give_or_take, size.exact) == (members_, margin, False)


@given(
    parts=st.lists(
        st.one_of(
            st.builds(lambda low, days: {"is": "spent", "low_fen": low, "days": days}, _FEN, _DAYS),
            st.builds(
                lambda low, days: {"is": "ordered", "low": low, "high": low + 1, "days": days}, _FEW, _DAYS
            ),
            st.builds(
                lambda low, more: {"is": "last_paid", "low": low, "high": low + more}, _SOME_DAYS, _SOME_DAYS
            ),
            st.builds(lambda high, low: {"is": "spent", "low_fen": low, "high_fen": high + low}, _FEN, _FEN),
            st.just({"is": "last_paid", "low": 30}),
            st.just({"is": "ordered", "high": 0}),
            st.just({"is": "ordered", "low": 2, "not": True}),
        ),
        min_size=2,
        max_size=5,
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
def test_any_of_several_figures_means_whom_each_of_them_means_by_itself(
    shop: dict[str, Member], parts: list[dict[str, Any]]
) -> None:
    plain = [{name: value for name, value in part.items() if value is not None} for part in parts]
    either = conditions.read({"op": "any", "of": plain})
    each = set().union(*(meant(all_of(part)) for part in plain))
    assert meant(either) == each
