"""Who calls: ``Authorization: Bearer <access>``, checked against the session at every request."""

from __future__ import annotations

from typing import Any, cast

from django.http import HttpRequest
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from apps.members import selectors as member_facts
from apps.members.models import Member


class BearerAuthentication(BaseAuthentication):
    """Sets ``request.user`` to the Member. No header means nobody; a bad token is refused even where nobody may come."""

    def authenticate(self, request: Request | HttpRequest) -> tuple[Member, str] | None:
        """The member and the token, looked up once for a request: an early door may have asked before the view."""
        plain: Any = getattr(request, "_request", request)
        known: tuple[Member, str] | None = plain.__dict__.get("came_as")
        if known is None:
            known = plain.came_as = self._looked_up(request)
        return known

    def _looked_up(self, request: Request | HttpRequest) -> tuple[Member, str] | None:
        token = token_of(request)
        if token is None:
            return None
        member = member_facts.member_of_token(token, at=timezone.now())
        if member is None:
            raise AuthenticationFailed
        return member, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def token_of(request: Request | HttpRequest) -> str | None:
    """The access token that the request names, None where it names nobody. Raises AuthenticationFailed.

    Asked of the environment: Django makes its mapping of all headers for whoever asks that.
    """
    header = request.META.get("HTTP_AUTHORIZATION", "").split()
    if not header:
        return None
    if len(header) != 2 or header[0].lower() != "bearer":
        raise AuthenticationFailed
    token: str = header[1]
    return token


def come_as(request: Request | HttpRequest, token: str, member: Member | None) -> None:
    """Have authentication go by whom a door has found by the token, with whatever else it asked for: one statement for both.

    Raises AuthenticationFailed, as authentication does, for a token that is nobody's.
    """
    if member is None:
        raise AuthenticationFailed
    plain: Any = getattr(request, "_request", request)
    plain.came_as = member, token


def caller(request: Request) -> Member:
    """Return the member who calls; for views that only members reach."""
    return cast(Member, request.user)


def caller_or_none(request: Request) -> Member | None:
    """Return the member who calls, None for nobody; for views that everybody reaches."""
    return request.user if isinstance(request.user, Member) else None
