"""Board 4: what operators find where, and what waits there for a person. ``sidebar.py`` draws it for who may see it."""

from __future__ import annotations

from config.lists.house import GROUPS as HOUSE
from config.lists.members import GROUPS as MEMBERS
from config.lists.offers import GROUPS as OFFERS
from config.lists.orders import GROUPS as ORDERS
from config.lists.place import Groups, Place

__all__ = ["GROUPS", "Groups", "Place"]

GROUPS: Groups = [*ORDERS, *OFFERS, *MEMBERS, *HOUSE]
