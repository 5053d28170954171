"""How board 4 is drawn: the sidebar with what waits at each place, and the tabs above the list of orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl

from django.apps import apps
from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse

from apps.base import counting
from apps.base.planned import Planned
from apps.checkout import activities
from apps.stores import selectors as place_facts
from config.navigation import GROUPS, Groups, Place


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the groups of the sidebar for whoever asks, without what they may not see."""
    link = reverse("admin:index")
    home = _drawn(title="今日", icon="space_dashboard", link=link, active=request.path == link)
    return [{"items": [home]}, *shown(request, GROUPS)]


def shown(request: HttpRequest, groups: Groups) -> list[dict[str, Any]]:
    """Return groups of places in Unfold's form for whoever asks; a group of which nothing may be seen is left out."""
    filters: dict[str, list[str]] = {}
    for _, places in groups:
        for place in places:
            filters.setdefault(place.model, []).append(place.query)
    visible = {model for model in filters if _may_see(request, model)}
    seen = [(title, [place for place in places if place.model in visible]) for title, places in groups]
    places = [place for _, places in seen for place in places]
    waiting = _counted(places, mine=place_facts.places_of(operator=request.user))
    return [
        {
            "title": title,
            "items": [_item(request, place, filters[place.model], waiting.get(place, 0)) for place in places],
        }
        for title, places in seen
        if places
    ]


def tabs(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the tabs above the list of orders: one for each status that an order can have here."""
    chosen = request.GET.get("status__exact", "")
    statuses = [("", "全部"), *((str(status.value), str(status.label)) for status in activities.statuses())]
    return [
        {
            "models": ["orders.order"],
            "items": [
                {
                    "title": title,
                    "link": f"?status__exact={status}" if status else "?",
                    "active": chosen == status,
                }
                for status, title in statuses
            ],
        }
    ]


def _counted(places: Sequence[Place], *, mine: frozenset[int] | None) -> dict[Place, int]:
    """Return how many rows wait at each place (``counting.some``): one statement for all places, none where no place asks.

    ``mine`` are the shops whose rows count, where rows are of a shop; None for all.
    """
    asking = tuple(place for place in places if place.waiting is not None)
    if not asking:
        return {}
    return {asking[number]: rows for number, rows in _counting(asking, mine).rows()}


@lru_cache(maxsize=64)  # for each set of rights and shops
def _counting(asking: tuple[Place, ...], mine: frozenset[int] | None) -> Planned:
    """The statement that counts at these places. What waits must not depend on the moment."""
    return counting.each(
        [_of_shops(place, place.waiting(), mine) for place in asking if place.waiting is not None]
    )


def _of_shops(place: Place, rows: QuerySet[Any], mine: frozenset[int] | None) -> QuerySet[Any]:
    """Those of the rows that are of these shops."""
    return rows.filter(**{f"{place.of_shop}__in": sorted(mine)}) if place.of_shop and mine else rows


def _item(request: HttpRequest, place: Place, filters: Sequence[str], waiting: int) -> Mapping[str, Any]:
    url, _ = _page(place.model)
    return _drawn(
        title=place.title,
        icon=place.icon,
        link=f"{url}?{place.query}" if place.query else url,
        active=request.path.startswith(url) and _is_open(request, place, filters),
        **({"badge": counting.told(waiting)} if waiting else {}),
    )


@lru_cache(maxsize=512)  # of a hundred places one is open, and a number changes now and then
def _drawn(**item: Any) -> Mapping[str, Any]:
    """Return a place as it is told to the template, with what it looks like."""
    html = render_to_string("unfold/helpers/app_list_item.html", {"item": item})
    return MappingProxyType({**item, "html": html})


@cache
def _page(label: str) -> tuple[str, ModelAdmin[Any]]:
    """The address of a model's list, and who shows it."""
    model: type[Model] = apps.get_model(label)
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return url, admin.site.get_model_admin(model)


def _is_open(request: HttpRequest, place: Place, filters: Sequence[str]) -> bool:
    """Whether the list asked for is this place's: its own filter, or the whole list while no other place's is set."""
    if place.query:
        return _asked(request, place.query)
    return not any(query and _asked(request, query) for query in filters)


def _asked(request: HttpRequest, query: str) -> bool:
    return all(request.GET.get(name) == value for name, value in parse_qsl(query))


def _may_see(request: HttpRequest, model: str) -> bool:
    return _page(model)[1].has_view_permission(request)
