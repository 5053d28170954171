"""The early door to what is the same for everybody (``base.alike``): who the shop is, its categories, documents …

It answers what their views would, for anybody and for members, where it is kept; what is to be made, refused or thought
about goes on to the view.
"""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.base import alike, early, throttles, versions
from apps.base.throttles import PerAddress, PerMember
from apps.members.auth import BearerAuthentication

_ALLOW: Final = "GET, HEAD, OPTIONS"


class AlikeMiddleware(early.Door):
    """Answers at once what is the same for everybody."""

    _bearer: Final = BearerAuthentication()

    def answer(self, request: HttpRequest) -> HttpResponse | None:
        """The answer, if one is kept under this address, and whoever comes has a turn left."""
        if request.method != "GET" or not (asked := alike.asked(request)) or not early.takes_json(request):
            return None
        # One statement: who comes is told with the tokens, which are read alone for nobody in particular.
        who = self._bearer.authenticate(request)
        member = None if who is None else who[0]
        if not throttles.let_in(request, member, [PerAddress if member is None else PerMember]):
            return None
        versions.read()
        body = asked.kept_body(at=timezone.now())
        if body is None:
            return None
        return early.answer(request, body, status=200, allow=_ALLOW, of=asked.path)
