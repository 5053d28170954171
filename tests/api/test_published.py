"""The document and its page are there for everybody, and the page loads nothing from strangers."""

from __future__ import annotations

import json
import re
from time import process_time
from typing import Any

import pytest
from django.test import Client

from tests.api.openapi import Contract

# A page may name an address in a text or as an XML namespace; it must not load one.
_LOADED = re.compile(r"""(?:src|href|url)\s*[=:(]\s*["']?([^"'\s)>]+)""")


@pytest.fixture
def page(client: Client) -> str:
    answer = client.get("/api/docs")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/html; charset=utf-8")
    return answer.content.decode()


def test_the_document_is_published_as_yaml_and_as_json(client: Client, contract: Contract) -> None:
    yaml = client.get("/api/schema")
    assert (yaml.status_code, yaml.content[:12]) == (200, b"openapi: 3.0")
    published = client.get("/api/schema", headers={"Accept": "application/vnd.oai.openapi+json"})
    assert set(json.loads(published.content)["paths"]) == set(contract.document["paths"])


def test_the_document_is_made_once_whatever_is_asked_beside_its_form(client: Client) -> None:
    first = client.get("/api/schema")
    began = process_time()
    for asked in ("", "?lang=en", "?version=2", "?x=1"):
        again = client.get(f"/api/schema{asked}")
        assert again.content == first.content
        assert again["Content-Disposition"] == first["Content-Disposition"]
    # To make it takes some four tenths of a second of CPU each time.
    assert process_time() - began < 0.4


def test_the_page_loads_only_what_the_shop_serves(client: Client, page: str) -> None:
    addresses = [found for found in _LOADED.findall(page) if not found.startswith("data:")]
    assets = [address for address in addresses if address.startswith("/static/")]
    assert len(assets) >= 3
    assert [address for address in addresses if "//" in address] == []
    answers = [client.get(asset) for asset in assets]
    assert {answer.status_code for answer in answers} == {200}
    # Read to the end, which closes the files.
    assert all(len(answer.getvalue()) > 500 for answer in answers)


def test_the_page_needs_no_login(client: Client, page: str) -> None:
    assert "swagger-ui" in page and "/api/docs?script=" in page
    assert "/api/schema" in client.get("/api/docs?script=").content.decode()


@pytest.mark.parametrize("path", ["/api/docs", "/api/schema"])
def test_the_document_cannot_be_written(client: Client, path: str) -> None:
    answer: Any = client.post(path)
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
