"""Django's WSGI handler, which remembers where paths lead."""

from __future__ import annotations

from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest
from django.urls import ResolverMatch


class Handler(WSGIHandler):
    """Looks a path up once that has nothing to be read in it, such as ``/api/v1/orders``; there are some hundred of them.

    Django tries one route after the other at each request, which costs a call of the API a tenth of its time.
    """

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[str, ResolverMatch] = {}

    def resolve_request(self, request: HttpRequest) -> ResolverMatch:
        """The view of a path. Raises Resolver404."""
        known = self._known.get(request.path_info)
        if known is None or hasattr(request, "urlconf"):
            return self._looked_up(request)
        request.resolver_match = known
        return known

    def _looked_up(self, request: HttpRequest) -> ResolverMatch:
        match: ResolverMatch = super().resolve_request(request)
        if not match.args and not match.kwargs and not hasattr(request, "urlconf"):
            self._known[request.path_info] = match
        return match
