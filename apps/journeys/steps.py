"""What begins a journey, and what can happen on the way: frozen dataclasses whose fields say what each asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from apps.audiences import conditions
from apps.journeys.asked import (
    Asked,
    Choice,
    Clock,
    Cycles,
    Fields,
    Figure,
    Flag,
    Moment,
    OneRow,
    Text,
    Tree,
    asked_of,
)

_MOST_MINUTES: Final = 365 * 24 * 60

# The news that a journey may begin with, each of which names its member; ``config/subscriptions.py`` brings them.
EVENTS: Final[Mapping[str, str]] = {
    "MemberRegistered": "注册成为会员",
    "ProfileCompleted": "完善资料",
    "PhoneBound": "绑定手机号",
    "OrderPlaced": "下单（未必付款）",
    "OrderPaid": "订单付款",
    "OrderClosed": "待付款订单关闭",
    "OrderShipped": "订单全部发货",
    "OrderReceived": "确认收货",
    "OrderRefunded": "订单退款",
    "LevelChanged": "等级变更",
    "ReviewPublished": "评价发布",
    "SurveyAnswered": "提交问卷",
}
EXITS: Final[Mapping[str, str]] = {
    "ordered": "进入后付款下单，立即退出",
    "left_segment": "不再符合进入的人群，立即退出（仅人群触发）",
}
# What a branch can ask beside segments and conditions, all of it since the member entered.
FACTS: Final[Mapping[str, str]] = {
    "ordered": "进入后已付款下单",
    "came_back": "进入后回到过小程序",
    "opened": "已阅读本旅程的消息",
    "coupon_used": "已用掉本旅程发的券",
    "in_cart": "购物车里还有商品",
}
WHENS: Final[Mapping[str, str]] = {**FACTS, "segment": "属于人群", "tree": "符合条件"}


def _asks(asked: Asked, *, default: Any = None) -> Any:
    """A field that is read as ``asked`` says."""
    return field(default=default, metadata={"asked": asked})


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A step or a trigger, by what it asks."""

    kind: ClassVar[str] = ""
    label: ClassVar[str] = ""

    def fault(self) -> str:
        """What is wrong with its fields together; empty where nothing is."""
        return ""


class Trigger(Part):
    """What begins a journey."""

    __slots__ = ()


class Step(Part):
    """Something that happens on the way."""

    __slots__ = ()


class Action(Step):
    """A step that does something to the member, or for them."""

    __slots__ = ()


_HOUR: Final = Clock(label="每天几点")


@dataclass(frozen=True, slots=True, kw_only=True)
class OnEvent(Trigger):
    """Something happened to the member."""

    kind, label = "event", "发生事件"
    event: str = _asks(Choice(label="事件", options=EVENTS), default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class OnSegment(Trigger):
    """The member was not in the segment at the last look, and is now."""

    kind, label = "segment", "进入人群"
    segment: int | None = _asks(OneRow(label="人群", source="segments"))
    existing: bool = _asks(Flag(label="开始时已在人群中的会员也进入"), default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OnBirthday(Trigger):
    """So many days before the birthday; who was born on 29 February has it on the 28th in a year without one."""

    kind, label = "birthday", "会员生日"
    days: int | None = _asks(Figure(label="提前天数", unit="天", most=30, needed=True), default=0)
    clock: str = _asks(_HOUR, default="10:00")


@dataclass(frozen=True, slots=True, kw_only=True)
class OnAnniversary(Trigger):
    """The day of the year on which the member registered, from the first year on."""

    kind, label = "anniversary", "注册周年"
    clock: str = _asks(_HOUR, default="10:00")


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDormant(Trigger):
    """The last payment was so many days ago, and nothing since."""

    kind, label = "dormant", "多天未下单"
    days: int | None = _asks(
        Figure(label="距最近付款", unit="天", least=1, most=3_650, needed=True), default=30
    )
    clock: str = _asks(_HOUR, default="10:00")


@dataclass(frozen=True, slots=True, kw_only=True)
class OnCart(Trigger):
    """Something lies in the cart for so many hours, and nothing was ordered since."""

    kind, label = "cart", "购物车未结算"
    hours: int | None = _asks(Figure(label="放入后", unit="小时", least=1, most=720, needed=True), default=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class OnRepurchase(Trigger):
    """What was bought so many days ago is used up, and was not bought again."""

    kind, label = "repurchase", "复购周期"
    cycles: tuple[dict[str, int], ...] = _asks(
        Cycles(
            label="商品周期",
            hint="每行一个：SKU 编码或类目名称，逗号，多少天用完，例如 TEA-100，30",
        ),
        default=(),
    )
    clock: str = _asks(_HOUR, default="10:00")


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDate(Trigger):
    """A moment of the calendar, for everybody or for a segment as it is then."""

    kind, label = "calendar", "指定日期"
    at: str = _asks(Moment(label="时间"), default="")
    segment: int | None = _asks(OneRow(label="人群", source="segments", needed=False, hint="不选为全部会员"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait(Step):
    """So long after the step before."""

    kind, label = "wait", "等待"
    minutes: int | None = _asks(
        Figure(label="等待时长", unit="分钟", least=1, most=_MOST_MINUTES, needed=True), default=60
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitUntil(Step):
    """Until a time of the day, so many Shanghai days later; with no days the next time that the clock shows it."""

    kind, label = "until", "等到几点"
    days: int | None = _asks(Figure(label="几天后", unit="天", most=365, needed=True), default=0)
    clock: str = _asks(Clock(label="几点"), default="10:00")


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch(Step):
    """One way for whom it is true, the other for whom it is not."""

    kind, label = "branch", "判断"
    when: str = _asks(Choice(label="判断什么", options=WHENS), default="ordered")
    segment: int | None = _asks(
        OneRow(label="人群", source="segments", needed=False, hint="判断「属于人群」时选择")
    )
    tree: Mapping[str, Any] | None = _asks(Tree(label="条件"))
    yes: tuple[Step, ...] = ()
    no: tuple[Step, ...] = ()

    def fault(self) -> str:
        """What is asked of a segment names it, and so for conditions."""
        if self.when == "segment" and self.segment is None:
            return "请选择「人群」"
        return "请至少添加一个条件" if self.when == "tree" and self.tree is None else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop(Step):
    """The way is over here."""

    kind, label = "stop", "结束"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(Action):
    """A message of marketing, under all rules of messaging; not told any more so many hours later."""

    kind, label = "message", "发消息"
    title: str = _asks(Text(label="标题", most=40, hint="可用 {nickname} {level}"), default="")
    text: str = _asks(Text(label="正文", most=300, lines=True), default="")
    page: str = _asks(Text(label="页面", most=200, needed=False, hint="例如 pages/home/index"), default="")
    template: int | None = _asks(
        OneRow(
            label="订阅消息模板",
            source="message_templates",
            needed=False,
            hint="留空只进收件箱；微信禁止用订阅消息发送广告，内容须与模板用途一致",
        )
    )
    fields: Mapping[str, str] = _asks(
        Fields(label="模板内容", hint="每行一个关键词，写成「thing1={nickname}」"), default=None
    )
    hours: int | None = _asks(
        Figure(label="有效时间", unit="小时", least=1, most=168, needed=True), default=24
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveCoupon(Action):
    """A coupon, once, after a look of risk."""

    kind, label = "coupon", "发优惠券"
    template: int | None = _asks(OneRow(label="优惠券", source="templates"))


@dataclass(frozen=True, slots=True, kw_only=True)
class GivePoints(Action):
    """Points, once."""

    kind, label = "points", "送积分"
    points: int | None = _asks(Figure(label="积分", unit="分", least=1, most=100_000, needed=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class PutTag(Action):
    """A tag by hand."""

    kind, label = "tag", "打标签"
    tag: int | None = _asks(OneRow(label="标签", source="tags"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(Action):
    """Something for staff to do."""

    kind, label = "task", "跟进任务"
    text: str = _asks(Text(label="任务", most=200, hint="员工要做什么，例如电话回访"), default="")


def rows_of(kind: type[Part], said: Mapping[str, Any]) -> Iterator[tuple[str, set[int]]]:
    """The rows that what is said of a step or trigger names, by the source of each, as far as it says any yet."""
    for name, asked in asked_of(kind).items():
        value = said.get(name)
        if isinstance(asked, OneRow) and isinstance(value, int):
            yield asked.source, {value}
        elif isinstance(asked, Tree) and value and said.get("when") == "tree":
            for source, ids in conditions.rows_named(conditions.read(value)).items():
                yield READ.get(source, source), ids
        elif isinstance(asked, Cycles):
            for cycle in value or ():
                of = "products" if "product" in cycle else "categories"
                yield of, {cycle.get("product") or cycle["category"]}


# What conditions name they read only: there a tag may be one by rule, and a coupon one that is given out no more.
READ: Final[Mapping[str, str]] = {"tags": "read_tags", "templates": "read_templates"}

TRIGGERS: Final[Mapping[str, type[Trigger]]] = {
    made.kind: made
    for made in (*(OnEvent, OnSegment, OnCart, OnDormant, OnBirthday, OnAnniversary, OnRepurchase, OnDate),)
}
STEPS: Final[Mapping[str, type[Step]]] = {
    made.kind: made for made in (Wait, WaitUntil, Branch, Message, GiveCoupon, GivePoints, PutTag, Task, Stop)
}
