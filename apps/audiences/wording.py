"""A tree of conditions as an operator would say it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.audiences.asked import Areas, Choice, Figure, Rows, Words, asked_of
from apps.audiences.conditions import OPS, Both, Condition, Node
from mall.money import yuan

# Names of rows by their source and id.
Names = Mapping[str, Mapping[int, str]]


def lines(tree: Node, *, names: Names, depth: int = 0) -> list[tuple[int, str]]:
    """The tree line by line, each with how far it stands in."""
    if not isinstance(tree, Both):
        return [(depth, said(tree, names=names))]
    head = f"{'不是：' if tree.turned else ''}{OPS[tree.op]}"
    return [
        (depth, head),
        *(line for part in tree.of for line in lines(part, names=names, depth=depth + 1)),
    ]


def sentence(tree: Node, *, names: Names) -> str:
    """The whole in one line, for lists and the audit log."""
    if not isinstance(tree, Both):
        return said(tree, names=names)
    between = "，且" if tree.op == "all" else "，或"
    parts = between.join(
        f"（{sentence(part, names=names)}）"
        if isinstance(part, Both) and len(part.of) > 1
        else sentence(part, names=names)
        for part in tree.of
    )
    return f"并非（{parts}）" if tree.turned else parts


def said(condition: Condition, *, names: Names) -> str:
    """One condition: ``最近 30 天消费金额 100 元以上``."""
    told = []
    for name, asked in asked_of(type(condition)).items():
        value = getattr(condition, name)
        match asked:
            case Figure() if value is not None:
                told.append(_figure(name, asked, value))
            case Choice():
                told.append(asked.options[value])
            case Words():
                told.append("、".join(asked.options[word] for word in value))
            case Rows() if value:
                told.append("、".join(_named(asked, row, names) for row in value))
            case Areas():
                told.append("、".join(value))
            case _:
                pass
    text = f"{condition.label}：{'，'.join(told)}" if told else condition.label
    return f"不满足〔{text}〕" if condition.turned else text


def _figure(name: str, asked: Figure, value: int) -> str:
    amount = f"{yuan(value)} 元" if asked.money else f"{value} {asked.unit}"
    if name == "days":
        return f"最近 {amount}" if "最近" in asked.label else f"{amount}内到期"
    return f"{asked.label} {amount}"


def _named(asked: Rows, row: Any, names: Names) -> str:
    return names.get(asked.source, {}).get(row) or f"（已删除 #{row}）"
