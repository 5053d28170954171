"""How scenes are told, and the rules of messages, as data."""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Any

import pytest

from apps.messaging import selectors as message_facts
from apps.messaging.models import Rules, SceneSetting, Template
from tests.apps.desk.test_campaign_file import dump, load

pytestmark = pytest.mark.django_db

PAID = {
    "scene": "order_paid",
    "template_id": "Qf2k9vXw7mN4pL1sR8tY3zB6cD5hJ0aGeUiOnKdWqTs",
    "fields": {"character_string1": "{order_no}", "amount2": "{amount}"},
    "enabled": True,
}


def test_a_scene_is_told_by_a_template_that_wechat_is_not_asked_for(tmp_path: Path):
    printed, faults = load({"messages": [PAID]}, tmp_path)
    row = SceneSetting.objects.get(scene="order_paid")
    assert (printed, faults) == ({"messages": {"order_paid": row.pk}}, [])
    assert row.template is not None
    assert (row.template.template_id, row.fields, row.enabled) == (PAID["template_id"], PAID["fields"], True)
    (asked,) = [each for each in message_facts.asked() if each.scene == "order_paid"]
    assert asked.template_ids == [PAID["template_id"]]


def test_what_is_not_said_stays_and_other_keywords_replace_those_before(tmp_path: Path):
    load({"messages": [PAID]}, tmp_path)
    load({"messages": [{"scene": "order_paid", "enabled": False}]}, tmp_path)
    row = SceneSetting.objects.get(scene="order_paid")
    assert (row.enabled, row.fields) == (False, PAID["fields"])
    load({"messages": [{**PAID, "fields": {"thing1": "{goods}"}}]}, tmp_path)
    row.refresh_from_db()
    assert row.fields == {"thing1": "{goods}"}
    assert Template.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"scene": "nonsense"}, "messages[0].scene"),
        (
            {"fields": {"thing1": "二十五个字二十五个字二十五个字二十五个字二十五个字"}},
            "messages[0].fields.thing1",
        ),
        ({"fields": {"name1": "小茶😀"}}, "messages[0].fields.name1"),
        ({"fields": {"thing1": "{nobody}"}}, "messages[0].fields.thing1"),
        ({"fields": {"nothing1": "x"}}, "messages[0]"),
        ({"fields": {"thing1": 7}}, "messages[0].fields.thing1"),
        ({"template_id": "<b>"}, "messages[0].template_id"),
        ({"enabled": "yes"}, "messages[0].enabled"),
        ({"template": "x"}, "messages[0].template"),
    ],
)
def test_what_wechat_would_refuse_is_refused_with_its_place(
    change: dict[str, Any], place: str, tmp_path: Path
):
    printed, faults = load({"messages": [{**PAID, **change}]}, tmp_path)
    assert printed is None
    assert any(fault.startswith(place) for fault in faults), faults
    assert not Template.objects.exists()


def test_the_rules_are_one_object(tmp_path: Path):
    said = {"quiet_from": "22:00", "quiet_until": "08:00", "per_day": 1, "per_week": 3}
    load({"message_rules": said}, tmp_path)
    row = Rules.objects.get()
    assert (row.quiet_from, row.quiet_until, row.per_day, row.per_week) == (time(22), time(8), 1, 3)
    assert dump()["message_rules"] == said
    load({"message_rules": {"per_day": 2}}, tmp_path)
    assert message_facts.rules().quiet_from == time(22)


@pytest.mark.parametrize(
    "said", [{"quiet_from": "25:00"}, {"quiet_from": "9:00"}, {"per_day": 9, "per_week": 1}, {"per_day": -1}]
)
def test_rules_that_no_shop_can_mean_are_refused(said: dict[str, Any], tmp_path: Path):
    assert load({"message_rules": said}, tmp_path)[0] is None
    assert not Rules.objects.exists()


def test_a_dump_has_every_scene_with_its_names_and_can_be_loaded(tmp_path: Path):
    load({"messages": [PAID]}, tmp_path)
    dumped = dump()
    assert len(dumped["messages"]) == 26
    first = dumped["messages"][0]
    assert first == {**PAID, "names": ["order_no", "goods", "amount", "paid_at", "next"]}
    assert load(dumped, tmp_path)[1] == []
    assert dump() == dumped
