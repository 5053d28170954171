"""The shape of a delay, as orders and answers to it show it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.deadlines.states import DelayChoice, DelayReason, DelayStatus


class DelaySwapSerializer(serializers.Serializer[Any]):
    """Goods that may be taken in the place of a line's, all its units, at the price that was paid."""

    line_id = serializers.IntegerField()
    was_title = serializers.CharField()
    was_option_text = serializers.CharField(allow_blank=True)
    sku_id = serializers.IntegerField()
    title = serializers.CharField()
    option_text = serializers.CharField(allow_blank=True)
    image_url = serializers.CharField(allow_null=True)
    available = serializers.IntegerField(min_value=0)
    chosen = serializers.BooleanField()


class DelaySerializer(serializers.Serializer[Any]):
    """A promise that cannot be kept, as it was offered to the shopper; ``choices`` is empty once it is over."""

    status = serializers.ChoiceField(choices=DelayStatus.choices)
    status_text = serializers.CharField()
    reason = serializers.ChoiceField(choices=DelayReason.choices)
    reason_text = serializers.CharField()
    note = serializers.CharField(allow_blank=True)
    was_ship_by = serializers.DateTimeField()
    ship_by = serializers.DateTimeField()
    asked_at = serializers.DateTimeField()
    answer_until = serializers.DateTimeField()
    answered_at = serializers.DateTimeField(allow_null=True)
    choices = serializers.ListField(child=serializers.ChoiceField(choices=DelayChoice.choices))
    swaps = DelaySwapSerializer(many=True)
    refund_no = serializers.CharField(allow_null=True)
