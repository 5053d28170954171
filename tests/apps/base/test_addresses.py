"""The addresses of the admin are read once, by whichever thread is asked for a page first."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import URLResolver, clear_url_caches, reverse

from apps.base import middleware

THREADS = 4


def test_four_pages_at_once_have_the_addresses_read_by_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    clear_url_caches()
    middleware._read_addresses.cache_clear()
    readers: set[int] = set()
    read = URLResolver._populate

    def noted(resolver: URLResolver) -> None:
        readers.add(threading.get_ident())
        read(resolver)

    monkeypatch.setattr(URLResolver, "_populate", noted)
    together = threading.Barrier(THREADS)
    page = middleware.Sessions(lambda _: HttpResponse(reverse("admin:index")))

    def ask(request: HttpRequest) -> bytes:
        together.wait()
        return page(request).content

    requests = [RequestFactory().get("/admin/") for _ in range(THREADS)]
    with ThreadPoolExecutor(THREADS) as threads:
        assert list(threads.map(ask, requests)) == [b"/admin/"] * THREADS
    assert len(readers) == 1
