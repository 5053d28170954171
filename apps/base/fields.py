"""Column types that every room shares."""

from __future__ import annotations

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

# One hundred million yuan: more than any order, small enough that sums never overflow a bigint.
MAX_FEN = 10_000_000_000


class FenField(models.BigIntegerField):
    """An amount of money in integer fen (分), never negative unless ``signed=True`` (ledger rows)."""

    def __init__(self, *args: Any, signed: bool = False, **kwargs: Any) -> None:
        self.signed = signed
        super().__init__(*args, **kwargs)
        low = -MAX_FEN if signed else 0
        self.validators = [*self.validators, MinValueValidator(low), MaxValueValidator(MAX_FEN)]

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("validators", None)
        if self.signed:
            kwargs["signed"] = True
        return name, path, args, kwargs
