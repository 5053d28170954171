"""Tags, five segments, the classes of the demo shop's members, and an offer for those of one segment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from apps.audiences import conditions
from apps.audiences import services as audiences
from apps.audiences.models import Segment, Tag
from apps.audiences.states import Standing, TagKind
from apps.members.models import Member
from apps.promotions import services as promotions
from apps.promotions.models import Promotion

_BY_HAND: Final = {"茶会常客": "到店参加过茶会", "企业采购": "以公司名义下过单，问询开票"}
_SEGMENTS: Final[Mapping[str, tuple[str, Sequence[dict[str, Any]]]]] = {
    "高价值老客": (
        "优先照顾",
        [{"is": "rfm", "standings": [Standing.VALUABLE.value, Standing.POTENTIAL.value]}],
    ),
    "新客未复购": (
        "首单后十四天内没有再买",
        [{"is": "ordered", "low": 1, "high": 1}, {"is": "last_paid", "high": 14}],
    ),
    "流失预警": (
        "送券挽回",
        [{"is": "rfm", "standings": [Standing.CHURNING.value, Standing.SLEEPING.value]}],
    ),
    "江浙沪近期买家": (
        "新茶次日达",
        [
            {"is": "area", "where": "order", "areas": ["浙江省", "江苏省", "上海市"]},
            {"is": "ordered", "low": 1, "days": 60},
        ],
    ),
    "注册未下单": (
        "有券未用的提醒用券",
        [{"is": "ordered", "high": 0}, {"is": "registered", "low": 1}],
    ),
}
# Whom an offer is for.
_CARED_FOR: Final = "高价值老客"
_RULED: Final = ("近期买家", "江浙沪近期买家")


def fill(*, at: datetime) -> None:
    """Put tags on members, write the segments, reckon, and make the offer, where there is no segment yet."""
    if Segment.objects.exists():
        return
    with transaction.atomic():
        for name, (note, parts) in _SEGMENTS.items():
            tree = conditions.read({"op": "all", "of": list(parts)})
            audiences.save(Segment(name=name, note=note), tree=tree, operator=None, at=at)
        _tags(at=at)
    audiences.reckon_due(at=at)
    group = audiences.keep_in_group(segment_id=Segment.objects.get(name=_CARED_FOR).pk, at=at)
    audiences.keep_up(at=at)
    promotions.start(
        kind=Promotion.Kind.PERCENT,
        label="老客专享9折",
        off_bp=1_000,
        group=group,
        starts_at=at,
        ends_at=at + timedelta(days=30),
    )


def _tags(*, at: datetime) -> None:
    members = list(Member.objects.filter(erased_at=None).order_by("id").values_list("pk", flat=True)[:12])
    for place, (name, note) in enumerate(_BY_HAND.items()):
        tag = audiences.save_tag(Tag(name=name, note=note), at=at)
        audiences.put(tag_id=tag.pk, member_ids=members[place::3], operator=None, at=at)
    name, segment = _RULED
    rule = Segment.objects.get(name=segment)
    audiences.save_tag(Tag(name=name, kind=TagKind.RULE, rule=rule, note="每天凌晨更新"), at=at)
