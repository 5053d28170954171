"""Rows under their owner, as a page sent them, in the order in which they stand now: others add and delete them too."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.http import QueryDict
from django.utils.datastructures import MultiValueDict


def rows_of(values: Mapping[str, Any]) -> dict[str, str]:
    """The rows under their owner on a page, as ``skus-0: skus#12``, by their hidden keys."""
    found: dict[str, str] = {}
    for prefix, total in _prefixes(values):
        for index in range(min(total, 10_000)):
            if key := values.get(f"{prefix}-{index}-id"):
                found[f"{prefix}-{index}"] = f"{prefix}#{key}"
    return found


def realigned(
    sent: QueryDict,
    files: MultiValueDict[str, Any],
    there: Mapping[str, Mapping[str, list[str]]],
    kept: Callable[[str], bool],
) -> tuple[QueryDict, MultiValueDict[str, Any]]:
    """Return what was sent with each row at the place where it stands now.

    A form is bound to its rows by their places (Django draws the second of the sent beside the second of the table), so
    a row that is gone or new moves all behind it. ``there``: the rows that are there by their keys (``skus#12``), in
    their order, each with the values of its inputs. One that was not sent comes with those; one that is gone and
    ``kept`` (somebody typed in it) goes on as a new row; one that is gone and not kept is left out.
    """
    data, held = sent.copy(), MultiValueDict(dict(files.lists()))
    placed = {row: place for place, row in rows_of(sent).items()}
    for prefix, total in _prefixes(sent):
        old = {row: place for row, place in placed.items() if row.startswith(f"{prefix}#")}
        now = [row for row in there if row.startswith(f"{prefix}#")]
        if list(old) == now:
            continue
        gone = [place for row, place in old.items() if row not in there and kept(row)]
        order = [old.get(row) for row in now] + gone + _new(prefix, total, sent, files)
        _move(data, prefix, order)
        _move(held, prefix, order)
        for index, row in enumerate(now):
            if row not in old:
                for name, values in there[row].items():
                    data.setlist(f"{prefix}-{index}-{name}", values)
        for index in range(len(now), len(order)):
            if f"{prefix}-{index}-id" in data:
                data[f"{prefix}-{index}-id"] = ""
        data[f"{prefix}-INITIAL_FORMS"], data[f"{prefix}-TOTAL_FORMS"] = str(len(now)), str(len(order))
    return data, held


def _prefixes(values: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Each kind of rows on a page, with how many of them were there when it was opened."""
    return [
        (name.removesuffix("-INITIAL_FORMS"), int(total))
        for name, total in values.items()
        if name.endswith("-INITIAL_FORMS") and re.fullmatch(r"[0-9]{1,6}", str(total))
    ]


def _new(prefix: str, behind: int, *sent: Iterable[str]) -> list[str]:
    """The places of rows that were typed anew."""
    places = {int(found[1]) for names in sent for name in names if (found := _inside(prefix, name))}
    return [f"{prefix}-{index}" for index in sorted(places) if index >= behind]


def _move(values: MultiValueDict[str, Any], prefix: str, order: Sequence[str | None]) -> None:
    """Have the rows of a kind stand in this order of the places where they stood; what is not in it is gone."""
    target = {place: index for index, place in enumerate(order)}
    inside = {name: found for name in list(values) if (found := _inside(prefix, name))}
    moved = {name: values.getlist(name) for name in inside}
    for name in inside:
        del values[name]
    for name, found in inside.items():
        index = target.get(f"{prefix}-{found[1]}")
        if index is not None:
            values.setlist(f"{prefix}-{index}-{found[2]}", moved[name])


def _inside(prefix: str, name: str) -> re.Match[str] | None:
    """The place and the rest of an input's name; a second kind of rows of one table is called ``prefix-2-0-…``."""
    return re.fullmatch(rf"{re.escape(prefix)}-(\d{{1,6}})-(\D.*)", name)
