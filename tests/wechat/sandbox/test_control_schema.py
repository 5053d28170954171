"""The control API's document and page name every call that it takes, and no other."""

from __future__ import annotations

from apps.wechat.sandbox import control_api
from apps.wechat.sandbox.control_schema import CALLS, document
from apps.wechat.sandbox.faults import KINDS
from tests.docs import pages

PAGE = "docs/guide/sandbox.md"


def test_the_document_names_every_call() -> None:
    taken = {(route.method, route.pattern) for route in control_api.ROUTES}
    told = {
        (method.upper(), path) for path, operations in document()["paths"].items() for method in operations
    }
    assert told == taken


def test_the_page_names_every_call_with_what_it_asks() -> None:
    told = [
        (*pages.code(row[0]), *pages.code(row[1]), tuple(pages.code(row[3])))
        for row in pages.table(PAGE, under="Calls")
    ]
    assert told == [(call.method, f"/__sandbox/{call.path}", tuple(call.asks)) for call in CALLS]


def test_the_page_names_every_fault_with_its_settings() -> None:
    told = {pages.code(row[0])[0]: set(pages.code(row[1])) for row in pages.table(PAGE, under="Faults")}
    assert told == {kind: set(settings) for kind, (settings, *_) in KINDS.items()}


def test_every_field_of_the_control_api_is_described() -> None:
    assert [name for call in CALLS for name, (_, says) in call.asks.items() if not says] == []
