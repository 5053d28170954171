"""Conditions that describe a set of members: a tree of typed dataclasses, read from JSON, and said in Chinese.

A node of the tree is a ``Both`` (all, or any, of its parts) or a condition; each can be turned round (``not``). In JSON:
``{"op": "all", "not": false, "of": [{"is": "spent", "low_fen": 10000, "days": 30}, …]}``. What a condition means in the
database stands in ``compiling.py``, by its type.

Days are Shanghai days: something of today is 0 days ago, and the last 30 days are today and the 29 before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from apps.audiences.asked import (
    Areas,
    Choice,
    Figure,
    Rows,
    Words,
    asked_of,
    asks,
    days,
    money,
    read_as,
)
from apps.audiences.states import Standing
from mall.errors import Fault, Faulty

MOST: Final = 40
DEEPEST: Final = 4
MONTHS: Final = {"0": "本月", **{str(month): f"{month} 月" for month in range(1, 13)}}


class ConditionsRefused(Faulty):
    """Not a tree of conditions, or one that nobody could mean; each fault says at which condition, and why."""

    code = "conditions_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition. ``turned`` means the opposite."""

    kind: ClassVar[str] = ""
    label: ClassVar[str] = ""
    heading: ClassVar[str] = ""
    turned: bool = False

    def fault(self) -> str:
        """What is wrong with the fields together; empty where nothing is."""
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Between(Condition):
    """Something that lies between two figures, of which one may be open."""

    low: int | None = None
    high: int | None = None

    def fault(self) -> str:
        """Both open says nothing; the wrong way round is nobody."""
        return _span(self.low, self.high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent(Condition):
    """So much was paid, and not refunded, in the last days or ever."""

    kind, label, heading = "spent", "消费金额", "消费"
    low_fen: int | None = asks(money("至少"))
    high_fen: int | None = asks(money("至多"))
    days: int | None = asks(days("最近天数（不填为全部）", least=1))

    def fault(self) -> str:
        return _span(self.low_fen, self.high_fen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered(Between):
    """So many orders were paid, and not refunded, in the last days or ever."""

    kind, label, heading = "ordered", "消费次数", "消费"
    low: int | None = asks(Figure(label="至少", unit="次"))
    high: int | None = asks(Figure(label="至多", unit="次"))
    days: int | None = asks(days("最近天数（不填为全部）", least=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class LastPaid(Between):
    """The last payment is so many days ago; whoever never paid is not meant."""

    kind, label, heading = "last_paid", "距最近付款", "消费"
    low: int | None = asks(days("至少"))
    high: int | None = asks(days("至多"))


@dataclass(frozen=True, slots=True, kw_only=True)
class BoughtProduct(Condition):
    """At least one of these products was bought, and kept, in the last days or ever."""

    kind, label, heading = "product", "买过商品", "消费"
    products: tuple[int, ...] = asks(Rows(label="商品", source="products"), default=())
    days: int | None = asks(days("最近天数（不填为全部）", least=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class BoughtCategory(Condition):
    """Something of these categories, or of those below them, was bought, and kept."""

    kind, label, heading = "category", "买过类目", "消费"
    categories: tuple[int, ...] = asks(Rows(label="类目", source="categories"), default=())
    days: int | None = asks(days("最近天数（不填为全部）", least=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class OfStanding(Condition):
    """The class by recency, frequency and money (RFM)."""

    kind, label, heading = "rfm", "客户分层（RFM）", "消费"
    standings: tuple[str, ...] = asks(
        Words(label="分层", options={value: str(label) for value, label in Standing.choices}), default=()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OfLevel(Condition):
    """The member's level."""

    kind, label, heading = "level", "会员等级", "会员"
    levels: tuple[int, ...] = asks(Rows(label="等级", source="levels"), default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagged(Condition):
    """At least one of these tags."""

    kind, label, heading = "tag", "会员标签", "会员"
    tags: tuple[int, ...] = asks(Rows(label="标签", source="tags"), default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class InGroup(Condition):
    """In at least one of these groups of members."""

    kind, label, heading = "group", "会员分组", "会员"
    groups: tuple[int, ...] = asks(Rows(label="分组", source="groups"), default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class InArea(Condition):
    """Lives there: by where the last paid order went, or by the default address."""

    kind, label, heading = "area", "地区", "会员"
    where: str = asks(
        Choice(label="依据", options={"order": "最近订单的收货地", "address": "默认收货地址"}),
        default="order",
    )
    areas: tuple[str, ...] = asks(Areas(label="省市"), default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class BirthdayIn(Condition):
    """Was born in these months; 0 is the present one."""

    kind, label, heading = "birthday", "生日月份", "会员"
    months: tuple[str, ...] = asks(Words(label="月份", options=MONTHS), default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered(Between):
    """Registered so many days ago."""

    kind, label, heading = "registered", "注册天数", "会员"
    low: int | None = asks(days("至少"))
    high: int | None = asks(days("至多"))


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedIn(Between):
    """The last login is so many days ago; whoever never came back since it is noted is not meant."""

    kind, label, heading = "login", "距最近登录", "会员"
    low: int | None = asks(days("至少"))
    high: int | None = asks(days("至多"))


@dataclass(frozen=True, slots=True, kw_only=True)
class FromChannel(Condition):
    """How the member came to register."""

    kind, label, heading = "channel", "注册来源", "来源"
    origin: str = asks(
        Choice(label="来源", options={"share": "经他人分享", "own": "自行注册"}), default="share"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class BroughtBy(Condition):
    """Bound to a promoter, one of these or whoever."""

    kind, label, heading = "promoter", "推客的客户", "来源"
    promoters: tuple[int, ...] = asks(
        Rows(label="推客（不选为任何推客）", source="promoters", needed=False), default=()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HasPoints(Between):
    """So many points."""

    kind, label, heading = "points", "积分余额", "资产与行为"
    low: int | None = asks(Figure(label="至少", unit="分", most=1_000_000_000))
    high: int | None = asks(Figure(label="至多", unit="分", most=1_000_000_000))


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldsCoupon(Condition):
    """Holds an unused coupon that has not ended: of these templates or of any, ending soon or whenever."""

    kind, label, heading = "coupon", "有未用的券", "资产与行为"
    templates: tuple[int, ...] = asks(
        Rows(label="优惠券（不选为任何券）", source="templates", needed=False), default=()
    )
    days: int | None = asks(days("几天内到期（不填为不限）", least=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftInCart(Condition):
    """Something lies in the cart for so many hours, and no longer than 90 days."""

    kind, label, heading = "cart", "购物车未结算", "资产与行为"
    hours: int | None = asks(Figure(label="已放了至少", unit="小时", least=1, most=2_000, needed=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Likes(Condition):
    """One of these products, or any, is among the favourites."""

    kind, label, heading = "favorite", "收藏了商品", "资产与行为"
    products: tuple[int, ...] = asks(
        Rows(label="商品（不选为任何商品）", source="products", needed=False), default=()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenNotBought(Condition):
    """Came to a product by somebody's share in the last days, and has not bought it since."""

    kind, label, heading = "seen", "经分享看过商品未买", "资产与行为"
    days: int | None = asks(days("最近天数", least=1, needed=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Both:
    """All of the parts, or any of them (``op``). ``turned`` means the opposite."""

    op: str
    of: tuple[Node, ...]
    turned: bool = False


Node = Both | Condition
OPS: Final[Mapping[str, str]] = {"all": "同时满足", "any": "满足任一"}
KINDS: Final[Mapping[str, type[Condition]]] = {
    made.kind: made
    for made in (
        *(Spent, Ordered, LastPaid, BoughtProduct, BoughtCategory, OfStanding),
        *(OfLevel, Tagged, InGroup, InArea, BirthdayIn, Registered, LoggedIn),
        *(FromChannel, BroughtBy),
        *(HasPoints, HoldsCoupon, LeftInCart, Likes, SeenNotBought),
    )
}


def read(given: Any) -> Both:
    """The tree that JSON says. Raises ConditionsRefused with every fault, at the field ``tree``."""
    reading = _Reading()
    tree = reading.node(given, depth=1)
    if reading.conditions > MOST:
        reading.faults.append(f"最多 {MOST} 个条件，现在有 {reading.conditions} 个")
    if not reading.faults and not isinstance(tree, Both):
        reading.faults.append("最外层应为「同时满足」或「满足任一」")
    if reading.faults or not isinstance(tree, Both):
        raise ConditionsRefused([Fault("tree", text) for text in reading.faults])
    return tree


def as_json(node: Node) -> dict[str, Any]:
    """The tree as JSON, in its one form: ``read`` gives the same tree back."""
    if isinstance(node, Both):
        return {"op": node.op, "not": node.turned, "of": [as_json(part) for part in node.of]}
    said = {name: getattr(node, name) for name in asked_of(type(node))}
    lists = {name: list(value) for name, value in said.items() if isinstance(value, tuple)}
    return {"is": node.kind, "not": node.turned, **said, **lists}


def conditions_of(node: Node) -> Iterator[Condition]:
    """All conditions of a tree, as they are read."""
    if isinstance(node, Both):
        for part in node.of:
            yield from conditions_of(part)
    else:
        yield node


def rows_named(node: Node) -> dict[str, set[int]]:
    """The rows that a tree names, by the source of each."""
    named: dict[str, set[int]] = {}
    for condition in conditions_of(node):
        for name, asked in asked_of(type(condition)).items():
            if isinstance(asked, Rows):
                named.setdefault(asked.source, set()).update(getattr(condition, name))
    return named


class _Reading:
    """One reading of a tree, and what is wrong with it so far."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.conditions = 0

    def node(self, given: Any, *, depth: int) -> Node | None:
        if depth > DEEPEST + 1:
            # Said once, however deep it goes on; what lies below is not looked at.
            text = f"条件最多嵌套 {DEEPEST} 层"
            if text not in self.faults:
                self.faults.append(text)
            return None
        if not isinstance(given, dict):
            self.faults.append("条件格式有误，请重新编辑")
            return None
        turned = given.get("not", False)
        if not isinstance(turned, bool):
            self.faults.append("「取反」应为是或否")
            return None
        return self.both(given, turned, depth) if "op" in given else self.condition(given, turned)

    def both(self, given: dict[str, Any], turned: bool, depth: int) -> Both | None:
        op, parts = given["op"], given.get("of")
        if not isinstance(op, str) or op not in OPS or given.keys() - {"op", "not", "of"}:
            self.faults.append("条件组格式有误，请重新编辑")
            return None
        if not isinstance(parts, list) or not parts:
            self.faults.append("每个条件组至少要有一个条件")
            return None
        if len(parts) > MOST:
            self.faults.append(f"最多 {MOST} 个条件，一组中就有 {len(parts)} 个")
            return None
        read = [self.node(part, depth=depth + 1) for part in parts]
        return Both(op=op, turned=turned, of=tuple(part for part in read if part is not None))

    def condition(self, given: dict[str, Any], turned: bool) -> Condition | None:
        self.conditions += 1
        number, name = self.conditions, given.get("is")
        kind = KINDS.get(name) if isinstance(name, str) else None
        if kind is None:
            self.faults.append(f"第 {number} 个条件：没有这种条件")
            return None
        where = f"第 {number} 个条件「{kind.label}」"
        return read_as(kind, given, besides=("is", "not"), where=where, faults=self.faults, turned=turned)


def _span(low: int | None, high: int | None) -> str:
    if low is None and high is None:
        return "「至少」和「至多」请至少填一个"
    if low is not None and high is not None and low > high:
        return "「至少」不能高于「至多」"
    return ""
