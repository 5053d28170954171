"""Column types that every room shares."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from apps.base import private

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


class PublicFileField(models.FileField):
    """A file that everybody may fetch and that is no picture, noted before it is stored (``private.forget_unnamed``).

    To the database and to migrations it is a FileField; ``upload_to`` is a folder.
    """

    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.FileField", args, kwargs

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        file = getattr(model_instance, self.attname)
        if file and not file._committed:
            wanted = self.generate_filename(model_instance, PurePosixPath(file.name).name)
            name = self.storage.get_available_name(wanted, self.max_length)
            private.note(name, shelf=private.PUBLIC)
            file.name = PurePosixPath(name).name
        return super().pre_save(model_instance, add)
