"""Messages of the demo shop: its scenes, some told by the account's templates, a mass send in some inboxes, and a draft.

Templates are the account's own: they are asked for, as 从微信获取 does, and where WeChat is away there are none.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from apps.demo import levels
from apps.messaging.models import Broadcast, Content, SceneSetting, Template
from apps.messaging.services import broadcasts, deciding, ruling, templates
from apps.messaging.states import Audience
from apps.wechat.errors import WechatRefused, WechatUnavailable

# Numbers of shoppers that nobody else in the demo shop has.
_FIRST: Final = 61
_NAMES: Final = ("苏云卿", "程望舒", "叶知秋")

# Scenes by the title of their template, and what each keyword says by the name that WeChat gives it.
_BY_TEMPLATE: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "order_paid": (
        "订单支付成功通知",
        {
            "订单编号": "{order_no}",
            "商品名称": "{goods}",
            "支付金额": "{amount}",
            "支付时间": "{paid_at}",
            "温馨提示": "{next}",
        },
    ),
    "order_shipped": (
        "订单发货提醒",
        {
            "订单号": "{order_no}",
            "商品名称": "{goods}",
            "快递公司": "{carrier}",
            "快递单号": "{tracking_no}",
            "发货时间": "{shipped_at}",
        },
    ),
    "coupon_expiring": (
        "优惠券到期提醒",
        {
            "优惠券名称": "{coupon}",
            "优惠内容": "{worth}",
            "到期时间": "{until}",
            "使用说明": "在结算页自动选用",
        },
    ),
}


def tell_by_templates(*, at: datetime) -> None:
    """Have some scenes told by the account's templates, where WeChat has such as fit and no operator chose another.

    Outside a transaction; nothing while WeChat is away, or knows no such account.
    """
    try:
        templates.fetch(at=at)
    except (WechatUnavailable, WechatRefused):
        return
    for setting in SceneSetting.objects.filter(scene__in=_BY_TEMPLATE, template=None):
        title, texts = _BY_TEMPLATE[setting.scene]
        setting.template = Template.objects.filter(title=title, missing_since=None).first()
        if setting.template is None:
            continue
        known = [(str(word["key"]), str(word["label"])) for word in setting.template.keywords]
        setting.fields = {key: texts[label] for key, label in known if label in texts}
        with suppress(ruling.SceneRefused):
            ruling.save_scene(setting)


def fill(*, at: datetime) -> None:
    """Rows for all scenes; a mass send to three tea friends, and a draft for everybody."""
    ruling.complete_scenes()
    if Broadcast.objects.exists():
        return
    friends = [levels.shopper(name, number=number, at=at) for number, name in enumerate(_NAMES, start=_FIRST)]
    sent = broadcasts.draft(
        content=Content(
            title="明前龙井到店",
            text="{nickname}您好，今年的明前龙井已到店，欢迎来尝。",
            page="pages/home/index",
        ),
        audience=Audience.LIST,
        member_numbers=[friend.public_id for friend in friends],
        due_at=at,
        at=at,
        operator=None,
    )
    broadcasts.start(broadcast_id=sent.pk, at=at)
    broadcasts.prepare_due(at=at)
    deciding.decide_due(at=at)
    broadcasts.draft(
        content=Content(
            title="会员日预告",
            text="{nickname}您好，15 日会员日双倍积分，{level}另享会员价。",
            page="pages/member/index",
        ),
        audience=Audience.ALL,
        due_at=at + timedelta(days=3),
        at=at,
        operator=None,
    )
