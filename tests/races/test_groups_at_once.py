"""Groups whose last payers, and whose end, come in one instant: through WeChat and its news, on two web processes.

The suite runs fewer rounds than ``make races`` (RACES=full), which runs as many as we promise. Beside each race stands the
same one in threads, by our own code without the one lock or guard that decides it: there it is lost. So the race would
see it if ours were.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from apps.campaigns.models import Quota
from apps.checkout import closing
from apps.groupbuy import services as groupbuy
from apps.groupbuy.models import Group, Seat
from apps.groupbuy.services import groups
from apps.orders.models import Order, OrderRefund
from apps.outbox.models import Announcement
from apps.payments.models import Payment, Refund
from apps.wechat.sandbox.control import Sandbox
from tests.apps.groupbuy import make as make_groups
from tests.journeys import programs
from tests.races import clients
from tests.races.clients import Webs, people
from tests.races.payers import (
    ask_to_pay,
    heard_of,
    in_wechats_books,
    join_and_pay,
    opened,
    payers,
    pays,
    pays_late,
    post,
    seat,
    sweep,
    until,
)
from tests.races.stage import (
    FULL,
    HOUR,
    ROUNDS,
    both_look_first,
    check_books,
    report,
    waiting_for_a_lock,
)
from tests.races.together import all_answers

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

ROUNDS_OF_FIVE = 20 if FULL else 6
ROUNDS_AT_THE_END = 50 if FULL else 15
KILLED_AT = (1, 2, 3) if FULL else (2,)


def told(kind: str, group: Group) -> int:
    return Announcement.objects.filter(kind=kind, payload__group_no=group.group_no).count()


def test_of_five_payers_of_a_group_of_three_three_are_in_and_two_have_all_of_it_back_once(
    webs: Webs, wechat: Sandbox
) -> None:
    """Two held the last place one after the other, and their time ran out; then the money of all comes in one moment.

    In every second round two places are left, in the others one. WeChat says everything three times.
    """
    row = make_groups.campaign(make_groups.goods(50_00, units=1_000), **make_groups.today())
    everybody = payers(wechat, 5)
    expected: dict[str, tuple[int, int]] = {}
    for turn in range(ROUNDS_OF_FIVE):
        already = 1 + turn % 2
        late, last = everybody[already : already + 2], everybody[already + 2 :]
        (group,) = opened(webs, wechat, row, everybody[:1])
        if already == 2:
            join_and_pay(webs, wechat, everybody[1], group)
        lapsed = []
        for person in late:
            lapsed.append(seat(person, row, group))
            ask_to_pay(webs, (person, lapsed[-1]))
            closing.close_expired(at=lapsed[-1].expires_at)
        held = [seat(person, row, group) for person in last]
        asked = ask_to_pay(webs, *zip(last, held, strict=True))
        wechat.fault("notify_repeated", times=2 + len(last), event="TRANSACTION.SUCCESS", copies=2)
        webs.at_once(
            [],
            *(pays(wechat, person, said) for person, said in zip(last, asked, strict=True)),
            *(pays_late(wechat, order) for order in lapsed),
        )
        until(heard_of(*held, *lapsed))
        group.refresh_from_db()
        assert (group.status, group.joined, group.held, told("GroupFormed", group)) == ("FORMED", 3, 0, 1)
        formed = Order.objects.filter(pk__in=group.seats.filter(status="PAID").values("order"))
        assert len(formed) == 3
        assert make_groups.statuses(*lapsed) == ["CLOSED"] * 2
        expected |= {order.order_no: (39_00, 0) for order in formed}
        expected |= {order.order_no: (39_00, 39_00) for order in lapsed}
    post()
    assert in_wechats_books(wechat) == expected
    assert Counter(Order.objects.values_list("status", flat=True)) == {
        "PAID": 3 * ROUNDS_OF_FIVE,
        "CLOSED": 2 * ROUNDS_OF_FIVE,
    }
    check_books()


@pytest.mark.parametrize("locked", [True, False])
def test_without_the_groups_lock_two_last_payers_would_lose_one_another(
    monkeypatch: pytest.MonkeyPatch, locked: bool
) -> None:
    row = make_groups.campaign(make_groups.goods(50_00))
    group = make_groups.opened(row)
    last = [make_groups.order(row, group=group) for _ in range(2)]
    if not locked:
        monkeypatch.setattr(groups, "locked", both_look_first(lambda **of: Group.objects.get(**of)))
    outcome = all_answers([lambda order=order: str(make_groups.pay(order)) for order in last])
    assert outcome == {"None": 2}  # both have paid
    group.refresh_from_db()
    assert (group.status, group.joined) == (("FORMED", 3) if locked else ("OPEN", 2))


def test_the_last_payment_against_the_end_is_all_formed_or_all_refunded(webs: Webs, wechat: Sandbox) -> None:
    """The payment comes ever closer to the end of the group's time: later after it was in time, sooner after it was not.

    Every third time WeChat takes the money although the shop has just closed the order there.
    """
    row = make_groups.campaign(make_groups.goods(50_00, units=1_000), {2: 39_00}, **make_groups.today())
    leader, last = payers(wechat, 2)
    expected: dict[str, tuple[int, int]] = {}
    seen: Counter[str] = Counter()
    before_s = 0.03
    for turn in range(ROUNDS_AT_THE_END):
        (group,) = opened(webs, wechat, row, [leader])
        order = seat(last, row, group)
        (asked,) = ask_to_pay(webs, (last, order))
        if turn % 3 == 0:
            wechat.fault("pay_after_close")
        end = timezone.now() + timedelta(seconds=max(before_s, 0) + 0.03)
        Group.objects.filter(pk=group.pk).update(opened_at=end - HOUR, ends_at=end)
        Order.objects.filter(pk=order.pk).update(expires_at=end)
        webs.at_once(
            [],
            pays(wechat, last, asked, at=end - timedelta(seconds=before_s)),
            lambda end=end: sweep(groupbuy.end_due, end),
            lambda end=end: sweep(closing.close_expired, end),
        )
        wechat.clear_faults()
        taken = [row for row in wechat.transactions() if row["paid_at"] is not None]
        until(lambda taken=taken: Payment.objects.filter(status="CAPTURED").count() == len(taken))
        sweep(groupbuy.end_due, end)  # a group that was in hand is left to the next sweep
        group.refresh_from_db()
        seen[group.status] += 1
        before_s += -0.01 if group.status == "FORMED" else 0.01
        first = group.seats.get(member=group.leader_id).order
        formed = group.status == "FORMED"
        assert (told("GroupFormed", group), told("GroupFailed", group)) == ((1, 0) if formed else (0, 1))
        if formed:
            assert make_groups.statuses(first, order) == ["PAID", "PAID"]
        money = [row["out_trade_no"] for row in taken]
        for paid in Payment.objects.filter(
            payment_no__in=money, bill_no__in=[first.order_no, order.order_no]
        ):
            expected[paid.bill_no] = (39_00, 0 if formed else 39_00)
    post()
    assert in_wechats_books(wechat) == expected
    standing = Counter(Order.objects.values_list("activity__group_no", "status"))
    for group in Group.objects.all():
        statuses = {status: number for (of, status), number in standing.items() if of == group.group_no}
        assert statuses in (
            [{"PAID": 2}] if group.status == "FORMED" else [{"REFUNDED": 2}, {"REFUNDED": 1, "CLOSED": 1}]
        )
    check_books()
    assert set(seen) == {"FORMED", "FAILED"}
    report(f"{dict(seen)}; at last the payment came {before_s * 1000:.0f} ms before the end")


def test_without_the_groups_lock_a_payment_would_form_what_the_end_has_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = make_groups.campaign(make_groups.goods(50_00), {2: 39_00})
    group = make_groups.opened(row)
    last = make_groups.order(row, group=group)

    def plain(**of: Any) -> Group:
        seen = Group.objects.get(**of)
        all_answers([lambda: str(groupbuy.end_due(at=group.ends_at))])  # another process, at this moment
        return seen

    monkeypatch.setattr(groups, "locked", plain)
    make_groups.pay(last, at=group.ends_at - timedelta(milliseconds=1))
    assert (told("GroupFormed", group), told("GroupFailed", group)) == (1, 1)


def test_workers_killed_while_they_return_a_difference_return_it_once_in_the_end(
    webs: Webs, wechat: Sandbox
) -> None:
    row = make_groups.campaign(
        make_groups.goods(50_00, units=1_000), make_groups.THREE_OR_FIVE, **make_groups.today()
    )
    everybody = payers(wechat, 5)
    (group,) = opened(webs, wechat, row, everybody[:1])
    for person in everybody[1:]:
        join_and_pay(webs, wechat, person, group)
    group.refresh_from_db()
    assert (group.status, group.joined, Refund.objects.count()) == ("FORMED", 5, 0)
    paid = list(Order.objects.order_by("id"))
    lease = timedelta(minutes=10)  # so long nobody else takes what a worker has taken
    for turn, number in enumerate(
        KILLED_AT
    ):  # so many are returned when it must wait for the next, and is killed
        with transaction.atomic():
            Order.objects.select_for_update(no_key=True).get(pk=paid[number].pk)
            # It meets the lock by other letters first, and puts them off.
            with programs.worker(wechat, later=turn * lease, patience=1) as worker:
                until(
                    lambda returned=number: waiting_for_a_lock() and OrderRefund.objects.count() == returned
                )
                worker.kill()
                assert worker.wait(5) == -9
        until(lambda: not waiting_for_a_lock())
        assert OrderRefund.objects.count() == number
    post(later=len(KILLED_AT) * lease)
    expected = {order.order_no: (39_00, 4_00) for order in paid[:4]} | {paid[4].order_no: (35_00, 0)}
    assert in_wechats_books(wechat) == expected
    assert make_groups.statuses(*paid) == ["PAID"] * 5
    check_books()


def test_one_member_twenty_times_in_one_instant_has_one_place_in_a_group(webs: Webs) -> None:
    row = make_groups.campaign(make_groups.goods(50_00, units=1_000), {3: 39_00}, **make_groups.today())
    for number, person in enumerate(people(ROUNDS), start=1):
        group = make_groups.opened(row, at=timezone.now())
        said = {"kind": "group_buy", "id": row.pk, "group_no": group.group_no}
        asked = [clients.order(person, row.prices.get().sku_id, said, payable_fen=39_00) for _ in range(20)]
        answers = webs.at_once(asked)
        assert Counter(map(clients.said, answers)) == {"201": 1, "group_joined_already": 19}
        group.refresh_from_db()
        assert (group.held, Seat.objects.filter(member=person.member).count()) == (1, 1)
        assert Quota.objects.get().taken == 2 * number
    check_books()
