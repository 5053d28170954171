"""What the shop cannot do, said once: every refusal is a ShopError that a door translates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple


class Kind(StrEnum):
    """The sort of refusal. Doors map it to their own protocol (HTTP status, admin message, retry)."""

    INVALID = "invalid"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    UNAVAILABLE = "unavailable"
    BAD_GATEWAY = "bad_gateway"
    TIMEOUT = "timeout"


class ShopError(Exception):
    """A refusal with a code for programs and a Chinese sentence for people.

    Subclasses set ``code``, ``message`` and ``kind``; an instance may carry ``details``, plain JSON values
    that name fields or figures. Raise the subclass that is defined beside the function that refuses.
    """

    code: ClassVar[str] = "refused"
    message: ClassVar[str] = "操作无法完成"
    kind: ClassVar[Kind] = Kind.CONFLICT

    def __init__(self, message: str | None = None, *, details: Mapping[str, Any] | None = None) -> None:
        self.text = message or self.message
        self.details: dict[str, Any] = dict(details or {})
        super().__init__(self.text)

    def __str__(self) -> str:
        return f"{self.code}: {self.text}"


class NotFound(ShopError):
    """It does not exist, or it is not yours; the shop does not say which."""

    code = "not_found"
    message = "内容不存在"
    kind = Kind.NOT_FOUND


class Invalid(ShopError):
    """The input cannot be understood or is out of bounds; ``details`` names the field."""

    code = "invalid"
    message = "提交的内容有误"
    kind = Kind.INVALID


class Fault(NamedTuple):
    """One thing that is wrong with what was given: the field that says it, empty for the whole, and why in Chinese."""

    field: str
    text: str


class Faulty(Invalid):
    """What was given cannot be taken; every fault is named at once, so that nobody has to find them one by one.

    The same fault is named once, whichever rules came upon it. ``details`` has the sentences by field, those of the whole
    under ``non_field_errors``. ``rows`` has, by sentence, the row that it names (``app.model`` and its id): pages of
    operators lead to it.
    """

    def __init__(self, faults: Sequence[Fault], *, rows: Mapping[str, tuple[str, int]] | None = None) -> None:
        self.faults = tuple(dict.fromkeys(faults))
        self.rows = dict(rows or {})
        by_field: dict[str, list[str]] = {}
        for field, text in self.faults:
            by_field.setdefault(field or "non_field_errors", []).append(text)
        super().__init__(self.faults[0].text, details=by_field)
