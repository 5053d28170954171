"""Serializers that are made once for each thread: to make one costs more than to show, or to check, with it."""

from __future__ import annotations

import threading
from typing import Any, Generic, TypeVar

from rest_framework.serializers import Serializer

S = TypeVar("S", bound="Serializer[Any]")


class Shape(Generic[S]):
    """A serializer class for a hot door; what it answers is what a new serializer would."""

    def __init__(self, kind: type[S]) -> None:
        self._kind = kind
        self._kept = threading.local()

    def shown(self, made: Any, **context: Any) -> dict[str, Any]:
        """The answer of ``made``, with what the serializer finds in its context."""
        serializer = self._serializer()
        serializer._context = context
        return dict(serializer.to_representation(made))

    def checked(self, said: Any) -> S:
        """The serializer with what was said, checked; good until this thread checks again. Raises ValidationError."""
        serializer = self._serializer()
        for name in ("_validated_data", "_errors", "_data"):
            serializer.__dict__.pop(name, None)
        serializer.initial_data = said
        serializer.is_valid(raise_exception=True)
        return serializer

    def _serializer(self) -> S:
        kept: S | None = getattr(self._kept, "one", None)
        if kept is None:
            kept = self._kept.one = self._kind()
        return kept
