"""Board 12: what the shop tells members: each scene with its facts, who knows whether it is true, and how it is told until
operators reword it. docs/guide/add-a-message.md walks through a line.

``reads`` is the dotted path of the room's reader (``apps/<room>/telling.py``); without one nothing can be told of a scene.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from apps.messaging.board import CAMPAIGN, JOURNEY, FactKind, Name, Scene

_EVENING: Final = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


def _text(name: str, label: str, example: str) -> Name:
    return Name(name=name, kind=FactKind.TEXT, label=label, example=example)


def _code(name: str, label: str, example: str) -> Name:
    return Name(name=name, kind=FactKind.CODE, label=label, example=example)


def _number(name: str, label: str, example: int) -> Name:
    return Name(name=name, kind=FactKind.NUMBER, label=label, example=example)


def _fen(name: str, label: str, example_fen: int) -> Name:
    return Name(name=name, kind=FactKind.FEN, label=label, example=example_fen)


def _time(name: str, label: str) -> Name:
    return Name(name=name, kind=FactKind.TIME, label=label, example=_EVENING)


_ORDER_NO: Final = _code("order_no", "订单号", "SO261128K7M2P9QRTW4X")
_GOODS: Final = _text("goods", "商品", "明前龙井 100 克 等 2 件")
_PRODUCT: Final = _text("product", "商品", "明前龙井 100 克")
_PRODUCT_ID: Final = _code("product_id", "商品编号", "7")
_AMOUNT: Final = _fen("amount", "金额", 12_800)
_PRICE: Final = _fen("price", "价格", 9_900)
_ORDER_PAGE: Final = "pages/order/detail?order_no={order_no}"
_PRODUCT_PAGE: Final = "pages/product/detail?id={product_id}"

_LIES_READY: Final = (
    _ORDER_NO,
    _GOODS,
    _text("place", "自提门店", "西湖门店"),
    _text("address", "门店地址", "杭州市西湖区龙井路 66 号"),
    _time("fetch_by", "最晚取货时间"),
    _text("slot", "取货时段", "12月01日 09:00-11:00"),
)

SCENES: Sequence[Scene] = (
    Scene(
        name="order_paid",
        title="订单支付成功",
        moment="pay",
        passes_quiet=True,
        names=(
            _ORDER_NO,
            _GOODS,
            _AMOUNT,
            _time("paid_at", "支付时间"),
            _text("next", "接下来", "我们会尽快发货"),
        ),
        inbox_title="支付成功",
        inbox_text="您的订单 {order_no} 已支付 {amount}，{next}。",
        page=_ORDER_PAGE,
        by_card=True,
        reads="apps.orders.telling.paid",
    ),
    Scene(
        name="order_closing",
        title="待付款订单即将关闭",
        moment="pay",
        passes_quiet=True,
        names=(_ORDER_NO, _GOODS, _AMOUNT, _time("closes_at", "关闭时间")),
        expires_after=timedelta(minutes=9),
        inbox_title="订单即将关闭",
        inbox_text="您的订单 {order_no} 待付 {amount}，将于 {closes_at} 自动关闭。",
        page=_ORDER_PAGE,
        reads="apps.orders.telling.closing",
    ),
    Scene(
        name="order_shipped",
        title="订单已发货",
        moment="pay",
        passes_quiet=True,
        names=(
            _ORDER_NO,
            _GOODS,
            _text("carrier", "快递公司", "顺丰速运"),
            _code("tracking_no", "快递单号", "SF1234567890123"),
            _time("shipped_at", "发货时间"),
        ),
        expires_after=timedelta(days=3),
        inbox_title="订单已发货",
        inbox_text="您的订单 {order_no} 已由{carrier}发出，单号 {tracking_no}。",
        page=_ORDER_PAGE,
        by_card=True,
        reads="apps.fulfillment.telling.shipped",
    ),
    Scene(
        name="order_delivered",
        title="订单已送达",
        moment="pay",
        passes_quiet=True,
        names=(_ORDER_NO, _GOODS, _time("delivered_at", "送达时间")),
        expires_after=timedelta(days=3),
        inbox_title="订单已送达",
        inbox_text="您的订单 {order_no} 已于 {delivered_at} 送达，请确认收货。",
        page=_ORDER_PAGE,
        reads="apps.fulfillment.telling.delivered",
    ),
    Scene(
        name="refund_done",
        title="退款成功",
        moment="after_sale",
        passes_quiet=True,
        names=(
            _ORDER_NO,
            _code("refund_no", "退款单号", "RF261128K7M2P9QRTW4X"),
            _AMOUNT,
            _text("cause", "退款原因", "售后退款"),
            _time("refunded_at", "退款时间"),
        ),
        expires_after=timedelta(days=7),
        inbox_title="退款成功",
        inbox_text="订单 {order_no} 的退款 {amount} 已原路退回。",
        page=_ORDER_PAGE,
        reads="apps.payments.telling.refunded",
    ),
    Scene(
        name="after_sale",
        title="售后进度",
        moment="after_sale",
        passes_quiet=True,
        names=(
            _code("after_sale_no", "售后单号", "AS261128K7M2P9QRTW4X"),
            _ORDER_NO,
            _GOODS,
            _text("kind", "售后类型", "退货退款"),
            _text("progress", "进度", "已同意退货"),
            _text("hint", "提示", "请在 7 天内寄回商品"),
            _time("moved_at", "时间"),
        ),
        expires_after=timedelta(days=7),
        inbox_title="售后进度更新",
        inbox_text="您的售后申请 {after_sale_no}：{progress}。{hint}",
        page="pages/after-sale/detail?after_sale_no={after_sale_no}",
        reads="apps.aftersales.telling.moved",
    ),
    Scene(
        name="group_result",
        title="拼团结果",
        moment="group",
        passes_quiet=True,
        names=(
            _code("group_no", "团号", "GB261128K7M2P9QRTW4X"),
            _PRODUCT,
            _number("size", "成团人数", 3),
            _PRICE,
            _text("result", "结果", "拼团成功"),
            _text("hint", "提示", "商品即将发出"),
        ),
        inbox_title="{result}",
        inbox_text="您参加的「{product}」{size} 人团：{result}，{hint}。",
        page="pages/group/index?group_no={group_no}",
        reads="apps.groupbuy.telling.result",
    ),
    Scene(
        name="group_missing",
        title="拼团还差一人",
        moment="group",
        passes_quiet=True,
        names=(
            _code("group_no", "团号", "GB261128K7M2P9QRTW4X"),
            _PRODUCT,
            _number("missing", "还差人数", 1),
            _PRICE,
            _time("ends_at", "截止时间"),
        ),
        inbox_title="拼团还差 {missing} 人",
        inbox_text="您参加的「{product}」拼团还差 {missing} 人，{ends_at} 截止，邀请好友来参团吧。",
        page="pages/group/index?group_no={group_no}",
        reads="apps.groupbuy.telling.missing",
    ),
    Scene(
        name="activity_start",
        title="活动开始提醒",
        moment="remind",
        names=(
            _text("activity", "活动", "周末秒杀"),
            _PRODUCT,
            _PRODUCT_ID,
            _PRICE,
            _time("starts_at", "开始时间"),
        ),
        expires_after=timedelta(minutes=5),
        inbox_title="活动即将开始",
        inbox_text="您预约的「{product}」{starts_at} 开抢，活动价 {price}。",
        page=_PRODUCT_PAGE,
        reads="apps.flashsale.telling.starting",
    ),
    Scene(
        name="bargain_floor",
        title="砍价到底",
        moment="start_bargain",
        names=(
            _code("bargain_no", "砍价编号", "BG261128K7M2P9QRTW4X"),
            _PRODUCT,
            _PRICE,
            _time("ends_at", "截止时间"),
        ),
        inbox_title="已砍到底价",
        inbox_text="好友已帮您把「{product}」砍到 {price}，请在 {ends_at} 前购买。",
        page="pages/bargain/run?bargain_no={bargain_no}",
        reads="apps.bargain.telling.at_floor",
    ),
    Scene(
        name="balance_due",
        title="尾款待支付",
        moment="pay",
        passes_quiet=True,
        names=(_ORDER_NO, _PRODUCT, _AMOUNT, _time("until", "支付截止时间")),
        expires_after=timedelta(hours=1),
        inbox_title="请支付尾款",
        inbox_text="您预订的「{product}」尾款 {amount}，请在 {until} 前支付。",
        page=_ORDER_PAGE,
        reads="apps.presale.telling.balance",
    ),
    Scene(
        name="wait_turn",
        title="候补到号",
        moment="wait",
        names=(_PRODUCT, _PRODUCT_ID, _PRICE, _time("until", "保留至")),
        expires_after=timedelta(minutes=10),
        inbox_title="候补到您了",
        inbox_text="您候补的「{product}」已为您保留到 {until}，请尽快下单。",
        page=_PRODUCT_PAGE,
        reads="apps.flashsale.telling.turn",
    ),
    Scene(
        name="back_in_stock",
        title="到货提醒",
        moment="remind",
        names=(_PRODUCT, _PRODUCT_ID, _PRICE, _time("back_at", "到货时间")),
        inbox_title="您关注的商品到货了",
        inbox_text="「{product}」已到货，现价 {price}。",
        page=_PRODUCT_PAGE,
        reads="apps.storefront.telling.back",
    ),
    Scene(
        name="price_drop",
        title="收藏降价",
        moment="favorite",
        marketing=True,
        names=(_PRODUCT, _PRODUCT_ID, _PRICE, _fen("was", "原价", 12_800)),
        inbox_title="收藏的商品降价了",
        inbox_text="您收藏的「{product}」从 {was} 降到 {price}。",
        page=_PRODUCT_PAGE,
        reads="apps.storefront.telling.fallen",
    ),
    Scene(
        name="coupon_expiring",
        title="优惠券即将过期",
        moment="claim",
        marketing=True,
        names=(
            _text("coupon", "优惠券", "满 100 减 15"),
            _text("worth", "面额", "15 元"),
            _time("until", "到期时间"),
        ),
        inbox_title="优惠券即将过期",
        inbox_text="您的优惠券「{coupon}」将于 {until} 到期。",
        page="pages/coupon/mine",
        reads="apps.coupons.telling.expiring",
    ),
    Scene(
        name="points_expiring",
        title="积分即将过期",
        moment="points",
        marketing=True,
        names=(_number("points", "积分", 320), _time("until", "到期时间")),
        expires_after=timedelta(days=3),
        inbox_title="积分即将过期",
        inbox_text="您有 {points} 积分将于 {until} 过期。",
        page="pages/points/index",
        reads="apps.points.telling.expiring",
    ),
    Scene(
        name="level_changed",
        title="会员等级变更",
        moment="profile",
        marketing=True,
        names=(
            _text("level", "新等级", "金卡会员"),
            _text("before", "原等级", "银卡会员"),
            _text("why", "原因", "成长值达标升级"),
            _time("changed_at", "变更时间"),
        ),
        expires_after=timedelta(days=3),
        inbox_title="会员等级变更",
        inbox_text="您的会员等级已由{before}变为{level}：{why}。",
        page="pages/member/level",
        reads="apps.messaging.readers.level_changed",
    ),
    Scene(
        name="birthday",
        title="生日礼",
        moment="profile",
        marketing=True,
        names=(
            _text("nickname", "会员昵称", "小满"),
            _text("gift", "生日礼", "188 积分"),
            _text("level", "会员等级", "金卡会员"),
        ),
        expires_after=timedelta(hours=14),
        inbox_title="生日快乐",
        inbox_text="祝您生日快乐！{level}生日礼「{gift}」已到账。",
        page="pages/member/index",
        reads="apps.points.telling.birthday",
    ),
    Scene(
        name="survey",
        title="满意度问卷",
        moment="receive",
        marketing=True,
        names=(
            _ORDER_NO,
            _PRODUCT,
            _code("survey_id", "问卷编号", "3"),
            _time("received_at", "收货时间"),
            _text("thanks", "答谢", "可得 20 积分"),
        ),
        expires_after=timedelta(days=3),
        inbox_title="商品用得怎么样？",
        inbox_text="您购买的「{product}」用得怎么样？请填写问卷，{thanks}。",
        page="pages/survey/index?id={survey_id}",
        reads="apps.support.telling.survey",
    ),
    # In the shop's inbox alone: the contract has no scene of these that the mini program asks for.
    Scene(
        name="invoice",
        title="发票进度",
        moment="",
        passes_quiet=True,
        names=(
            _ORDER_NO,
            _text("progress", "进度", "已开票"),
            _AMOUNT,
            _text("hint", "提示", "可在订单详情中查看和下载"),
            _time("moved_at", "时间"),
        ),
        expires_after=timedelta(days=7),
        inbox_title="发票{progress}",
        inbox_text="订单 {order_no} 的发票（{amount}）：{progress}。{hint}。",
        page=_ORDER_PAGE,
        reads="apps.invoices.telling.moved",
        asked=False,
    ),
    Scene(
        name="pickup_ready",
        title="自提订单已备好",
        moment="",
        passes_quiet=True,
        names=_LIES_READY,
        expires_after=timedelta(days=3),
        inbox_title="商品已备好，等您来取",
        inbox_text="您的订单 {order_no} 已在{place}备好，取货时段：{slot}，请于 {fetch_by} 前出示取货码自提，"
        "地址：{address}。",
        page=_ORDER_PAGE,
        reads="apps.pickup.telling.ready",
        asked=False,
    ),
    Scene(
        name="pickup_waiting",
        title="自提订单待取提醒",
        moment="",
        names=_LIES_READY,
        expires_after=timedelta(days=7),
        inbox_title="您有商品待自提",
        inbox_text="您的订单 {order_no} 还在{place}等您，请于 {fetch_by} 前自提，逾期将自动退款。",
        page=_ORDER_PAGE,
        reads="apps.pickup.telling.ready",
        asked=False,
    ),
    Scene(
        name="city_leaving",
        title="同城配送已出发",
        moment="",
        passes_quiet=True,
        names=(
            _ORDER_NO,
            _GOODS,
            _text("place", "门店", "西湖门店"),
            _text("phone", "门店电话", "0571-87970066"),
            _time("left_at", "出发时间"),
            _text("slot", "送达时段", "12月01日 09:00-11:00"),
        ),
        expires_after=timedelta(hours=6),
        inbox_title="您的订单正在配送",
        inbox_text="您的订单 {order_no} 已由{place}送出，送达时段：{slot}，请保持电话畅通；门店电话 {phone}。",
        page=_ORDER_PAGE,
        reads="apps.pickup.telling.leaving",
        asked=False,
    ),
    # What operators write themselves: mass sends and journeys. The texts are the content's own (messaging.Content), and name
    # the same facts.
    Scene(
        name="order_delayed",
        title="订单延迟发货",
        moment="pay",
        passes_quiet=True,
        names=(
            _ORDER_NO,
            _GOODS,
            _text("reason", "原因", "缺货"),
            _time("ship_by", "新的发货时间"),
            _time("answer_until", "答复截止"),
            _text("choices", "可选", "等待、换货或退款"),
        ),
        expires_after=timedelta(days=1),
        inbox_title="订单将延迟发货",
        inbox_text=(
            "很抱歉，您的订单 {order_no} 因{reason}预计在 {ship_by} 前发出。"
            "您可在 {answer_until} 前选择{choices}，未选择视为等待。"
        ),
        page=_ORDER_PAGE,
        asked=False,
        reads="apps.deadlines.telling.delayed",
    ),
    Scene(
        name=CAMPAIGN,
        title="群发",
        moment="",
        marketing=True,
        names=(_text("nickname", "昵称", "小茶"), _text("level", "会员等级", "金卡会员")),
        expires_after=timedelta(days=1),
        reads="apps.messaging.readers.member",
        asked=False,
    ),
    Scene(
        name=JOURNEY,
        title="营销旅程",
        moment="",
        marketing=True,
        names=(_text("nickname", "昵称", "小茶"), _text("level", "会员等级", "金卡会员")),
        expires_after=timedelta(days=1),
        reads="apps.journeys.telling.step",
        asked=False,
    ),
)
