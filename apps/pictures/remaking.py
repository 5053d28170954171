"""Draws the pictures of former days anew: what was kept as it was uploaded gets its sizes and its lasting address."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from django.core.exceptions import SuspiciousOperation
from django.core.files.storage import default_storage

from apps.base import transactions
from apps.pictures import drawing, stored, users
from mall.errors import ShopError

# What was uploaded before there was a limit.
_MOST_BYTES: Final = 64 * 1024 * 1024


class Remade(NamedTuple):
    """How many pictures were drawn anew, and which were left as they are, with the reason."""

    done: int
    left: list[tuple[str, str]]


def remake(*, limit: int | None = None, tell: Callable[[str], None]) -> Remade:
    """Draw every picture in use that is not drawn yet, and name the new one wherever the old one was named.

    Broken off, it goes on where it was: what is drawn is known by its name. The old files stay, because phones and
    old orders may name them. Reads pictures, so it is called outside a transaction.
    """
    transactions.forbid("drawing pictures anew")
    done = 0
    left: list[tuple[str, str]] = []
    seen: set[str] = set()
    for user in users.board():
        for name in list(dict.fromkeys(user.named())):
            if stored.is_drawn(name) or name in seen:
                continue
            if limit is not None and done >= limit:
                return Remade(done, left)
            seen.add(name)
            try:
                new = _drawn(name, user)
            except (ShopError, OSError, SuspiciousOperation) as fault:
                why = fault.text if isinstance(fault, ShopError) else type(fault).__name__
                left.append((name, why))
                continue
            rows = sum(each.rename(name, new) for each in users.board())
            done += 1
            tell(f"{name} → {new} ({rows})")
    return Remade(done, left)


def _drawn(name: str, user: users.User) -> str:
    with default_storage.open(name) as file:
        content = file.read(_MOST_BYTES + 1)
    drawn = drawing.draw(content, recipe=users.recipe_now(user), most_bytes=_MOST_BYTES)
    # The old name is the salt: what was a row's own stays its own, and cannot be guessed from the picture.
    return stored.keep(drawn, folder=user.folder, salt=name)
