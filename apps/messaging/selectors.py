"""Everything that reads messages: rules, scenes, what members want and granted, their inbox, what is due."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet

from apps.messaging import board, fitting
from apps.messaging.models import Broadcast, Dispatch, Grant, Message, Rules, SceneSetting, Standing
from apps.messaging.states import DispatchStatus, MessageStatus, Reason
from mall.errors import Fault


def rules() -> Rules:
    """The rules in force: the row, or the defaults where nobody ever saved them."""
    return Rules.objects.filter(pk=1).first() or Rules(pk=1)


def settings_of_scenes() -> dict[str, SceneSetting]:
    """How each scene of the board is told, with its template at hand; the board's defaults where there is no row yet."""
    kept = {row.scene: row for row in SceneSetting.objects.select_related("template")}
    return {name: kept.get(name) or SceneSetting(scene=name) for name in board.scenes()}


@dataclass(frozen=True, slots=True)
class Asked:
    """A scene, the moment in which the mini program asks for it, and the templates that it asks for."""

    scene: str
    moment: str
    template_ids: Sequence[str]


def asked() -> list[Asked]:
    """What the mini program asks shoppers for, in the order of the board: one statement."""
    found = settings_of_scenes()
    return [
        Asked(name, scene.moment, _asked_of(found[name]))
        for name, scene in board.scenes().items()
        if scene.asked
    ]


def _asked_of(setting: SceneSetting) -> list[str]:
    template = setting.template
    if not setting.enabled or template is None or template.missing_since is not None:
        return []
    return [template.template_id]


def faults_of_scene(setting: SceneSetting) -> list[Fault]:
    """What does not fit the template of a scene as it is now; it may have changed at WeChat since the scene was saved."""
    scene = board.scenes().get(setting.scene)
    if setting.template is None or scene is None:
        return []
    return list(fitting.faults_of_fields(setting.template, setting.fields, names=scene.names))


def unfit_scenes() -> dict[str, str]:
    """The enabled scenes that do not fit their template, with the first fault of each."""
    found = {name: faults_of_scene(row) for name, row in settings_of_scenes().items() if row.enabled}
    return {name: faults[0].text for name, faults in found.items() if faults}


def wants_marketing(*, member_id: int) -> bool:
    """Whether the member is told of offers; until they say something, in the shop's own inbox and where they accepted it."""
    said = Standing.objects.filter(member_id=member_id).values_list("marketing", flat=True).first()
    return said is not False


def standings(member_ids: Collection[int]) -> dict[int, Standing]:
    """What these members want, and how much they were told: one statement. Who never said anything has a new row."""
    kept = Standing.objects.in_bulk(list(member_ids))
    return {member_id: kept.get(member_id) or Standing(member_id=member_id) for member_id in member_ids}


def balances(pairs: Collection[tuple[int, int]]) -> Mapping[tuple[int, int], int]:
    """How many sends are granted, by member and template: one statement; pairs without any are not in it."""
    if not pairs:
        return {}
    rows = Grant.objects.filter(
        member_id__in={member_id for member_id, _ in pairs},
        template_id__in={template_id for _, template_id in pairs},
        balance__gt=0,
    )
    return {(row.member_id, row.template_id): row.balance for row in rows}


def inbox(*, member_id: int) -> QuerySet[Message]:
    """What the member was told and the shop still keeps."""
    return Message.objects.filter(member_id=member_id, status=MessageStatus.TOLD).exclude(title="")


def is_unread(*, scene: str, member_id: int, subject: str, since: datetime) -> bool:
    """Whether the member is being told, or was told, of a subject since then, and has not read of it."""
    open_to = (MessageStatus.WAITING, MessageStatus.HELD, MessageStatus.TOLD)
    return Message.objects.filter(
        member_id=member_id,
        scene=scene,
        subject=subject,
        status__in=open_to,
        read_at=None,
        written_at__gte=since,
    ).exists()


def past_keeping(*, at: datetime) -> QuerySet[Message]:
    """Messages whose texts the inbox has kept long enough."""
    return Message.objects.filter(ended_at__lt=at - timedelta(days=rules().keep_days)).exclude(title="")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a mass send has come: members by what became of their message, and ways out by theirs."""

    messages: Mapping[str, int]
    reasons: Mapping[str, int]
    ways: Mapping[str, int]
    read: int


def progress(broadcast: Broadcast) -> Progress:
    """Count a mass send: three statements."""
    mine = Message.objects.filter(broadcast=broadcast).order_by()
    counted = mine.values("status", "reason").annotate(
        rows=Count("id"), read=Count("id", filter=Q(read_at__isnull=False))
    )
    messages: dict[str, int] = {}
    reasons: dict[str, int] = {}
    read = 0
    for row in counted:
        messages[row["status"]] = messages.get(row["status"], 0) + row["rows"]
        read += row["read"]
        if row["reason"]:
            reasons[row["reason"]] = reasons.get(row["reason"], 0) + row["rows"]
    ways = (
        Dispatch.objects.filter(message__broadcast=broadcast)
        .order_by()
        .values("status")
        .annotate(rows=Count("id"))
    )
    return Progress(messages, reasons, {row["status"]: row["rows"] for row in ways}, read)


def failed() -> QuerySet[Dispatch]:
    """Ways out that wait for an operator."""
    return Dispatch.objects.filter(status=DispatchStatus.FAILED)


def broken() -> QuerySet[Message]:
    """Messages that could not be read, and wait for an operator."""
    return Message.objects.filter(status=MessageStatus.FAILED)


def untrue(*, scene: str, member_ids: Collection[int], occasions: Collection[str]) -> list[str]:
    """Those of these occasions that were not told, being true no more, or too late: one statement."""
    if not occasions:
        return []
    rows = Message.objects.filter(
        member_id__in=member_ids,
        scene=scene,
        occasion__in=occasions,
        status=MessageStatus.DROPPED,
        reason__in=[Reason.NOT_TRUE, Reason.EXPIRED],
    )
    return list(rows.order_by().values_list("occasion", flat=True))
