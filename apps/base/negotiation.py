"""Which form an answer takes: JSON, which is the only one; whoever accepts something else is refused as DRF does it."""

from __future__ import annotations

from collections.abc import Sequence

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from apps.base import early


class JSONNegotiation(DefaultContentNegotiation):
    """DRF's, but that what nearly every call accepts is not taken apart: that costs a tenth of a small answer."""

    def select_renderer(
        self, request: Request, renderers: Sequence[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """The renderer, and the form of the answer. Raises NotAcceptable, and Http404 for a ``format`` of a query."""
        if (
            len(renderers) == 1
            and renderers[0].media_type == "application/json"
            and not format_suffix
            and not request.META.get("QUERY_STRING")
            and request.META.get("HTTP_ACCEPT", "*/*") in early.USUAL
        ):
            return renderers[0], "application/json"
        chosen: tuple[BaseRenderer, str] = super().select_renderer(request, renderers, format_suffix)
        return chosen
