"""The board of scenes is total: every scene of the contract, each named once, each told in words that it can fill."""

from __future__ import annotations

import pytest
from django.utils.module_loading import import_string

from apps.messaging import wording
from apps.messaging.board import CAMPAIGN, JOURNEY, Scene
from config.messages import SCENES

# «Messages» of the contract of capabilities, word for word.
CONTRACT = [
    *("order_paid", "order_closing", "order_shipped", "order_delivered", "refund_done", "after_sale"),
    *("group_result", "group_missing", "activity_start", "bargain_floor", "balance_due", "wait_turn"),
    *("back_in_stock", "price_drop", "coupon_expiring", "points_expiring", "level_changed", "birthday"),
    "survey",
]
# Told in the inbox; the contract has no scenes of them.
INBOX_ALONE = ("invoice", "pickup_ready", "pickup_waiting", "city_leaving", "order_delayed")
MARKETING = {
    "coupon_expiring",
    "points_expiring",
    "price_drop",
    "birthday",
    "level_changed",
    "survey",
    CAMPAIGN,
    JOURNEY,
}
PASS_QUIET = {
    *("order_paid", "order_closing", "order_shipped", "order_delivered", "refund_done", "after_sale"),
    *("group_result", "group_missing", "balance_due", *INBOX_ALONE),
} - {"pickup_waiting"}
BY_CARD = {"order_paid", "order_shipped"}


def test_every_scene_of_the_contract_is_on_the_board_in_its_order() -> None:
    assert [scene.name for scene in SCENES] == [*CONTRACT, *INBOX_ALONE, CAMPAIGN, JOURNEY]
    assert [scene.name for scene in SCENES if not scene.asked] == [*INBOX_ALONE, CAMPAIGN, JOURNEY]


def test_what_is_marketing_and_what_passes_in_quiet_hours_is_as_the_contract_says() -> None:
    assert {scene.name for scene in SCENES if scene.marketing} == MARKETING
    assert {scene.name for scene in SCENES if scene.passes_quiet} == PASS_QUIET
    assert {scene.name for scene in SCENES if scene.by_card} == BY_CARD


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_each_scene_is_told_in_words_that_its_facts_fill(scene: Scene) -> None:
    if scene.name in (CAMPAIGN, JOURNEY):
        assert (scene.inbox_title, scene.inbox_text, scene.page) == ("", "", "")
        return
    known = {name.name for name in scene.names}
    assert len(known) == len(scene.names)
    for text in (scene.inbox_title, scene.inbox_text, scene.page):
        assert text
        assert list(wording.faults_of_text("text", text, scene.names)) == []
    examples = wording.examples(scene.names)
    assert len(wording.filled(scene.inbox_title, examples)) <= 40
    assert len(wording.filled(scene.inbox_text, examples)) <= 300
    assert all(name.label and str(name.example) for name in scene.names)
    assert not scene.page.startswith("/"), "WeChat wants pages without a slash (41030)"


@pytest.mark.parametrize("scene", [scene for scene in SCENES if scene.reads], ids=lambda scene: scene.name)
def test_each_reader_that_is_named_is_there(scene: Scene) -> None:
    assert callable(import_string(scene.reads))
    assert scene.reader() is import_string(scene.reads)
