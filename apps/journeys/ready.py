"""Six journeys that most shops want, as plans that operators finish: whatever only a shop can choose is left open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from apps.audiences.states import Standing

_DAY: Final = 1_440


class Ready(NamedTuple):
    """One of them: its code, what it is called, why one wants it, and its plan."""

    code: str
    title: str
    note: str
    plan: Mapping[str, Any]


def _wait(minutes: int) -> dict[str, Any]:
    return {"is": "wait", "minutes": minutes}


def _at(clock: str, days: int = 0) -> dict[str, Any]:
    return {"is": "until", "days": days, "clock": clock}


def _message(title: str, text: str, page: str, hours: int = 24) -> dict[str, Any]:
    return {"is": "message", "title": title, "text": text, "page": page, "fields": {}, "hours": hours}


def _branch(
    when: str, *, yes: Sequence[Any] = (), no: Sequence[Any] = (), tree: Any = None
) -> dict[str, Any]:
    return {"is": "branch", "when": when, "tree": tree, "yes": list(yes), "no": list(no)}


def _plan(trigger: Mapping[str, Any], steps: Sequence[Any], again_days: int | None = None) -> dict[str, Any]:
    return {"trigger": dict(trigger), "again_days": again_days, "exits": ["ordered"], "steps": list(steps)}


_COUPON: Final[Mapping[str, Any]] = {"is": "coupon", "template": None}
_HOME: Final = "pages/home/index"
_MINE: Final = "pages/coupon/mine"
_CART: Final = "pages/cart/index"

READY: Final[Sequence[Ready]] = (
    Ready(
        "newcomer",
        "新客首单",
        "注册后没有下单的会员：次日介绍商城，三天后送券，七天后再提醒一次",
        _plan(
            {"is": "event", "event": "MemberRegistered"},
            [
                _at("10:00", 1),
                _message("欢迎加入", "{nickname}您好，新会员可在首页领取优惠，欢迎来逛逛。", _HOME),
                _at("10:00", 2),
                dict(_COUPON),
                _message("送您一张优惠券", "{nickname}您好，为您准备的优惠券已到账，首单可用。", _MINE),
                _at("19:30", 4),
                _branch(
                    "coupon_used",
                    yes=[{"is": "stop"}],
                    no=[
                        _message(
                            "优惠券还没用", "{nickname}您好，您的优惠券还没有使用，别让它过期了。", _MINE
                        )
                    ],
                ),
            ],
        ),
    ),
    Ready(
        "cart",
        "购物车挽回",
        "商品放入购物车 1 小时未下单时提醒，24 小时后还在再提醒一次",
        _plan(
            {"is": "cart", "hours": 1},
            [
                _message(
                    "购物车里还有商品", "{nickname}您好，您挑好的商品还在购物车里，随时可以结算。", _CART, 3
                ),
                _wait(23 * 60),
                _branch(
                    "in_cart",
                    yes=[
                        _message(
                            "还在考虑吗", "{nickname}您好，购物车里的商品库存有限，喜欢就带走吧。", _CART, 12
                        )
                    ],
                ),
            ],
            again_days=7,
        ),
    ),
    Ready(
        "dormant",
        "沉睡会员唤醒",
        "30 天未下单时问候，60 天送一张会过期的券，90 天请员工联系高价值会员",
        _plan(
            {"is": "dormant", "days": 30, "clock": "10:00"},
            [
                _message("好久不见", "{nickname}您好，店里新到了一些好物，有空来看看。", _HOME),
                _at("10:00", 30),
                dict(_COUPON),
                _message("为您留了一张券", "{nickname}您好，这张优惠券限期使用，欢迎回来逛逛。", _MINE),
                _at("10:00", 30),
                _branch(
                    "tree",
                    tree={
                        "op": "all",
                        "not": False,
                        "of": [{"is": "rfm", "not": False, "standings": [Standing.CHURNING.value]}],
                    },
                    yes=[{"is": "task", "text": "90 天未下单的重要会员，请致电了解原因"}],
                    no=[_message("期待您回来", "{nickname}您好，好久没见到您了，欢迎常来。", _HOME)],
                ),
            ],
            again_days=120,
        ),
    ),
    Ready(
        "churn",
        "高价值会员流失预警",
        "RFM 分层变为「流失预警」的会员：先请员工联系，三天后没下单再送券。请先建好「流失预警」人群并在进入条件中选择",
        _plan(
            {"is": "segment", "segment": None, "existing": False},
            [
                {"is": "task", "text": "重要会员很久没来了，请联系了解原因"},
                _at("10:00", 3),
                dict(_COUPON),
                _message("老朋友专属", "{nickname}您好，感谢一直以来的支持，送您一张老客专属优惠券。", _MINE),
            ],
            again_days=180,
        ),
    ),
    Ready(
        "birthday",
        "生日祝福",
        "生日前三天送券，当天祝福",
        {
            **_plan(
                {"is": "birthday", "days": 3, "clock": "10:00"},
                [
                    dict(_COUPON),
                    _message("生日礼物提前送到", "{nickname}您好，生日快到了，礼券已放入您的账户。", _MINE),
                    _at("09:30", 3),
                    _message("生日快乐", "{nickname}，祝您生日快乐，天天好心情！", _HOME, 12),
                ],
                again_days=300,
            ),
            "exits": [],
        },
    ),
    Ready(
        "repurchase",
        "复购提醒",
        "按商品的使用周期提醒再次购买。请在进入条件中填写商品或类目及其天数",
        _plan(
            {"is": "repurchase", "cycles": [], "clock": "10:00"},
            [
                _message(
                    "该补货了", "{nickname}您好，上次买的差不多用完了吧，点此再次购买。", "pages/order/list"
                ),
                _at("10:00", 7),
                dict(_COUPON),
                _message("补货优惠", "{nickname}您好，为您准备了一张补货优惠券。", _MINE),
            ],
            again_days=20,
        ),
    ),
)
BY_CODE: Final[Mapping[str, Ready]] = {ready.code: ready for ready in READY}
