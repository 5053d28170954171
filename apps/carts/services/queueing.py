"""How one member's changes wait for each other: counting and adding up need rows that do not move."""

from __future__ import annotations

from apps.members.models import Member


def behind(member: Member) -> None:
    """Wait for this member's other changes, in the caller's transaction.

    The lock lets orders and sessions that only point at the member pass.
    """
    Member.objects.select_for_update(no_key=True).values_list("pk").get(pk=member.pk)
