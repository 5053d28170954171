"""Fields that pick a row by typing its name show themselves again, whatever was sent in their place.

Django's own looks up what was sent as it is, when the page comes back: a key that cannot be one ends as an error of ours.
"""

from __future__ import annotations

from typing import Any, Final

from django.contrib.admin.widgets import AutocompleteMixin, RelatedFieldWidgetWrapper
from django.core.exceptions import ValidationError
from django.db.models import Field

_MADE: Final[dict[type[Any], type[Any]]] = {}


class Sound:
    """A picking widget that shows nothing as chosen where no row can have the key that was sent."""

    field: Any

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        """The rows that are chosen."""
        related = self.field.remote_field
        named = getattr(related, "field_name", related.model._meta.pk.attname)
        key = related.model._meta.get_field(named)
        fit = [each for each in value if _is_key(key, each)]
        return super().optgroups(name, fit, attr)  # type: ignore[misc]  # a mixin


def sound(made: Any) -> Any:
    """Return a form's field with such a widget, if it picks rows."""
    widget = getattr(made, "widget", None)
    if isinstance(widget, RelatedFieldWidgetWrapper):
        widget = widget.widget
    if isinstance(widget, AutocompleteMixin) and not isinstance(widget, Sound):
        kind = type(widget)
        if kind not in _MADE:
            _MADE[kind] = type(f"Sound{kind.__name__}", (Sound, kind), {})
        widget.__class__ = _MADE[kind]
    return made


def _is_key(key: Field[Any, Any], value: Any) -> bool:
    try:
        key.to_python(value)
    except ValidationError:
        return False
    return True
