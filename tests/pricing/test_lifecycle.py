"""A lifecycle answers where a move leads, and a table that is wrong never comes to life."""

from __future__ import annotations

import pytest

from mall.errors import Kind
from mall.lifecycle import Lifecycle, Move, MoveRefused

PARCEL = Lifecycle(
    "parcel",
    initial="PACKED",
    moves={
        "send": Move(frozenset({"PACKED"}), "SENT"),
        "deliver": ({"SENT"}, "DELIVERED"),
        "lose": ({"SENT", "PACKED"}, "LOST"),
    },
    final={"DELIVERED", "LOST"},
    labels={"PACKED": "已打包", "SENT": "已寄出", "DELIVERED": "已送达", "LOST": "已丢失"},
)


def test_a_move_leads_from_each_of_its_statuses_to_its_target():
    assert PARCEL.target(move="send", current="PACKED") == "SENT"
    assert PARCEL.target(move="lose", current="PACKED") == "LOST"
    assert PARCEL.target(move="lose", current="SENT") == "LOST"


def test_a_move_from_elsewhere_is_refused_with_its_name_and_the_status():
    with pytest.raises(MoveRefused) as refused:
        PARCEL.target(move="deliver", current="PACKED")
    assert refused.value.kind is Kind.CONFLICT
    assert refused.value.details == {"move": "deliver", "status": "PACKED"}


@pytest.mark.parametrize(("move", "current"), [("fly", "PACKED"), ("send", "EATEN")])
def test_a_move_or_status_that_does_not_exist_is_a_mistake_of_the_program(move, current):
    with pytest.raises(LookupError, match="parcel has no"):
        PARCEL.target(move=move, current=current)


def test_the_drawing_shows_every_status_and_move_once_and_in_order():
    assert PARCEL.mermaid().splitlines() == [
        "stateDiagram-v2",
        '    state "PACKED 已打包" as PACKED',
        '    state "SENT 已寄出" as SENT',
        '    state "DELIVERED 已送达" as DELIVERED',
        '    state "LOST 已丢失" as LOST',
        "    [*] --> PACKED",
        "    PACKED --> SENT: send",
        "    SENT --> DELIVERED: deliver",
        "    PACKED --> LOST: lose",
        "    SENT --> LOST: lose",
        "    DELIVERED --> [*]",
        "    LOST --> [*]",
    ]


def test_a_lifecycle_may_turn_in_circles_and_needs_no_labels():
    lamp = Lifecycle("lamp", initial="OFF", moves={"light": ({"OFF"}, "ON"), "quench": ({"ON"}, "OFF")})
    assert lamp.target(move="quench", current="ON") == "OFF"
    assert lamp.mermaid() == (
        "stateDiagram-v2\n    [*] --> OFF\n    OFF --> ON: light\n    ON --> OFF: quench\n"
    )


@pytest.mark.parametrize(
    ("fault", "table"),
    [
        ("nothing reaches: Z", {"moves": {"go": ({"A", "Z"}, "B")}, "final": {"B"}}),
        (
            "nothing reaches: Y, Z",
            {"moves": {"go": ({"A"}, "B"), "turn": ({"Y"}, "Z"), "back": ({"Z"}, "Y")}, "final": {"B"}},
        ),
        ("nothing reaches: Z", {"moves": {"go": ({"A"}, "B")}, "final": {"B", "Z"}}),
        (
            "nothing reaches: C",
            {"moves": {"go": ({"A"}, "B")}, "final": {"B"}, "labels": {"A": "", "B": "", "C": ""}},
        ),
        ("not declared: B", {"moves": {"go": ({"A"}, "B")}, "final": {"B"}, "labels": {"A": "甲"}}),
        ("out of final statuses: B", {"moves": {"go": ({"A"}, "B"), "back": ({"B"}, "A")}, "final": {"B"}}),
        ("nothing leaves though they are not final: B", {"moves": {"go": ({"A"}, "B")}}),
        ("moves without a source: go", {"moves": {"go": (frozenset(), "A")}, "final": {"A"}}),
    ],
)
def test_a_wrong_table_is_refused_when_it_is_built(fault, table):
    with pytest.raises(ValueError, match=fault):
        Lifecycle("parcel", initial="A", **table)
