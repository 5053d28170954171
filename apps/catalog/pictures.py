"""The weight of a product's picture, as a migration of former days names it; pictures are ``apps.pictures`` now."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db.models.fields.files import FieldFile

from apps.pictures.drawing import MOST_BYTES


def light_enough(stored: FieldFile) -> None:
    """Refuse a picture of more than 5 MB (ValidationError)."""
    if stored.size > MOST_BYTES:
        raise ValidationError("图片不能超过 5 MB")
