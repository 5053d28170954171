"""What each file of a room is, by its name: a door, a fact, or, by exclusion, a rule. Read by the tests beside it.

The layers of a room, the highest first; a file imports only what lies below it in its own room
(``pyproject.toml`` says the same to import-linter with the names that can be said there).
"""

from __future__ import annotations

from enum import StrEnum
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]


class Kind(StrEnum):
    """What a file of a room is for."""

    DOOR = "translates: takes a request, a bell, a letter or a command, makes one call, translates back"
    RULE = "decides, writes and reads: told the time, sees no request"
    FACT = "columns, constraints, statuses"
    FRAME = "what Django wants of an app: its name, its migrations"


# The names of doors, as patterns: who knocks there stands in the comment. Everything that no pattern below fits is
# a rule, whatever it is called: a new file of rules needs no entry, a new kind of door needs one.
DOORS: Final = (
    "api", "*_api", "serializers", "*_serializers", "answers", "urls", "*_urls", "auth",  # shoppers
    "examples",  # shoppers' documentation
    "admin", "admin_*", "*_page", "parts", "dashboard", "forms", "*_form", "*_forms", "inputs",  # operators
    "exports", "uploads", "campaign_files",  # files that come and go
    "tasks",  # the clock
    "handlers",  # the post
    "callbacks",  # WeChat
)  # fmt: skip
FACTS: Final = ("models", "states")
FRAME: Final = ("apps", "migrations")
# What its name does not say: the weight that a column of pictures allows, and where its file is found.
OF_ITS_OWN: Final = {"catalog/pictures.py": Kind.FACT}

# No rooms: the floor has doors of every kind on offer, the sandbox is a program of its own, and the client of
# WeChat keeps to what WeChat prescribes (its signatures carry the time, so it reads the clock).
_ELSEWHERE: Final = ("base", "wechat")


def kind(path: Path) -> Kind:
    """Return what a file is, from where it lies below ``apps/<room>/``."""
    of_its_own = OF_ITS_OWN.get(str(path.relative_to(ROOT / "apps")))
    if of_its_own is not None:
        return of_its_own
    inside = path.relative_to(ROOT / "apps").parts[1:]
    if "management" in inside:
        return Kind.DOOR
    name = inside[0].removesuffix(".py")
    if name in FRAME or inside == ("__init__.py",):
        return Kind.FRAME
    if name in FACTS:
        return Kind.FACT
    return Kind.DOOR if any(fnmatch(name, door) for door in DOORS) else Kind.RULE


def files(*kinds: Kind) -> list[Path]:
    """Return the files of these kinds in all rooms. Raises LookupError where there is none."""
    found = [
        path
        for path in sorted((ROOT / "apps").glob("*/**/*.py"))
        if path.relative_to(ROOT / "apps").parts[0] not in _ELSEWHERE and kind(path) in kinds
    ]
    if not found:
        raise LookupError(f"no {kinds} anywhere: a test of them would check nothing")
    return found


def name(path: Path) -> str:
    """Return a file's path from the root of the house, for the names of tests."""
    return str(path.relative_to(ROOT))
