"""A bargain of the demo shop that stands half way: friends have cut, and some are still needed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from apps.bargain import services as bargains
from apps.bargain.drafts import BargainDraft
from apps.bargain.models import Bargain
from apps.base import numbers
from apps.catalog.models import Sku
from apps.members.models import Member
from mall import money

_CODE: Final = "DEMO-BARGAIN"
_SKU: Final = "HM-HUAQI-1"
_HELPERS: Final = 8
_FRIENDS: Final = ("陈小满", "赵立夏", "周白露", "吴霜降")


def fill(*, at: datetime) -> None:
    """Set it up, open a run and let half of the friends help; nothing where it is there already."""
    sku = Sku.objects.filter(code=_SKU).first()
    if sku is None or Bargain.objects.filter(code=_CODE).exists():
        return
    row = bargains.CAMPAIGNS.load(
        BargainDraft(
            code=_CODE,
            title="一枝瓶邀好友砍价",
            sku_id=sku.pk,
            floor_fen=money.percent_off(sku.price_fen, off_bp=5_000),
            helpers=_HELPERS,
            helps_per_day=3,
            minutes_per_run=7 * 24 * 60,
            quota=50,
            starts_at=at,
            ends_at=at + timedelta(days=30),
        ),
        at=at,
    )
    run = bargains.open_run(bargain_id=row.pk, member_id=_person("林谷雨", at=at).pk, at=at)
    for friend in _FRIENDS:
        bargains.help_run(bargain_no=run.bargain_no, member_id=_person(friend, at=at).pk, at=at)


def _person(nickname: str, *, at: datetime) -> Any:
    """Somebody of the demo shop, whom no phone belongs to."""
    known: dict[str, Any] = {"nickname": nickname, "registered_at": at, "public_id": numbers.word(16)}
    return Member.objects.get_or_create(openid=f"demo-{nickname}", defaults=known)[0]
