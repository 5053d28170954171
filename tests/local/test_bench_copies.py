"""What the benchmark copies into a table has every column that needs a value: a new one is found here, not after an hour."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db.models import NOT_PROVIDED

from tests.bench.load import goods, history

COPIES = (*goods.COPIES, *history.COPIES)
MODELS = {model._meta.db_table: model for model in apps.get_models()}


@pytest.mark.parametrize(("table", "columns"), [(table, columns) for table, columns, _ in COPIES])
def test_every_column_that_needs_a_value_is_copied(table: str, columns: str) -> None:
    named = {column.strip() for column in columns.split(",")}
    fields = {str(field.column): field for field in MODELS[table]._meta.concrete_fields}
    needed = {
        column
        for column, field in fields.items()
        if not field.null and not field.primary_key and field.db_default is NOT_PROVIDED
    }
    assert needed - named == set()
    assert named - fields.keys() == set()
