"""Which form an answer takes: JSON, which is the only one; whoever accepts something else is refused as DRF does it."""

from __future__ import annotations

from collections.abc import Iterable

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from apps.base import early


class JSONNegotiation(DefaultContentNegotiation):
    """DRF's, but that what nearly every call accepts is not taken apart: that costs a tenth of a small answer."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """The renderer, and the form of the answer. Raises NotAcceptable, and Http404 for a ``format`` of a query."""
        known = list(renderers)
        if (
            len(known) == 1
            and known[0].media_type == "application/json"
            and not format_suffix
            and not request.META.get("QUERY_STRING")
            and request.META.get("HTTP_ACCEPT", "*/*") in early.USUAL
        ):
            return known[0], "application/json"
        chosen: tuple[BaseRenderer, str] = super().select_renderer(request, known, format_suffix)
        return chosen
