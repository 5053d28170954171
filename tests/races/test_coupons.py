"""Coupons under real threads on PostgreSQL: limits hold to the last one, a coupon serves one order."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import F

from apps.base.models import AuditEntry
from apps.coupons import selectors as coupon_facts
from apps.coupons import services as coupons
from apps.coupons.models import Code, CodeBatch, Coupon, IssueJob, StorePass, StoreUse, Tally, Template
from apps.coupons.services import codes, store_uses
from apps.coupons.services import jobs as issues
from apps.stores.models import Place
from tests.apps.coupons.make import AT, DAY, coupon, paid_order, template
from tests.apps.members import make

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def at_once(calls: Iterable[Callable[[], object]]) -> Counter[str]:
    """Start all calls together; count "done" and the names of errors."""
    waiting = list(calls)
    gate = threading.Barrier(len(waiting))

    def run(call: Callable[[], object]) -> str:
        try:
            connection.ensure_connection()
            gate.wait()
            call()
            return "done"
        except Exception as error:
            return type(error).__name__
        finally:
            connection.close()

    with ThreadPoolExecutor(len(waiting)) as pool:
        return Counter(pool.map(run, waiting))


def claims(of: Template, number: int) -> list[Callable[[], object]]:
    return [
        lambda member=member: coupons.claim(member=member, template_id=of.pk, at=AT)
        for member in [make.member() for _ in range(number)]
    ]


def test_sixty_four_claims_of_a_quota_of_ten_are_ten_coupons():
    of = template(quota=10)
    assert at_once(claims(of, 64)) == {"done": 10, "SoldOut": 54}
    of.refresh_from_db()
    assert (of.issued, Coupon.objects.count()) == (10, 10)
    # Who was refused has not used up their turn.
    assert Tally.objects.count() == 10


def test_looking_first_and_counting_after_gives_out_more_than_there_are():
    of = template(quota=10)
    everyone_has_looked = threading.Barrier(20)
    people = [make.member() for _ in range(20)]

    def look_then_take(number: int) -> None:
        seen = Template.objects.get(pk=of.pk)
        everyone_has_looked.wait()
        assert seen.quota is not None and seen.issued < seen.quota
        Coupon.objects.create(
            template=of,
            member=people[number],
            cause="naive",
            way="CLAIM",
            valid_from=AT,
            valid_until=AT + DAY,
            issued_at=AT,
        )
        Template.objects.filter(pk=of.pk).update(issued=seen.issued + 1)

    calls = [lambda number=number: look_then_take(number) for number in range(20)]
    assert at_once(calls) == {"done": 20}
    assert Coupon.objects.count() == 20


@pytest.mark.parametrize("limit", [1, 3])
def test_a_member_who_claims_sixteen_times_at_once_gets_what_one_may_have(limit: int):
    of, member = template(per_member=limit), make.member()
    calls = [lambda: coupons.claim(member=member, template_id=of.pk, at=AT)] * 16
    assert at_once(calls) == {"done": limit, "ClaimLimitReached": 16 - limit}
    of.refresh_from_db()
    assert (of.issued, Coupon.objects.filter(member=member).count()) == (limit, limit)


@pytest.mark.parametrize("limit", [1, 3])
def test_one_claim_that_comes_sixteen_times_at_once_brings_one_coupon(limit: int):
    of, member = template(per_member=limit), make.member()
    calls = [lambda: coupons.claim(member=member, template_id=of.pk, at=AT, key="the same")] * 16
    assert at_once(calls) == {"done": 16}
    of.refresh_from_db()
    assert (of.issued, Tally.objects.get().taken, Coupon.objects.count()) == (1, 1, 1)


def test_one_coupon_in_five_orders_at_once_serves_one():
    mine = coupon()

    def hold(order_no: str) -> None:
        with transaction.atomic():
            coupons.hold(order_no=order_no, member_id=mine.member_id, public_ids=[mine.public_id], at=AT)

    calls = [lambda number=number: hold(f"SO{number}") for number in range(5)]
    assert at_once(calls) == {"done": 1, "CouponUnavailable": 4}
    mine.refresh_from_db()
    assert (mine.status, mine.moves.get().order_no) == ("HELD", mine.order_no)


def at_the_till(mine: Coupon, cashier: User, shop: Place) -> None:
    code = StorePass.objects.get(coupon=mine).code
    store_uses.use(operator=cashier, code=code, place_id=shop.pk, goods_fen=6000, at=AT)


def test_a_coupon_used_in_a_shop_and_in_five_orders_at_once_serves_one():
    cashier, shop = User.objects.create_user("cashier"), Place.objects.create(name="门店", kind="SHOP")

    def hold(mine: Coupon, order_no: str) -> None:
        with transaction.atomic():
            coupons.hold(order_no=order_no, member_id=mine.member_id, public_ids=[mine.public_id], at=AT)

    for _ in range(8):
        mine = coupon()
        store_uses.make_pass(member=mine.member, coupon_id=str(mine.public_id), at=AT)
        calls: list[Callable[[], object]] = [
            lambda mine=mine, number=number: hold(mine, f"SO{mine.pk}-{number}") for number in range(5)
        ]
        ends = at_once([*calls, lambda mine=mine: at_the_till(mine, cashier, shop)])
        assert ends == {"done": 1, "CouponUnavailable": 5}
        mine.refresh_from_db()
        assert mine.moves.get().order_no == mine.order_no
        assert (mine.status == "USED") == StoreUse.objects.filter(coupon=mine).exists()
    assert not coupon_facts.unbalanced().exists()


def test_two_tills_that_look_first_and_use_after_would_both_use_it():
    mine = coupon()
    both_have_looked = threading.Barrier(2)

    def look_then_use(use_no: str) -> None:
        seen = Coupon.objects.get(pk=mine.pk)
        both_have_looked.wait()
        assert seen.status == "AVAILABLE"
        Coupon.objects.filter(pk=mine.pk).update(status="USED", order_no=use_no)

    assert at_once([lambda no=no: look_then_use(no) for no in ("SU1", "SU2")]) == {"done": 2}


def test_one_pass_at_eight_tills_at_once_is_one_use():
    mine, shop = coupon(), Place.objects.create(name="门店", kind="SHOP")
    store_uses.make_pass(member=mine.member, coupon_id=str(mine.public_id), at=AT)
    cashiers = [User.objects.create_user(f"cashier{number}") for number in range(8)]
    calls = [lambda cashier=cashier: at_the_till(mine, cashier, shop) for cashier in cashiers]
    assert at_once(calls) == {"done": 1, "CouponUnavailable": 7}
    assert StoreUse.objects.count() == 1


def test_the_same_confirmation_eight_times_at_once_is_one_use():
    mine, shop = coupon(), Place.objects.create(name="门店", kind="SHOP")
    store_uses.make_pass(member=mine.member, coupon_id=str(mine.public_id), at=AT)
    cashier = User.objects.create_user("cashier")
    assert at_once([lambda: at_the_till(mine, cashier, shop)] * 8) == {"done": 8}
    assert (StoreUse.objects.count(), mine.moves.count()) == (1, 1)


def test_a_use_undone_eight_times_at_once_gives_the_coupon_back_once():
    mine, shop = coupon(), Place.objects.create(name="门店", kind="SHOP")
    store_uses.make_pass(member=mine.member, coupon_id=str(mine.public_id), at=AT)
    cashier = User.objects.create_user("cashier")
    at_the_till(mine, cashier, shop)
    used = StoreUse.objects.get()
    calls = [lambda: store_uses.undo(use_id=used.pk, operator=cashier, reason="退货", at=AT)] * 8
    assert at_once(calls) == {"done": 8}
    mine.refresh_from_db()
    assert (mine.status, mine.moves.count()) == ("AVAILABLE", 2)
    assert AuditEntry.objects.count() == 1


def test_a_hundred_guesses_of_a_till_at_once_are_twenty_guesses():
    cashier = User.objects.create_user("cashier")
    calls = [
        lambda number=number: store_uses.look_up(
            operator=cashier, code=f"9999{number}", goods_fen=6000, at=AT
        )
        for number in range(40)
    ]
    assert at_once(calls) == {"PassInvalid": 20, "TooManyTries": 20}


def test_an_order_compensated_eight_times_at_once_gets_one_coupon():
    of, member, operator = template(), make.member(), User.objects.create_user("operator")
    order_no = paid_order(member).order_no
    calls = [
        lambda number=number: coupons.compensate(
            member=member,
            template_id=of.pk,
            order_no=order_no,
            reason="少发",
            token=str(number),
            operator=operator,
            at=AT,
        )
        for number in range(8)
    ]
    assert at_once(calls) == {"done": 8}
    assert (Coupon.objects.count(), AuditEntry.objects.count()) == (1, 1)


def test_closing_and_paying_at_once_end_one_way():
    for number in range(8):
        mine, order_no = coupon(), f"SO{number}"
        with transaction.atomic():
            coupons.hold(order_no=order_no, member_id=mine.member_id, public_ids=[mine.public_id], at=AT)

        def call(verb: Callable[..., None], order_no: str = order_no) -> None:
            with transaction.atomic():
                verb(order_no=order_no, at=AT)

        ends = at_once([lambda: call(coupons.commit), lambda: call(coupons.release)])
        mine.refresh_from_db()
        if mine.status == "USED":
            assert ends == {"done": 1, "CouponConflict": 1}
        else:
            assert (mine.status, ends) == ("AVAILABLE", {"done": 1, "CouponGone": 1})
    assert not coupon_facts.unbalanced().exists()


def test_the_same_verb_eight_times_at_once_counts_once():
    mine = coupon()

    def call(verb: str) -> None:
        with transaction.atomic():
            getattr(coupons, verb)(order_no="SO1", at=AT)

    with transaction.atomic():
        coupons.hold(order_no="SO1", member_id=mine.member_id, public_ids=[mine.public_id], at=AT)
    for verb in ("commit", "restore"):
        assert at_once([lambda verb=verb: call(verb)] * 8) == {"done": 8}
    mine.refresh_from_db()
    assert (mine.status, mine.moves.count()) == ("AVAILABLE", 3)


def test_a_code_redeemed_by_eight_at_once_is_one_coupon():
    of = template()
    codes.create_batch(template_id=of.pk, name="一枚", size=1, operator=None, at=AT)
    codes.make_due()
    code = Code.objects.get().code
    calls = [
        lambda member=member: coupons.redeem_code(member=member, code=code, at=AT)
        for member in [make.member() for _ in range(8)]
    ]
    assert at_once(calls) == {"done": 1, "CodeInvalid": 7}
    assert Coupon.objects.get().member == Code.objects.get().redeemed_by


def test_a_hundred_guesses_at_once_are_ten_guesses():
    member = make.member()
    calls = [
        lambda number=number: coupons.redeem_code(member=member, code=f"GUESS{number}", at=AT)
        for number in range(40)
    ]
    assert at_once(calls) == {"CodeInvalid": 10, "TooManyTries": 30}


def test_the_same_reason_eight_times_at_once_is_one_coupon():
    of, member = template(), make.member()
    calls = [
        lambda: coupons.issue(template_id=of.pk, member_id=member.pk, way="OTHER", cause="case:7", at=AT)
    ] * 8
    assert at_once(calls) == {"done": 8}
    of.refresh_from_db()
    assert (of.issued, Coupon.objects.count()) == (1, 1)


def test_the_same_page_sent_eight_times_at_once_orders_one_mass_issue_and_one_batch():
    of = template(quota=9)
    make.member()

    def issue() -> object:
        return issues.start(
            template_id=of.pk, audience="ALL", reason="周年庆", operator=None, at=AT, token="page-1"
        )

    def batch() -> object:
        return codes.create_batch(
            template_id=of.pk, name="展会", size=3, operator=None, at=AT, token="page-2"
        )

    ends = at_once([*[issue] * 8, *[batch] * 8])
    assert set(ends) <= {"done", "IssueJobOrdered", "BatchOrdered"}
    assert ends["done"] >= 2
    of.refresh_from_db()
    assert (IssueJob.objects.count(), CodeBatch.objects.count(), of.issued) == (1, 1, 3)


def test_four_workers_at_one_mass_issue_and_claims_beside_it_keep_count():
    of = template(quota=60)
    calls = claims(of, 10)
    for _ in range(40):
        make.member()
    job = issues.start(template_id=of.pk, audience="ALL", reason="周年庆", operator=None, at=AT)

    def work() -> None:
        while IssueJob.objects.filter(pk=job.pk, status="RUNNING").exists():
            issues.advance(job_id=job.pk, at=AT, limit=3)

    ends = at_once([*[work] * 4, *calls])
    of.refresh_from_db()
    job.refresh_from_db()
    assert ends["done"] + ends["SoldOut"] == 14
    assert (job.issued, ends["done"] - 4) == (50, 10)
    assert (of.issued, Coupon.objects.count(), job.status) == (60, 60, "DONE")
    assert not Template.objects.filter(issued__gt=F("quota")).exists()


def test_a_worker_killed_in_the_middle_of_a_chunk_leaves_nothing_and_the_next_one_finishes():
    of = template()
    for _ in range(9):
        make.member()
    job = issues.start(template_id=of.pk, audience="ALL", reason="周年庆", operator=None, at=AT)
    issues.advance(job_id=job.pk, at=AT, limit=3)

    def die_before_the_commit() -> None:
        with transaction.atomic():
            assert issues.advance(job_id=job.pk, at=AT, limit=3)
            assert Coupon.objects.count() == 6
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    assert at_once([die_before_the_commit]) == {"OperationalError": 1}
    job.refresh_from_db()
    assert (job.issued, Coupon.objects.count()) == (3, 3)
    while issues.advance(job_id=job.pk, at=AT, limit=3):
        pass
    of.refresh_from_db()
    assert Coupon.objects.values("member").distinct().count() == Coupon.objects.count() == of.issued == 9
