"""The early door to goods: they are answered before sessions, forms, routes and views are thought of.

It answers what ``shelf_api`` would, a list or the page of a product, for anybody and for members. What is refused, and
whatever takes thought (another method, another form of answer), goes on to the view, which meets the same and says it in
the contract's form. It finds on the request who comes and which turns were taken.
"""

from __future__ import annotations

import re
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from rest_framework.throttling import BaseThrottle

from apps.base import early, throttles
from apps.base.throttles import PerAddress, PerMember, Searches
from apps.members import selectors as member_facts
from apps.members.auth import BearerAuthentication
from apps.members.models import Member
from apps.storefront import lists, prepared_pages
from apps.storefront.lists import Asked

_LIST: Final = "/api/v1/products"
_PRODUCT: Final = re.compile(r"/api/v1/products/([0-9]{1,18})")
_ALLOW: Final = "GET, HEAD, OPTIONS"


class KeptMiddleware(early.Door):
    """Answers a list or page of goods at once."""

    _bearer: Final = BearerAuthentication()

    def answer(self, request: HttpRequest) -> HttpResponse | None:
        """The answer, if it is one of goods, and whoever comes has a turn left."""
        if not request.path.startswith(_LIST) or request.method != "GET" or not early.takes_json(request):
            return None
        has_query = bool(request.META.get("QUERY_STRING"))
        if has_query and "format" in request.GET:
            return None  # DRF may refuse it
        page = None if request.path == _LIST else _PRODUCT.fullmatch(request.path)
        if request.path != _LIST and page is None:
            return None
        who = self._bearer.authenticate(request)
        member = None if who is None else who[0]
        if not throttles.let_in(request, member, _turns(member, has_query=has_query)):
            return None
        at, lead = timezone.now(), member_facts.lead_of(member)
        if page is None:
            body = lists.list_json(asked_of(request), at=at, lead=lead)
            return early.answer(request, body, status=200, allow=_ALLOW, of=_LIST)
        body = prepared_pages.product_json(product_id=int(page[1]), at=at, lead=lead)
        return early.answer(request, body, status=200, allow=_ALLOW, of=f"{_LIST}/1")


def asked_of(request: HttpRequest) -> Asked:
    """What a request for a list of goods asks."""
    # The first middleware has judged the name: nobody comes here by one that is not the shop's.
    host = request.META.get("HTTP_HOST") or request.get_host()
    text = request.META.get("QUERY_STRING", "")
    return Asked(f"{request.scheme}://{host}{request.path}", text, request.GET.dict() if text else {})


def _turns(member: Member | None, *, has_query: bool) -> list[type[BaseThrottle]]:
    """Which turns the call takes, of those that the views name: the others have nothing to count here."""
    found: list[type[BaseThrottle]] = [PerAddress if member is None else PerMember]
    return [*found, Searches] if has_query else found
