"""What the published document says of a call's refusals is what the call can answer, and no more."""

from __future__ import annotations

from typing import Any

import pytest

# Of the framework: a body or a number that cannot be read, a token, too many calls, a host that is not the shop's.
NO_BODY = {"invalid", "unknown_host"}
BODY = {*NO_BODY, "malformed_json"}
MEMBERS = {"401": {"not_authenticated", "token_invalid"}, "429": {"throttled"}}

EXPECTED: dict[str, dict[str, set[str]]] = {
    "/checkout/quote": {
        **MEMBERS,
        "400": BODY | {"activity_stands_alone"},
        "404": {"activity_not_found", "coupon_not_found", "not_found", "wallet_off"},
        "409": {
            "activity_ended",
            "activity_limit_reached",
            "activity_not_for_you",
            "activity_not_started",
            "activity_sold_out",
            "balance_short",
            "bargain_closed",
            "bargain_not_at_floor",
            "coupon_held",
            "group_closed",
            "group_full",
            "group_joined_already",
            "group_newcomers_only",
            "not_on_sale",
            "nothing_selected",
            "points_not_enough",
            "presale_reduced_below_deposit",
            "prize_expired",
            "prize_not_given",
            "prize_ordered",
            "quantity_not_allowed",
            "redeemed_out",
            "undeliverable",
        },
    },
    "/orders": {
        **MEMBERS,
        "400": BODY
        | {
            "activity_stands_alone",
            "address_required",
            "amount_invalid",
            "idempotency_key_required",
            "points_invalid",
            "quantity_invalid",
        },
        "404": {"activity_not_found", "coupon_not_found", "not_found", "wallet_off"},
        "409": {
            "activity_ended",
            "activity_limit_reached",
            "activity_not_for_you",
            "activity_not_started",
            "activity_sold_out",
            "balance_short",
            "bargain_closed",
            "bargain_not_at_floor",
            "bargain_price_moved",
            "below_floor",
            "cart_already_ordered",
            "cart_changed",
            "coupon_conflict",
            "coupon_held",
            "coupon_unavailable",
            "group_closed",
            "group_full",
            "group_joined_already",
            "group_newcomers_only",
            "idempotency_key_reused",
            "idempotency_key_taken",
            "inventory_conflict",
            "move_refused",
            "not_on_sale",
            "nothing_selected",
            "out_of_stock",
            "points_conflict",
            "points_not_enough",
            "presale_reduced_below_deposit",
            "price_changed",
            "prize_expired",
            "prize_not_given",
            "prize_ordered",
            "promotion_limit_reached",
            "quantity_not_allowed",
            "redeemed_out",
            "redemption_limit_reached",
            "too_many_unpaid_orders",
            "too_many_unpaid_units",
            "too_many_unpaid_uses",
            "undeliverable",
            "unpaid_place_taken",
            "wallet_conflict",
        },
    },
    "/orders/{order_no}/cancel": {
        **MEMBERS,
        "400": NO_BODY | {"payment_not_ours"},
        "404": {"not_found", "payment_not_found", "wechatpay_not_found"},
        "409": {
            "balance_gone",
            "coupon_conflict",
            "coupon_gone",
            "inventory_conflict",
            "move_refused",
            "order_busy",
            "order_not_cancellable",
            "payment_amount_doubtful",
            "payment_not_captured",
            "payment_not_paid",
            "payment_too_old",
            "payment_transaction_conflict",
            "points_conflict",
            "points_gone",
            "promotion_usage_conflict",
            "refund_key_reused",
            "refund_too_much",
            "stock_gone",
            "wallet_conflict",
            "wechatpay_already_paid",
            "wechatpay_closed",
            "wechatpay_number_used",
        },
        "502": {
            "wechat_unavailable",
            "wechatpay_not_enough",
            "wechatpay_refused",
            "wechatpay_request_invalid",
        },
        "503": {"wechat_unavailable"},
        "504": {"wechat_unavailable"},
    },
    "/orders/{order_no}/pay": {
        **MEMBERS,
        "400": NO_BODY | {"payment_not_ours"},
        "404": {"not_found", "payment_not_found", "wechatpay_not_found"},
        "409": {
            "balance_gone",
            "bill_expired",
            "bill_not_payable",
            "coupon_conflict",
            "coupon_gone",
            "group_closed",
            "group_full",
            "inventory_conflict",
            "move_refused",
            "order_expired",
            "order_not_payable",
            "payment_amount_doubtful",
            "payment_not_paid",
            "payment_transaction_conflict",
            "points_conflict",
            "points_gone",
            "promotion_usage_conflict",
            "stage_not_due",
            "stock_gone",
            "wallet_conflict",
            "wechatpay_already_paid",
            "wechatpay_closed",
            "wechatpay_number_used",
        },
        "502": {
            "wechat_unavailable",
            "wechatpay_not_enough",
            "wechatpay_refused",
            "wechatpay_request_invalid",
        },
        "503": {"wechat_unavailable"},
        "504": {"wechat_unavailable"},
    },
    "/orders/{order_no}/receive": {
        **MEMBERS,
        "400": NO_BODY,
        "404": {"not_found"},
        "409": {"move_refused"},
    },
    "/orders/{order_no}/again": {
        **MEMBERS,
        "400": NO_BODY | {"cart_quantity_invalid"},
        "404": {"not_found"},
        "409": {"cart_full", "cart_quantity_too_large"},
    },
    "/wallet/recharges/{recharge_no}/pay": {
        **MEMBERS,
        "400": NO_BODY | {"payment_not_ours"},
        "404": {"not_found", "payment_not_found", "wallet_off", "wechatpay_not_found"},
        "409": {
            "bill_expired",
            "bill_not_payable",
            "move_refused",
            "payment_amount_doubtful",
            "payment_not_paid",
            "payment_transaction_conflict",
            "recharge_expired",
            "recharge_not_payable",
            "wallet_conflict",
            "wechatpay_already_paid",
            "wechatpay_closed",
            "wechatpay_number_used",
        },
        "502": {
            "wechat_unavailable",
            "wechatpay_not_enough",
            "wechatpay_refused",
            "wechatpay_request_invalid",
        },
        "503": {"wechat_unavailable"},
        "504": {"wechat_unavailable"},
    },
    "/wallet/recharges/{recharge_no}/cancel": {
        **MEMBERS,
        "400": NO_BODY | {"payment_not_ours"},
        "404": {"not_found", "payment_not_found", "wallet_off", "wechatpay_not_found"},
        "409": {
            "move_refused",
            "payment_amount_doubtful",
            "payment_not_paid",
            "payment_transaction_conflict",
            "recharge_busy",
            "recharge_not_cancellable",
            "wallet_conflict",
            "wechatpay_already_paid",
            "wechatpay_closed",
            "wechatpay_number_used",
        },
        "502": {
            "wechat_unavailable",
            "wechatpay_not_enough",
            "wechatpay_refused",
            "wechatpay_request_invalid",
        },
        "503": {"wechat_unavailable"},
        "504": {"wechat_unavailable"},
    },
}


def told(document: dict[str, Any], path: str) -> dict[str, set[str]]:
    """Return the codes that the document lists for a POST, by status; not those of `default`."""
    responses = document["paths"][f"/api/v1{path}"]["post"]["responses"]
    return {
        status: set(schema["allOf"][1]["properties"]["code"]["enum"])
        for status, described in responses.items()
        if status.isdigit() and status >= "400"
        for schema in [described["content"]["application/json"]["schema"]]
    }


@pytest.mark.parametrize("path", EXPECTED)
def test_a_call_tells_the_codes_that_it_can_answer(document: dict[str, Any], path: str) -> None:
    assert told(document, path) == EXPECTED[path]
