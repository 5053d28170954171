"""What a condition asks: one field of it each, how it is read from JSON, and what the editor shows for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final

from apps.base.fields import MAX_FEN
from mall import regions
from mall.errors import ShopError

# Nothing is meant by more of one sort.
MOST_NAMED: Final = 50
_BIGGEST: Final = 2**63 - 1


class Wrong(ValueError):
    """What was given for a field cannot be meant; the sentence says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A whole number within bounds; None where nothing is said. Amounts are fen, and typed in yuan."""

    label: str
    unit: str = ""
    least: int = 0
    most: int = 1_000_000
    money: bool = False
    needed: bool = False

    def read(self, given: Any) -> int | None:
        """The number. Raises Wrong."""
        if given is None:
            if self.needed:
                raise Wrong(f"请填写「{self.label}」")
            return None
        if isinstance(given, bool) or not isinstance(given, int):
            raise Wrong(f"「{self.label}」应为整数")
        if not self.least <= given <= self.most:
            raise Wrong(f"「{self.label}」超出范围")
        return given

    def told(self) -> dict[str, Any]:
        """What the editor needs to show it."""
        return {
            "sort": "money" if self.money else "figure",
            "label": self.label,
            "unit": self.unit,
            "least": self.least,
            "most": self.most,
            "needed": self.needed,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of a few words."""

    label: str
    options: Mapping[str, str]

    def read(self, given: Any) -> str:
        """The word. Raises Wrong."""
        if not isinstance(given, str) or given not in self.options:
            raise Wrong(f"请选择「{self.label}」")
        return given

    def told(self) -> dict[str, Any]:
        """What the editor needs to show it."""
        return {"sort": "choice", "label": self.label, "options": list(self.options.items())}


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Some of a few words."""

    label: str
    options: Mapping[str, str]

    def read(self, given: Any) -> tuple[str, ...]:
        """The words, each once, as they stand among the options. Raises Wrong."""
        chosen = _listed(self.label, given, str)
        if unknown := [word for word in chosen if word not in self.options]:
            raise Wrong(f"「{self.label}」没有 {len(unknown)} 个所选的选项")
        return tuple(word for word in self.options if word in chosen)

    def told(self) -> dict[str, Any]:
        """What the editor needs to show it."""
        return {"sort": "several", "label": self.label, "options": list(self.options.items())}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Rows of a table, by their ids; ``source`` is what the table is called in ``sources.py``."""

    label: str
    source: str
    needed: bool = True

    def read(self, given: Any) -> tuple[int, ...]:
        """The ids, each once, rising. Raises Wrong."""
        if not self.needed and given in (None, []):
            return ()
        chosen = _listed(self.label, given, int)
        if any(not 1 <= row <= _BIGGEST for row in chosen):
            raise Wrong(f"「{self.label}」的选项有误")
        return tuple(sorted(set(chosen)))

    def told(self) -> dict[str, Any]:
        """What the editor needs to show it."""
        return {"sort": "rows", "label": self.label, "source": self.source, "needed": self.needed}


@dataclass(frozen=True, slots=True, kw_only=True)
class Areas:
    """Provinces and cities, by their canonical names (``mall.regions``)."""

    label: str

    def read(self, given: Any) -> tuple[str, ...]:
        """The names, each once. Raises Wrong."""
        found = []
        for name in _listed(self.label, given, str):
            try:
                region = regions.find(name)
            except ShopError as refusal:
                raise Wrong(f"「{self.label}」{refusal.text}") from refusal
            if region.district:
                raise Wrong(f"「{self.label}」只到省或市，「{name}」是区县")
            found.append(region.name)
        return tuple(dict.fromkeys(found))

    def told(self) -> dict[str, Any]:
        """What the editor needs to show it."""
        return {"sort": "rows", "label": self.label, "source": "areas", "needed": True}


Asked = Figure | Choice | Words | Rows | Areas


def asked_of(kind: type[Any]) -> dict[str, Any]:
    """What a kind (of condition, of step) asks, by the name of its field."""
    return {one.name: one.metadata["asked"] for one in fields(kind) if "asked" in one.metadata}


def read_as(
    kind: type[Any],
    given: Mapping[str, Any],
    *,
    besides: Collection[str],
    where: str,
    faults: list[str],
    **known: Any,
) -> Any | None:
    """One of a kind from what JSON says of its fields; ``besides`` may stand there, too, ``known`` is known without it.

    None where something is wrong: each fault is then added to ``faults``, with ``where`` in front of it.
    """
    asked = asked_of(kind)
    if given.keys() - {*besides, *asked}:
        faults.append(f"{where}：有不认识的内容")
        return None
    said: dict[str, Any] = {}
    for name, one in asked.items():
        try:
            said[name] = one.read(given.get(name))
        except Wrong as wrong:
            faults.append(f"{where}：{wrong}")
    if len(said) < len(asked):
        return None
    made = kind(**known, **said)
    if fault := made.fault():
        faults.append(f"{where}：{fault}")
        return None
    return made


def asks(asked: Asked, *, default: Any = None) -> Any:
    """A field of a condition that is read as ``asked`` says."""
    return field(default=default, metadata={"asked": asked})


def _listed(label: str, given: Any, kind: type) -> Sequence[Any]:
    if not isinstance(given, list) or not given:
        raise Wrong(f"请至少选择一个「{label}」")
    if len(given) > MOST_NAMED:
        raise Wrong(f"「{label}」最多选 {MOST_NAMED} 个")
    if any(type(one) is not kind for one in given):
        raise Wrong(f"「{label}」的选项有误")
    return given


def money(label: str) -> Figure:
    """An amount in fen."""
    return Figure(label=label, unit="元", most=MAX_FEN, money=True)


def days(label: str, *, least: int = 0, needed: bool = False) -> Figure:
    """A number of Shanghai days."""
    return Figure(label=label, unit="天", least=least, most=3_650, needed=needed)
