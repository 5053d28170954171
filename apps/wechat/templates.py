"""Templates of subscription messages (订阅消息模板): the public library, and the account's own made from it.

Source: 小程序服务端 API, newtmpl (getCategory, getPubTemplateTitleList, getPubTemplateKeyWordsById, addTemplate,
deleteTemplate, getTemplateList).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from apps.base import transactions
from apps.wechat import errors as wechat_errors
from apps.wechat import miniprogram

_PREFIX: Final = "/wxaapi/newtmpl"
CATEGORY: Final = f"{_PREFIX}/getcategory"
TITLES: Final = f"{_PREFIX}/getpubtemplatetitles"
KEYWORDS: Final = f"{_PREFIX}/getpubtemplatekeywords"
ADD: Final = f"{_PREFIX}/addtemplate"
DELETE: Final = f"{_PREFIX}/deltemplate"
LIST: Final = f"{_PREFIX}/gettemplate"

MOST_LISTED: Final = 30
MOST_SCENE: Final = 15  # characters of sceneDesc
FEWEST_KEYWORDS, MOST_KEYWORDS = 2, 5
# "订单号:{{character_string1.DATA}}"
_LINE = re.compile(r"(?P<name>[^\n]*?)[:：]?\{\{(?P<key>(?P<kind>[a-z_]+?)[0-9]+)\.DATA\}\}")


class TemplateInvalid(wechat_errors.WechatRefused):
    """Title, keywords or scene are not what the library offers (20002, 200014, 200016 … 200021)."""

    code = "wechat_template_invalid"
    message = "模板标题、关键词或场景说明不正确"


class TemplateExists(wechat_errors.WechatRefused):
    """The account has a template of this title with these keywords (200022): ``owned()`` lists it."""

    code = "wechat_template_exists"
    message = "已有标题和关键词相同的模板"


class TemplateLimit(wechat_errors.WechatRefused):
    """The account has as many templates as it may (200012): delete one first."""

    code = "wechat_template_limit"
    message = "小程序的订阅消息模板已达上限"


class TemplateBanned(wechat_errors.WechatRefused):
    """WeChat has banned the account from adding templates, or this template (200011, 200013)."""

    code = "wechat_template_banned"
    message = "微信禁止添加这个模板"


class WrongAccount(wechat_errors.WechatRefused):
    """This kind of account has no subscription messages (200100)."""

    code = "wechat_wrong_account"
    message = "该类型的小程序没有订阅消息能力"


_MEANINGS: Final[miniprogram.Meanings] = {
    20001: wechat_errors.TemplateUnknown,
    20002: TemplateInvalid,
    200002: TemplateInvalid,
    200011: TemplateBanned,
    200012: TemplateLimit,
    200013: TemplateBanned,
    200014: TemplateInvalid,
    200016: TemplateInvalid,
    200017: TemplateInvalid,
    200018: TemplateInvalid,
    200019: TemplateInvalid,
    200020: TemplateInvalid,
    200021: TemplateInvalid,
    200022: TemplateExists,
    200100: WrongAccount,
}


class Kind(IntEnum):
    """Whether one accepted prompt is one message, or messages without end (only some trades)."""

    ONE_TIME = 2
    LONG_TERM = 3


@dataclass(frozen=True, slots=True)
class Category:
    """A category of the account (类目), by WeChat's number."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Title:
    """A template of the public library; ``tid`` is its number there."""

    tid: str
    name: str
    kind: int
    category_id: str


@dataclass(frozen=True, slots=True)
class Titles:
    """A page of titles, and how many there are in all."""

    count: int
    titles: tuple[Title, ...]


@dataclass(frozen=True, slots=True)
class PublicKeyword:
    """What a template may be made of; ``rule`` is the kind of its values ("thing")."""

    kid: int
    name: str
    example: str
    rule: str


@dataclass(frozen=True, slots=True)
class Keyword:
    """A keyword of an own template: values are sent under ``key`` ("thing1"); ``values`` are the only ones, if any."""

    key: str
    kind: str
    name: str
    example: str = ""
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Template:
    """A template of the account's own. The cards of 服务动态 are listed too, and have no keywords."""

    template_id: str
    title: str
    kind: int
    keywords: tuple[Keyword, ...]
    content: str
    example: str


def categories() -> tuple[Category, ...]:
    """Return the account's categories.

    As every call here: raises WechatUnavailable, or a WechatRefused, of a kind of its own where something can be done.
    """
    rows = _rows(_read(CATEGORY, {}), CATEGORY)
    return tuple(Category(_whole(row.get("id")), str(row.get("name", ""))) for row in rows)


def titles(*, category_ids: Sequence[int], start: int = 0, limit: int = MOST_LISTED) -> Titles:
    """Return a page of the library's titles in these categories. Raises TemplateInvalid for unknown ones."""
    told = _read(
        TITLES,
        {"ids": ",".join(str(one) for one in category_ids), "start": str(start), "limit": str(limit)},
    )
    listed = tuple(
        Title(
            str(row["tid"]),
            str(row.get("title", "")),
            _whole(row.get("type")),
            str(row.get("categoryId", "")),
        )
        for row in _rows(told, TITLES)
        if row.get("tid")
    )
    return Titles(_whole(told.get("count")), listed)


def keywords(*, tid: str) -> tuple[PublicKeyword, ...]:
    """Return what a template of this title may be made of. Raises TemplateInvalid for an unknown one."""
    return tuple(
        PublicKeyword(
            _whole(row.get("kid")),
            str(row.get("name", "")),
            str(row.get("example", "")),
            str(row.get("rule", "")),
        )
        for row in _rows(_read(KEYWORDS, {"tid": tid}), KEYWORDS)
    )


def add(*, tid: str, kids: Sequence[int], scene: str) -> str:
    """Add a template of 2 to 5 keywords, in this order, and return its id; ``scene`` (at most 15 characters) says what for.

    A card of 服务动态 has no keywords. Raises TemplateExists, TemplateLimit, TemplateBanned, TemplateInvalid; when the
    effect is unknown, ``owned()`` shows whether it is there.
    """
    told = _write(ADD, {"tid": tid, "kidList": list(kids), "sceneDesc": scene})
    template_id = told.get("priTmplId")
    if not isinstance(template_id, str) or not template_id:
        raise wechat_errors.WechatBadAnswer(f"{ADD} answered no id", effect_unknown=True)
    return template_id


def delete(*, template_id: str) -> None:
    """Delete an own template; messages by it are refused from now on. Raises TemplateUnknown when it is gone already."""
    _write(DELETE, {"priTmplId": template_id})


def owned() -> tuple[Template, ...]:
    """Return the account's own templates, their keywords read out of WeChat's text."""
    rows = _rows(_read(LIST, {}), LIST)
    return tuple(_template(row) for row in rows if isinstance(row.get("priTmplId"), str))


def _template(row: dict[str, Any]) -> Template:
    content, example = str(row.get("content", "")), str(row.get("example", ""))
    enums = {
        str(one.get("keywordCode", "")): tuple(str(value) for value in one.get("enumValueList") or ())
        for one in row.get("keywordEnumValueList") or ()
        if isinstance(one, dict)
    }
    # "名称:值", by the first colon of either kind.
    halves = (re.split("[:：]", line, maxsplit=1) for line in example.splitlines())
    named = {half[0].strip(): half[1] for half in halves if len(half) == 2}
    found = (
        (match["key"], match["kind"], match["name"].strip())
        for match in (_LINE.search(line) for line in content.splitlines())
        if match is not None
    )
    return Template(
        template_id=row["priTmplId"],
        title=str(row.get("title", "")),
        kind=_whole(row.get("type")),
        keywords=tuple(
            # WeChat's page names the key with or without its ".DATA".
            Keyword(key, kind, name, named.get(name, ""), enums.get(key) or enums.get(f"{key}.DATA", ()))
            for key, kind, name in found
        ),
        content=content,
        example=example,
    )


def _read(path: str, params: dict[str, str]) -> dict[str, Any]:
    transactions.forbid("asking WeChat for templates")
    try:
        return miniprogram.read(path, params, changes=False)
    except wechat_errors.WechatRefused as refused:
        raise miniprogram.told_apart(refused, _MEANINGS) from None


def _write(path: str, body: dict[str, Any]) -> dict[str, Any]:
    transactions.forbid("changing WeChat's templates")
    try:
        return miniprogram.call(path, body, changes=True)
    except wechat_errors.WechatRefused as refused:
        raise miniprogram.told_apart(refused, _MEANINGS) from None


def _rows(told: dict[str, Any], path: str) -> list[dict[str, Any]]:
    listed = told.get("data")
    if not isinstance(listed, list):
        raise wechat_errors.WechatBadAnswer(f"{path} answered no list")
    return [row for row in listed if isinstance(row, dict)]


def _whole(value: object) -> int:
    """Return a number that WeChat wrote as one or as a text; 0 for anything else."""
    return int(value) if isinstance(value, int) or (isinstance(value, str) and value.isdecimal()) else 0
