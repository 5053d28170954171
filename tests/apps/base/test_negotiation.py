"""Which answers are refused for their form, and which are not, is what DRF says."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import Http404
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from apps.base import early
from apps.base.negotiation import JSONNegotiation

ACCEPTS = [
    None,
    "",
    "*/*",
    "application/json",
    "application/*",
    "application/json; indent=2",
    "text/html",
    "text/html, */*;q=0.8",
    "text/html,application/json",
    "APPLICATION/JSON",
]


def said(negotiation: type[DefaultContentNegotiation], accept: str | None, query: str) -> Any:
    headers = {} if accept is None else {"accept": accept}
    request = Request(APIRequestFactory().get(f"/api/v1/me{query}", headers=headers))
    try:
        renderer, form = negotiation().select_renderer(request, [JSONRenderer()])
    except (NotAcceptable, Http404) as refusal:
        return type(refusal)
    return type(renderer), form


@pytest.mark.parametrize("query", ["", "?format=json", "?format=xml", "?page=2"])
@pytest.mark.parametrize("accept", ACCEPTS)
def test_a_form_is_accepted_or_refused_as_ever(accept: str | None, query: str) -> None:
    assert said(JSONNegotiation, accept, query) == said(DefaultContentNegotiation, accept, query)


@pytest.mark.parametrize("accept", ACCEPTS)
def test_an_early_door_opens_for_nobody_whom_the_view_would_refuse(accept: str | None) -> None:
    headers = {} if accept is None else {"accept": accept}
    request = APIRequestFactory().get("/api/v1/products", headers=headers)
    if early.takes_json(request):
        assert said(DefaultContentNegotiation, accept, "")[0] is JSONRenderer
