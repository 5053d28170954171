"""What operators paste into a detail page, completed where it can be, with a sentence for what cannot be shown.

Editors and other malls write pages that rest on their own scripts and servers: pictures that load late, addresses
without a scheme, tags of 1997. What is made of them is still foreign HTML: ``detail`` cleans it afterwards.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Collection
from html import escape, unescape
from html.parser import HTMLParser
from typing import Final
from urllib.parse import unquote_to_bytes, urlsplit

from django.conf import settings

from apps.catalog import styles
from mall.errors import ShopError

# Keeps the bytes of a pasted picture and returns its address. Raises a ShopError that says why not.
Take = Callable[[bytes], str]

# Their text is no text of the page either.
NEVER_SHOWN: Final[dict[str, str]] = {
    "script": "脚本",
    "style": "样式表",
    "iframe": "嵌入的网页",
    "frame": "嵌入的网页",
    "object": "嵌入的插件",
    "embed": "嵌入的插件",
    "video": "视频（请用「视频」一栏上传）",
    "audio": "音频",
    "svg": "矢量图（svg）",
    "math": "公式",
    "canvas": "画布",
    "select": "表单",
    "textarea": "表单",
    "template": "模板",
}
_FORMS: Final = {"form", "input", "button", "label", "fieldset", "option"}
# Tags that only frame a whole page, or that come along from office programs: nothing is lost with them.
_FRAME: Final = {
    "html",
    "head",
    "body",
    "meta",
    "link",
    "title",
    "base",
    "tbody",
    "wbr",
    "picture",
    "source",
    "noscript",
}
# Where pages that load pictures late keep the address; the first that is there counts, before ``src``.
_LATE: Final = (
    *("data-src", "data-original", "data-lazy-src", "data-lazyload", "data-ks-lazyload", "data-lazy"),
    *("data-actualsrc", "data-original-src", "data-real-src", "data-img-src", "data-echo", "data-url"),
    *("lazy-src", "lazyload", "_src", "original", "zoomfile", "file"),
)
_RENAMED: Final = {"font": "span", "center": "div", "strike": "del", "tt": "code"}
_FONT_SIZES: Final = {
    "1": "10px",
    "2": "13px",
    "3": "16px",
    "4": "18px",
    "5": "24px",
    "6": "32px",
    "7": "48px",
}
_SIDES: Final = {"left", "right", "center", "justify"}
_VOID: Final = {
    *(
        "br",
        "hr",
        "img",
        "col",
        "input",
        "embed",
        "frame",
        "source",
        "meta",
        "link",
        "base",
        "wbr",
        "area",
        "param",
    ),
}
# A paste of a hundred pictures would hold a page up for a minute.
MOST_TAKEN: Final = 20
_LINES_TOLD: Final = 5
_WORDS_TOLD: Final = {
    "background": "背景图片不能显示，已去掉；请改用普通图片",
    "place": "定位、动画等样式不支持，已去掉，文字保留",
    "handler": "点击等脚本事件已去掉",
    "link": "链接地址无效，已去掉链接，文字保留",
    "no address": "图片没有可用的地址，已去掉",
    "relative": "图片只有相对地址，无法找到，已去掉；请上传或粘贴完整地址",
    "local": "图片在您的电脑或别的程序里，网上找不到，已去掉；请上传",
    "http": "图片地址是 http，手机上可能不显示，请换成 https",
    "too many": f"一次最多收下 {MOST_TAKEN} 张直接粘贴的图片，其余已去掉",
}


def completed(html: str, *, known: Collection[str], take: Take | None = None) -> tuple[str, list[str]]:
    """Return pasted HTML with its pictures and looks completed, and the remarks. ``known`` are the tags that stay."""
    reader = _Reader(known, take)
    reader.feed(html)
    reader.close()
    return "".join(reader.out), [f"{_where(lines)}：{words}" for words, lines in reader.remarks.items()]


def _where(lines: list[int]) -> str:
    first = "、".join(str(line) for line in lines[:_LINES_TOLD])
    return f"第 {first} 行" + (f"等 {len(lines)} 处" if len(lines) > _LINES_TOLD else "")


class _Reader(HTMLParser):
    """Goes through the page once, writing it anew and remembering in which lines something could not stay."""

    def __init__(self, known: Collection[str], take: Take | None) -> None:
        super().__init__(convert_charrefs=False)
        self.out: list[str] = []
        self.remarks: dict[str, list[int]] = {}
        self._known = known
        self._take = take
        self._taken = 0
        self._came_late = False
        # Tags that are open within one that is left out with all that it holds, itself first.
        self._left_out: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._left_out:
            self._left_out += [tag] if tag == self._left_out[0] else []
            return
        given = {name: value or "" for name, value in reversed(attrs)}
        given = dict(reversed(given.items()))  # the first of two attributes counts, in the order of the page
        if tag in NEVER_SHOWN:
            self._tell(f"{NEVER_SHOWN[tag]}不能放在详情里，已去掉")
        if (tag in NEVER_SHOWN or (tag == "noscript" and self._came_late)) and tag not in _VOID:
            # In a noscript there is the same picture once more, for browsers without scripts.
            self._left_out.append(tag)
            return
        if tag in _FORMS:
            self._tell("表单不能放在详情里，已去掉，文字保留")
        elif tag not in self._known and tag not in _RENAMED and tag not in _FRAME and ":" not in tag:
            self._tell(f"不支持的标签 <{tag[:20]}>，已去掉，文字保留")
        self._look_at(tag, given)
        if tag == "img" and not self._find_picture(given):
            return
        self._write(tag, given)

    def handle_endtag(self, tag: str) -> None:
        if self._left_out:
            if tag == self._left_out[0]:
                self._left_out.pop()
        elif tag not in _VOID:
            self.out.append(f"</{_RENAMED.get(tag, tag)}>")

    def handle_data(self, data: str) -> None:
        if not self._left_out:
            self.out.append(data)

    def handle_entityref(self, name: str) -> None:
        self.handle_data(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.handle_data(f"&#{name};")

    def _tell(self, words: str) -> None:
        lines = self.remarks.setdefault(_WORDS_TOLD.get(words, words), [])
        line = self.getpos()[0]
        if line not in lines:
            lines.append(line)

    def _write(self, tag: str, given: dict[str, str]) -> None:
        inside = "".join(f' {name}="{escape(value)}"' for name, value in given.items())
        self.out.append(f"<{_RENAMED.get(tag, tag)}{inside}>")

    def _look_at(self, tag: str, given: dict[str, str]) -> None:
        """Turn the looks that old attributes give into a style, and tell what of the looks and links goes."""
        looks = [given["style"]] if given.get("style") else []
        looks += _of_old_attributes(tag, given)
        if looks:
            style = styles.harmless("; ".join(looks))
            given["style"] = style.css
            for what in sorted(style.went):
                self._tell(what)
        if any(name.startswith("on") for name in given):
            self._tell("handler")
        if tag == "a" and given.get("href"):
            given["href"] = _with_scheme(given["href"])
            if urlsplit(given["href"]).scheme not in ("", "http", "https"):
                self._tell("link")

    def _find_picture(self, given: dict[str, str]) -> bool:
        """Put the address under which the picture really lies into ``src``; False where there is none."""
        late = next((given[name].strip() for name in _LATE if _may_lie_at(given.get(name, ""))), "")
        self._came_late |= bool(late)
        source = late or given.get("src", "").strip()
        if not source and given.get("srcset"):
            source = given["srcset"].split(",")[-1].split()[0] if given["srcset"].strip(" ,") else ""
        source = _with_scheme(source)
        if source.lower().startswith("data:"):
            source = self._kept(source)
            if not source:
                return False
        fault = _fault_of(source)
        if fault:
            self._tell(fault)
        given["src"] = source
        return fault in ("", "http")

    def _kept(self, source: str) -> str:
        """Keep a picture that was pasted whole; empty where it cannot be."""
        if self._take is None:
            return ""
        if self._taken >= MOST_TAKEN:
            self._tell("too many")
            return ""
        self._taken += 1
        try:
            return self._take(_bytes_of(source))
        except ShopError as refusal:
            self._tell(f"粘贴的图片无法收下，已去掉：{refusal.text}")
            return ""


def _of_old_attributes(tag: str, given: dict[str, str]) -> list[str]:
    """Return what attributes of former days say as CSS, before which an own style has the last word."""
    said = []
    side = given.pop("align", "").lower()
    if side in _SIDES:
        said.append(
            f"float: {side}"
            if tag in ("img", "table") and side in ("left", "right")
            else f"text-align: {side}"
        )
    if tag == "center":
        said.append("text-align: center")
    if tag == "font":
        said += [f"color: {given['color']}"] if given.get("color") else []
        said += [f"font-size: {_FONT_SIZES[given['size']]}"] if given.get("size") in _FONT_SIZES else []
    if given.get("bgcolor"):
        said.append(f"background-color: {given['bgcolor']}")
    return said


def _may_lie_at(address: str) -> bool:
    """Whether a late attribute holds an address; some pages keep other things under the same names."""
    return bool(re.match(r"(?:https?:)?//[^\s/]+/|/media/|data:image/", address.strip(), re.I))


def _with_scheme(address: str) -> str:
    """Complete ``//img.example.com/…``, which a mini program does not understand."""
    return f"https:{address}" if address.startswith("//") else address


def _fault_of(source: str) -> str:
    """Say what keeps an address from being a picture on a phone; empty where nothing does."""
    scheme = urlsplit(source).scheme.lower() if source else ""
    if not source or source.startswith("#"):
        return "no address"
    if scheme in ("http", "https"):
        return "http" if scheme == "http" and not source.startswith(settings.PUBLIC_BASE_URL) else ""
    if scheme:
        return "local"
    return "" if source.startswith(settings.MEDIA_URL) else "relative"


def _bytes_of(source: str) -> bytes:
    """Return what a ``data:`` address holds (RFC 2397); nothing where it cannot be read, which is then no picture."""
    head, _, rest = source.partition(",")
    content = unquote_to_bytes(unescape(rest))
    if not head.lower().rstrip().endswith(";base64"):
        return content
    try:
        return base64.b64decode(b"".join(content.split()), validate=False)
    except (binascii.Error, ValueError):
        return b""
