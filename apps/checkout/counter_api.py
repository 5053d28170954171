"""The counter's doors: who calls is asked together with what they bring, before authentication asks who it is."""

from __future__ import annotations

from typing import Final

import orjson
from django.http import HttpRequest, UnreadablePostError
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.base import early
from apps.base.inputs import MAX_BIGINT
from apps.checkout import brought
from apps.members.auth import come_as, token_of

# A choice of a hundred goods says less.
_LONGEST: Final = 8_000


class CounterView(APIView):
    """A door whose POST prices a choice."""

    def perform_authentication(self, request: Request) -> None:
        if request.method == "POST":
            _look_up(request._request)
        super().perform_authentication(request)


def _look_up(request: HttpRequest) -> None:
    """Find out who calls, with what they bring: one statement for both, by which authentication goes.

    Whatever is wrong with the body, or with the token's form, is for those to say who would have met it anyway. Raises
    AuthenticationFailed for a token that is nobody's, as authentication does.
    """
    if not early.is_short(request, most=_LONGEST):
        return
    try:
        token = token_of(request)
        address_id = _address_in(request.body) if token else None
    except (AuthenticationFailed, UnreadablePostError):
        return
    if token is not None:
        come_as(request, token, brought.by_token(token, address_id=address_id, at=timezone.now()))


def _address_in(body: bytes) -> int | None:
    """The address that a body names, if it is one that names any: what else it says is for others to judge."""
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    named = said.get("address_id") if isinstance(said, dict) else None
    return named if type(named) is int and 0 < named <= MAX_BIGINT else None
