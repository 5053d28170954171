"""Columns that hold pictures: whatever is put into one is drawn anew first, by any door."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.db import models
from django.db.models.fields.files import FieldFile
from django.db.models.query_utils import DeferredAttribute

from apps.pictures import drawing, stored, users
from apps.pictures.child import Drawing, Recipe
from mall.errors import ShopError

# What a form hands on with the file that was chosen.
_DRAWN: Final = "drawn_anew"


class PictureFormField(forms.ImageField):
    """A picture chosen in an operator's form. It is drawn here, so that what is wrong with it is said at its place."""

    default_validators: list[Any] = []  # what a file is called says nothing; it is read

    def __init__(self, *, recipe: Callable[[], Recipe] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.recipe = recipe or _operators

    def to_python(self, data: Any) -> Any:
        # Past ImageField's own to_python, which opens the file in this process.
        chosen = super(forms.ImageField, self).to_python(data)
        if chosen is None:
            return None
        chosen.seek(0)
        try:
            drawn = drawing.draw(chosen.read(drawing.MOST_BYTES + 1), recipe=self.recipe())
            setattr(chosen, _DRAWN, drawn)
        except ShopError as refusal:
            raise ValidationError(refusal.text, code=refusal.code) from refusal
        return chosen


class PictureField(models.ImageField):
    """A picture of the shop, kept as the name of its full size. ``upload_to`` is the folder."""

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": PictureFormField, "recipe": self.recipe, **kwargs})

    def recipe(self) -> Recipe:
        """How its pictures are drawn (config/pictures.py)."""
        return users.recipe_of(self.model._meta.label, self.name)

    def pre_save(self, model_instance: models.Model, add: bool) -> FieldFile:
        """Store what a form drew; what came by another way is drawn now. Raises the errors of drawing.draw."""
        file: FieldFile = getattr(model_instance, self.attname)
        if file and not file._committed:  # type: ignore[attr-defined]  # Django's own mark
            file.name = stored.keep(_drawn(file.file, self.recipe), folder=str(self.upload_to))
            file._committed = True  # type: ignore[attr-defined]
            setattr(model_instance, self.attname, file.name)
            file = getattr(model_instance, self.attname)
        return file


class StoredNameField(models.CharField):
    """The stored name of a picture's full size, written by a service that had it drawn."""


class _OwnAddress(DeferredAttribute):
    """Reads the address, however the row was filled: by a query, by hand, or by a statement of somebody's own."""

    def __get__(self, instance: models.Model | None, cls: Any = None) -> Any:
        value = super().__get__(instance, cls)
        return value if instance is None else _as_address(value)

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class OwnAddressField(models.CharField):
    """A picture that is read as the absolute address of its small size and kept as its stored name.

    Addresses of former days that are not ours stay what they are.
    """

    descriptor_class = _OwnAddress

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return _as_address(value)

    def get_prep_value(self, value: Any) -> Any:
        text = super().get_prep_value(value)
        return (stored.name_at(text) or text) if isinstance(text, str) else text


def _as_address(value: str | None) -> str | None:
    return stored.address(value, stored.Size.LIST) if value and stored.is_drawn(value) else value


def drawn_of(file: File) -> Drawing:
    """What a form's picture field drew of the file that was chosen, for a service that keeps it."""
    return _drawn(file, _operators)


def _operators() -> Recipe:
    return drawing.OPERATORS


def _drawn(file: File, recipe: Callable[[], Recipe]) -> Drawing:
    drawn: Drawing | None = getattr(file, _DRAWN, None)
    if drawn is not None:
        return drawn
    file.seek(0)
    return drawing.draw(file.read(drawing.MOST_BYTES + 1), recipe=recipe())
