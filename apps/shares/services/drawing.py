"""Makes codes and posters: each once, by whoever takes the row; WeChat is asked with no transaction open."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from apps.base import faults, transactions
from apps.pictures import stored
from apps.shares import cards
from apps.shares.models import Share
from apps.wechat import codes
from mall.errors import ShopError

log = structlog.get_logger(__name__)

# Longer than WeChat may take to answer and a poster to be drawn; a dead worker's share is due again after it.
LEASE: Final = timedelta(seconds=60)
_FIRST_WAIT: Final = timedelta(seconds=2)
_LONGEST_WAIT: Final = timedelta(minutes=30)
_CODE_PIXELS: Final = 430


def draw_due(*, at: datetime, limit: int = 50) -> int:
    """Make what is due, the oldest first; return how many shares were tried. Safe side by side."""
    due = Share.objects.filter(due_at__lte=at).order_by("due_at").values_list("pk", flat=True)[:limit]
    return sum(draw(share_id=share_id, at=at) for share_id in list(due))


def draw(*, share_id: int, at: datetime) -> bool:
    """Make the code and the poster of a share, whichever is missing; False if another is at it or nothing is due.

    What goes wrong is written on the row, which is due again later, each time after a longer wait.
    """
    transactions.forbid("asking WeChat for a code")
    share = _taken(share_id, at=at)
    if share is None:
        return False
    taken_until = share.due_at
    made: dict[str, str] = {}
    try:
        made |= _code(share)
        made |= _poster(share, code_file=made.get("code_file", share.code_file), at=at)
        fault = ""
    except cards.NothingToShare as gone:
        fault = gone.text  # what is shared is gone: there is nothing to draw until it is shared again
    except (ShopError, OSError, ValueError) as trouble:
        fault = faults.wording(trouble)
        log.warning("share_not_drawn", name=str(share.pk), reason=fault)
        _put_off(share, made, fault=fault, until=taken_until, at=at)
        return True
    _settle(share, made, fault=fault, until=taken_until, at=at)
    return True


def _taken(share_id: int, *, at: datetime) -> Share | None:
    """The share with a lease on it, or None where another worker has it, or nothing is to be made."""
    with transaction.atomic():
        rows = Share.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
        share = rows.filter(pk=share_id, due_at__lte=at).first()
        if share is None:
            return None
        share.due_at = at + LEASE
        share.tries += 1
        share.save(update_fields=["due_at", "tries"])
    return share


def _code(share: Share) -> dict[str, str]:
    """The mini-program code, kept for ever; nothing where it is kept already. Raises what ``codes.unlimited`` does."""
    if share.code_file:
        return {}
    content = codes.unlimited(
        scene=share.token,
        page=cards.kind_of(share.kind).page,
        check_path=settings.WECHAT_CHECK_PATH,
        env_version=settings.WECHAT_ENV_VERSION,
        width_px=_CODE_PIXELS,
    )
    # WeChat answers JPEG, the sandbox PNG; who reads it looks at the first bytes.
    ending = "png" if content.startswith(b"\x89PNG") else "jpg"
    return {"code_file": _keep(f"{_folder(share)}/code.{ending}", content)}


def _poster(share: Share, *, code_file: str, at: datetime) -> dict[str, str]:
    """The poster of the thing as it is now. Raises NothingToShare, OSError."""
    kind = cards.kind_of(share.kind)
    card = cards.find(kind, kind.said(share.subject), member_id=share.member_id, at=at)
    sign = card.sign(at=at)
    if share.poster_file and share.poster_sign == sign:
        return {"wanted_sign": sign}
    from apps.shares import poster  # -- brings Pillow, which only who draws needs

    drawn = poster.draw(card, code=_read(code_file), picture=_picture(card.picture), at=at)
    # A name of its own for each content: phones may keep it for ever.
    name = _keep(f"{_folder(share)}/poster-{sign}.jpg", drawn)
    return {"poster_file": name, "poster_sign": sign, "wanted_sign": sign}


def _settle(share: Share, made: dict[str, str], *, fault: str, until: datetime | None, at: datetime) -> None:
    """Write down what was made; whoever shared it meanwhile wanting another poster has it due at once."""
    with transaction.atomic():
        now = Share.objects.select_for_update(no_key=True).get(pk=share.pk)
        if now.due_at != until:
            return  # the lease ran out and another has it
        wanted_meanwhile = now.wanted_sign != share.wanted_sign
        if wanted_meanwhile:
            made.pop("wanted_sign", None)
        old_poster = now.poster_file
        for column, value in made.items():
            setattr(now, column, value)
        now.fault, now.tries = fault[:200], 0
        now.due_at = at if wanted_meanwhile and not now.is_made else None
        now.save()
    if old_poster and old_poster != now.poster_file:
        default_storage.delete(old_poster)


def _put_off(share: Share, made: dict[str, str], *, fault: str, until: datetime | None, at: datetime) -> None:
    wait = min(_FIRST_WAIT * 2 ** min(share.tries - 1, 20), _LONGEST_WAIT)
    kept = {"code_file": made["code_file"]} if "code_file" in made else {}
    Share.objects.filter(pk=share.pk, due_at=until).update(due_at=at + wait, fault=fault[:200], **kept)


def _folder(share: Share) -> str:
    """Where a share's files lie: the token is no secret, but an address need not tell it."""
    return f"shares/{hashlib.sha256(share.token.encode()).hexdigest()[:32]}"


def _keep(name: str, content: bytes) -> str:
    """Store a file under its name, in place of a former one."""
    default_storage.delete(name)
    return default_storage.save(name, ContentFile(content))


def _picture(name: str) -> bytes | None:
    """The picture of the thing; a poster without one is better than none."""
    try:
        return _read(stored.sized(name, stored.Size.PAGE)) if name else None
    except FileNotFoundError:
        log.warning("share_picture_missing", name=name)
        return None


def _read(name: str) -> bytes:
    with default_storage.open(name) as file:
        content: bytes = file.read()
    return content
