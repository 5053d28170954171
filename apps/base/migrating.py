"""Applies the changes of one migration together, so that an empty database is prepared in seconds.

Django renders every model that hangs together with a changed one anew after each operation; where most models point at a
member or a SKU, that is nearly all of the time that `migrate` takes. Here the operations of a migration that do not need
the half-way states of each other are one operation: the models are rendered once, and a table that is created gets its
columns, constraints and indexes at once. Names of migrations, and what they leave in the database, stay what they were.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib.postgres.operations import (
    AddConstraintNotValid,
    NotInTransactionMixin,
    ValidateConstraint,
)
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

# Two of these at different fields, constraints and indexes can be told from the states before and after all of them.
_INDEPENDENT: tuple[type[Operation], ...] = (
    migrations.CreateModel,
    migrations.AddField,
    migrations.AlterField,
    migrations.RemoveField,
    migrations.AddIndex,
    migrations.RemoveIndex,
    migrations.AddConstraint,
    migrations.RemoveConstraint,
    migrations.AlterModelOptions,
    ValidateConstraint,
)
# These look their constraint's columns up in the state before themselves, where a column of the same migration is not yet.
_OF_THE_STATE_BEFORE = (AddConstraintNotValid, ValidateConstraint)


class AtOnce(Operation):
    """Operations of one migration that are applied one after the other, with one rendering of the models for all of them."""

    reduces_to_sql = True
    serialization_expand_args = ["operations"]

    def __init__(self, operations: list[Operation]) -> None:
        """Take the operations as `together` groups them: no two change the same thing of a table that was there before."""
        self.operations = operations

    @property
    def reversible(self) -> bool:  # type: ignore[override]  # Django's are plain attributes; it reads both the same way
        """Whether every operation can be taken back."""
        return all(operation.reversible for operation in self.operations)

    @property
    def _concerns_its_tables_alone(self) -> bool:
        return all(map(_concerns_its_table_alone, self.operations))

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Bring the state behind all operations; models that they change are rendered anew once, where any were rendered.

        Where others have to be looked through too, all are rendered when they are first asked for.
        """
        rendered = state.__dict__.pop("apps", None)
        for operation in self.operations:
            operation.state_forwards(app_label, state)
        if rendered is None:
            return
        if self._concerns_its_tables_alone:
            state.apps = rendered
            models = dict.fromkeys((app_label, _model_of(operation)) for operation in self.operations)
            _render(list(models), state)

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Change the database; a table that is created here is created as it is behind all operations."""
        if not self._concerns_its_tables_alone:
            from_state.clear_delayed_apps_cache()
        created: set[str] = set()
        for operation in self.operations:
            model = _model_of(operation)
            if model in created:
                continue
            if isinstance(operation, migrations.CreateModel):
                created.add(model)
            before = to_state if isinstance(operation, _OF_THE_STATE_BEFORE) else from_state
            operation.database_forwards(app_label, schema_editor, before, to_state)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Take the operations back, the last one first, each from its own state: nobody waits for this one."""
        states = [to_state]
        for operation in self.operations:
            behind = states[-1].clone()
            operation.state_forwards(app_label, behind)
            states.append(behind)
        for position, operation in reversed(list(enumerate(self.operations))):
            operation.database_backwards(app_label, schema_editor, states[position + 1], states[position])

    def describe(self) -> str:
        """Return the descriptions of all operations in one line."""
        return "; ".join(operation.describe() for operation in self.operations)


class AddUniqueConcurrently(NotInTransactionMixin, migrations.AddConstraint):
    """Adds a unique constraint that is an index of its own (``finding.once``) while others go on writing to the table."""

    atomic = False

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Build the index outside any transaction, as PostgreSQL wants it."""
        self._ensure_not_in_transaction(schema_editor)
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            said: Any = self.constraint.create_sql(model, schema_editor)
            said.template = said.template.replace(
                "CREATE UNIQUE INDEX", "CREATE UNIQUE INDEX CONCURRENTLY", 1
            )
            schema_editor.execute(said)


class Migration(migrations.Migration):
    """A migration whose neighbouring operations are applied at once where that makes no difference to the database."""

    def __init_subclass__(cls) -> None:
        """Group the operations that a migration lists."""
        super().__init_subclass__()
        cls.operations = together(cls.operations)


def together(operations: Iterable[Operation]) -> list[Operation]:
    """Return the operations with every run of independent ones made one `AtOnce`; all others stay where they are."""
    grouped: list[Operation] = []
    run: list[Operation] = []
    for operation in operations:
        if not isinstance(operation, _INDEPENDENT):
            grouped += _as_one(run)
            grouped.append(operation)
            run = []
        elif _changed_before(operation, run):
            grouped += _as_one(run)
            run = [operation]
        else:
            run.append(operation)
    return grouped + _as_one(run)


def _as_one(run: list[Operation]) -> list[Operation]:
    return [AtOnce(run)] if run else []


def _changed_before(operation: Operation, run: list[Operation]) -> bool:
    """Return whether a run changes the same thing already, of a table that it does not create itself."""
    model = _model_of(operation)
    same = [other for other in run if _model_of(other) == model]
    if any(isinstance(other, migrations.CreateModel) for other in same):
        return False
    return _thing_of(operation) in {_thing_of(other) for other in same}


def _model_of(operation: Any) -> str:
    """Return the lower-case name of the model that an operation changes."""
    if isinstance(operation, migrations.CreateModel | migrations.AlterModelOptions):
        return str(operation.name_lower)
    return str(operation.model_name).lower()


def _thing_of(operation: Any) -> str:
    """Return what of its model an operation changes: a field, a constraint, an index, or the table itself."""
    match operation:
        case migrations.CreateModel() | migrations.AlterModelOptions():
            return type(operation).__name__
        case ValidateConstraint():
            return f"validity of {operation.name}"
        case migrations.AddConstraint():
            return str(operation.constraint.name)
        case migrations.AddIndex():
            return str(operation.index.name)
        case _:
            return str(operation.name)


def _concerns_its_table_alone(operation: Any) -> bool:
    """Return whether the change of a table can be told without the models of those that point at it."""
    if isinstance(operation, migrations.AlterField):
        # Whose type changes with it is what points at it.
        return not (operation.field.primary_key or operation.field.unique)
    return True


def _render(models: Sequence[tuple[str, str]], state: ProjectState) -> None:
    """Render these models anew, and nothing that hangs together with them.

    What points at one of them goes on to know it as it was. Django keeps that in mind (``is_delayed``): a function that
    runs in a migration, and whoever hears that all of them are done, get models that know each other.
    """
    state.is_delayed = True
    with state.apps.bulk_update():
        for label, name in models:
            state.apps.unregister_model(label, name)
    state.apps.render_multiple([state.models[model] for model in models])
