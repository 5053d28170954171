"""Pages of one row that several rooms show: each room offers parts, the desk prints them in the order of the page.

A page takes parts as they are and knows nothing of what is in them; two rooms that extend the same page do not see
each other. What would be silently lost, a second thing under the same name, is refused when the page is put
together.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from django.contrib import admin
from django.contrib.admin.options import InlineModelAdmin
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from unfold.decorators import action
from unfold.enums import ActionVariant

from apps.base.asking import Asking

Row = TypeVar("Row", bound=Model)


def always(row: Model) -> bool:
    """A button that leads somewhere whatever the row's status."""
    return True


@dataclass(frozen=True, kw_only=True)
class Button(Generic[Row]):
    """A button on the row's page: who may press it, when it leads somewhere, and what it does.

    ``path`` is its address below the row's, ``needs`` a permission as ``app.codename``; ``usable`` takes at most
    one statement, and the service decides all the same.
    """

    name: str
    title: str
    path: str
    needs: str
    icon: str
    press: Callable[[Asking, HttpRequest, Row], HttpResponse]
    usable: Callable[[Row], bool] = always
    variant: ActionVariant = ActionVariant.DEFAULT


@dataclass(frozen=True, kw_only=True)
class Fact(Generic[Row]):
    """A line to read under a heading, for who has the permission; lines of one heading stand side by side."""

    name: str
    label: str
    under: str
    needs: str
    shown: Callable[[Row], SafeString | str]
    also_needs: str = ""


@dataclass(frozen=True, kw_only=True)
class Door(Generic[Row]):
    """A page below the row's that no button leads to: ``path`` after the row's key, with what it names as keywords."""

    name: str
    path: str
    needs: str
    enter: Callable[..., HttpResponse]


@dataclass(frozen=True, kw_only=True)
class Part:
    """What one room has to say on the page of another's row; ``room`` is the app's name."""

    room: str
    facts: Sequence[Fact[Any]] = ()
    inlines: Sequence[type[InlineModelAdmin[Any, Any]]] = ()
    buttons: Sequence[Button[Any]] = ()
    doors: Sequence[Door[Any]] = ()
    # What is to be known before the row is acted on for good: (label, text), nothing for most rows.
    before: Callable[[Any], Sequence[tuple[str, str]]] | None = None


class Parted(Asking):
    """An admin whose page of a row is its own with ``parts`` after it, in their order."""

    parts: ClassVar[Sequence[Part]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "parts" in cls.__dict__:
            _put_together(cls)

    def told_before(self, row: Any) -> list[tuple[str, str]]:
        """What the parts have to say before the row is acted on for good, for the button that does."""
        return [fact for part in self.parts if part.before is not None for fact in part.before(row)]

    def usable(self, row: Any) -> Collection[str] | None:
        """The page's own buttons and those that the parts have a use for in the row's status."""
        offered = {button.name: button for part in self.parts for button in part.buttons}
        own = super().usable(row)
        names = self.actions_detail if own is None else [*own, *offered]
        return [name for name in names if name not in offered or offered[name].usable(row)]

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """The page's own, then the facts that this operator may see, heading by heading."""
        fieldsets = [*super().get_fieldsets(request, obj)]
        if obj is None:
            return fieldsets
        under: dict[str, list[str]] = {}
        for part in self.parts:
            for fact in part.facts:
                if request.user.has_perms(filter(None, [fact.needs, fact.also_needs])):
                    under.setdefault(fact.under, []).append(fact.name)
        return fieldsets + [(heading, {"fields": [tuple(names)]}) for heading, names in under.items()]

    def get_urls(self) -> list[URLPattern]:
        """The doors of the parts before the admin's own, of which one takes whatever is left."""
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        doors = [
            path(
                f"<int:object_id>/{door.path}",
                self.admin_site.admin_view(self._enter(door)),
                name=f"{name}_{door.name}",
            )
            for part in self.parts
            for door in part.doors
        ]
        return [*doors, *super().get_urls()]

    def _enter(self, door: Door[Any]) -> Callable[..., HttpResponse]:
        def view(request: HttpRequest, object_id: int, **named: Any) -> HttpResponse:
            if not request.user.has_perm(door.needs):
                raise PermissionDenied
            return door.enter(self, request, self.row(request, str(object_id)), **named)

        return view


def _put_together(page: type[Parted]) -> None:
    """Give the page what its parts offer, under names of their own. Raises ImproperlyConfigured."""
    inlines = [inline for part in page.parts for inline in part.inlines]
    if len({*page.inlines, *inlines}) < len(page.inlines) + len(inlines):
        raise ImproperlyConfigured(f"{page.__name__}: an inline is there twice")
    doors = [door.name for part in page.parts for door in part.doors]
    if len(set(doors)) < len(doors):
        raise ImproperlyConfigured(f"{page.__name__}: a door is there twice: {', '.join(doors)}")
    facts: list[str] = []
    buttons: list[str] = []
    for part in page.parts:
        for fact in part.facts:
            _set(page, part, fact.name, _reading(fact))
            facts.append(fact.name)
        for button in part.buttons:
            _set(page, part, button.name, _pressing(button))
            buttons.append(button.name)
    page.inlines = [*page.inlines, *inlines]
    page.readonly_fields = [*page.readonly_fields, *facts]
    page.actions_detail = [*page.actions_detail, *buttons]


def _set(page: type[Parted], part: Part, name: str, method: Callable[..., Any]) -> None:
    if hasattr(page, name):
        raise ImproperlyConfigured(f"{page.__name__}: {part.room} offers {name!r}, which is there already")
    setattr(page, name, method)


def _reading(fact: Fact[Any]) -> Callable[..., Any]:
    @admin.display(description=fact.label)
    def read(self: Parted, row: Any) -> SafeString | str:
        return fact.shown(row)

    return read


def _pressing(button: Button[Any]) -> Callable[..., Any]:
    def press(self: Parted, request: HttpRequest, object_id: str) -> HttpResponse:
        return button.press(self, request, self.row(request, object_id))

    press.__name__ = button.name
    decorated: Callable[..., Any] = action(
        description=button.title,
        url_path=button.path,
        permissions=[button.needs],
        icon=button.icon,
        variant=button.variant,
    )(press)
    return decorated
