"""Where a message, its way to WeChat and a mass send can stand, and why something was not sent."""

from __future__ import annotations

from typing import Final

from django.db import models

from mall.lifecycle import Lifecycle

# The names of the room's jobs, which a commit may ring for.
DECIDE: Final = "messaging.decide_due"
CARRY: Final = "messaging.carry_due"
PREPARE: Final = "messaging.prepare_due"
CARDS: Final = "messaging.tell_cards"


class MessageStatus(models.TextChoices):
    """A message: waiting for its time, in the member's inbox, or not sent."""

    WAITING = "WAITING", "待发送"
    HELD = "HELD", "已暂停"
    TOLD = "TOLD", "已送达收件箱"
    DROPPED = "DROPPED", "未发送"
    FAILED = "FAILED", "出错待处理"


class DispatchStatus(models.TextChoices):
    """A message on its way by one channel. UNKNOWN: it may have been sent, so it is never repeated."""

    WAITING = "WAITING", "待发送"
    HELD = "HELD", "已暂停"
    SENDING = "SENDING", "发送中"
    SENT = "SENT", "已发送"
    REFUSED = "REFUSED", "未发送"
    FAILED = "FAILED", "失败待处理"
    UNKNOWN = "UNKNOWN", "结果不明"


class BroadcastStatus(models.TextChoices):
    """A mass send."""

    DRAFT = "DRAFT", "草稿"
    RUNNING = "RUNNING", "发送中"
    PAUSED = "PAUSED", "已暂停"
    DONE = "DONE", "已完成"
    CANCELLED = "CANCELLED", "已取消"


class Channel(models.TextChoices):
    """The ways out of the shop. The inbox is none: every message that is told is in it."""

    SUBSCRIPTION = "SUBSCRIPTION", "订阅消息"
    SERVICE = "SERVICE", "客服消息"
    SMS = "SMS", "短信"


class Reason(models.TextChoices):
    """Why nothing was sent, was put off, or went into the inbox only."""

    NOT_TRUE = "NOT_TRUE", "发送时已不成立"
    EXPIRED = "EXPIRED", "已过有效时间"
    MARKETING_OFF = "MARKETING_OFF", "会员已关闭营销消息"
    CAPPED_DAY = "CAPPED_DAY", "已达当日营销上限"
    CAPPED_WEEK = "CAPPED_WEEK", "已达本周营销上限"
    QUIET = "QUIET", "免打扰时段"
    NO_GRANT = "NO_GRANT", "没有可用的订阅授权"
    SCENE_OFF = "SCENE_OFF", "场景已停用"
    NO_CHANNEL = "NO_CHANNEL", "场景未配置其他渠道"
    NOT_ASKED_FOR = "NOT_ASKED_FOR", "会员未同意以此渠道接收营销消息"
    ERASED = "ERASED", "会员已注销或停用"
    CANCELLED = "CANCELLED", "已取消"
    CARD = "CARD", "由服务动态告知"
    UNREADABLE = "UNREADABLE", "读取业务内容出错"
    UNFIT = "UNFIT", "内容不符合模板要求"
    REFUSED = "REFUSED", "渠道拒绝"
    BUSY = "BUSY", "渠道繁忙，稍后重试"
    GIVEN_UP = "GIVEN_UP", "多次重试仍未成功"
    UNKNOWN = "UNKNOWN", "结果不明，不再重发"
    UNREACHABLE = "UNREACHABLE", "此渠道无法送达该会员"
    NOT_DELIVERED = "NOT_DELIVERED", "微信未能送达"


class Source(models.TextChoices):
    """Who told of a grant."""

    CLIENT = "CLIENT", "小程序"
    EVENT = "EVENT", "微信事件"
    SEND = "SEND", "发送"
    OPERATOR = "OPERATOR", "人工"


class GrantChange(models.TextChoices):
    """What moved a balance of grants."""

    ACCEPTED = "ACCEPTED", "同意"
    SAME = "SAME", "同一次同意，不重复计"
    SPENT = "SPENT", "发送使用"
    RETURNED = "RETURNED", "未发出，退回"
    CORRECTED = "CORRECTED", "微信表示已无授权"
    REFUSED = "REFUSED", "拒绝或关闭"


class KeywordKind(models.TextChoices):
    """The types of a template's keywords (小程序 订阅消息, 参数值内容限制说明)."""

    THING = "thing", "事物"
    NUMBER = "number", "数字"
    LETTER = "letter", "字母"
    SYMBOL = "symbol", "符号"
    CHARACTER_STRING = "character_string", "字符串"
    TIME = "time", "时间"
    DATE = "date", "日期"
    AMOUNT = "amount", "金额"
    PHONE_NUMBER = "phone_number", "电话"
    CAR_NUMBER = "car_number", "车牌"
    NAME = "name", "姓名"
    PHRASE = "phrase", "汉字"
    ENUM = "enum_string", "枚举值"


class CardStatus(models.TextChoices):
    """A card of 服务动态: it is to be shown, it is shown and goes on telling, it is over, or WeChat does not show it."""

    BEGINNING = "BEGINNING", "待展示"
    LIVE = "LIVE", "展示中"
    OVER = "OVER", "已结束"
    FAILED = "FAILED", "未能展示"


class Audience(models.TextChoices):
    """Whom a mass send means."""

    ALL = "ALL", "全部会员"
    LEVEL = "LEVEL", "指定等级"
    GROUP = "GROUP", "指定分组"
    LIST = "LIST", "指定会员名单"


MESSAGE: Final = Lifecycle(
    "message",
    initial=MessageStatus.WAITING,
    moves={
        "tell": ({MessageStatus.WAITING}, MessageStatus.TOLD),
        "drop": ({MessageStatus.WAITING, MessageStatus.HELD, MessageStatus.FAILED}, MessageStatus.DROPPED),
        "hold": ({MessageStatus.WAITING}, MessageStatus.HELD),
        "resume": ({MessageStatus.HELD}, MessageStatus.WAITING),
        "fail": ({MessageStatus.WAITING}, MessageStatus.FAILED),
        "repeat": ({MessageStatus.FAILED}, MessageStatus.WAITING),
    },
    final={MessageStatus.TOLD, MessageStatus.DROPPED},
    labels=dict(MessageStatus.choices),
)

DISPATCH: Final = Lifecycle(
    "dispatch",
    initial=DispatchStatus.WAITING,
    moves={
        "begin": ({DispatchStatus.WAITING}, DispatchStatus.SENDING),
        "refuse": (
            {DispatchStatus.WAITING, DispatchStatus.HELD, DispatchStatus.SENDING, DispatchStatus.FAILED},
            DispatchStatus.REFUSED,
        ),
        "confirm": ({DispatchStatus.SENDING}, DispatchStatus.SENT),
        "put_off": ({DispatchStatus.SENDING}, DispatchStatus.WAITING),
        "fail": ({DispatchStatus.WAITING, DispatchStatus.SENDING}, DispatchStatus.FAILED),
        "lose": ({DispatchStatus.SENDING}, DispatchStatus.UNKNOWN),
        "bounce": ({DispatchStatus.SENT}, DispatchStatus.REFUSED),
        "repeat": ({DispatchStatus.FAILED}, DispatchStatus.WAITING),
        "hold": ({DispatchStatus.WAITING}, DispatchStatus.HELD),
        "resume": ({DispatchStatus.HELD}, DispatchStatus.WAITING),
    },
    final={DispatchStatus.REFUSED, DispatchStatus.UNKNOWN},
    labels=dict(DispatchStatus.choices),
)

CARD: Final = Lifecycle(
    "service_card",
    initial=CardStatus.BEGINNING,
    moves={
        "show": ({CardStatus.BEGINNING}, CardStatus.LIVE),
        "end": ({CardStatus.LIVE}, CardStatus.OVER),
        "fail": ({CardStatus.BEGINNING, CardStatus.LIVE}, CardStatus.FAILED),
    },
    final={CardStatus.OVER, CardStatus.FAILED},
    labels=dict(CardStatus.choices),
)

BROADCAST: Final = Lifecycle(
    "broadcast",
    initial=BroadcastStatus.DRAFT,
    moves={
        "start": ({BroadcastStatus.DRAFT}, BroadcastStatus.RUNNING),
        "pause": ({BroadcastStatus.RUNNING}, BroadcastStatus.PAUSED),
        "resume": ({BroadcastStatus.PAUSED}, BroadcastStatus.RUNNING),
        "finish": ({BroadcastStatus.RUNNING}, BroadcastStatus.DONE),
        "cancel": (
            {BroadcastStatus.DRAFT, BroadcastStatus.RUNNING, BroadcastStatus.PAUSED},
            BroadcastStatus.CANCELLED,
        ),
    },
    final={BroadcastStatus.DONE, BroadcastStatus.CANCELLED},
    labels=dict(BroadcastStatus.choices),
)
