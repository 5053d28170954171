"""Board 4: what operators find where, and what waits there for a person. ``sidebar.py`` draws it for who may see it."""

from __future__ import annotations

from config.lists import house, members, offers, orders
from config.lists.place import Groups, Place

__all__ = ["GROUPS", "Groups", "Place"]

GROUPS: Groups = [*orders.GROUPS, *offers.GROUPS, *members.GROUPS, *house.GROUPS]
