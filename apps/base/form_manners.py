"""What all forms of the operators do alike: no year lacks a figure, no constraint is told where something else is wrong."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import CheckConstraint, Model
from django.forms import DateField, DateTimeField
from django.forms.models import BaseModelForm

_SINCE = 1900


def teach() -> None:
    """Have Django's own forms behave so, whoever declares them: fields made from columns, and those of pages that ask."""
    for field in (DateField, DateTimeField):
        field.default_validators = [*field.default_validators, refuse_ancient]
    of_rows: Any = BaseModelForm  # whose stubs leave out what is not told to everybody
    update = of_rows._update_errors

    def update_errors(form: Any, errors: ValidationError) -> None:
        update(form, _without_nameless(form, errors))

    of_rows._update_errors = update_errors


def refuse_ancient(moment: date) -> None:
    """Raise ValidationError for a moment before 1900: a year with a figure missing.

    The first day of the calendar is none in UTC: a row that begins there could be saved, and not be read any more.
    """
    if moment.year < _SINCE:
        raise ValidationError(f"年份应在 {_SINCE} 年之后", code="ancient")


def _without_nameless(form: Any, errors: ValidationError) -> ValidationError:
    """Errors without those of constraints that have no words of their own, where the form has others to tell.

    Such a one says only that something does not fit together. It follows mostly from what is wrong already: an empty
    field, or what the room's service has said in its words.
    """
    told = getattr(errors, "error_dict", {})
    nameless = _nameless(form.instance)
    left = [error for error in told.get(NON_FIELD_ERRORS, []) if str(error.message) not in nameless]
    others = {name: found for name, found in told.items() if name != NON_FIELD_ERRORS}
    if NON_FIELD_ERRORS not in told or not (left or others or form.errors):
        return errors
    return ValidationError({**others, NON_FIELD_ERRORS: left} if left else others)


def _nameless(row: Model) -> set[str]:
    """What Django says of the constraints of a table for which nobody has written a sentence."""
    return {
        str(constraint.get_violation_error_message())
        for constraint in row._meta.constraints
        if isinstance(constraint, CheckConstraint)
        and constraint.violation_error_message == constraint.default_violation_error_message
    }
