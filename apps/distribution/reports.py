"""What promoting brought in and cost in a window: by promoter, by the channel of the binding, by contest.

Income is what was paid for goods and kept, counted once: of rows of the first level, in the window of their payment. The
cost is what all levels earn by them, less what refunds took, and the rewards of contests. An order's refunds lower it
whenever they come, so that a window of the past may shrink and never grows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db import connection
from django.db.models import Count, F, Q, Sum

from apps.distribution import selectors as promoter_facts
from apps.distribution.models import Commission, Contest, Entry, Promoter
from apps.distribution.states import BondCause, EntryKind
from apps.shares import cards
from mall.errors import ShopError

# By what a buyer had become whose customer they were when they ordered; renewals change nothing about that.
_CHANNELS: Final = """
    SELECT COALESCE(how.cause, ''), COALESCE(share.kind, ''),
           COUNT(DISTINCT row.order_no) FILTER (WHERE row.level = 1 AND row.base_fen > row.refunded_fen),
           COUNT(DISTINCT row.buyer_id) FILTER (WHERE row.level = 1),
           COALESCE(SUM(row.base_fen - row.refunded_fen) FILTER (WHERE row.level = 1), 0)::bigint,
           COALESCE(SUM(row.amount_fen - row.taken_back_fen), 0)::bigint
      FROM distribution_commission row
      JOIN orders_order o ON o.order_no = row.order_no
      LEFT JOIN LATERAL (SELECT change.cause, change.share_id FROM distribution_bondchange change
                          WHERE change.member_id = row.buyer_id AND change.at <= o.created_at
                            AND change.cause <> 'RENEWED' AND change.promoter_id IS NOT NULL
                          ORDER BY change.at DESC, change.id DESC LIMIT 1) how ON TRUE
      LEFT JOIN shares_share share ON share.id = how.share_id
     WHERE row.of_id IS NULL AND row.at >= %(since)s AND row.at < %(until)s
     GROUP BY 1, 2 ORDER BY 5 DESC, 1, 2
"""


class Line(NamedTuple):
    """Figures of one promoter, channel or contest, called by ``names``; money in fen."""

    names: Sequence[str]
    orders: int
    buyers: int
    income_fen: int
    commission_fen: int
    rewards_fen: int = 0

    @property
    def cost_fen(self) -> int:
        """Commissions and rewards together."""
        return self.commission_fen + self.rewards_fen

    @property
    def roi(self) -> str:
        """How many times its cost the income is, as ``8.40``; empty where it cost nothing."""
        return promoter_facts.return_of(self.income_fen, cost_fen=self.cost_fen)


def total(lines: Sequence[Line], *, names: Sequence[str]) -> Line:
    """All lines in one. A buyer who is on several of them is counted on each."""
    sums = [sum(figures) for figures in zip(*(line[1:] for line in lines), strict=True)] or [0] * 5
    return Line(names, *sums)


def by_promoter(*, since: datetime, until: datetime) -> list[Line]:
    """Each promoter who brought, earned or won something in ``[since, until)``, the most income first: three statements.

    Names: the member's number, nickname, level.
    """
    earned = _earned(Commission.objects.filter(at__gte=since, at__lt=until))
    won = Entry.objects.filter(kind=EntryKind.REWARD, at__gte=since, at__lt=until).order_by()
    rewards: dict[int, int] = dict(
        won.values_list("account_id").annotate(fen=Sum(F("available_change_fen") - F("debt_change_fen")))
    )
    ids = {*earned, *rewards}
    lines = []
    for row in Promoter.objects.select_related("member", "level").filter(pk__in=ids):
        names = (row.member.public_id, row.member.nickname, row.level.name if row.level else "")
        lines.append(Line(names, *earned.get(row.pk, (0, 0, 0, 0)), rewards.get(row.pk, 0)))
    return sorted(lines, key=lambda line: (-line.income_fen, -line.cost_fen, line.names[0]))


def by_channel(*, since: datetime, until: datetime) -> list[Line]:
    """By what buyers had become customers: a share of what kind, a code, an operator. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_CHANNELS, {"since": since, "until": until})
        return [Line((_channel(cause, kind),), *figures) for cause, kind, *figures in cursor.fetchall()]


def by_contest(*, since: datetime, until: datetime) -> list[Line]:
    """Each contest that ran in ``[since, until)``, with the figures of its own whole window and its rewards so far."""
    lines = []
    running = Contest.objects.filter(starts_at__lt=until, ends_at__gt=since).order_by("-starts_at", "-id")
    for contest in running.annotate(won_fen=Sum("winners__reward_fen", default=0)):
        within = Commission.objects.filter(at__gte=contest.starts_at, at__lt=contest.ends_at, of=None)
        figures = within.aggregate(**_FIGURES)
        orders, buyers, income_fen, commission_fen = (figures[name] for name in _FIGURES)
        lines.append(Line((contest.title,), orders, buyers, income_fen, commission_fen, contest.won_fen))
    return lines


_FIRST: Final = Q(level=1)
_FIGURES: Final[dict[str, Any]] = {
    "orders": Count("order_no", distinct=True, filter=_FIRST & Q(base_fen__gt=F("refunded_fen"))),
    "buyers": Count("buyer", distinct=True, filter=_FIRST),
    "income": Sum(F("base_fen") - F("refunded_fen"), filter=_FIRST, default=0),
    "commission": Sum(F("amount_fen") - F("taken_back_fen"), default=0),
}


def _earned(rows: Any) -> dict[int, tuple[int, int, int, int]]:
    found = rows.filter(of=None).order_by().values_list("promoter_id").annotate(**_FIGURES)
    return {promoter_id: tuple(figures) for promoter_id, *figures in found}


def _channel(cause: str, kind: str) -> str:
    """What operators call a channel."""
    if not cause:
        return "其他"
    label = str(BondCause(cause).label)
    if not kind:
        return label
    try:
        return f"{label}（{cards.kind_of(kind).label}）"
    except ShopError:
        # A kind of thing that is not shared any more.
        return f"{label}（{kind}）"
