"""What an operator may do, and whom of the others they may touch: nobody gives what they lack, nobody rules upwards."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission, User
from django.db.models import Q, QuerySet


def of_operator(operator: User) -> set[int]:
    """The permissions that an operator holds, by keys: their own and those of their roles, switched off or not."""
    return set(
        Permission.objects.filter(Q(user=operator) | Q(group__user=operator)).values_list("pk", flat=True)
    )


def permissions_to_give(operator: Any) -> QuerySet[Permission]:
    """The permissions that ``operator`` may give or take: those that they have."""
    if operator.is_superuser:
        return Permission.objects.all()
    return Permission.objects.filter(pk__in=of_operator(operator))


def roles_to_give(operator: Any) -> QuerySet[Group]:
    """The roles that ``operator`` may give or take: those of which they have every permission."""
    if operator.is_superuser:
        return Group.objects.all()
    lacking = Permission.objects.exclude(pk__in=of_operator(operator))
    return Group.objects.exclude(permissions__in=lacking)


def reaches(operator: Any, other: User) -> bool:
    """Whether ``operator`` may change ``other``, their password and their roles: who has more is out of reach."""
    if operator.is_superuser:
        return True
    return not other.is_superuser and of_operator(other) <= of_operator(operator)


def reaches_role(operator: Any, role: Group) -> bool:
    """Whether ``operator`` may change a role: one that gives nothing they lack, to nobody who has more."""
    if operator.is_superuser:
        return True
    mine = of_operator(operator)
    if set(role.permissions.values_list("pk", flat=True)) - mine:
        return False
    # What a superuser may do does not hang on a role.
    return all(of_operator(other) <= mine for other in role.user_set.filter(is_superuser=False))
