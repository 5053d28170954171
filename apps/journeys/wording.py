"""A plan in Chinese: each step, trigger and rule in a line, with the names of the rows that it names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from django.utils import timezone

from apps.audiences import conditions
from apps.audiences import selectors as audience_facts
from apps.journeys import steps
from apps.journeys.asked import asked_of
from apps.journeys.steps import EVENTS, EXITS, FACTS, Part

Names = Mapping[str, Mapping[int, str]]
_MISSING: Final = "（未选择）"


def told(part: Part, *, names: Names) -> str:
    """What a step or trigger does, in a line."""
    return _TOLD[type(part)](part, names)


def told_raw(given: Mapping[str, Any], *, names: Names) -> str:
    """The same of a step as a draft has it, which may say too little yet."""
    kind = {**steps.TRIGGERS, **steps.STEPS}.get(str(given.get("is")))
    if kind is None:
        return "请选择类型"
    asked = asked_of(kind)
    said = {name: given[name] for name in asked if given.get(name) is not None}
    try:
        return told(kind(**said), names=names)
    except (TypeError, ValueError, LookupError):
        return "请补充内容"


def rules(again_days: int | None, exits: frozenset[str]) -> str:
    """When a member may enter again, and what takes them out, in a line."""
    if again_days is None:
        again = "每位会员只进入一次"
    elif again_days == 0:
        again = "走完后可以再次进入"
    else:
        again = f"进入 {again_days} 天后可以再次进入"
    return "；".join([again, *(EXITS[name] for name in EXITS if name in exits)])


def span(minutes: int) -> str:
    """A length of time as people say it."""
    if minutes % 1_440 == 0:
        return f"{minutes // 1_440} 天"
    return f"{minutes // 60} 小时" if minutes % 60 == 0 else f"{minutes} 分钟"


def _named(names: Names, source: str, row_id: int | None) -> str:
    if row_id is None:
        return _MISSING
    name = names.get(source, {}).get(row_id)
    return f"「{name}」" if name else f"#{row_id}（已不存在）"


def _branch(step: Any, names: Names) -> str:
    if step.when in FACTS:
        return f"{FACTS[step.when]}？"
    if step.when == "segment":
        return f"属于人群{_named(names, 'segments', step.segment)}？"
    if step.tree is None:
        return "符合条件？（未填写）"
    return f"{audience_facts.sentence(conditions.read(step.tree))}？"


def _date(trigger: Any, names: Names) -> str:
    when = (
        f"{timezone.localtime(datetime.fromisoformat(trigger.at)):%Y-%m-%d %H:%M}" if trigger.at else _MISSING
    )
    return f"{when}，{'人群' + _named(names, 'segments', trigger.segment) if trigger.segment else '全部会员'}"


def _cycles(trigger: Any, names: Names) -> str:
    lines = []
    for cycle in trigger.cycles:
        source, key = ("products", "product") if "product" in cycle else ("categories", "category")
        lines.append(f"{_named(names, source, cycle[key])} {cycle['days']} 天")
    return f"{'、'.join(lines) or _MISSING}后还没有再买，{trigger.clock}"


def _segment(trigger: Any, names: Names) -> str:
    also = "（开始时已在其中的也进入）" if trigger.existing else ""
    return f"进入人群{_named(names, 'segments', trigger.segment)}{also}"


_TOLD: Final[Mapping[type[Part], Callable[[Any, Names], str]]] = {
    steps.OnEvent: lambda part, _: f"会员{EVENTS.get(part.event, _MISSING)}时",
    steps.OnSegment: _segment,
    steps.OnBirthday: lambda part, _: f"生日{f'前 {part.days} 天' if part.days else '当天'} {part.clock}",
    steps.OnAnniversary: lambda part, _: f"注册周年当天 {part.clock}",
    steps.OnDormant: lambda part, _: f"距最近付款满 {part.days} 天，{part.clock}",
    steps.OnCart: lambda part, _: f"商品放入购物车 {part.hours} 小时仍未下单",
    steps.OnRepurchase: _cycles,
    steps.OnDate: _date,
    steps.Wait: lambda part, _: f"等待 {span(part.minutes or 0)}",
    steps.WaitUntil: lambda part, _: f"等到{f' {part.days} 天后的' if part.days else '下一个'} {part.clock}",
    steps.Branch: _branch,
    steps.Stop: lambda part, _: "到此走完",
    steps.Message: lambda part, _: f"「{part.title or '（未填写标题）'}」{part.text}",
    steps.GiveCoupon: lambda part, names: _named(names, "templates", part.template),
    steps.GivePoints: lambda part, _: f"{part.points or 0} 积分",
    steps.PutTag: lambda part, names: _named(names, "tags", part.tag),
    steps.Task: lambda part, _: part.text or "（未填写）",
}
