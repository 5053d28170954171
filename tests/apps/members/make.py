"""Members for tests, made as plainly as possible."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from apps.base import numbers
from apps.members.models import Address, Document, Level, Member
from apps.members.services import addresses, sessions

AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)  # Monday noon in Shanghai


def level(name: str = "普通会员", *, rank: int = 1, discount_bp: int = 10_000, **benefits: Any) -> Level:
    return Level.objects.create(name=name, rank=rank, discount_bp=discount_bp, **benefits)


def member(nickname: str = "小茶", **fields: Any) -> Member:
    word = numbers.word(16)
    return Member.objects.create(
        **{
            "public_id": word,
            "openid": f"o{word}{word[:11]}",
            "nickname": nickname,
            "registered_at": AT,
            **fields,
        }
    )


def access_token(owner: Member, *, at: datetime | None = None) -> str:
    return sessions.open_session(member=owner, at=at or datetime.now(tz=UTC)).access


def address(owner: Member, **fields: Any) -> Address:
    whole = {
        "name": "林小茶",
        "phone": "13800000000",
        "province": "浙江省",
        "city": "杭州市",
        "district": "西湖区",
        "detail": "龙井路 1 号",
        **fields,
    }
    return addresses.add(member=owner, fields=whole)


def privacy(version: str = "1.0", *, at: datetime = AT) -> Document:
    return Document.objects.create(
        kind="privacy", version=version, body="我们如何保护您的信息", published_at=at
    )
