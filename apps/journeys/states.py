"""Where a journey and a member in it can stand, which arm a member is in, and why something was done to nobody."""

from __future__ import annotations

from typing import Final

from django.db import models

from mall.lifecycle import Lifecycle

# The names of the room's jobs, which a commit may ring for.
MOVE: Final = "journeys.move_due"
ENTER: Final = "journeys.enter_due"
# The scene that its messages are told by (config/messages.py), and its reward that risk may hold (config/judging.py).
SCENE: Final = "journey"
KIND: Final = "journey"


class JourneyStatus(models.TextChoices):
    """A journey."""

    DRAFT = "DRAFT", "草稿"
    LIVE = "LIVE", "进行中"
    PAUSED = "PAUSED", "已暂停"
    ENDED = "ENDED", "已结束"


class Standing(models.TextChoices):
    """A member in a journey: on the way, at its end, or out of it before."""

    WALKING = "WALKING", "进行中"
    FINISHED = "FINISHED", "已走完"
    LEFT = "LEFT", "已退出"


class Arm(models.TextChoices):
    """Whether something is done to the member, or nothing, for comparison."""

    TREATED = "TREATED", "实验组"
    HOLDOUT = "HOLDOUT", "对照组"


class Exit(models.TextChoices):
    """Why a member left a journey before its end."""

    ORDERED = "ORDERED", "已下单付款"
    LEFT_SEGMENT = "LEFT_SEGMENT", "已不在人群中"
    GONE = "GONE", "会员已注销或停用"
    ENDED = "ENDED", "旅程已结束"


class Outcome(models.TextChoices):
    """What became of a step for a member."""

    DONE = "DONE", "已执行"
    YES = "YES", "是"
    NO = "NO", "否"
    SKIPPED = "SKIPPED", "未执行"
    HELD = "HELD", "待核实"


class Reason(models.TextChoices):
    """Why a step did nothing."""

    HOLDOUT = "HOLDOUT", "对照组，不做任何动作"
    SOLD_OUT = "SOLD_OUT", "优惠券已发完"
    NOT_ISSUED = "NOT_ISSUED", "优惠券已停发或已过期"
    TAG_GONE = "TAG_GONE", "标签已归档"
    RISK = "RISK", "命中风控，待人工核实"
    REJECTED = "REJECTED", "人工核实后不予发放"
    ALREADY = "ALREADY", "会员已有此标签"


class TaskStatus(models.TextChoices):
    """A task for staff."""

    OPEN = "OPEN", "待处理"
    DONE = "DONE", "已处理"
    DROPPED = "DROPPED", "不再需要"


JOURNEY: Final = Lifecycle(
    "journey",
    initial=JourneyStatus.DRAFT,
    moves={
        "start": ({JourneyStatus.DRAFT}, JourneyStatus.LIVE),
        "pause": ({JourneyStatus.LIVE}, JourneyStatus.PAUSED),
        "resume": ({JourneyStatus.PAUSED}, JourneyStatus.LIVE),
        "end": ({JourneyStatus.DRAFT, JourneyStatus.LIVE, JourneyStatus.PAUSED}, JourneyStatus.ENDED),
    },
    final={JourneyStatus.ENDED},
    labels=dict(JourneyStatus.choices),
)

PARTICIPATION: Final = Lifecycle(
    "participation",
    initial=Standing.WALKING,
    moves={
        "finish": ({Standing.WALKING}, Standing.FINISHED),
        "leave": ({Standing.WALKING}, Standing.LEFT),
    },
    final={Standing.FINISHED, Standing.LEFT},
    labels=dict(Standing.choices),
)

TASK: Final = Lifecycle(
    "staff_task",
    initial=TaskStatus.OPEN,
    moves={
        "finish": ({TaskStatus.OPEN}, TaskStatus.DONE),
        "drop": ({TaskStatus.OPEN}, TaskStatus.DROPPED),
    },
    final={TaskStatus.DONE, TaskStatus.DROPPED},
    labels=dict(TaskStatus.choices),
)
