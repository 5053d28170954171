"""The shapes of withdrawals in distribution's API."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.base.fields import MAX_FEN
from apps.base.inputs import StrictIntegerField, StrictTextField
from apps.distribution.states import WithdrawalStatus

# So long a name can be sealed for WeChat whatever its signs are (200 bytes).
_LONGEST_NAME = 50


class WithdrawSerializer(serializers.Serializer[Any]):
    """Taking commission out."""

    amount_fen = StrictIntegerField(min_value=1, max_value=MAX_FEN, help_text="How much, in fen.")
    real_name = StrictTextField(
        required=False,
        # A blank one is as none: where the amount needs a name, that is what is refused.
        allow_blank=True,
        max_length=_LONGEST_NAME,
        help_text="The name with which the member is known to WeChat; needed from 200,000 fen on, not kept below.",
    )


class WithdrawalSerializer(serializers.Serializer[Any]):
    """A withdrawal and how it stands."""

    withdrawal_no = serializers.CharField(help_text="Its number, the same at WeChat.")
    amount_fen = serializers.IntegerField(help_text="How much, in fen.")
    status = serializers.ChoiceField(
        choices=WithdrawalStatus.values,
        help_text=(
            "`REVIEW`: somebody looks at it; `PAYING`: on its way to WeChat; `CONFIRM`: the member has 24 hours to confirm; "
            "`DONE`: arrived; `FAILED`, `REJECTED`: available again."
        ),
    )
    package_info = serializers.CharField(
        required=False, help_text="While `CONFIRM`: `package` of `wx.requestMerchantTransfer`."
    )
    mch_id = serializers.CharField(required=False, help_text="While `CONFIRM`: its `mchId`.")
    app_id = serializers.CharField(required=False, help_text="While `CONFIRM`: its `appId`.")
    reason = serializers.CharField(help_text="Why it failed or was rejected, in Chinese; empty otherwise.")
    requested_at = serializers.DateTimeField(help_text="When it was asked for.")
    confirm_until = serializers.DateTimeField(
        allow_null=True, help_text="While `CONFIRM`: until when; null otherwise."
    )
    ended_at = serializers.DateTimeField(allow_null=True, help_text="When it ended; null before.")


class WithdrawalPageSerializer(serializers.Serializer[Any]):
    results = WithdrawalSerializer(many=True)
    next = serializers.URLField(allow_null=True, help_text="Address of the next page; null on the last.")
