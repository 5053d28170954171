"""Template management (订阅消息 模板管理): the account's own templates, made of titles and keywords of the library.

Source: 小程序服务端 API, newtmpl. The limit of private templates is not documented; fifty is ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps.wechat.sandbox import template_library
from apps.wechat.sandbox.miniprogram import Refused, body_of, ok
from apps.wechat.sandbox.store import Template
from apps.wechat.sandbox.template_library import CARDS, CATEGORIES, LIBRARY, Keyword, Title
from apps.wechat.sandbox.wire import Json, Request, Response, Route

if TYPE_CHECKING:
    from apps.wechat.sandbox.world import World

MOST_TEMPLATES = 50
MOST_LISTED = 30


def get_category(world: World, request: Request) -> Response:
    """GET getcategory: the categories of the account."""
    return ok(data=[{"id": number, "name": name} for number, name in CATEGORIES.items()])


def get_titles(world: World, request: Request) -> Response:
    """GET getpubtemplatetitles: the public templates of categories, a page at a time."""
    asked = request.query
    if not asked.get("ids"):
        raise Refused(200018, "ids missing")
    ids = asked["ids"].split(",")
    if not all(one.isdecimal() and int(one) in CATEGORIES for one in ids):
        raise Refused(200019, "invalid ids")
    start, limit = asked.get("start", ""), asked.get("limit", "")
    if not start.isdecimal():
        raise Refused(200016, "invalid start")
    if not limit.isdecimal() or not 1 <= int(limit) <= MOST_LISTED:
        raise Refused(200017, "invalid limit")
    found = [one for one in LIBRARY if str(one.category) in ids]
    rows = [
        {"tid": one.tid, "title": one.title, "type": one.kind, "categoryId": str(one.category)}
        for one in found[int(start) : int(start) + int(limit)]
    ]
    return ok(count=len(found), data=rows)


def get_keywords(world: World, request: Request) -> Response:
    """GET getpubtemplatekeywords: what a public template may be made of."""
    tid = request.query.get("tid", "")
    if not tid:
        raise Refused(200002, "tid missing")
    title = template_library.title(int(tid)) if tid.isdecimal() else None
    if title is None:
        raise Refused(200014, "invalid tid")
    rows = [
        {"kid": word.kid, "name": word.name, "example": word.example, "rule": word.rule}
        for word in title.keywords
    ]
    return ok(count=len(rows), data=rows)


def add_template(world: World, request: Request) -> Response:
    """POST addtemplate: a template of the account's own, from two to five keywords in the order wanted."""
    asked = body_of(request)
    tid = asked.get("tid")
    number = int(tid) if isinstance(tid, int) or (isinstance(tid, str) and tid.isdecimal()) else 0
    scene, kids = asked.get("sceneDesc", ""), asked.get("kidList")
    if not isinstance(scene, str) or len(scene) > 15:
        raise Refused(200021, "invalid sceneDesc")
    if number in CARDS and kids == []:
        return _added(world, Title(number, CARDS[number], ()), [], scene)
    title = template_library.title(number)
    if title is None:
        raise Refused(200014, "invalid tid")
    words = [title.keyword(kid) for kid in kids] if isinstance(kids, list) else []
    chosen = [word for word in words if word is not None]
    if len(chosen) != len(words) or not 2 <= len({word.kid for word in chosen}) == len(chosen) <= 5:
        raise Refused(200020, "invalid kidList")
    return _added(world, title, chosen, scene)


def delete_template(world: World, request: Request) -> Response:
    """POST deltemplate: the id is never valid again, unless the same template is added again."""
    asked = body_of(request)
    if not isinstance(asked.get("priTmplId"), str) or not asked["priTmplId"]:
        raise Refused(20002, "param error")
    if world.store.templates.get(asked["priTmplId"]) is None:
        raise Refused(20001, "system error")
    world.store.templates.remove(asked["priTmplId"])
    return ok()


def get_templates(world: World, request: Request) -> Response:
    """GET gettemplate: the account's templates, their keywords inside a text."""
    return ok(data=[_listed(row) for row in world.store.templates])


def _added(world: World, title: Title, words: list[Keyword], scene: str) -> Response:
    made = template_library.private(world.numbers.appid, title, words, scene=scene)
    if world.store.templates.get(made.template_id) is not None:
        raise Refused(200022, "template already exists")
    if len(world.store.templates) >= MOST_TEMPLATES:
        raise Refused(200012, "reach private template limit")
    return ok(priTmplId=world.store.templates.keep(made).template_id)


def _listed(row: Template) -> Json:
    listed: Json = {
        "priTmplId": row.template_id,
        "title": row.title,
        "content": "".join(f"{word['name']}:{{{{{word['key']}.DATA}}}}\n" for word in row.keywords),
        "example": "".join(f"{word['name']}:{word['example']}\n" for word in row.keywords),
        "type": row.kind,
    }
    enums = [
        {"keywordCode": word["key"], "enumValueList": word["values"]}
        for word in row.keywords
        if word["values"]
    ]
    return {**listed, "keywordEnumValueList": enums} if enums else listed


_PREFIX = "/wxaapi/newtmpl"
ROUTES = [
    Route("GET", f"{_PREFIX}/getcategory", get_category),
    Route("GET", f"{_PREFIX}/getpubtemplatetitles", get_titles),
    Route("GET", f"{_PREFIX}/getpubtemplatekeywords", get_keywords),
    Route("POST", f"{_PREFIX}/addtemplate", add_template),
    Route("POST", f"{_PREFIX}/deltemplate", delete_template),
    Route("GET", f"{_PREFIX}/gettemplate", get_templates),
]
