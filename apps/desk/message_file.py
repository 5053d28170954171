"""How scenes are told, and the rules of messages, as parts of a campaign file.

They stand here and not in their room: the language of these files is a storey above it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from datetime import time as clock
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, StrictInt, StringConstraints

from apps.campaigns.files import Entry, Flag, Part
from apps.messaging import board
from apps.messaging import selectors as message_facts
from apps.messaging.models import Rules
from apps.messaging.services import ruling, templates
from mall import text as texts

_TIMES: Final = {"quiet_from", "quiet_until"}


def _plain(text: str) -> str:
    """A text in its one form."""
    return texts.plain(text)


SceneName = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]
TemplateId = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]{1,64}$")]
Keyword = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,30}[0-9]{1,2}$")]
Words = Annotated[str, StringConstraints(max_length=100), AfterValidator(_plain)]
Clock = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class SceneEntry(Entry):
    """How one scene is told by WeChat. ``names``, what its texts may name, is for the reader of a dump."""

    scene: SceneName
    template_id: TemplateId | None = None
    fields: dict[Keyword, Words] | None = None
    enabled: Flag | None = None
    names: list[str] | None = None


class RulesEntry(Entry):
    """The rules that no campaign can switch off; what is not said stays as it is."""

    quiet_from: Clock | None = None
    quiet_until: Clock | None = None
    per_day: Annotated[StrictInt, Field(ge=0, le=100)] | None = None
    per_week: Annotated[StrictInt, Field(ge=0, le=700)] | None = None


def _load_scene(entry: SceneEntry, *, at: datetime) -> tuple[str, Any]:
    """Have a scene told so. Raises SceneUnknown, SceneRefused with each fault at its keyword."""
    board.scene_of(entry.scene)
    setting = message_facts.settings_of_scenes()[entry.scene]
    if entry.fields is not None:
        setting.fields = dict(entry.fields)
    if entry.template_id is not None:
        setting.template = templates.named(entry.template_id, keywords=list(setting.fields))
    if entry.enabled is not None:
        setting.enabled = entry.enabled
    return entry.scene, ruling.save_scene(setting).pk


def _dump_scenes() -> Iterator[SceneEntry]:
    """Every scene, with what its texts may name."""
    for name, setting in message_facts.settings_of_scenes().items():
        template = setting.template
        yield SceneEntry(
            scene=name,
            template_id=template.template_id if template is not None else None,
            fields=setting.fields,
            enabled=setting.enabled,
            names=[fact.name for fact in board.scene_of(name).names],
        )


def _load_rules(entry: RulesEntry, *, at: datetime) -> tuple[str, Any]:
    """Change the rules. Raises RulesRefused."""
    said = entry.model_dump(exclude_none=True)
    rules = message_facts.rules()
    for column, value in said.items():
        setattr(rules, column, clock.fromisoformat(value) if column in _TIMES else value)
    if said:
        ruling.save_rules(rules)
    return "rules", 1


def _dump_rules() -> Iterator[RulesEntry]:
    """The rules in force; nothing where nobody set any."""
    row = Rules.objects.filter(pk=1).first()
    if row is not None:
        yield RulesEntry(
            quiet_from=f"{row.quiet_from:%H:%M}",
            quiet_until=f"{row.quiet_until:%H:%M}",
            per_day=row.per_day,
            per_week=row.per_week,
        )


SCENES: Final = Part(
    name="messages",
    entry=SceneEntry,
    load=lambda entry, at: _load_scene(entry, at=at),
    dump=_dump_scenes,
)
RULES: Final = Part(
    name="message_rules",
    entry=RulesEntry,
    load=lambda entry, at: _load_rules(entry, at=at),
    dump=_dump_rules,
    single=True,
)
