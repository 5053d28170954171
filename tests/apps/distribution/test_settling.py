"""The sweep: what is due becomes available, batch by batch, a few statements each, and goes on where it stopped."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.distribution.models import Commission
from apps.distribution.services import commissions, settlement
from tests.apps.checkout import make as counter
from tests.apps.distribution import make
from tests.apps.distribution.make import DAY, LATER, NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def received():
    """Seven orders of one customer, received; one unit of the last went back."""
    make.set_rules()
    counter.freight(0)
    promoter, buyer = make.promoter(), counter.buyer()
    make.bind(buyer[0], promoter)
    cup = counter.goods(1000)
    orders = [make.paid(buyer, [(cup, 2)]) for _ in range(7)]
    for order in orders:
        make.receive(order)
    make.refund(orders[-1], {cup: 1})
    return promoter


def test_nothing_is_settled_a_second_before_its_time(received):
    assert settlement.settle_due(at=LATER + 5 * DAY - make.timedelta(seconds=1)) == 0


def test_seven_due_in_batches_of_three_tell_three_six_seven(received):
    told = []
    assert settlement.settle_due(at=LATER + 5 * DAY, batch=3, progress=told.append) == 7
    assert told == [3, 6, 7]
    assert make.money(received) == {"available": 1300}
    assert set(Commission.objects.values_list("status", flat=True)) == {"AVAILABLE"}
    assert settlement.settle_due(at=LATER + 6 * DAY) == 0


def test_a_sweep_that_was_stopped_after_a_batch_goes_on_where_it_was(received):
    assert settlement.settle_due(at=LATER + 5 * DAY, batch=3, limit=3) == 3
    assert make.money(received) == {"frozen": 700, "available": 600}
    assert settlement.settle_due(at=LATER + 5 * DAY) == 4
    assert make.money(received) == {"available": 1300}


def test_a_batch_is_two_statements_however_many_rows(received):
    with CaptureQueriesContext(connection) as asked:
        settlement.settle_due(at=LATER + 5 * DAY)
    ours = [each for each in asked.captured_queries if "SAVEPOINT" not in each["sql"]]
    assert len(ours) == 3  # the last batch finds no account


def test_a_payment_costs_three_statements_and_one_of_nobodys_customer_one():
    make.set_rules()
    counter.freight(0)
    first, second, buyer = make.chain()
    order = make.sale.paid(buyer, [(counter.goods(1000), 1), (counter.goods(2000), 1)])
    with CaptureQueriesContext(connection) as asked:
        assert commissions.accrue(order_no=order.order_no, at=NOW) == 4
    assert len([each for each in asked.captured_queries if "SAVEPOINT" not in each["sql"]]) == 3
    nobodys = make.sale.paid(counter.buyer(), [(counter.goods(1000), 1)])
    with CaptureQueriesContext(connection) as asked:
        assert commissions.accrue(order_no=nobodys.order_no, at=NOW) == 0
    assert len([each for each in asked.captured_queries if "SAVEPOINT" not in each["sql"]]) == 1
    assert (make.amounts(second), make.amounts(first)) == ([100, 200], [50, 100])
