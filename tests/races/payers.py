"""People who buy together in races: orders by the counter, payments through WeChat, its news through the shop's door."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from apps.groupbuy.models import Group, GroupBuy
from apps.orders.models import Order
from apps.outbox import services as outbox
from apps.payments.models import Payment, Refund
from apps.payments.services import refunds
from apps.payments.states import PaymentStatus
from apps.wechat.sandbox.control import PaymentFailed, Sandbox
from tests.apps.groupbuy import make
from tests.races.clients import Ask, Person, Webs, people


def until(reached: Callable[[], bool]) -> None:
    ends = time.monotonic() + 30
    while not reached():
        assert time.monotonic() < ends
        time.sleep(0.01)


def payers(wechat: Sandbox, number: int) -> list[Person]:
    return people(number, openids=[wechat.login(f"拼友{place}").openid for place in range(number)])


def seat(person: Person, row: GroupBuy, group: Group | None = None) -> Order:
    return make.order(row, person.buyer, group=group, at=timezone.now())


def ask_to_pay(webs: Webs, *who: tuple[Person, Order]) -> list[dict[str, str]]:
    """All of them press "pay"; what their phones are told."""
    answers = webs.at_once(
        [Ask(person=person, path=f"/orders/{order.order_no}/pay") for person, order in who]
    )
    assert {answer.status for answer in answers} == {200}
    return [answer.body for answer in answers]


def heard_of(*placed: Order) -> Callable[[], bool]:
    """Whether the shop has heard of a payment for each of these orders."""
    numbers = [order.order_no for order in placed]
    captured = Payment.objects.filter(bill_no__in=numbers, status=PaymentStatus.CAPTURED)
    return lambda: captured.count() == len(numbers)


def pays(
    wechat: Sandbox, person: Person, said: Mapping[str, str], *, at: datetime | None = None
) -> Callable[[], None]:
    """A person types the password, at that moment; where the order is closed at WeChat by then, nothing is paid."""

    def pay() -> None:
        if at is not None:
            time.sleep(max(0, (at - timezone.now()).total_seconds()))
        with suppress(PaymentFailed):
            wechat.pay(person.member.openid, said)

    return pay


def pays_late(wechat: Sandbox, lapsed: Order) -> Callable[[], object]:
    """The bank had taken the money when the shop closed the order at WeChat."""
    number = Payment.objects.get(bill_no=lapsed.order_no).payment_no
    return lambda: wechat.pay_although_closed(number)


def opened(webs: Webs, wechat: Sandbox, row: GroupBuy, leaders: Sequence[Person]) -> list[Group]:
    """Groups of leaders who have really paid, one of each."""
    placed = [seat(leader, row) for leader in leaders]
    asked = ask_to_pay(webs, *zip(leaders, placed, strict=True))
    for leader, said in zip(leaders, asked, strict=True):
        wechat.pay(leader.member.openid, said)
    until(heard_of(*placed))
    return [make.group_of(order) for order in placed]


def join_and_pay(webs: Webs, wechat: Sandbox, person: Person, group: Group) -> None:
    order = seat(person, group.group_buy, group)
    wechat.pay(person.member.openid, ask_to_pay(webs, (person, order))[0])
    until(heard_of(order))


def sweep(work: Callable[..., int], due: datetime) -> None:
    """A sweep of the clock's, as soon as something is due."""
    time.sleep(max(0, (due - timezone.now()).total_seconds()))
    try:
        work(at=timezone.now())
    finally:
        connection.close()


def post(*, later: timedelta = timedelta(0)) -> None:
    """What the workers do with the news: refunds go to WeChat, which says that they are done."""
    while outbox.deliver_due(at=timezone.now() + later):
        pass
    while refunds.submit_due(at=timezone.now() + later):
        pass
    until(lambda: not Refund.objects.exclude(status="SETTLED").exists())
    while outbox.deliver_due(at=timezone.now() + later):
        pass


def in_wechats_books(wechat: Sandbox) -> dict[str, tuple[int, int]]:
    """By order, how many fen WeChat has received, and how many of them went back, by one refund."""
    back = Counter(refund["out_trade_no"] for refund in wechat.refunds())
    assert set(back.values()) <= {1}
    back_fen = {refund["out_trade_no"]: refund["refund_fen"] for refund in wechat.refunds()}
    order_of = dict(Payment.objects.values_list("payment_no", "bill_no"))
    return {
        order_of[row["out_trade_no"]]: (row["amount_fen"], back_fen.get(row["out_trade_no"], 0))
        for row in wechat.transactions()
        if row["paid_at"] is not None
    }
