"""What operators set: the rules, how each scene is told, texts of their own. Each is judged before it holds for anybody."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from django.db import transaction

from apps.base import judging, nudges
from apps.messaging import board, fitting, wording
from apps.messaging.board import Name, Scene
from apps.messaging.models import Content, Rules, SceneSetting
from apps.messaging.services import moving
from apps.messaging.states import CARRY, DECIDE, Reason
from apps.sms import services as sms
from mall.errors import Fault, Faulty

_LONGEST_TITLE: Final = 40
# A page of the mini program, with what it is told.
_PAGE: Final = re.compile(r"""/?[0-9A-Za-z_-]+(?:/[0-9A-Za-z_-]+)*(?:\?[^\s"'<>\\]*)?""", re.ASCII)


class RulesRefused(Faulty):
    """Rules that no shop can mean."""

    code = "message_rules_refused"


class SceneRefused(Faulty):
    """A scene that could not be told like that; ``faults`` say at which text, and why."""

    code = "message_scene_refused"


class ContentRefused(Faulty):
    """A text of operators that could not be told like that."""

    code = "message_content_refused"


def check_rules(rules: Rules) -> None:
    """Hold the rules against what a shop can mean. Raises RulesRefused."""
    judging.refuse(RulesRefused, rules, _of_rules(rules), exclude={"id"})


def save_rules(rules: Rules) -> Rules:
    """Save the one row of rules; what is due from now on, or waits for the quiet hours to end, goes by them.

    Raises RulesRefused.
    """
    check_rules(rules)
    with transaction.atomic():
        rules.pk = 1
        rules.save()
        moving.look_again(reason=Reason.QUIET)
        nudges.after_commit(DECIDE)
        nudges.after_commit(CARRY)
    return rules


def check_scene(setting: SceneSetting) -> None:
    """Hold how a scene is told against its facts and its template. Raises SceneRefused."""
    judging.refuse(SceneRefused, setting, _of_scene(setting))


def save_scene(setting: SceneSetting) -> SceneSetting:
    """Save how a scene is told; what is told or sent from now on reads so. Raises SceneRefused."""
    check_scene(setting)
    setting.save()
    return setting


def complete_scenes() -> int:
    """Make the rows of scenes that are new on the board, so that operators find them; return how many."""
    kept = set(SceneSetting.objects.values_list("scene", flat=True))
    missing = [SceneSetting(scene=name) for name in board.scenes() if name not in kept]
    SceneSetting.objects.bulk_create(missing, ignore_conflicts=True)
    return len(missing)


def check_content(content: Content) -> None:
    """Hold a text of operators against what it may name and its template. Raises ContentRefused."""
    judging.refuse(ContentRefused, content, _of_content(content))


def save_content(content: Content, *, at: datetime) -> Content:
    """Save a new text for mass sends or a journey, or one that nothing was written with yet. Raises ContentRefused."""
    if content.pk is None:
        content.written_at = at
    check_content(content)
    content.save()
    return content


def preview(setting: SceneSetting) -> Mapping[str, str]:
    """How a scene would read with the examples of its facts: ``title``, ``text``, ``page`` and each keyword."""
    scene = board.scene_of(setting.scene)
    values = wording.examples(scene.names)
    shown = {
        "title": _shown(setting.title or scene.inbox_title, values),
        "text": _shown(setting.text or scene.inbox_text, values),
        "page": _shown(scene.page, values),
    }
    fields = setting.fields if isinstance(setting.fields, dict) else {}
    return {**shown, **{keyword: _shown(str(text), values) for keyword, text in fields.items()}}


def _shown(text: str, values: Mapping[str, str]) -> str:
    """A text with its examples; names that there are not stay as they were typed."""
    return wording.filled(text, {**{place: f"{{{place}}}" for place in wording.places(text)}, **values})


def _of_rules(rules: Rules) -> Iterator[Fault]:
    if rules.per_day > rules.per_week:
        yield Fault("per_week", "每周上限不能小于每天上限")


def _of_scene(setting: SceneSetting) -> Iterator[Fault]:
    scene = board.scene_of(setting.scene)
    yield from wording.faults_of_text("title", setting.title, scene.names)
    yield from wording.faults_of_text("text", setting.text, scene.names)
    if setting.template is not None:
        yield from fitting.faults_of_fields(setting.template, setting.fields, names=scene.names)
    elif setting.fields:
        yield Fault("template", "填写了模板内容，请选择模板")
    yield from _of_sms(setting, scene)


def _of_sms(setting: SceneSetting, scene: Scene) -> Iterator[Fault]:
    known = {name.name for name in scene.names}
    seen: set[str] = set()
    for blank, name in wording.blanks(setting.sms_values):
        if blank in seen:
            why = f"「{blank}」写了两次；同一项内容填两个空时，请分别命名，例如 1={blank},2={blank}"
            yield Fault("sms_values", why)
        seen.add(blank)
        if name not in known:
            yield Fault("sms_values", f"没有「{name}」这项内容，可用：{'、'.join(sorted(known)) or '无'}")
    if setting.by_sms and not sms.is_on():
        yield Fault("by_sms", "短信未启用，请先在环境变量中配置短信服务商")


def _of_content(content: Content) -> Iterator[Fault]:
    names: Sequence[Name] = board.scene_of(board.CAMPAIGN).names
    if content.pk is not None and content.messages.exists():
        yield Fault("", "已有会员收到这段内容，不能修改，请新建")
    yield from wording.faults_of_text("title", content.title, names)
    yield from wording.faults_of_text("text", content.text, names)
    yield from wording.faults_of_text("page", content.page, names)
    if content.page and not _PAGE.fullmatch(content.page):
        yield Fault("page", "请填写小程序页面路径，例如 pages/home/index")
    if content.template is not None:
        yield from fitting.faults_of_fields(content.template, content.fields, names=names)
    elif content.fields:
        yield Fault("template", "填写了模板内容，请选择模板")
