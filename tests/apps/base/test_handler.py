"""A path leads where Django's own handler says, however often it is asked for."""

from __future__ import annotations

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.test import RequestFactory
from django.urls import Resolver404, set_urlconf

from apps.base.handler import Handler

PATHS = ["/healthz", "/api/v1/me", "/api/v1/orders", "/api/v1/products", "/api/v1/products/7", "/admin/"]


def test_a_path_leads_where_it_always_led() -> None:
    ours, djangos = Handler(), WSGIHandler()
    for path in PATHS * 2:
        request = RequestFactory().get(path)
        found, expected = ours.resolve_request(request), djangos.resolve_request(RequestFactory().get(path))
        assert (found.func, found.args, found.kwargs, found.view_name) == (
            expected.func,
            expected.args,
            expected.kwargs,
            expected.view_name,
        )
        assert request.resolver_match is found


def test_what_callers_make_up_is_not_remembered() -> None:
    handler = Handler()
    handler.resolve_request(RequestFactory().get("/api/v1/orders"))
    for number in range(20):
        handler.resolve_request(RequestFactory().get(f"/api/v1/products/{number}"))
        with pytest.raises(Resolver404):
            handler.resolve_request(RequestFactory().get(f"/api/v1/nothing-{number}"))
    assert set(handler._known) == {"/api/v1/orders"}


def test_a_request_with_routes_of_its_own_goes_by_these() -> None:
    handler = Handler()
    handler.resolve_request(RequestFactory().get("/healthz"))
    request = RequestFactory().get("/healthz")
    request.urlconf = "tests.apps.base.no_routes"  # type: ignore[attr-defined]
    try:
        with pytest.raises(Resolver404):
            handler.resolve_request(request)
    finally:
        set_urlconf(None)  # Django keeps the routes of a thread's last request until the next one
