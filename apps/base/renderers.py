"""Writing answers: the JSON that DRF writes, by a faster hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson
from rest_framework.renderers import JSONRenderer
from rest_framework.utils.encoders import JSONEncoder

# What DRF's own encoder has a form for is left to it: a moment ends in Z, a dataclass is refused.
_OPTIONS: Final = orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS
_other: Final = JSONEncoder().default


class FastJSONRenderer(JSONRenderer):
    """DRF's renderer, which is asked only for what is to be indented, and for what orjson will not write.

    That is numbers beyond 64 bits. Half a character, which no text in UTF-8 has, is a caller's own that a refusal repeats
    («\\ud800 is no choice»): it is written as callers write it, in JSON's own way.
    """

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        if data is not None and "indent" not in (accepted_media_type or ""):
            try:
                return orjson.dumps(data, default=_other, option=_OPTIONS)
            except TypeError:
                pass  # DRF's own writes it, or says why not
        try:
            written: bytes = super().render(data, accepted_media_type, renderer_context)
        except UnicodeEncodeError:
            written = _Ascii().render(data, accepted_media_type, renderer_context)
        return written


class _Ascii(JSONRenderer):
    """Every sign beyond ASCII by its number."""

    ensure_ascii = True
