"""The score is the sum of what the rules say; other rules can be tried on last month's rewards; traces are digests."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.distribution.models import Commission
from apps.distribution.services import looking
from apps.members.models import Member
from apps.risk import personal, scoring
from apps.risk import selectors as risk_facts
from apps.risk import services as risk
from apps.risk.models import Look, Policy, Rule, Trace
from apps.risk.scoring import Found, Weighing
from apps.risk.services import tracing
from apps.risk.states import Clue
from tests.apps.checkout import make as counter
from tests.apps.distribution import make as promotion
from tests.apps.fulfillment.make import operator
from tests.apps.members import make as members
from tests.apps.shares.make import NOW

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


def found(*clues: tuple[str, int]) -> list[Found]:
    return [Found(Clue(clue), figure, clue) for clue, figure in clues]


def look(subject: str, *clues: tuple[str, int], at=NOW) -> Look:
    owner = Member.objects.first() or members.member()
    return risk.look(
        kind="bargain_help", subject=subject, title=subject, member_id=owner.pk, also=found(*clues), at=at
    )


def test_every_rule_has_a_row_with_the_figures_that_hold_without_one():
    rows = {Clue(row.clue): Weighing(row.enabled, row.threshold, row.weight) for row in Rule.objects.all()}
    assert rows == scoring.DEFAULTS


@pytest.mark.parametrize(
    ("clues", "score"),
    [
        ([], 0),
        ([("SAME_PHONE", 1)], 60),
        ([("SAME_PHONE", 1), ("SAME_ADDRESS", 2)], 120),
        ([("DEVICE_BURST", 2)], 0),
        ([("DEVICE_BURST", 3)], 60),
        ([("NETWORK_BURST", 10_000)], 0),
        ([("NETWORK_BURST", 10), ("REFUNDS", 3)], 70),
        ([("NETWORK_BURST", 9), ("REFUNDS", 3)], 40),
        ([("NETWORK_BURST", 10), ("REFUNDS", 2)], 0),
    ],
)
def test_60_for_a_phone_120_with_the_address_nothing_for_a_network_alone(clues, score):
    assert scoring.score(found(*clues), scoring.DEFAULTS) == score


def test_at_sixty_it_is_held_at_fifty_nine_not_and_a_second_look_is_the_first_one():
    Rule.objects.filter(clue="SAME_PHONE").update(weight=59)
    assert look("A", ("SAME_PHONE", 1)).verdict == "CLEAR"
    Rule.objects.filter(clue="SAME_PHONE").update(weight=60)
    assert (look("B", ("SAME_PHONE", 1)).verdict, look("A", ("SAME_PHONE", 1)).verdict) == ("HELD", "CLEAR")
    assert Look.objects.count() == 2


def test_a_rule_that_is_off_counts_nothing():
    row = Rule.objects.get(clue="SAME_PHONE")
    row.enabled = False
    risk.save_rule(row)
    assert look("A", ("SAME_PHONE", 9)).score == 0


def test_these_rules_would_have_held_two_of_three_of_the_last_thirty_days_among_them_these():
    for subject, number in (("三人", 3), ("五人", 5), ("八人", 8)):
        look(subject, ("HELP_BURST", number))
    look("旧的", ("HELP_BURST", 99), at=NOW - timedelta(days=31))
    wished = {**risk_facts.rules(), Clue.HELP_BURST: Weighing(True, 5, 60)}
    told = risk_facts.replay(wished, hold_at=60, at=NOW)
    assert (told.looked_at, told.before, told.held) == (3, 0, 2)
    assert [each.split("（")[0] for each in told.among] == ["八人", "五人"]
    assert risk_facts.replay(wished, hold_at=61, at=NOW).held == 0


def test_another_score_is_tried_on_last_month_before_it_holds(admin_client):
    look("A", ("SAME_PHONE", 1), at=timezone.now() - timedelta(days=1))
    page = "/admin/risk/policy/1/rewrite/"
    assert "按新规则会扣留" in admin_client.post(page, {"hold_at": "1"}).content.decode()
    assert Policy.objects.filter(hold_at=1).count() == 0
    admin_client.post(page, {"hold_at": "1", "step": "confirm"})
    assert Policy.objects.filter(hold_at=1).count() == 1
    assert admin_client.post("/admin/risk/policy/1/change/", {"hold_at": "5"}).status_code == 403


@pytest.mark.parametrize("hold_at", [0, 1001])
def test_a_policy_that_holds_everything_or_nothing_is_refused(hold_at):
    with pytest.raises(risk.PolicyRefused):
        risk.save_policy(Policy(hold_at=hold_at))
    assert Policy.objects.count() == 0


@pytest.mark.parametrize("columns", [{"threshold": 0}, {"threshold": 10_001}, {"weight": 1001}])
def test_a_rule_beyond_its_bounds_is_refused(columns):
    row = Rule.objects.get(clue="RING")
    for name, value in columns.items():
        setattr(row, name, value)
    with pytest.raises(risk.RuleRefused):
        risk.save_rule(row)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("龙井路 1 号", "龙井路1号", True),
        ("龙井路１号", "龙井路1号", True),
        ("龙井路1号A座", "龙井路1号，a座", True),
        ("龙井路1号", "龙井路11号", False),
    ],
)
def test_an_address_has_one_form_however_it_is_spelled(one, other, same):
    forms = [
        tracing.one_form({"city": "杭州市", "district": "西湖区", "detail": each}) for each in (one, other)
    ]
    assert (forms[0] == forms[1]) == same
    assert tracing.one_form({"city": "杭州市", "detail": " "}) == ""


def test_no_trace_names_a_phone_an_address_or_an_openid():
    owner = members.member(phone="13912345678")
    members.address(owner, phone="13700000001")
    risk.refresh(member_ids=[owner.pk], at=NOW)
    rows = list(Trace.objects.values_list("trait", "digest"))
    assert sorted(trait for trait, _ in rows) == ["ADDRESS", "PAYER", "PHONE", "PHONE"]
    assert all(len(digest) == 32 and int(digest, 16) >= 0 for _, digest in rows)


def test_traces_go_when_their_time_is_over_and_with_an_erased_member_but_that_of_the_identity():
    owner = members.member(phone="13912345678")
    risk.refresh(member_ids=[owner.pk], at=NOW)
    personal.erase(owner.person, at=NOW)
    assert list(Trace.objects.values_list("trait", flat=True)) == ["PAYER"]
    assert risk.forget(at=NOW + timedelta(days=180)) == 0
    assert risk.forget(at=NOW + timedelta(days=180, seconds=1)) == 1


def bought(*, phone: str) -> Commission:
    """What a promoter earns by a customer with this phone; the promoter's own is 13912345678."""
    promoter = promotion.promoter(members.member(phone="13912345678"))
    buyer = counter.buyer(phone=phone)
    promotion.bind(buyer[0], promoter)
    order = promotion.paid(buyer, [(counter.goods(1000), 1)])
    looking.look(order_no=order.order_no, at=promotion.NOW)
    return Commission.objects.get(order_no=order.order_no)


def test_a_commission_by_a_buyer_with_the_promoters_phone_is_held_and_that_of_another_not():
    promotion.set_rules()
    counter.freight(0)
    held, free = bought(phone="13912345678"), bought(phone="13912345679")
    assert (held.held, free.held) == (True, False)
    assert held.hold_reasons == ["与得奖会员手机号相同，涉及 1 个账号"]


def test_a_held_commission_goes_its_way_when_it_is_released_and_is_cancelled_when_rejected():
    promotion.set_rules()
    counter.freight(0)
    for judge, status in (
        (risk.release, "PENDING"),
        (lambda **said: risk.reject(reason="小号自购", **said), "CANCELLED"),
    ):
        row = bought(phone="13912345678")
        judge(look_ids=[risk_facts.waiting().get().pk], operator=operator(), at=LATER)
        row.refresh_from_db()
        assert (row.held, row.status) == (False, status)
        looking.look(order_no=row.order_no, at=LATER)
        row.refresh_from_db()
        assert row.held is False
