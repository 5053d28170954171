"""What a rule of packets may say, and what no shop can mean."""

from __future__ import annotations

from typing import Any

import pytest

from apps.packets import services as packets
from apps.packets.models import PacketRule
from tests.apps.packets import make
from tests.apps.packets.make import NOW

pytestmark = pytest.mark.django_db


def faults(**said: Any) -> list[str]:
    with pytest.raises(packets.RuleRefused) as refused:
        make.rule(**said)
    assert not PacketRule.objects.exists()
    return sorted({fault.field for fault in refused.value.faults})


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"order_from_fen": 0}, "order_from_fen"),
        ({"order_from_fen": -1}, "order_from_fen"),
        ({"friends": 0}, "friends"),
        ({"friends": 21}, "friends"),
        ({"hours": 0}, "hours"),
        ({"hours": 169}, "hours"),
        ({"opens_per_day": 0}, "opens_per_day"),
        ({"most_fen": 5001}, "most_fen"),
        ({"least_fen": 900}, ""),
        ({"least_fen": 3, "most_fen": 3}, ""),
        ({"ends_at": NOW - make.DAY}, ""),
    ],
)
def test_figures_that_make_no_packet_are_refused(said, field):
    assert faults(**said) == [field]


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "NO_THRESHOLD", "threshold_fen": 0},
        {"kind": "PERCENT", "off_fen": None, "off_bp": 1000},
        {"valid_days": 31},
        {"visible": True},
        {"occasion": "FIRST_ORDER"},
    ],
)
def test_a_coupon_that_is_no_short_lived_threshold_coupon_of_packets_only_is_refused(fields):
    assert faults(coupon=make.template(**fields)) == ["coupon"]


def test_a_changed_rule_leaves_packets_as_they_were_made():
    rule = make.rule()
    packet = make.packet()
    rule.friends, rule.least_fen, rule.most_fen, rule.order_from_fen = 9, 1000, 2000, 100
    packets.save_rule(rule)
    known = make.fresh(packet)
    assert (known.friends, known.sum_fen, known.order_from_fen) == (3, 800, 3000)
