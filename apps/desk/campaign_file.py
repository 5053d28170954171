"""Campaigns as data: one JSON file of all that operators make, read part by part and all or nothing, and written again.

The board of parts: a room that has something to add offers a ``Part`` in its ``campaign_files.py`` and stands here, in the
order in which entries may name each other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from pydantic import ValidationError

from apps.bargain import campaign_files as bargain
from apps.campaigns.files import Part
from apps.coupons import campaign_files as coupons
from apps.desk import message_file
from apps.distribution import campaign_files as distribution
from apps.flashsale import campaign_files as flash_sales
from apps.groupbuy import campaign_files as group_buys
from apps.presale import campaign_files as presale
from apps.referrals import campaign_files as referrals
from mall.errors import Fault, Faulty, ShopError

PARTS: Final[Sequence[Part]] = (
    coupons.PART,
    group_buys.PART,
    flash_sales.PART,
    bargain.PART,
    presale.PART,
    distribution.COMMISSION,
    distribution.PROMOTERS,
    referrals.PART,
    message_file.SCENES,
    message_file.RULES,
)

# Why a value is none, by pydantic's name for it; what is not here is told in its own words.
_WORDS: Final = {
    "missing": "缺少此项",
    "extra_forbidden": "没有这一项",
    "int_type": "应为整数",
    "bool_type": "应为 true 或 false",
    "string_type": "应为文字",
    "list_type": "应为列表",
    "model_type": "应为对象",
    "string_too_short": "不能为空",
    "string_too_long": "最多 {max_length} 个字符",
    "string_pattern_mismatch": "格式有误：应符合 {pattern}",
    "too_short": "至少 {min_length} 项",
    "too_long": "最多 {max_length} 项",
    "greater_than_equal": "不能小于 {ge}",
    "less_than_equal": "不能大于 {le}",
    "less_than": "应小于 {lt}",
    "literal_error": "应为 {expected} 之一",
    "union_tag_invalid": "应为 {expected_tags} 之一",
    "union_tag_not_found": "缺少 {discriminator}",
    "timezone_aware": "时间须带时区，例如 2026-11-28T10:00:00+08:00",
    "datetime_parsing": "应为 ISO 8601 时间",
    "datetime_from_date_parsing": "应为 ISO 8601 时间",
    "datetime_type": "应为 ISO 8601 时间",
}


class FileRefused(Faulty):
    """The file cannot be taken, and nothing of it was: each fault with its place."""

    code = "file_refused"


def load(text: str, *, at: datetime, warned: list[Fault] | None = None) -> dict[str, Any]:
    """Save every entry through its room, approved; return what each part prints, by part and code.

    ``warned`` is filled with what an operator's page would warn of, each with its place; the file is taken all the same.
    Raises FileRefused with all faults; nothing is then made.
    """
    said = _object(text)
    known = {part.name for part in PARTS}
    faults = [Fault(name, "没有这一部分") for name in said if name not in known]
    printed: dict[str, Any] = {}
    heard: list[Fault] = []
    with transaction.atomic():
        for part in PARTS:
            if part.name in said:
                printed[part.name] = {}
                faults += _loaded(part, said[part.name], printed[part.name], heard, at=at)
        if faults:
            raise FileRefused(faults)
    if warned is not None:
        warned += heard
    return printed


def dump() -> dict[str, Any]:
    """Everything in the form that ``load`` reads."""
    written: dict[str, Any] = {}
    for part in PARTS:
        entries = [entry.model_dump(mode="json", exclude_none=True) for entry in part.dump()]
        written[part.name] = (entries[0] if entries else {}) if part.single else entries
    return written


def _object(text: str) -> Mapping[str, Any]:
    try:
        said = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as broken:
        raise FileRefused([Fault("", f"不是 JSON：{broken}")]) from None
    if not isinstance(said, dict):
        raise FileRefused([Fault("", "应为一个对象，每一部分一个键")])
    return said


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object that says each of its names once: of two the second would silently win. Raises ValueError."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(name for name, _ in pairs if sum(name == other for other, _ in pairs) > 1)
        raise ValueError(f"「{twice}」出现了两次")
    return found


def _loaded(
    part: Part, said: Any, printed: dict[str, Any], heard: list[Fault], *, at: datetime
) -> Iterator[Fault]:
    """Save what a part says, each entry by itself, so that all faults are told at once."""
    if part.single:
        yield from _entry_loaded(part, said, part.name, printed, heard, at=at)
    elif isinstance(said, list):
        for place, each in enumerate(said):
            yield from _entry_loaded(part, each, f"{part.name}[{place}]", printed, heard, at=at)
    else:
        yield Fault(part.name, "应为列表")


def _entry_loaded(
    part: Part, said: Any, place: str, printed: dict[str, Any], heard: list[Fault], *, at: datetime
) -> Iterator[Fault]:
    try:
        entry = part.entry.model_validate(said)
        with transaction.atomic():
            code, told = part.load(entry, at)
    except ValidationError as refused:
        for error in refused.errors():
            yield Fault(place + _below(error["loc"]), _why(error))
    except Faulty as refused:
        yield from (
            Fault(f"{place}.{_named(part, field)}" if field else place, text)
            for field, text in refused.faults
        )
    except ShopError as refused:
        yield Fault(place, refused.text)
    else:
        if code in printed:
            yield Fault(place, f"编码 {code} 出现了两次")
        printed[code] = told
        heard += [Fault(f"{place}.{field}", text) for field, text in part.warn(entry, at)]


def _named(part: Part, field: str) -> str:
    """A field as the file has it: services name rows, files name their ids."""
    return (
        f"{field}_id"
        if field not in part.entry.model_fields and f"{field}_id" in part.entry.model_fields
        else field
    )


def _below(path: Sequence[int | str]) -> str:
    """Where below its entry: ``.skus[1].price_fen``."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)


def _why(error: Any) -> str:
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    words = _WORDS.get(error["type"])
    context = {name: str(value).replace(" or ", "、") for name, value in error.get("ctx", {}).items()}
    return words.format(**context) if words else f"有误：{error['msg']}"
