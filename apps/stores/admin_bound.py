"""Who works at some shops (``stores.PlaceStaff``) is permitted less: the whole shop's pages are closed to them.

Judged where every page asks, in ``has_perm``: menu, address, button, export, look-up and figure alike. What stays is on a
board (``config/bound.py``), by table; what nobody put there is closed.
"""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar, Final

from django.apps import apps
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.module_loading import import_string
from unfold.admin import ModelAdmin

from apps.stores import selectors as place_facts
from apps.stores.models import Place

# Needed for what sums up the whole shop on pages that are open to all; held by everybody who is not bound.
EVERYWHERE: Final = "stores.everywhere"


class BoundBackend:
    """Refuses what is closed to bound operators before other backends are asked; it lets nobody in."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> None:
        """Nobody logs in by it."""

    def has_perm(self, user: Any, permission: str, obj: Any = None) -> bool:
        """Whether they work everywhere, where that is asked. Raises PermissionDenied for what is closed to them."""
        if not user.is_active or permission in _open():
            return False
        if place_facts.places_of(operator=user) is not None:
            raise PermissionDenied
        return permission == EVERYWHERE


class OfPlaces(ModelAdmin):
    """An admin of rows of a place, ``of_place`` away: who works at some shops finds and writes those of theirs alone."""

    of_place: ClassVar[str] = "place"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        mine = place_facts.places_of(operator=request.user)
        return rows if mine is None else rows.filter(**{f"{self.of_place}__in": sorted(mine)})

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A place is one of theirs, and is said: a row of no place is the whole shop's."""
        field: Any = super().formfield_for_foreignkey(db_field, request, **kwargs)
        mine = place_facts.places_of(operator=request.user)
        if field is not None and mine is not None and db_field.related_model is Place:
            field.queryset = field.queryset.filter(pk__in=mine)
            # What the column says of leaving it empty is not theirs.
            field.required, field.help_text = True, "" if db_field.null else field.help_text
        return field


@cache
def _open() -> frozenset[str]:
    """The permissions that bound operators may hold: all of what is narrowed to their shops, looking at what is seen."""
    narrowed, seen = (import_string(f"{settings.BOUND}.{name}") for name in ("NARROWED", "SEEN"))
    looks = {f"{model._meta.app_label}.view_{model._meta.model_name}" for model in _models(seen)}
    return frozenset(looks | {name for model in _models(narrowed) for name in _permissions(model)})


def _models(labels: Any) -> list[type[Model]]:
    return [apps.get_model(label) for label in labels]


def _permissions(model: type[Model]) -> set[str]:
    """All permissions of a table, as ``app.codename``."""
    opts = model._meta
    usual = {f"{act}_{opts.model_name}" for act in opts.default_permissions}
    return {f"{opts.app_label}.{codename}" for codename in usual | {name for name, _ in opts.permissions}}
