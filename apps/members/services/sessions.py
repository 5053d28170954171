"""Logins on devices: opaque tokens, kept as hashes, rotated at each refresh, dead at once when told to die."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from apps.base.planned import Planned
from apps.members import selectors as member_facts
from apps.members import tokens
from apps.members.models import Member, Session, SpentRefresh
from mall.errors import Kind, ShopError

ACCESS_LIFE = timedelta(hours=2)
REFRESH_LIFE = timedelta(days=30)
# In which the same device may send the same refresh token again: two requests at once met an expired access token,
# or the answer was lost in a tunnel and asked for once more.
GRACE = timedelta(seconds=10)
# How long dead sessions and spent tokens are kept, so that a late thief is still recognised.
KEEP_DEAD = timedelta(days=30)


# Its tokens are new, so that it is a transaction of its own: said twice it is said once.
_OPEN_KNOWN: Final = Planned(
    f"""
    WITH member AS (
        UPDATE members_member SET last_login_at = $1
         WHERE openid = $2 AND disabled_at IS NULL AND ($3 = '' OR unionid = $3) RETURNING *
    ), opened AS (
        INSERT INTO members_session (member_id, access_hash, access_expires_at, refresh_hash, refresh_expires_at,
                                     started_at, revoked_why)
        SELECT id, $4, $5, $6, $7, $1, '' FROM member ON CONFLICT (access_hash) DO NOTHING
    )
    SELECT {member_facts.READ} FROM member
    """,  # noqa: S608 -- names of our own
    "timestamptz",
    "text",
    "text",
    "text",
    "timestamptz",
    "text",
    "timestamptz",
)


class RefreshRefused(ShopError):
    """The refresh token is unknown, used, logged out or expired: log in again."""

    code = "refresh_invalid"
    message = "登录已失效，请重新登录"
    kind = Kind.UNAUTHENTICATED


@dataclass(frozen=True)
class Tokens:
    """What the device keeps. The shop itself keeps hashes only."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_in: int


def open_known(*, openid: str, unionid: str, at: datetime) -> tuple[Member, Tokens] | None:
    """Start a session for the member of this openid who has just logged in, with the level: one statement.

    None, with nothing written, where nobody is known by it, they are not served, or WeChat says another ``unionid`` than
    is kept (empty: it says none).
    """
    pair = _fresh()
    row = _OPEN_KNOWN.row(
        at,
        openid,
        unionid,
        tokens.hash_of(pair.access),
        at + ACCESS_LIFE,
        tokens.hash_of(pair.refresh),
        at + REFRESH_LIFE,
    )
    return None if row is None else (member_facts.as_read(row), pair)


def open_session(*, member: Member, at: datetime) -> Tokens:
    """Start a session for a member who has proven to be one, and return its tokens."""
    pair = _fresh()
    Session.objects.create(
        member=member,
        access_hash=tokens.hash_of(pair.access),
        access_expires_at=at + ACCESS_LIFE,
        refresh_hash=tokens.hash_of(pair.refresh),
        refresh_expires_at=at + REFRESH_LIFE,
        started_at=at,
    )
    return pair


def refresh(*, token: str, at: datetime, device: str = "") -> Tokens:
    """Exchange a refresh token for new tokens; the old ones die. ``device`` is what the caller says it is.

    The same token from the same device within GRACE gets the same new tokens once more, as long as they are the
    newest. Raises RefreshRefused. A token that was exchanged before that has been copied: its whole session is
    revoked, because either the thief or the owner now holds the newer one, and nobody can tell which.
    """
    old = tokens.hash_of(token)
    with transaction.atomic():
        session = (
            Session.objects.select_for_update(of=("self",))
            .select_related("member")
            .filter(refresh_hash=old, revoked_at__isnull=True)
            .first()
        )
        if session and session.refresh_expires_at > at and session.member.disabled_at is None:
            return _rotate(session, token=token, device=device, at=at)
        # The session is locked first, as above, and only then is its spent token read: whoever waited sees it.
        family = Session.objects.filter(spent__refresh_hash=old, revoked_at__isnull=True)
        session = family.select_for_update(of=("self",)).select_related("member").first()
        spent = SpentRefresh.objects.get(refresh_hash=old) if session else None
        if session and spent:
            if at - spent.spent_at < GRACE and spent.device == tokens.hash_of(device):
                if again := _same_again(session, spent, token=token, at=at):
                    return again
            else:
                session.revoked_at, session.revoked_why = at, "reuse"
                session.save(update_fields=["revoked_at", "revoked_why"])
    raise RefreshRefused


def _same_again(session: Session, spent: SpentRefresh, *, token: str, at: datetime) -> Tokens | None:
    """Return what the token was exchanged for a moment ago; None if that was exchanged in turn, or nobody may come."""
    access, refresh = tokens.unseal(spent.sealed, by=token).split() if spent.sealed else ("", "")
    if session.refresh_hash != tokens.hash_of(refresh) or session.member.disabled_at is not None:
        return None
    lives = session.access_expires_at - at
    return Tokens(access=access, refresh=refresh, expires_in=max(0, int(lives.total_seconds())))


def close_session(*, token: str, at: datetime) -> None:
    """Log out the session that this refresh token belongs to. Raises RefreshRefused if none does."""
    closed = Session.objects.filter(refresh_hash=tokens.hash_of(token), revoked_at__isnull=True).update(
        revoked_at=at, revoked_why="logout"
    )
    if not closed:
        raise RefreshRefused


def close_all(*, member: Member, why: str, at: datetime) -> int:
    """Revoke every session of a member; return how many were alive."""
    return Session.objects.filter(member=member, revoked_at__isnull=True).update(
        revoked_at=at, revoked_why=why
    )


def forget_dead(*, at: datetime) -> int:
    """Delete sessions that ended more than 30 days ago; return how many. Forget what may not be asked again."""
    SpentRefresh.objects.filter(spent_at__lt=at - GRACE).exclude(sealed="").update(sealed="")
    old = at - KEEP_DEAD
    dead = Session.objects.filter(revoked_at__lt=old) | Session.objects.filter(refresh_expires_at__lt=old)
    keys = list(dead.values_list("pk", flat=True)[:5000])
    Session.objects.filter(pk__in=keys).delete()
    return len(keys)


def _rotate(session: Session, *, token: str, device: str, at: datetime) -> Tokens:
    pair = _fresh()
    session.spent.exclude(sealed="").update(sealed="")
    SpentRefresh.objects.create(
        session=session,
        refresh_hash=session.refresh_hash,
        spent_at=at,
        device=tokens.hash_of(device),
        sealed=tokens.seal(f"{pair.access} {pair.refresh}", by=token),
    )
    session.access_hash = tokens.hash_of(pair.access)
    session.access_expires_at = at + ACCESS_LIFE
    session.refresh_hash = tokens.hash_of(pair.refresh)
    session.refresh_expires_at = at + REFRESH_LIFE
    session.save(update_fields=["access_hash", "access_expires_at", "refresh_hash", "refresh_expires_at"])
    return pair


def _fresh() -> Tokens:
    return Tokens(
        access=tokens.fresh(),
        refresh=tokens.fresh(),
        expires_in=int(ACCESS_LIFE.total_seconds()),
    )
