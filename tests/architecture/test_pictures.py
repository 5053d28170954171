"""No column names a stored picture unless the board knows: what nobody lists would be deleted under somebody's eyes."""

from __future__ import annotations

import re

from django.apps import apps
from django.db import models

from apps.pictures.fields import OwnAddressField, PictureField, StoredNameField
from apps.pictures.users import InColumn, InHtml
from config.pictures import USERS

OURS = [
    model for model in apps.get_models() if model.__module__.startswith("apps.") and not model._meta.proxy
]
LISTED = {(user.model, user.column) for user in USERS if isinstance(user, InColumn | InHtml)}
_SOUNDS_LIKE_ONE = re.compile(r"(?:^|_)(?:image|picture|icon|logo|cover|avatar|photo|html)(?:_url)?$")


def named_in(model: type[models.Model]) -> set[tuple[str, str]]:
    """The columns of a table that hold pictures, by their kind or by their name."""
    return {
        (model._meta.label, field.name)
        for field in model._meta.concrete_fields
        if isinstance(field, PictureField | StoredNameField | OwnAddressField)
        or (
            isinstance(field, models.CharField | models.TextField | models.FileField)
            and _SOUNDS_LIKE_ONE.search(field.name)
        )
    }


def test_every_column_that_names_a_picture_is_on_the_board() -> None:
    assert {column for model in OURS for column in named_in(model)} - LISTED == set()


def test_the_board_names_columns_that_are_there_each_once() -> None:
    assert len(LISTED) == len(USERS)
    for label, column in LISTED:
        assert apps.get_model(label)._meta.get_field(column)


def test_every_picture_that_operators_upload_goes_through_the_one_door() -> None:
    plain = [
        f"{model._meta.label}.{field.name}"
        for model in OURS
        for field in model._meta.concrete_fields
        if isinstance(field, models.ImageField) and not isinstance(field, PictureField)
    ]
    assert plain == []
