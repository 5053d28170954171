"""The board of personal data as a Markdown table, for the guide and for whoever writes the shop's privacy policy."""

from __future__ import annotations

from apps.base import personal
from apps.base.personal import Holding


def table() -> str:
    """Return one line a table of the database, in the order of the rooms and their tables."""
    rows = [_row(holding) for room in personal.board() for holding in room.holdings]
    head = "| 数据 | 个人信息 | 导出 | 注销时 | 保存期限 | 依据 |\n|---|---|---|---|---|---|"
    return "\n".join([head, *sorted(rows)])


def _row(holding: Holding) -> str:
    personal_columns = "、".join(f"`{name}`" for name in holding.personal) or "—"
    told = holding.exported or f"否：{holding.not_exported}"
    cells = (f"`{holding.model}`", personal_columns, told, holding.fate.value, holding.kept, holding.why)
    return f"| {' | '.join(cells)} |"
