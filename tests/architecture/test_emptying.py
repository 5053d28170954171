"""Tests that commit leave nothing behind, and a real database cannot be emptied by the tests' quick command."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.core.management import CommandError, call_command
from django.db import connection

from apps.base.models import Version
from apps.inventory.models import StockEntry
from tests.apps.checkout import make


def rows() -> dict[str, int]:
    """How many rows each table of ours holds, without those that say what the code is."""
    kept = {"contenttypes.ContentType", "auth.Permission", "base.Version"}
    models = [model for model in apps.get_models() if model._meta.managed and model._meta.label not in kept]
    return {model._meta.label: count for model in models if (count := model._default_manager.count())}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_again", [1, 2])
def test_what_one_test_committed_the_next_does_not_see(_again: int) -> None:
    assert StockEntry.objects.count() == 0
    make.goods()
    Group.objects.create(name="仓库").permissions.add(Permission.objects.all()[0])
    assert StockEntry.objects.count() >= 1


@pytest.mark.django_db(transaction=True)
def test_emptying_takes_ledgers_too_and_leaves_permissions() -> None:
    make.goods()
    assert {"inventory.StockEntry", "catalog.Sku"} <= {*rows()}
    permissions = set(Permission.objects.values_list("pk", flat=True))
    tokens = set(Version.objects.values_list("token", flat=True))
    call_command("flush", verbosity=0, interactive=False, database="default")
    assert rows() == {}
    assert set(Permission.objects.values_list("pk", flat=True)) == permissions != set()
    # What processes kept of what is gone is out of date.
    assert not tokens & set(Version.objects.values_list("token", flat=True))


@pytest.mark.django_db
def test_the_quick_flush_refuses_people_and_real_databases() -> None:
    with pytest.raises(CommandError, match="for tests"):
        call_command("flush")
    name = connection.settings_dict["NAME"]
    try:
        connection.settings_dict["NAME"] = "mall"
        with pytest.raises(CommandError, match="for tests"):
            call_command("flush", interactive=False)
    finally:
        connection.settings_dict["NAME"] = name
