"""Held rewards under real threads on PostgreSQL: whoever decides, and whatever ends them meanwhile, none waits in a ring."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from apps.bargain import services as bargains
from apps.bargain.models import Help, Run
from apps.bargain.states import RunStatus
from apps.distribution import selectors as promoter_facts
from apps.distribution.models import Commission
from apps.distribution.services import looking, takebacks
from apps.members.models import Member
from apps.referrals import services as referrals
from apps.referrals.models import Invitation, Reward
from apps.risk import selectors as risk_facts
from apps.risk import services as risk
from apps.risk.models import Look, Trace
from apps.risk.states import Trait
from tests.apps.bargain import make as bargain
from tests.apps.checkout import make as counter
from tests.apps.distribution import make as promotion
from tests.apps.fulfillment.make import operator
from tests.apps.members import make as members
from tests.apps.referrals import make
from tests.apps.referrals.make import LATER, NOW
from tests.races.together import all_answers, at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
ROUNDS = 15


def releasing(*look_ids: int, at: object = NOW) -> Callable[[], str]:
    by = operator()

    def call() -> str:
        risk.release(look_ids=look_ids, operator=by, at=at)
        return "judged"

    return call


def test_a_held_help_is_released_while_its_run_ends_and_no_one_waits_for_the_other_for_ever():
    bargain.rule("HELP_BURST", 1)
    row = bargain.bargain(minutes_per_run=60)
    over = bargain.NOW + timedelta(minutes=60)
    for _ in range(ROUNDS):
        run = bargain.helped(bargain.run(row), times=3)
        assert Help.objects.filter(run=run, held=True).count() == 2
        looks = list(risk_facts.waiting().order_by("id").values_list("pk", flat=True))

        def end(run_id: int = run.pk) -> str:
            return "ended" if bargains.lapse_due(at=over) or run_id else ""

        all_answers([*(releasing(pk, at=bargain.NOW) for pk in looks), end])
        assert not Help.objects.filter(run=run, held=True).exists()
        assert not risk_facts.waiting().exists()
        assert Run.objects.get(pk=run.pk).status == RunStatus.LAPSED


def test_two_who_invited_each_other_are_counted_at_once():
    rows = [
        make.campaign(
            code=code, friend_prize=make.points(5), tiers=[make.Step(friends=1, prize=make.points(7))]
        )
        for code in ("ONE", "TWO")
    ]
    for _ in range(ROUNDS):
        one, other = make.newcomer(), make.newcomer()
        pairs = [(one, other, rows[0]), (other, one, rows[1])]
        found = [
            Invitation.objects.create(
                referral=row, inviter=by, friend=friend, share=make.share(by, row), bound_at=NOW
            )
            for by, friend, row in pairs
        ]
        calls = [lambda pk=each.pk: referrals.count_invited(invitation_id=pk, at=LATER) for each in found]
        assert at_once(calls) == {"done": 2}
        assert [make.balance(each)[0] for each in (one, other)] == [12, 12]
    assert Reward.objects.filter(status="GIVEN").count() == 4 * ROUNDS


def test_two_are_looked_at_from_both_sides_at_once():
    people: list[Member] = []
    for number in range(2):
        owner = members.member(phone=f"1391234560{number}")
        for each in range(5):
            members.address(owner, phone=f"137000000{number}{each}")
        people.append(owner)
    for turn in range(ROUNDS):
        at = NOW + timedelta(days=2 * turn)
        pairs = [people, people[::-1]]
        calls = [
            lambda pair=pair, turn=turn, at=at: risk.look(
                kind="referral",
                subject=f"{turn}",
                title="",
                member_id=pair[0].pk,
                other_id=pair[1].pk,
                at=at,
            )
            for pair in pairs
        ]
        assert at_once(calls) == {"done": 2}


def test_traits_are_noted_once_however_many_note_them_at_once():
    owner = members.member()
    traits = [(Trait.DEVICE, f"{number:032}") for number in range(50)]
    calls = [lambda: risk.note(member_id=owner.pk, traits=traits, at=NOW)] * 8
    assert at_once(calls) == {"done": 8}
    assert Trace.objects.filter(member=owner).count() == 50


def test_many_are_released_at_once_while_refunds_take_back_of_the_same_promoters():
    promotion.set_rules()
    counter.freight(0)
    phones = ("13912345678", "13912345679")
    both = [promotion.promoter(members.member(phone=phone)) for phone in phones]
    promotion.bind(both[0].member, both[1])
    buyers = [counter.buyer(phone=phone) for phone in phones]
    cup = counter.goods(1000, units=1000)
    for buyer, of in zip(buyers, both, strict=True):
        promotion.bind(buyer[0], of)
    for _ in range(ROUNDS):
        # The first waits for the second promoter's account, the second for the first's.
        looked = []
        for buyer in buyers[::-1]:
            order = promotion.paid(buyer, [(cup, 1)])
            looking.look(order_no=order.order_no, at=NOW)
            looked.append(order.order_no)
        plain = promotion.paid(buyers[0], [(cup, 1)])
        promotion.sale.refund(plain, {cup: 1})
        ids = list(
            Look.objects.filter(subject__in=looked, verdict="HELD")
            .order_by("id")
            .values_list("pk", flat=True)
        )
        assert len(ids) == 2
        all_answers(
            [
                releasing(*ids, at=LATER),
                lambda no=plain.order_no: str(takebacks.take_back(order_no=no, at=LATER)),
                releasing(*ids[::-1], at=LATER),
            ]
        )
        assert not Commission.objects.filter(order_no__in=looked, held=True).exists()
    assert promoter_facts.unbalanced_accounts() == []
