"""The public library of subscription messages (公共模板库) as the sandbox has it: a mall's purposes, in a mall's words.

Titles and keywords are the usual ones of such templates; the numbers (tid, category) are made up. The kinds of keyword
and their rules are WeChat's (``template_values``).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from apps.wechat.sandbox.store import Template

ONE_TIME, LONG_TERM = 2, 3
CATEGORIES: Final = {670: "商家自营", 671: "商家自营/百货"}
# The cards of 服务动态 by their tid: they have no keywords, and their private id serves for nothing.
CARDS: Final = {
    10000001: "购物（实体物流）服务动态",
    10000002: "购物（自提）服务动态",
    10000003: "购物（虚拟发货）服务动态",
    10000006: "同城配送服务动态",
}
_EXAMPLES: Final = {
    "thing": "青瓷茶杯",
    "number": "3",
    "letter": "abc",
    "symbol": "+",
    "character_string": "20250101000001",
    "time": "2025年1月1日 10:00",
    "date": "2025年1月1日",
    "amount": "¥12.00",
    "phone_number": "13800000000",
    "car_number": "粤A8Z888",
    "name": "张三",
    "phrase": "已发货",
    "enum_string": "仅退款",
}


@dataclass(frozen=True)
class Keyword:
    """A keyword that a template may be made of; ``key`` is what its value is sent under, ``thing4``."""

    kid: int
    rule: str
    name: str
    values: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.rule}{self.kid}"

    @property
    def example(self) -> str:
        return _EXAMPLES[self.rule]


@dataclass(frozen=True)
class Title:
    """A template of the public library."""

    tid: int
    title: str
    keywords: tuple[Keyword, ...]
    kind: int = ONE_TIME
    category: int = 670

    def keyword(self, kid: object) -> Keyword | None:
        return next((word for word in self.keywords if word.kid == kid), None)


_TITLES: Final = """
订单支付成功通知: character_string 订单编号, thing 商品名称, amount 支付金额, time 支付时间, thing 温馨提示
待付款提醒: character_string 订单编号, thing 商品名称, amount 待付金额, time 支付截止时间, thing 温馨提示
订单发货提醒: character_string 订单号, thing 商品名称, thing 快递公司, character_string 快递单号, time 发货时间
订单签收通知: character_string 订单号, thing 商品名称, time 签收时间, thing 温馨提示
退款成功通知: character_string 订单编号, amount 退款金额, thing 退款原因, time 退款时间, thing 备注
售后进度通知: character_string 售后单号, thing 商品名称, phrase 处理状态, enum_string 售后类型, thing 备注
拼团结果通知: thing 商品名称, number 成团人数, amount 拼团价格, phrase 拼团状态, thing 温馨提示
拼团进度提醒: thing 商品名称, number 还差人数, amount 拼团价格, time 截止时间, thing 温馨提示
活动开始提醒: thing 活动名称, time 开始时间, thing 商品名称, amount 活动价, thing 备注
砍价进度通知: thing 商品名称, amount 当前价格, amount 商品原价, time 截止时间, thing 温馨提示
尾款支付提醒: character_string 订单号, thing 商品名称, amount 尾款金额, time 支付截止时间, thing 温馨提示
优惠券到期提醒: thing 优惠券名称, thing 优惠内容, time 到期时间, thing 使用说明
积分变动提醒: number 变动积分, number 当前积分, thing 变动原因, time 变动时间
积分到期提醒: number 到期积分, time 到期时间, thing 温馨提示
会员等级变更通知: thing 会员等级, time 变更时间, thing 等级权益, thing 温馨提示
生日祝福提醒: name 会员姓名, thing 生日礼品, date 有效期, thing 温馨提示
到货提醒: thing 商品名称, amount 商品价格, time 到货时间, thing 温馨提示
降价提醒: thing 商品名称, amount 原价, amount 现价, thing 温馨提示
候补成功通知: thing 商品名称, amount 商品价格, time 下单截止时间, thing 温馨提示
评价提醒: character_string 订单号, thing 商品名称, time 完成时间, thing 温馨提示
"""
_ENUMS: Final = {"enum_string": ("仅退款", "退货退款", "换货")}


def _library() -> tuple[Title, ...]:
    titles = []
    for number, line in enumerate(_TITLES.strip().splitlines(), start=1001):
        name, _, listed = line.partition(": ")
        words = [word.split(" ") for word in listed.split(", ")]
        keywords = (
            Keyword(kid, rule, told, _ENUMS.get(rule, ())) for kid, (rule, told) in enumerate(words, 1)
        )
        titles.append(Title(number, name, tuple(keywords)))
    every = (
        Keyword(kid, rule, f"参数{kid}", _ENUMS.get(rule, ())) for kid, rule in enumerate(_EXAMPLES, start=1)
    )
    # One that offers every kind of keyword, and one that may not be asked for beside the others.
    titles.append(Title(1900, "各类参数示例", tuple(every), category=671))
    titles.append(
        Title(1901, "长期订阅示例", (Keyword(1, "thing", "事项"), Keyword(2, "time", "时间")), LONG_TERM, 671)
    )
    return tuple(titles)


LIBRARY: Final = _library()
# What the account has added from the start: everything but the examples, with at most five keywords each.
ADDED: Final = tuple(title for title in LIBRARY if title.tid < 1900)


def title(tid: object) -> Title | None:
    """Return the public template of this number."""
    return next((one for one in LIBRARY if one.tid == tid), None)


def private(appid: str, title: Title, words: Sequence[Keyword], *, scene: str) -> Template:
    """Return an account's own template; the same title and keywords, in whatever order, always have the same id."""
    kids = sorted(word.kid for word in words)
    seed = f"{appid}/template/{title.tid}/{kids}".encode()
    return Template(
        template_id=base64.urlsafe_b64encode(hashlib.sha256(seed).digest()).decode()[:43],
        title=title.title,
        kind=title.kind,
        scene=scene,
        keywords=[
            {"key": word.key, "name": word.name, "example": word.example, "values": list(word.values)}
            for word in words
        ],
    )


def first_templates(appid: str) -> list[Template]:
    """Return what an account has added from the start: a template for each purpose, and the card of parcels."""
    card = Title(10000001, CARDS[10000001], ())
    return [private(appid, title, title.keywords, scene=title.title) for title in (*ADDED, card)]
