"""Plain makers for tests of messages: a board of the tests' own, whose facts a test can change, templates, grants."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Final

from django.db import transaction

from apps.members.models import Member
from apps.messaging import services as messaging
from apps.messaging.board import FactKind, Facts, Name, Scene
from apps.messaging.models import Dispatch, Grant, Message, Rules, SceneSetting, Template
from apps.messaging.services import carrying, deciding, grants, templates
from apps.wechat.sandbox.control import Sandbox
from tests.apps.members import make as members

NOW: Final = members.AT  # Monday noon in Shanghai
MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)

member = members.member
_numbers = count(1)

# What is true of each subject, by its name: a test writes here what its shop knows. Without an entry nothing is true.
TRUTH: dict[str, Facts] = {}


class Unreadable(Exception):
    """What a reader of the tests raises for the subject ``broken``."""


def read(*, subject: str, member_id: int, at: datetime) -> Facts | None:
    """The reader of the tests' scenes."""
    if subject == "broken":
        raise Unreadable("the room fell over")
    return TRUTH.get(subject)


_NAMES: Final = (
    Name(name="order_no", kind=FactKind.CODE, label="订单号", example="SO1"),
    Name(name="goods", kind=FactKind.TEXT, label="商品", example="春茶"),
    Name(name="amount", kind=FactKind.FEN, label="金额", example=12_800),
)
_READS: Final = "tests.apps.messaging.make.read"
_WORDS: Final = {
    "inbox_title": "支付成功",
    "inbox_text": "订单 {order_no} 已支付 {amount}。",
    "page": "pages/order/detail?order_no={order_no}",
}
SCENES: Final = (
    Scene(
        name="order_paid",
        title="订单支付成功",
        moment="pay",
        passes_quiet=True,
        names=_NAMES,
        reads=_READS,
        **_WORDS,
    ),
    Scene(
        name="back_in_stock",
        title="到货提醒",
        moment="remind",
        names=_NAMES,
        reads=_READS,
        expires_after=timedelta(hours=12),
        **_WORDS,
    ),
    Scene(
        name="price_drop",
        title="收藏降价",
        moment="favorite",
        marketing=True,
        names=_NAMES,
        reads=_READS,
        expires_after=timedelta(days=3),
        **_WORDS,
    ),
    Scene(
        name="campaign",
        title="群发",
        moment="",
        marketing=True,
        names=(
            Name(name="nickname", kind=FactKind.TEXT, label="昵称", example="小茶"),
            Name(name="level", kind=FactKind.TEXT, label="会员等级", example="金卡会员"),
        ),
        asked=False,
    ),
)


def is_true(subject: str = "SO1", *, until: datetime | None = None, **values: Any) -> str:
    """Have it be true of a subject that it is paid; return the subject."""
    plain: Mapping[str, Any] = {"order_no": subject, "goods": "明前龙井 100 克", "amount": 12_800, **values}
    TRUTH[subject] = Facts(values=plain, until=until)
    return subject


def is_over(subject: str = "SO1") -> None:
    """It is not true any more."""
    TRUTH.pop(subject, None)


def write(
    owner: Member,
    subject: str = "SO1",
    *,
    scene: str = "order_paid",
    occasion: str = "",
    at: datetime = NOW,
    **more: Any,
) -> bool:
    with transaction.atomic():
        return messaging.write(
            scene=scene, member_id=owner.pk, subject=subject, occasion=occasion or subject, at=at, **more
        )


def the_message(owner: Member, **narrowed: Any) -> Message:
    return Message.objects.get(member=owner, **narrowed)


def the_way(owner: Member, **narrowed: Any) -> Dispatch:
    return Dispatch.objects.get(member=owner, **narrowed)


def template(
    template_id: str = "T-paid", *, keys: tuple[str, ...] = ("character_string1", "amount2")
) -> Template:
    return Template.objects.create(
        template_id=template_id, title="支付成功通知", keywords=[{"key": key, "label": key} for key in keys]
    )


def told_by(
    found: Template, *, scene: str = "order_paid", fields: Mapping[str, str] | None = None
) -> SceneSetting:
    """Have a scene told by a template."""
    setting, _ = SceneSetting.objects.update_or_create(
        scene=scene,
        defaults={
            "template": found,
            "fields": dict(fields or {"character_string1": "{order_no}", "amount2": "{amount}"}),
        },
    )
    return setting


TITLE: Final = "订单支付成功通知"


def subscribed(wechat: Sandbox, times: int = 1) -> tuple[Member, Template]:
    """A member who accepted so many messages that an order is paid, by a template that WeChat has; a scene told by it."""
    owner = member(openid=wechat.login(f"小茶{next(_numbers)}").openid)
    templates.fetch(at=NOW - 2 * DAY)
    found = Template.objects.get(template_id=wechat.template_id(TITLE))
    texts = {
        "character_string": "{order_no}",
        "thing": "{goods}",
        "amount": "{amount}",
        "time": "2026年3月2日 12:00",
    }
    told_by(found, fields={word["key"]: texts[word["key"].rstrip("0123456789")] for word in found.keywords})
    granted(owner, found, times)
    for _ in range(times):
        wechat.subscribe(owner.openid, found.template_id)
    return owner, found


def the_setting(scene: str) -> SceneSetting:
    return SceneSetting.objects.get_or_create(scene=scene)[0]


def granted(owner: Member, found: Template, times: int = 1, *, at: datetime = NOW - DAY) -> None:
    """The member accepted so often, an hour apart."""
    for number in range(times):
        grants.note_answers(
            member_id=owner.pk,
            scene="order_paid",
            results={found.template_id: "accept"},
            at=at + number * HOUR,
        )


def balance(owner: Member, found: Template) -> int:
    return sum(Grant.objects.filter(member=owner, template=found).values_list("balance", flat=True))


def rules(**columns: Any) -> Rules:
    return Rules.objects.update_or_create(pk=1, defaults=columns)[0]


def tell(*, at: datetime = NOW) -> int:
    """A round of telling, as the clock rings it."""
    return deciding.decide_due(at=at)


def send(*, at: datetime = NOW) -> int:
    """A round of sending, as the clock rings it."""
    return carrying.carry_due(at=at)


def tell_and_send(*, at: datetime = NOW) -> None:
    tell(at=at)
    send(at=at)
