"""The step to a sharded PostgreSQL stays as config/sharding.py says: each table has its place, each key its reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models

from apps.members.models import Member
from config.sharding import ACROSS, BY_MEMBER, GLOBAL, REFERENCE

OURS = {
    model._meta.label: model
    for model in apps.get_models()
    if model.__module__.startswith("apps.") and not model._meta.proxy
}


def leads_to_the_member(model: type[models.Model], path: str) -> bool:
    """Whether the columns of a path lead from row to row to a member."""
    for name in path.split("."):
        try:
            to = model._meta.get_field(name).related_model
        except FieldDoesNotExist:
            return False
        if not isinstance(to, type):
            return False
        model = to
    return model is Member


def keys(model: type[models.Model]) -> set[tuple[str, ...]]:
    """What must be unique in a table, but for its own number."""
    columns = {(field.name,) for field in model._meta.fields if field.unique and not field.primary_key}
    rules = {
        tuple(rule.fields)
        for rule in model._meta.constraints
        if isinstance(rule, models.UniqueConstraint) and rule.fields
    }
    return columns | rules


def across(label: str) -> set[str]:
    """The keys of a distributed table that hold for all members together: without the member or the row it hangs on."""
    first = BY_MEMBER[label].split(".")[0]
    return {f"{label}({','.join(key)})" for key in keys(OURS[label]) if first not in key}


def test_every_table_has_one_place() -> None:
    placed = [*BY_MEMBER, *REFERENCE, *GLOBAL]
    assert sorted(placed) == sorted(OURS)


@pytest.mark.parametrize("label", BY_MEMBER)
def test_what_is_distributed_by_the_member_leads_to_one(label: str) -> None:
    assert leads_to_the_member(OURS[label], BY_MEMBER[label])


def test_what_points_to_a_member_is_distributed_by_them_or_says_why_not() -> None:
    pointing = {
        label
        for label, model in OURS.items()
        if any(field.related_model is Member for field in model._meta.fields)
    }
    # A code that a member promotes is read by whoever types it.
    assert pointing - set(BY_MEMBER) - set(GLOBAL) == {"coupons.PromoCode"}


def test_a_key_of_a_distributed_table_has_the_member_or_says_how_it_holds_without() -> None:
    assert set().union(*map(across, BY_MEMBER)) == set(ACROSS)


def test_no_row_of_a_copied_table_hangs_on_a_member() -> None:
    hanging = {
        f"{label}.{field.name}"
        for label in REFERENCE
        for field in OURS[label]._meta.fields
        if field.is_relation
        and isinstance(field.related_model, type)
        and field.related_model._meta.label in BY_MEMBER
    }
    assert hanging == set()


def test_the_guide_says_how_many_tables_lie_where() -> None:
    page = (Path(__file__).parents[2] / "docs/guide/sharding.md").read_text()
    ready = sum("." not in path for path in BY_MEMBER.values())
    by_member = f"{len(OURS)} tables: {len(BY_MEMBER)} by member ({ready} have the column)"
    line = f"{by_member}, {len(REFERENCE)} copied, {len(GLOBAL)} on one machine."
    assert line in page
