"""Favourites and wishes under real threads on PostgreSQL: however many sweeps look, each fall and each wish is told once."""

from __future__ import annotations

import threading

import pytest
from django.db import transaction
from django.db.models import F

from apps.carts.models import Favorite, StockWish
from apps.carts.services import favorites, stock_wishes
from apps.catalog.models import Product
from apps.messaging.models import Message
from apps.storefront import telling
from tests.apps.checkout import make
from tests.apps.inventory import make as stocks
from tests.races.together import all_answers

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
MEMBERS = 30


def fallen_and_back() -> None:
    """Thirty members like a cup that costs less now, and wait for a pot that is back."""
    cup, pot = make.goods(100_00), make.goods(units=0)
    for _ in range(MEMBERS):
        owner = make.buyer()[0]
        favorites.add(member=owner, product=cup.product, at=make.NOW)
        stock_wishes.ask(member=owner, sku_id=pot.pk, at=make.NOW)
    Product.objects.filter(pk=cup.product_id).update(price_fen=80_00)
    stocks.stock(pot, 100)


def test_each_fall_is_told_once_by_however_many_sweeps() -> None:
    fallen_and_back()
    told = all_answers([lambda: str(telling.tell_falls(at=make.NOW, limit=7))] * 6)
    # What every sweep found locked by another comes with the next one.
    rest = telling.tell_falls(at=make.NOW)
    assert sum(int(some) * sweeps for some, sweeps in told.items()) + rest == MEMBERS
    assert Message.objects.filter(scene="price_drop").count() == MEMBERS
    assert set(Favorite.objects.values_list("falls", "mark_fen")) == {(1, 80_00)}


def test_each_wish_is_told_once_by_however_many_sweeps() -> None:
    fallen_and_back()
    told = all_answers([lambda: str(telling.tell_back(at=make.NOW))] * 6)
    assert sum(int(some) * sweeps for some, sweeps in told.items()) == MEMBERS
    assert Message.objects.filter(scene="back_in_stock").count() == MEMBERS
    assert set(StockWish.objects.values_list("rounds", flat=True)) == {1}


def test_sweeps_that_took_no_locks_would_count_a_fall_twice() -> None:
    """The negative control: what both saw before either wrote is told by both."""
    fallen_and_back()

    all_have_seen = threading.Barrier(3)

    def without_locks() -> str:
        with transaction.atomic():
            seen = sorted(Favorite.objects.filter(mark_fen__gt=80_00).values_list("pk", flat=True))
            all_have_seen.wait(timeout=30)
            Favorite.objects.filter(pk__in=seen).update(mark_fen=80_00, falls=F("falls") + 1)
            return str(len(seen))

    all_answers([without_locks] * 3)
    assert Favorite.objects.filter(falls__gt=1).exists()
