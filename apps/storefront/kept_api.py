"""The early door to goods: what is kept is answered before sessions, forms, routes and views are thought of.

It answers what ``shelf_api`` would: a list, or a page of a product, that this process has and that is still good by the
statement that fills its holes, for anybody and for members. With whatever else (a page to be made, a refusal, another
method) the request goes on to the view, which finds on it what was done here: who comes, which turns were taken, and what
the statement said.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from apps.base import early, throttles
from apps.base.throttles import PerAddress, PerMember, Searches
from apps.members import selectors as member_facts
from apps.members.auth import BearerAuthentication
from apps.members.models import Member
from apps.storefront import prepared_pages
from apps.storefront.prepared_pages import Found, Look

_LIST: Final = "/api/v1/products"
_PRODUCT: Final = re.compile(r"/api/v1/products/([0-9]{1,18})")
_ALLOW: Final = "GET, HEAD, OPTIONS"


class _Wanted(NamedTuple):
    """The name of a kept answer, and of which product it is; None for a list."""

    name: str
    product_id: int | None


class KeptMiddleware:
    """Answers a kept list or page at once."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response
        self._bearer = BearerAuthentication()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = None
        if request.path.startswith(_LIST) and request.method == "GET" and early.takes_json(request):
            try:
                answer = self._kept(request)
            except (Error, AuthenticationFailed):
                answer = None  # the view meets the same, and says it in the contract's form
        return self._get_response(request) if answer is None else answer

    def _kept(self, request: HttpRequest) -> HttpResponse | None:
        """The answer, if this process has it and whoever comes has a turn left."""
        who = self._bearer.authenticate(request)
        member = None if who is None else who[0]
        lead = member_facts.lead_of(member)
        wanted = _wanted(request, lead)
        if wanted is None or not throttles.let_in(request, member, _turns(request, member)):
            return None
        found = _found(wanted, at=timezone.now(), lead=lead)
        if found.body is None:
            request.looked = found.look  # type: ignore[attr-defined]  # for the view
            return None
        of = _LIST if wanted.product_id is None else f"{_LIST}/1"
        return early.answer(request, found.body, status=200, allow=_ALLOW, of=of)


def looked(request: Request) -> Look | None:
    """What the early door's statement said, where the page that it found was good no more."""
    look: Look | None = getattr(request._request, "looked", None)
    return look


def _turns(request: HttpRequest, member: Member | None) -> list[type[BaseThrottle]]:
    """Which turns the call takes, of those that the views name: the others have nothing to count here."""
    found: list[type[BaseThrottle]] = [PerAddress if member is None else PerMember]
    return [*found, Searches] if request.META.get("QUERY_STRING") else found


def asked_of(request: HttpRequest) -> str:
    """All that the list which answers a request depends on, beside its moment and who comes."""
    # The first middleware has judged the name: nobody comes here by one that is not the shop's.
    name = request.META.get("HTTP_HOST") or request.get_host()
    return f"{request.scheme}://{name}{request.path}?{request.META.get('QUERY_STRING', '')}"


def _wanted(request: HttpRequest, lead: timedelta) -> _Wanted | None:
    """What is asked for, if this process has it."""
    if request.path == _LIST:
        name = prepared_pages.list_name(asked_of(request), lead=lead)
        return _Wanted(name, None) if prepared_pages.has_list(name) else None
    # A page is the same whatever the query, but DRF may refuse one (?format=).
    match = None if request.META.get("QUERY_STRING") else _PRODUCT.fullmatch(request.path)
    if match is None:
        return None
    name = prepared_pages.product_name(int(match[1]), lead=lead)
    return _Wanted(name, int(match[1])) if prepared_pages.has_product(name) else None


def _found(wanted: _Wanted, *, at: datetime, lead: timedelta) -> Found:
    if wanted.product_id is None:
        return prepared_pages.kept_list(wanted.name, at=at, lead=lead)
    return prepared_pages.kept_product(wanted.name, product_id=wanted.product_id, at=at, lead=lead)
