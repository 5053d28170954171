"""Who uses a stored picture: asked before one is deleted, and when the pictures of former days are drawn anew.

The table is ``config/pictures.py``; a test finds the column that nobody listed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from django.apps import apps
from django.conf import settings
from django.core.files.storage import default_storage
from django.db.models import Model, QuerySet
from django.utils.module_loading import import_string

from apps.pictures import stored
from apps.pictures.child import Recipe
from apps.pictures.drawing import OPERATORS
from apps.pictures.stored import Size

_SRC: Final = re.compile(r'\ssrc="([^"]+)"')


class User(Protocol):
    """A column that names stored pictures: one in each row, or some within a text."""

    @property
    def folder(self) -> str: ...

    @property
    def recipe(self) -> Recipe: ...

    def named(self) -> Iterator[str]:
        """Yield the stored names that are in use here, some of them more than once."""
        ...

    def of(self, names: Collection[str]) -> set[str]:
        """Return those of the names that are in use here."""
        ...

    def rename(self, old: str, new: str) -> int:
        """Put a new name in the place of an old one, wherever it still stands; return in how many rows."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class InColumn:
    """Pictures named by a column of their own: ``catalog.Product`` and ``cover``; drawn anew into ``folder``.

    ``marked_by`` is the dotted path of a function that says what is written into each picture's corner, if anything is.
    ``is_use``: a register of files names them too, and keeps none alive. ``only``: a table that grows with every
    order is asked about names in these folders alone, the only ones that it can hold.
    """

    model: str
    column: str
    folder: str
    recipe: Recipe
    marked_by: str = ""
    is_use: bool = True
    only: tuple[str, ...] = ()

    def named(self) -> Iterator[str]:
        field = self._rows().model._meta.get_field(self.column)
        values = self._rows().order_by(self.column).values_list(self.column, flat=True).distinct()
        for value in values.iterator():
            name = str(field.get_prep_value(value) or "")
            if name and "://" not in name:
                yield name

    def of(self, names: Collection[str]) -> set[str]:
        asked = [name for name in names if not self.only or name.startswith(self.only)]
        if not (asked and self.is_use):
            return set()
        field = self._rows().model._meta.get_field(self.column)
        found = self._rows().filter(**{f"{self.column}__in": asked})
        return {str(field.get_prep_value(value)) for value in found.values_list(self.column, flat=True)}

    def rename(self, old: str, new: str) -> int:
        return self._rows().filter(**{self.column: old}).update(**{self.column: new})

    def _rows(self) -> QuerySet[Any]:
        model: type[Model] = apps.get_model(self.model)
        return model._default_manager.exclude(**{self.column: ""})


@dataclass(frozen=True, slots=True, kw_only=True)
class InHtml:
    """Pictures within texts, by their addresses, in the size of a page."""

    model: str
    column: str
    folder: str
    recipe: Recipe

    def named(self) -> Iterator[str]:
        for text in self._rows().order_by("pk").values_list(self.column, flat=True).iterator():
            yield from _names_in(text)

    def of(self, names: Collection[str]) -> set[str]:
        # The folder of a drawn picture is its hash, which stands in no text by accident.
        parts = "|".join(re.escape(name.rpartition("/")[0] or name) for name in names)
        if not parts:
            return set()
        texts = self._rows().filter(**{f"{self.column}__regex": parts}).values_list(self.column, flat=True)
        return {name for text in texts.iterator() for name in _names_in(text)} & set(names)

    def rename(self, old: str, new: str) -> int:
        before, after = default_storage.url(old), default_storage.url(stored.sized(new, Size.PAGE))
        changed = 0
        for row in self._rows().filter(**{f"{self.column}__contains": before}):
            text = getattr(row, self.column)
            told = text.replace(f'src="{before}"', f'src="{after}"').replace(
                f'src="{stored.absolute(before)}"', f'src="{after}"'
            )
            # An operator who saved in between has the last word; the next run finds the rest.
            same = type(row)._default_manager.filter(pk=row.pk, **{self.column: text})
            changed += same.update(**{self.column: told}) if told != text else 0
        return changed

    def _rows(self) -> QuerySet[Any]:
        model: type[Model] = apps.get_model(self.model)
        return model._default_manager.filter(**{f"{self.column}__contains": "<img"})


def board() -> Sequence[User]:
    """Return the table of all users of pictures (settings.PICTURE_USERS)."""
    users: Sequence[User] = import_string(settings.PICTURE_USERS)
    return users


def recipe_now(user: User) -> Recipe:
    """A user's recipe with the mark of this moment, for those that have one."""
    path = getattr(user, "marked_by", "")
    mark = str(import_string(path)()) if path else ""
    return replace(user.recipe, mark=mark, font=str(settings.PICTURE_MARK_FONT)) if mark else user.recipe


def recipe_of(model: str, column: str) -> Recipe:
    """How a column's pictures are drawn at this moment; as operators' are, for one that is not on the board."""
    for user in board():
        if isinstance(user, InColumn) and (user.model, user.column) == (model, column):
            return recipe_now(user)
    return OPERATORS


def in_use(names: Collection[str]) -> set[str]:
    """Return those of the stored names that any column of the shop still uses: one statement a column."""
    return set().union(*(user.of(names) for user in board())) if names else set()


def named(names: Collection[str]) -> set[str]:
    """Return those of the stored names that any column of the shop says, those that only keep a register included."""
    return in_use(names).union(
        *(
            replace(user, is_use=True).of(names)
            for user in board()
            if isinstance(user, InColumn) and not user.is_use
        )
    )


def _names_in(text: str) -> Iterator[str]:
    """Yield the stored names of this shop's pictures in a text."""
    for url in _SRC.findall(text):
        drawn = stored.name_at(url)
        if drawn:
            yield drawn
            continue
        for here in (settings.MEDIA_URL, stored.absolute(settings.MEDIA_URL)):
            if url.startswith(here):
                yield url.removeprefix(here)
                break
