"""A statement that was composed once answers as the queryset that it was made of."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.base.statements import Select, fresh, insert_unless_there, known
from apps.catalog.models import Brand, Product, Sku
from tests.apps.catalog import make

pytestmark = pytest.mark.django_db


def test_it_answers_models_with_what_belongs_to_them_for_any_number_of_ids(django_assert_num_queries: Any):
    cups = [make.product(f"茶杯{number}", brand=make.brand(f"青禾{number}")) for number in range(3)]
    make.product("茶盘")
    chosen = Select(
        lambda *, ids: Product.objects.filter(pk__in=ids).select_related("category", "brand").order_by("id"),
        ids=list,
    )
    assert chosen.rows(ids=[]) == []
    with django_assert_num_queries(1):
        found = chosen.rows(ids=[cup.pk for cup in cups])
        told = [(cup.title, cup.category.name, cup.brand.name if cup.brand else "") for cup in found]
    assert told == [(cup.title, cup.category.name, f"青禾{number}") for number, cup in enumerate(cups)]
    assert [cup.options for cup in found] == [cup.options for cup in cups]
    assert chosen.rows(ids=[cups[1].pk]) == [cups[1]]


def test_each_value_stands_where_the_queryset_put_it():
    now, hour = timezone.now(), timedelta(hours=1)
    cup = make.product("茶杯", sale_starts_at=now)
    begun = Select(
        lambda *, title, at: Product.objects.filter(Q(sale_starts_at__lte=at) & Q(title=title), on_sale=True),
        at=type(now),
        title=str,
    )
    assert begun.rows(title="茶杯", at=now) == [cup]
    assert begun.rows(title="茶杯", at=now - hour) == []
    assert begun.first(title="茶壶", at=now) is None


def test_what_never_changes_is_written_out_whatever_it_is():
    cup = make.product("茶杯", subtitle="50% 茶叶's")
    known = Select(
        lambda *, title: Product.objects.filter(title=title, subtitle="50% 茶叶's", on_sale=True), title=str
    )
    assert known.rows(title="茶杯") == [cup]
    with CaptureQueriesContext(connection) as seen:
        assert known.rows(title="茶杯") == [cup]
    assert "on_sale" in seen[0]["sql"] and "'50% 茶叶''s'" in seen[0]["sql"]


def test_a_row_is_written_unless_it_is_there():
    first, second = Brand(name="青禾"), Brand(name="青禾")
    assert (insert_unless_there(first), insert_unless_there(second)) == (True, False)
    assert list(Brand.objects.filter(name="青禾")) == [first]


def test_a_known_row_is_what_django_makes_of_it():
    cup = make.product()
    names = [field.attname for field in Product._meta.concrete_fields]
    row = Product.objects.values_list(*names).get(pk=cup.pk)
    made, known_to_django = known(Product, names, row), Product.from_db("default", names, row)
    assert {**made.__dict__, "_state": None} == {**known_to_django.__dict__, "_state": None}
    assert (made._state.adding, made._state.db) == (False, "default")
    assert made.cover.name == cup.cover.name


def test_a_fresh_row_is_what_its_model_makes_of_the_same_columns():
    columns = {"title": "茶杯", "price_fen": 7, "attributes": [], "options": [], "created_at": timezone.now()}
    made, known = fresh(Product, **columns), Product(**columns)
    assert {**made.__dict__, "_state": None} == {**known.__dict__, "_state": None}
    assert made._state.adding
    with pytest.raises(TypeError, match=r"\['attributes', 'created_at', 'options'\]"):
        fresh(Product, title="茶杯")


def test_a_value_that_the_queryset_changes_is_refused():
    altered = Select(lambda *, sku_id: Sku.objects.filter(pk=sku_id + 1), sku_id=int)
    with pytest.raises(TypeError, match="must be handed in as it is"):
        altered.rows(sku_id=1)


def test_a_statement_that_is_another_for_other_values_is_refused():
    either = Select(
        lambda *, code: (
            Sku.objects.filter(code=code) if code.startswith("mark 10") else Sku.objects.exclude(code=code)
        ),
        code=str,
    )
    with pytest.raises(TypeError, match="must be the same"):
        either.rows(code="T1")
