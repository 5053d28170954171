"""The usual roles of a shop, made from the board ``config/roles.py``: groups that operators are put in."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.utils.module_loading import import_string


class UnknownPermission(LookupError):
    """The board names a permission that no table has: ``migrate`` makes them."""


class Made(NamedTuple):
    """A role, and how it stands: made now, as the board says, or changed by operators and left as it was."""

    name: str
    standing: str


def board() -> Mapping[str, Collection[str]]:
    """Return the roles with their permissions, as ``app.codename``."""
    roles: Mapping[str, Collection[str]] = import_string(settings.ROLES)
    return roles


@transaction.atomic
def make(*, reset: bool = False) -> list[Made]:
    """Make the roles that are missing. What operators changed of a role stays, unless it is to be ``reset``.

    Safe to run again, and in any release. Raises UnknownPermission.
    """
    by_name = {
        f"{permission.content_type.app_label}.{permission.codename}": permission
        for permission in Permission.objects.select_related("content_type")
    }
    return [_make(name, _found(by_name, wanted), reset=reset) for name, wanted in board().items()]


def _make(name: str, wanted: set[Permission], *, reset: bool) -> Made:
    role, new = Group.objects.get_or_create(name=name)
    if not new and set(role.permissions.all()) == wanted:
        return Made(name, "as the board says")
    if not new and not reset:
        return Made(name, "changed by operators, left as it is")
    role.permissions.set(wanted)
    return Made(name, "made" if new else "reset")


def _found(by_name: Mapping[str, Permission], wanted: Collection[str]) -> set[Permission]:
    unknown = sorted(set(wanted) - set(by_name))
    if unknown:
        raise UnknownPermission(", ".join(unknown))
    return {by_name[name] for name in wanted}
