"""A group-buy's rule in a Chinese sentence, for operators."""

from __future__ import annotations

from apps.groupbuy.models import GroupBuy
from apps.groupbuy.terms import LEADER, Terms
from mall.money import priced


def rule(row: GroupBuy, terms: Terms) -> str:
    """What it promises: prices by number of people, how long a group has, whom it limits."""
    if not terms.ladders:
        return "尚未设置商品规格的拼团价"
    told = [f"{size} 人团每件 {_from(terms, size)}" for size in terms.sizes]
    said = ["，".join(told)]
    if len(terms.sizes) > 1:
        said.append("人数越多越便宜，多付的差价在团结束时退还")
    if any(LEADER in ladder for ladder in terms.ladders.values()):
        said.append(f"开团者每件 {_opening(terms)}")
    said.append(f"开团者付款后 {_span(row.minutes_per_group)}内未满 {terms.size} 人则全额退款")
    if row.limit_per_member is not None:
        said.append(f"每人限购 {row.limit_per_member} 件")
    if row.quota is not None:
        said.append(f"共 {row.quota} 件")
    if row.newcomers_only:
        said.append("仅限新人参团")
    return "；".join(said)


def _from(terms: Terms, size: int) -> str:
    return _range([ladder[size] for ladder in terms.ladders.values()])


def _opening(terms: Terms) -> str:
    return _range(list(terms.opening_fen().values()))


def _range(prices_fen: list[int]) -> str:
    lowest = priced(min(prices_fen))
    return lowest if min(prices_fen) == max(prices_fen) else f"{lowest} 起"


def _span(minutes: int) -> str:
    if minutes % 1440 == 0:
        return f"{minutes // 1440} 天" if minutes > 1440 else "24 小时"
    return f"{minutes // 60} 小时" if minutes % 60 == 0 else f"{minutes} 分钟"
