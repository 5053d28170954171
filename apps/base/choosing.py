"""Acts on chosen rows that ask first: the choice goes to a page of its own, which says what is chosen and then acts.

Each row is judged by itself there, so that one which is refused leaves the others alone and is told.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from apps.base.asking import Done
from apps.base.outcomes import Outcome

Row = TypeVar("Row", bound=Model)

# Their numbers go along in the page's address.
MOST: Final = 500


def told(outcome: Outcome, act: str) -> Done:
    """What an operator reads of what became of them, ``act`` being the word for what was done."""
    refused = outcome.refused
    warning = f"{len(refused)} 笔未{act}：{'；'.join(refused)}" if refused else ""
    return Done(f"已{act} {outcome.done} 笔。", warning=warning)


def asks_for_chosen(*, description: str, permission: str, page: str) -> Callable[..., Any]:
    """Make what leads from a list's chosen rows to the ``page`` (its name in the admin's addresses) that asks about them.

    For those with ``permission`` (``app.codename``), which the page itself looks for once more.
    """

    def act(self: Any, request: HttpRequest, chosen: QuerySet[Any]) -> HttpResponse | None:
        ids = list(chosen.order_by("pk").values_list("pk", flat=True)[: MOST + 1])
        if len(ids) > MOST:
            self.message_user(request, f"一次最多选择 {MOST} 笔，请分批处理。", level=messages.WARNING)
            return None
        return redirect(f"{reverse(f'admin:{page}')}?ids={','.join(str(pk) for pk in ids)}")

    wrapped = admin.action(description=description)(act)
    wrapped.needs = permission  # type: ignore[attr-defined]
    return wrapped


def chosen(rows: QuerySet[Row], request: HttpRequest, *, permission: str) -> list[Row]:
    """The rows that such a page is about, in the order of their numbers. Raises PermissionDenied."""
    if not request.user.has_perm(permission):
        raise PermissionDenied
    said = request.GET.get("ids", "").split(",")[:MOST]
    ids = [int(each) for each in said if each.isascii() and each.isdigit() and len(each) < 19]
    return list(rows.filter(pk__in=ids).order_by("pk"))
