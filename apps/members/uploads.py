"""Reading an uploaded picture: one multipart form, refused by its announced length before a byte of it is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import DataAndFiles, MultiPartParser

from apps.base.parsers import BodyTooLarge
from apps.pictures.drawing import MOST_BYTES, PictureUnreadable

# What the form says beside its picture.
_FORM_BYTES = 16 * 1024


class PictureFormParser(MultiPartParser):
    """A multipart form of at most 5 MB, as wx.uploadFile sends it. Without a length there is nothing to read."""

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> DataAndFiles[Any, Any]:
        request = (parser_context or {})["request"]
        length = str(request.META.get("CONTENT_LENGTH") or "0")
        if not length.isdigit() or int(length) > MOST_BYTES + _FORM_BYTES:
            raise BodyTooLarge
        try:
            return super().parse(stream, media_type, parser_context)
        except ParseError as fault:
            raise PictureUnreadable from fault
