"""The OpenAPI document is valid, names every call of the shopper's contract, and its examples are true."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from apps.base import errors
from apps.checkout import activities
from config import sharing
from config.field_words import WORDS
from mall.errors import Kind, ShopError
from tests.api.openapi import Contract, Json

QUOTE = {
    "items",
    "goods_fen",
    "reduction_fen",
    "shipping_fen",
    "payable_fen",
    "applied",
    "declined",
}
REDUCTION = {"ref", "label", "amount_fen"}
ITEM = {"sku_id", "title", "quantity", "unit_price_fen", "list_fen", "reductions", "payable_fen"}
ADDRESS = {"name", "phone", "province", "city", "district", "detail", "postal_code"}
ORDER = {
    *QUOTE,
    *("order_no", "status", "created_at", "expires_at", "paid_at", "shipped_at", "received_at", "closed_at"),
    *("address", "parcels", "history"),
}
LISTED = {
    *("id", "title", "subtitle", "cover_url", "price_fen", "market_price_fen", "sold_count"),
    *("in_stock", "badges"),
}
SHOWN = {*LISTED, "images", "video_url", "detail_html", "attributes", "options", "skus"}
SKU = {"id", "option_values", "price_fen", "available", "image_url"}
CART_LINE = {
    *("id", "sku_id", "quantity", "selected", "title", "image_url", "unit_price_fen", "available"),
}
TOKENS = {"access", "refresh", "expires_in"}
MEMBER = {"id", "nickname", "avatar_url", "phone"}

# Call, status of its answer, keys that the contract promises in the answer (None: no body).
CONTRACT: list[tuple[str, str, int, set[str] | None]] = [
    ("POST", "/auth/login", 200, {*TOKENS, "member"}),
    ("POST", "/auth/refresh", 200, TOKENS),
    ("POST", "/auth/logout", 204, None),
    ("GET", "/me", 200, MEMBER),
    ("PATCH", "/me", 200, MEMBER),
    ("POST", "/me/phone", 200, MEMBER),
    ("POST", "/me/consents", 201, {"document", "version"}),
    ("GET", "/me/addresses", 200, {"results", "next"}),
    ("POST", "/me/addresses", 201, {"id", *ADDRESS, "is_default"}),
    ("GET", "/me/addresses/7", 200, {"id", *ADDRESS, "is_default"}),
    ("PUT", "/me/addresses/7", 200, {"id", *ADDRESS, "is_default"}),
    ("PATCH", "/me/addresses/7", 200, {"id", *ADDRESS, "is_default"}),
    ("DELETE", "/me/addresses/7", 204, None),
    ("GET", "/categories", 200, {"results", "next"}),
    ("GET", "/products", 200, {"results", "next"}),
    ("GET", "/products/7", 200, SHOWN),
    ("GET", "/cart", 200, {"items"}),
    ("POST", "/cart/items", 201, {"items"}),
    ("PATCH", "/cart/items/7", 200, {"items"}),
    ("DELETE", "/cart/items/7", 204, None),
    ("POST", "/checkout/quote", 200, QUOTE),
    ("GET", "/orders", 200, {"results", "next"}),
    ("POST", "/orders", 201, ORDER),
    ("GET", "/orders/SO1", 200, ORDER),
    ("POST", "/orders/SO1/pay", 200, {"timeStamp", "nonceStr", "package", "signType", "paySign", "paid"}),
    ("POST", "/orders/SO1/cancel", 200, ORDER),
    ("POST", "/orders/SO1/receive", 200, ORDER),
]
INNER: list[tuple[str, str, int, tuple[str, ...], set[str]]] = [
    ("POST", "/auth/login", 200, ("member",), {*MEMBER, "is_new"}),
    ("GET", "/me/addresses", 200, ("results",), {"id", *ADDRESS, "is_default"}),
    ("GET", "/categories", 200, ("results",), {"id", "name", "icon_url", "children"}),
    ("GET", "/products", 200, ("results",), LISTED),
    ("GET", "/products/7", 200, ("skus",), SKU),
    ("GET", "/cart", 200, ("items",), CART_LINE),
    ("POST", "/checkout/quote", 200, ("items",), ITEM),
    ("POST", "/checkout/quote", 200, ("items", "reductions"), REDUCTION),
    ("POST", "/checkout/quote", 200, ("applied",), REDUCTION),
    ("POST", "/checkout/quote", 200, ("declined",), {"ref", "label", "reason", "short_by_fen"}),
    ("GET", "/orders/SO1", 200, ("items",), ITEM),
    ("GET", "/orders/SO1", 200, ("address",), ADDRESS),
]


def examples(content: Json) -> Iterator[tuple[str, Any]]:
    for media in content.values():
        for name, example in media.get("examples", {}).items():
            yield name, example["value"]


def response_examples(contract: Contract) -> Iterator[tuple[str, str, Any]]:
    """Yield (call, status, body) of every example of an answer."""
    for method, path, operation in contract.operations():
        for status, described in operation["responses"].items():
            for _, body in examples(described.get("content", {})):
                yield f"{method} {path}", status, body


def objects(value: Any) -> Iterator[Json]:
    """Yield the JSON objects in a value, itself included."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from objects(part)


def test_the_document_is_generated_without_a_warning_and_valid(tmp_path: Path) -> None:
    written = tmp_path / "schema.yaml"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(written))
    assert written.read_text().startswith("openapi: 3.0")


@pytest.mark.parametrize(("method", "path", "status", "keys"), CONTRACT)
def test_a_call_of_the_contract_is_in_the_document(
    contract: Contract, method: str, path: str, status: int, keys: set[str] | None
) -> None:
    schema = contract.response(contract.operation(method, f"/api/v1{path}"), status)
    assert (schema is None) == (keys is None)
    assert keys is None or schema is None or keys - contract.keys(schema) == set()


@pytest.mark.parametrize(("method", "path", "status", "names", "keys"), INNER)
def test_what_lies_inside_an_answer_is_in_the_document(
    contract: Contract, method: str, path: str, status: int, names: tuple[str, ...], keys: set[str]
) -> None:
    schema = contract.response(contract.operation(method, f"/api/v1{path}"), status)
    assert schema is not None
    assert keys - contract.keys(contract.inner(schema, *names)) == set()


def test_nothing_but_the_shoppers_calls_is_published(contract: Contract) -> None:
    assert {path[:8] for _, path, _ in contract.operations()} == {"/api/v1/"}


def test_each_operation_has_a_name_of_its_own(contract: Contract) -> None:
    names = [operation["operationId"] for _, _, operation in contract.operations()]
    assert sorted(names) == sorted(set(names))


def test_each_operation_says_in_one_line_what_it_does(contract: Contract) -> None:
    said = [operation.get("summary", "") for _, _, operation in contract.operations()]
    assert {summary for summary in said if not 3 <= len(summary) <= 60} == set()


def test_every_refusal_has_the_contracts_form(contract: Contract) -> None:
    forms = {
        (f"{method} {path}", status, str(described["content"]["application/json"]["schema"]["allOf"][0]))
        for method, path, operation in contract.operations()
        for status, described in operation["responses"].items()
        if status == "default" or status >= "400"
    }
    assert {form for _, _, form in forms} == {str({"$ref": "#/components/schemas/Error"})}
    calls = {f"{method} {path}" for method, path, _ in contract.operations()}
    assert {call for call, status, _ in forms if status == "default"} == calls


def test_what_needs_no_login_says_so(contract: Contract) -> None:
    open_to_all = {
        f"{method} {path.removeprefix('/api/v1')}"
        for method, path, operation in contract.operations()
        if {} in operation.get("security", [{}])
    }
    assert open_to_all == {
        *("POST /auth/login", "POST /auth/refresh", "POST /auth/logout", "GET /documents/{document}"),
        *("GET /categories", "GET /products", "GET /products/{product_id}", "GET /coupons"),
        *("GET /presales", "GET /presales/{presale_id}"),
        *("GET /shop", "GET /flash-sales", "GET /messages/scenes"),
        *("GET /group-buys", "GET /group-buys/{group_buy_id}", "GET /group-buys/{group_buy_id}/groups"),
        "GET /groups/{group_no}",
        *("GET /bargains", "GET /bargains/{bargain_id}", "GET /bargain-runs/{bargain_no}"),
        *("GET /shares/{token}", "POST /visits", "GET /leaderboards/promoters"),
        "GET /packets/{packet_no}",
        *("GET /referrals", "GET /referrals/{referral_id}", "GET /leaderboards/referrals"),
        *("GET /after-sale-reasons", "GET /places", "GET /places/{place_id}/slots", "GET /packings"),
        *("GET /products/{product_id}/reviews", "GET /products/{product_id}/reviews/summary"),
    }


def test_every_answer_with_a_body_has_an_example(contract: Contract) -> None:
    described = {
        (f"{method} {path}", status)
        for method, path, operation in contract.operations()
        for status, answer in operation["responses"].items()
        if answer.get("content") and status != "default"
    }
    shown = {(call, status) for call, status, _ in response_examples(contract)}
    assert described - shown == set()


def test_every_example_of_an_answer_fits_its_schema(contract: Contract) -> None:
    faults = {}
    for method, path, operation in contract.operations():
        for status, described in operation["responses"].items():
            for name, body in examples(described.get("content", {})):
                schema = described["content"]["application/json"]["schema"]
                if found := contract.faults(body, schema):
                    faults[f"{method} {path} {status} {name}"] = found
    assert faults == {}


def test_every_example_of_a_request_fits_its_schema(contract: Contract) -> None:
    faults, seen = {}, 0
    for method, path, operation in contract.operations():
        content = operation.get("requestBody", {}).get("content", {})
        for name, body in examples(content):
            seen += 1
            if found := contract.faults(body, content["application/json"]["schema"]):
                faults[f"{method} {path} {name}"] = found
    assert (faults, seen > 5) == ({}, True)


def test_the_sums_of_every_example_add_up(contract: Contract) -> None:
    bodies = [body for _, _, whole in response_examples(contract) for body in objects(whole)]
    quotes = [body for body in bodies if "payable_fen" in body and "items" in body]
    items = [item for quote in quotes for item in quote["items"]]
    assert len(quotes) >= 8
    for quote in quotes:
        goods_payable_fen = sum(item["payable_fen"] for item in quote["items"])
        assert goods_payable_fen + quote["shipping_fen"] == quote["payable_fen"]
        assert goods_payable_fen == quote["goods_fen"] - quote["reduction_fen"]
    for item in items:
        assert item["list_fen"] == item["quantity"] * item["unit_price_fen"]
        assert item["payable_fen"] == item["list_fen"] - sum(r["amount_fen"] for r in item["reductions"])


def every_refusal() -> set[tuple[str, str]]:
    """Every (status, code) that the code can answer: the shop's errors, and what DRF and Django refuse."""
    importlib.import_module("config.urls")
    known = {(str(status), code) for status, (code, _) in errors.PLAIN.items()}
    waiting: list[type[ShopError]] = [ShopError]
    while waiting:
        error = waiting.pop()
        waiting.extend(error.__subclasses__())
        known.add((str(errors.STATUS_OF_KIND[error.kind]), error.code))
    return known


def codes_of(contract: Contract, method: str, path: str) -> dict[str, list[str]]:
    """The error codes of a call by status, as its document lists them."""
    return {
        status: described["content"]["application/json"]["schema"]["allOf"][1]["properties"]["code"]["enum"]
        for status, described in contract.operation(method, f"/api/v1{path}")["responses"].items()
        if status == "default" or status >= "400"
    }


def test_every_call_lists_its_error_codes(contract: Contract) -> None:
    placing = codes_of(contract, "POST", "/orders")
    assert {"out_of_stock", "price_changed", "coupon_unavailable"} <= set(placing["409"])
    assert {"idempotency_key_required", "malformed_json", "invalid"} <= set(placing["400"])
    assert codes_of(contract, "POST", "/auth/refresh")["401"] == [
        "not_authenticated",
        "refresh_invalid",
        "token_invalid",
    ]
    assert "erasure_blocked" in codes_of(contract, "POST", "/me/erasure")["409"]
    assert {"too_large", "length_required"} <= set(codes_of(contract, "GET", "/me")["default"])


def test_every_example_of_a_refusal_is_among_the_codes_of_its_call(contract: Contract) -> None:
    strange = [
        (method, path, status, body["code"])
        for method, path, operation in contract.operations()
        for status, described in operation["responses"].items()
        if status.isdigit() and status >= "400"
        for _, body in examples(described["content"])
        if body["code"]
        not in described["content"]["application/json"]["schema"]["allOf"][1]["properties"]["code"]["enum"]
    ]
    assert strange == []


def test_every_field_and_every_parameter_is_described(contract: Contract) -> None:
    schemas = contract.document["components"]["schemas"]
    silent = [
        f"{name}.{field}"
        for name, schema in schemas.items()
        for field, shape in schema.get("properties", {}).items()
        if not shape.get("description")
    ]
    silent += [
        f"{method} {path} {parameter['name']}"
        for method, path, operation in contract.operations()
        for parameter in operation.get("parameters", [])
        if not parameter.get("description")
    ]
    assert silent == []


def test_every_word_of_the_list_describes_a_field(contract: Contract) -> None:
    named = {
        word
        for name, schema in contract.document["components"]["schemas"].items()
        for field in schema.get("properties", {})
        for word in (field, f"{name}.{field}")
    }
    assert sorted(set(WORDS) - named) == []


def test_what_a_request_may_leave_out_is_optional_for_every_generator(contract: Contract) -> None:
    choice = contract.document["components"]["schemas"]["PlaceRequest"]
    assert sorted(choice["required"]) == ["expected_payable_fen"]
    assert [field for field, shape in choice["properties"].items() if "default" in shape] == []
    assert choice["properties"]["use_points"]["oneOf"] == [
        {"type": "integer", "minimum": 0, "maximum": 2**63 - 1},
        {"type": "boolean"},
    ]
    shapes = choice["properties"]["activity"]["oneOf"]
    assert [shape["required"] for shape in shapes] == [["kind", "id"]] * len(activities.KINDS)


def test_a_request_tells_which_ids_go_with_which_kind(contract: Contract) -> None:
    schemas = contract.document["components"]["schemas"]
    told = {
        name: {
            kind: shape["properties"]["id"]["type"]
            for shape in shapes
            for kind in shape["properties"]["kind"]["enum"]
        }
        for name, shapes in (
            ("ordered", schemas["PlaceRequest"]["properties"]["activity"]["oneOf"]),
            ("shared", schemas["ShareRequestRequest"]["oneOf"]),
        )
    }
    assert (told["ordered"]["group_buy"], told["ordered"]["bargain"]) == ("integer", "string")
    assert (told["shared"]["product"], told["shared"]["group"]) == ("integer", "string")
    assert set(told["ordered"]) == {kind.kind for kind in activities.KINDS}
    assert set(told["shared"]) == {kind.name for kind in sharing.KINDS} | set(sharing.COMING)


def test_every_documented_refusal_exists(contract: Contract) -> None:
    told = {(status, body["code"]) for _, status, body in response_examples(contract) if status >= "400"}
    assert told - every_refusal() == set()


def test_a_refusal_that_does_not_exist_would_be_noticed() -> None:
    assert ("409", "out_of_stock") in every_refusal()
    assert ("409", "out_of_tea") not in every_refusal()
    assert {Kind.CONFLICT, Kind.INVALID} <= set(errors.STATUS_OF_KIND)
