"""Card keys under real threads: one card is one buyer's, and one payment brings its cards once."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

import pytest
from django.db import transaction

from apps.cardkeys import selectors as card_facts
from apps.cardkeys import services as cardkeys
from apps.cardkeys.models import CardKey
from apps.checkout import paying
from mall.errors import ShopError
from tests.apps.cardkeys import make
from tests.apps.checkout import make as counter
from tests.apps.fulfillment import make as fulfillment
from tests.apps.payments import make as payments
from tests.races.together import all_answers

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def selling(order_no: str, sku_id: int) -> Callable[[], str]:
    def sell() -> str:
        with transaction.atomic():
            cardkeys.sell(order_no=order_no, units={sku_id: 1}, at=make.NOW)
        return "sold"

    return sell


def test_of_eight_paid_orders_one_gets_the_last_card() -> None:
    sku = make.goods(cards=1)
    outcome = all_answers([selling(f"SO{number}", sku.pk) for number in range(8)])
    assert outcome == {"sold": 1, "no_card_left": 7}
    assert Counter(CardKey.objects.values_list("status", flat=True)) == {"SOLD": 1}


def test_reading_first_and_writing_then_sells_one_card_to_two_buyers() -> None:
    """The race that the guarded statement closes: both look, then both write."""
    sku = make.goods(cards=1)
    both_looked = threading.Barrier(2)
    told: list[int] = []

    def careless(order_no: str) -> Callable[[], str]:
        def sell() -> str:
            card = CardKey.objects.filter(sku=sku, status="AVAILABLE").order_by("id")[0]
            both_looked.wait(30)
            card.status, card.order_no, card.sold_at = "SOLD", order_no, make.NOW
            card.save()
            told.append(card.pk)
            return "sold"

        return sell

    assert all_answers([careless("SO1"), careless("SO2")]) == {"sold": 2}
    assert told[0] == told[1]


def test_two_orders_paid_and_told_four_times_at_once_have_a_card_each() -> None:
    sku = make.goods(cards=3)
    orders = [counter.order(counter.buyer()[0], None, [(sku, 1)]) for _ in range(2)]
    calls = []
    for order in orders:
        said = payments.paid(payments.attempt(order, at=make.NOW), success_time=make.NOW.isoformat())
        calls += [_telling(said)] * 4
    ids = list(CardKey.objects.values_list("pk", flat=True))
    who = fulfillment.operator()

    def taking_out() -> str:
        try:
            return f"void {cardkeys.void(card_ids=ids, reason='供应商作废', operator=who, at=make.NOW)}"
        except ShopError:
            return "void 0"

    outcome = all_answers([*calls, taking_out])
    # One card was free: it was taken out, whoever came first; the other two are the buyers'.
    assert outcome == {"told": 8, "void 1": 1}
    sold = Counter(CardKey.objects.exclude(order_no="").values_list("order_no", flat=True))
    assert sold == {order.order_no: 1 for order in orders}
    assert list(card_facts.unbalanced()) == []


def _telling(said: object) -> Callable[[], str]:
    def tell() -> str:
        paying.confirm_payment(transaction=said, at=make.NOW)  # type: ignore[arg-type]
        return "told"

    return tell
