"""Board 6, continued: columns that are personal in no table: numbers that are given out, and times of acts."""

from __future__ import annotations

# By their whole names, in whatever table: numbers and keys that the shop or WeChat gives out, and hashes. Never one that a
# person has outside this shop (an identity card's, an account's): such a column is on its room's list.
NUMBERS = frozenset(
    {
        *(
            "order_no",
            "payment_no",
            "refund_no",
            "bill_no",
            "recharge_no",
            "redemption_no",
            "parcel_no",
            "tracking_no",
        ),
        *("group_no", "bargain_no", "use_no", "receipt_no", "public_id", "activity_id"),
        *(
            "prepay_id",
            "transaction_id",
            "wechat_refund_id",
            "notify_id",
            "message_key",
            "trace_id",
        ),  # WeChat's
        *("business_key", "refund_key", "idempotency_key"),  # what caused a row, or asked for it
        *("access_hash", "code_hash", "refresh_hash", "request_hash"),
        *("packet_no", "withdrawal_no", "transfer_bill_no", "name_key_id"),
        "after_sale_no",
        "invoice_no",
        "batch_no",
        "waybill_no",
    }
)

# Likewise times at which the shop, or a member in the shop, did something. When a person was born is none of them.
TIMES = frozenset(
    {
        *(
            "access_expires_at",
            "acted_at",
            "answer_by",
            "added_at",
            "address_erased_at",
            "announced_at",
            "answered_at",
            "arrived_at",
            "carriage_paid_at",
        ),
        *(
            "ask_at",
            "asked_at",
            "at",
            "at_shop_at",
            "balance_from",
            "balance_until",
            "birthday_set_at",
            "captured_at",
            "claim_from",
        ),
        *(
            "checked_at",
            "claim_until",
            "closed_at",
            "counted_at",
            "counts_at",
            "created_at",
            "cursor_at",
            "delay_to",
            "delivered_at",
            "disabled_at",
        ),
        *("done_at", "due_at", "earned_at", "ended_at", "ends_at", "erased_at", "expires_at", "failed_at"),
        *(
            "fetched_at",
            "filled_at",
            "finished_at",
            "first_at",
            "formed_at",
            "given_at",
            "handled_at",
            "heard_at",
        ),
        *(
            "bound_at",
            "broken_since",
            "held_at",
            "issued_at",
            "judged_at",
            "last_at",
            "lost_at",
            "last_login_at",
            "level_since",
            "level_valid_until",
            "look_at",
        ),
        *(
            "made_at",
            "moved_at",
            "opened_at",
            "over_at",
            "paid_at",
            "placed_at",
            "preheat_at",
            "pressed_at",
            "published_at",
        ),
        *("queried_at", "queued_at", "recalled_at", "received_at", "redeemed_at", "refresh_expires_at"),
        *("refund_sent_at", "refunded_at", "registered_at", "released_at", "reminded_at", "replied_at"),
        *("reported_at", "requested_at", "reserved_at", "revoked_at", "sale_ends_at", "sale_starts_at"),
        *(
            "settled_at",
            "shared_at",
            "sold_at",
            "shipped_at",
            "ships_by",
            "since",
            "sorted_at",
            "spent_at",
            "started_at",
        ),
        *(
            "starts_at",
            "succeeded_at",
            "taken_at",
            "token_due_at",
            "undone_at",
            "until",
            "waits_since",
            "uploaded_at",
            "valid_from",
        ),
        *("valid_until", "visited_at", "watched_at", "written_at"),
        # promoters
        *(
            "abnormal_at",
            "approved_at",
            "deadline_at",
            "dispatched_at",
            "escalated_at",
            "inspected_at",
            "sent_back_at",
            "short_at",
        ),
        *("active_at", "applied_at", "available_at", "cancelled_at", "frozen_at", "level_at", "level_due_at"),
        *("protected_until", "rewarded_at"),
        *("offered_at", "reviewed_at", "seconded_at"),  # withdrawals
        *(
            "archived_at",
            "broken_at",
            "completed_at",
            "entered_at",
            "first_paid_at",
            "grouped_at",
            "last_paid_at",
            "next_due_at",
            "reckoned_at",
            "seen_until",
            "swept_at",
        ),
        # messages
        *("missing_since", "prepared_at", "read_at", "said_at", "seen_at", "tried_at", "window_until"),
        # deadlines, uploads
        *("answer_until", "confirmed_at", "first_promised_at", "limit_at", "owed_at", "promised_at"),
        *("reshipped_at", "settles_at", "verified_at", "verify_at", "warned_at", "was_promised_at"),
        *("fell_at", "told_at"),  # favourites and wishes
        *("ready_at", "fetch_by", "released_at", "taken_at"),  # pickups, slots
    }
)
