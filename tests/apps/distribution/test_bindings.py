"""Bindings: whose customer somebody becomes by a share or a code, and who stays with whom they have."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from apps.distribution import selectors as promoter_facts
from apps.distribution.models import Bond, BondChange
from apps.distribution.services import bindings, promoters
from apps.distribution.services.bindings import BindingRefused, CodeUnknown, RingRefused
from apps.shares import services as shares
from tests.apps.checkout import make as counter
from tests.apps.distribution import make
from tests.apps.distribution.make import DAY, EARLIER, NOW

pytestmark = pytest.mark.django_db


def causes(member):
    return list(BondChange.objects.filter(member=member).order_by("id").values_list("cause", flat=True))


def test_who_comes_by_a_promoters_share_is_theirs_and_the_history_says_by_which():
    make.set_rules()
    promoter, visitor = make.promoter(), make.member()
    make.come(visitor, promoter)
    assert make.bound_to(visitor) == promoter
    change = BondChange.objects.get(member=visitor)
    assert (change.cause, change.share, change.before) == ("SHARE", make.share(promoter), None)


def test_who_shares_and_promotes_nothing_binds_nobody():
    make.set_rules()
    promoter, visitor = make.promoter(), make.member()
    token = make.share(promoter).token
    promoters.move(promoter_id=promoter.pk, move="suspend", at=EARLIER)
    shares.note_visit(token=token, visitor_id="", member=visitor, at=NOW)
    assert make.bound_to(visitor) is None


def test_nobody_is_their_own_customer():
    make.set_rules()
    promoter = make.promoter()
    with pytest.raises(BindingRefused) as refused:
        make.bind(promoter.member, promoter)
    assert refused.value.details == {"reason": "oneself"}
    make.come(promoter.member, promoter)
    assert Bond.objects.count() == 0


def test_a_brought_b_and_b_brought_c_so_c_never_brings_a():
    make.set_rules()
    a, b, c = (make.promoter() for _ in range(3))
    make.bind(b.member, a)
    make.bind(c.member, b)
    for other in (a, b):
        with pytest.raises(RingRefused):
            make.bind(other.member if other is a else a.member, c)
    make.come(a.member, c)
    assert make.bound_to(a.member) is None


def test_the_database_refuses_a_ring_whoever_writes():
    make.set_rules()
    a, b = make.promoter(), make.promoter()
    make.bind(b.member, a)
    with pytest.raises(IntegrityError, match="their own inviter"), transaction.atomic():
        Bond.objects.create(member=a.member, promoter=b, bound_at=NOW)
    with pytest.raises(IntegrityError, match="their own inviter"), transaction.atomic():
        Bond.objects.create(member=a.member, promoter=a, bound_at=NOW)


def test_first_touch_keeps_the_first_and_last_touch_takes_the_last():
    for mode, expected in (("first", 0), ("last", 1)):
        make.set_rules(binding_mode=mode)
        visitor, both = make.member(), [make.promoter(), make.promoter()]
        for promoter in both:
            make.come(visitor, promoter)
        assert make.bound_to(visitor) == both[expected]


def test_a_binding_of_seven_days_is_free_on_the_eighth_day():
    make.set_rules(valid_days=7)
    visitor, first, second = make.member(), make.promoter(), make.promoter()
    make.come(visitor, first, at=NOW)
    make.come(visitor, second, at=NOW + 7 * DAY - make.MINUTE)
    assert make.bound_to(visitor) == first
    assert promoter_facts.inviter_of(visitor.pk, at=NOW + 7 * DAY) is None
    make.come(visitor, second, at=NOW + 7 * DAY)
    assert make.bound_to(visitor) == second


def test_for_three_protected_days_nobody_takes_a_customer_over():
    make.set_rules(binding_mode="last", protect_days=3)
    visitor, first, second = make.member(), make.promoter(), make.promoter()
    make.come(visitor, first, at=NOW)
    make.come(visitor, second, at=NOW + 3 * DAY - make.MINUTE)
    assert make.bound_to(visitor) == first
    make.come(visitor, second, at=NOW + 3 * DAY)
    assert make.bound_to(visitor) == second
    assert causes(visitor) == ["SHARE", "SHARE"]


def test_who_comes_again_by_the_same_promoter_is_renewed_once_a_day_where_the_last_touch_counts():
    make.set_rules(binding_mode="last", valid_days=7)
    visitor, promoter = make.member(), make.promoter()
    for at in (NOW, NOW + make.HOUR, NOW + DAY, NOW + DAY + make.HOUR):
        make.come(visitor, promoter, at=at)
    assert causes(visitor) == ["SHARE", "RENEWED"]
    bond = Bond.objects.get(member=visitor)
    assert (bond.bound_at, bond.valid_until) == (NOW, NOW + 8 * DAY)


def test_where_only_newcomers_are_bound_who_has_bought_is_not():
    make.set_rules(newcomers_only=True)
    counter.freight(0)
    promoter, buyer, newcomer = make.promoter(), counter.buyer(), make.member()
    make.sale.paid(buyer, [(counter.goods(1000), 1)])
    with pytest.raises(BindingRefused) as refused:
        make.bind(buyer[0], promoter, at=NOW)
    assert refused.value.details == {"reason": "newcomers_only"}
    make.bind(newcomer, promoter, at=NOW)
    assert make.bound_to(newcomer) == promoter


def test_the_customers_of_who_left_are_free():
    make.set_rules()
    gone, other, visitor = make.promoter(), make.promoter(), make.member()
    make.come(visitor, gone)
    promoters.leave(member_id=gone.member_id, at=NOW)
    make.come(visitor, other, at=NOW)
    assert make.bound_to(visitor) == other


@pytest.mark.parametrize("code", ["", "NOBODY22", "K" * 13, "abc\x00", "推客", None, 7, ["x"], {"code": 1}])
def test_a_code_that_nobody_has_binds_nobody(code):
    make.promoter()
    with pytest.raises(CodeUnknown):
        bindings.bind_by_code(member_id=make.member().pk, code=code, at=NOW)
    assert BondChange.objects.count() == 0


def test_an_operator_binds_and_unbinds_with_a_reason_against_first_touch_but_never_in_a_ring():
    make.set_rules()
    first, second, visitor = make.promoter(), make.promoter(), make.member()
    operator = make.fulfillment.operator()
    make.bind(visitor, first)
    by_hand = {"note": "客户来电", "operator": operator, "at": NOW}
    bindings.bind_by_hand(member_id=visitor.pk, promoter_id=second.pk, **by_hand)
    assert make.bound_to(visitor) == second
    make.bind(second.member, first)
    with pytest.raises(RingRefused):
        bindings.bind_by_hand(member_id=first.member_id, promoter_id=second.pk, **by_hand)
    with pytest.raises(bindings.NoteMissing):
        bindings.unbind(member_id=visitor.pk, promoter_id=second.pk, note=" ", operator=operator, at=NOW)
    bindings.unbind(member_id=visitor.pk, promoter_id=second.pk, note="客户要求", operator=operator, at=NOW)
    assert make.bound_to(visitor) is None
    assert causes(visitor) == ["CODE", "OPERATOR", "UNBOUND"]


def test_the_history_is_never_changed():
    make.set_rules()
    make.bind(make.member(), make.promoter())
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        BondChange.objects.update(note="x")
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        BondChange.objects.all().delete()


def test_a_landing_of_who_is_bound_already_writes_nothing_and_asks_little(django_assert_num_queries):
    make.set_rules()
    promoter, visitor = make.promoter(), make.member()
    share = make.share(promoter)
    bindings.bind_on_landing(share, member=visitor, at=NOW)
    with django_assert_num_queries(3):  # the promoter, the rules, the binding
        bindings.bind_on_landing(share, member=visitor, at=NOW)
    other = make.promoter()
    by = make.share(other)
    promoters.move(promoter_id=other.pk, move="suspend", at=NOW)
    with django_assert_num_queries(1):
        bindings.bind_on_landing(by, member=visitor, at=NOW)
