"""Migrations that apply their operations at once leave the tables that they would leave one by one."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import connection, migrations, models
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import Q
from django.test import TestCase

from apps.base.migrating import Migration, together

ROOT = Path(__file__).parents[3]


def shelf(app: str) -> list[Operation]:
    """Return changes as migrations have them: tables, and all that may follow on new tables and on old ones."""
    number = models.BigAutoField(primary_key=True)
    return [
        migrations.CreateModel("Maker", [("id", number), ("name", models.CharField(max_length=10))]),
        migrations.CreateModel(
            "Cup",
            [("id", number), ("size", models.IntegerField()), ("weight", models.IntegerField())],
        ),
        migrations.AddField(
            "cup", "maker", models.ForeignKey(f"{app}.Maker", models.PROTECT, related_name="cups")
        ),
        migrations.AlterField("cup", "size", models.BigIntegerField(null=True)),
        migrations.AddIndex("cup", models.Index(fields=["size", "maker"], name=f"{app}_size")),
        migrations.AddConstraint(
            "cup", models.CheckConstraint(condition=Q(size__gt=0), name=f"{app}_has_size")
        ),
        migrations.AddConstraint(
            "cup",
            models.UniqueConstraint(fields=["maker"], condition=Q(size=1), name=f"{app}_one_small"),
        ),
        migrations.RunSQL(f"COMMENT ON TABLE {app}_cup IS 'for tea'", f"COMMENT ON TABLE {app}_cup IS NULL"),
        migrations.AddField("cup", "glaze", models.CharField(max_length=5, default="")),
        AddConstraintNotValid("cup", models.CheckConstraint(condition=~Q(glaze="none"), name=f"{app}_glaze")),
        ValidateConstraint("cup", f"{app}_glaze"),
        migrations.RemoveConstraint("cup", f"{app}_has_size"),
        migrations.RemoveIndex("cup", f"{app}_size"),
        migrations.AlterField("maker", "name", models.CharField(max_length=20, unique=True)),
        migrations.AlterField("cup", "glaze", models.CharField(max_length=9, default="")),
        migrations.RemoveField("cup", "weight"),
        # What points at a table that is changed afterwards, by its key and by a name whose type changes.
        migrations.CreateModel(
            "Stamp",
            [
                ("id", number),
                ("maker", models.ForeignKey(f"{app}.Maker", models.PROTECT, related_name="stamps")),
                (
                    "signed",
                    models.ForeignKey(f"{app}.Maker", models.PROTECT, to_field="name", related_name="+"),
                ),
            ],
        ),
        migrations.AddField("maker", "since", models.IntegerField(default=0)),
        migrations.RunSQL(f"COMMENT ON TABLE {app}_stamp IS 'for cups'", migrations.RunSQL.noop),
        migrations.AlterField(
            "stamp",
            "maker",
            models.ForeignKey(f"{app}.Maker", models.CASCADE, null=True, related_name="stamps"),
        ),
        migrations.AlterModelOptions("stamp", {"ordering": ["maker"]}),
        migrations.RunSQL(f"COMMENT ON TABLE {app}_maker IS 'of cups'", migrations.RunSQL.noop),
        migrations.AlterField("maker", "name", models.CharField(max_length=30, unique=True)),
        migrations.RunPython(_pointing_at_each_other(app), migrations.RunPython.noop),
    ]


def _pointing_at_each_other(app: str) -> Callable[[Any, Any], None]:
    """A function of a migration that needs models which know each other."""

    def run(apps: Any, editor: Any) -> None:
        maker, stamp = apps.get_model(app, "Maker"), apps.get_model(app, "Stamp")
        made = maker.objects.create(name="景德", since=1)
        stamp.objects.create(maker=made, signed=made)
        assert maker.objects.filter(stamps__signed__since=1).count() == 1
        assert [each.name for each in maker._meta.related_objects] == ["cups", "stamps"]
        stamp.objects.all().delete()
        made.delete()
        editor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    return run


def migration(app: str, operations: list[Operation]) -> migrations.Migration:
    made = migrations.Migration("0001_initial", app)
    made.operations = operations
    return made


def tables(app: str) -> list[Any]:
    """Return columns, indexes and constraints of an app's tables as PostgreSQL has them, without the app's name."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT table_name, ordinal_position::text, column_name, data_type, is_nullable,
                   coalesce(character_maximum_length::text, ''), coalesce(column_default, '')
            FROM information_schema.columns WHERE table_name LIKE %(tables)s
            UNION ALL SELECT tablename, '', '', indexdef, '', '', '' FROM pg_indexes WHERE tablename LIKE %(tables)s
            UNION ALL SELECT conrelid::regclass::text, '', '', pg_get_constraintdef(oid), '', convalidated::text, ''
            FROM pg_constraint WHERE conrelid::regclass::text LIKE %(tables)s
            """,
            {"tables": f"{app}\\_%"},
        )
        # Names that Django makes end in a digest of the table's name.
        lines = [" ".join(row).replace(f"{app}_", "") for row in cursor.fetchall()]
    return sorted(" ".join(word for word in line.split() if not _digested(word)) for line in lines)


def _digested(word: str) -> bool:
    return (
        word.endswith(("_uniq", "_like"))
        or "_fk_" in word
        or word.startswith(("cup_maker_id_", "stamp_maker_id_", "stamp_signed_id_"))
    )


class AtOnceTests(TestCase):
    def test_tables_are_the_same_one_by_one_and_at_once(self) -> None:
        apart, once = migration("apart", shelf("apart")), migration("once", together(shelf("once")))
        for one in (apart, once):
            with connection.schema_editor() as editor:
                one.apply(ProjectState(), editor)
        assert [type(one).__name__ for one in once.operations].count("AtOnce") == 5 < len(shelf("once")) / 3
        assert "stamp 3 signed_id character varying NO 30" in tables("apart")
        assert tables("once") == tables("apart")

    def test_models_behind_operations_at_once_are_those_of_one_by_one(self) -> None:
        with connection.schema_editor() as editor:
            state = migration("once", together(shelf("once"))).apply(ProjectState(), editor)
        cup, maker = state.apps.get_model("once", "cup"), state.apps.get_model("once", "maker")
        assert [field.name for field in cup._meta.fields] == ["id", "size", "maker", "glaze"]
        assert cup._meta.get_field("maker").related_model is maker
        assert [one.name for one in maker._meta.related_objects] == ["cups", "stamps"]

    def test_operations_at_once_are_taken_back_to_nothing(self) -> None:
        once = migration("once", together(shelf("once")))
        with connection.schema_editor() as editor:
            once.apply(ProjectState(), editor)
        with connection.schema_editor() as editor:
            once.unapply(ProjectState(), editor)
        assert tables("once") == []

    def test_a_field_that_is_changed_twice_is_not_changed_at_once(self) -> None:
        twice: list[Operation] = [
            migrations.AddField("cup", "size", models.IntegerField(default=1)),
            migrations.AlterField("cup", "size", models.IntegerField()),
        ]
        assert [one.operations for one in together(twice)] == [[one] for one in twice]  # type: ignore[attr-defined]
        assert len(together([migrations.CreateModel("Cup", []), *twice])) == 1


def test_every_migration_of_the_shop_applies_its_operations_at_once() -> None:
    """`makemigrations` writes `migrations.Migration`; make it `migrating.Migration` (docs/guide/add-an-app.md)."""
    names = [
        f"apps.{path.parts[-3]}.migrations.{path.stem}"
        for path in sorted((ROOT / "apps").glob("*/migrations/0*.py"))
    ]
    apart = [name for name in names if not issubclass(import_module(name).Migration, Migration)]
    assert apart == []
