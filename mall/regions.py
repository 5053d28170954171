"""Regions: one table of the names that addresses have, for freight, promotions and addresses alike.

The table (``regions.json``: province → city → districts) has the names that WeChat's region picker and address card
give: those of the Ministry of Civil Affairs, with the towns of cities that have no districts, Hong Kong, Macau, Taiwan,
and development zones, which are no divisions and stand in addresses all the same. Counties directly below a province
(省直辖县级) stand under a city without a name.

A region is kept by its canonical name: a province ``浙江省``, a city ``杭州市``, a district always with its city,
``杭州市/西湖区``, since district names repeat across the country.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from mall import text as texts
from mall.errors import Invalid


class RegionUnknown(Invalid):
    """No address has such a region; the sentence proposes what may have been meant."""

    code = "region_unknown"
    message = "地区名称有误"


class Region(NamedTuple):
    """A province, a city or a district; the levels that it leaves open are empty.

    A county directly below a province has a province and a district, and no city.
    """

    province: str
    city: str = ""
    district: str = ""

    @property
    def name(self) -> str:
        """The canonical name."""
        if self.district:
            return f"{self.city or self.province}/{self.district}"
        return self.city or self.province

    def covers(self, other: Region) -> bool:
        """Whether the other lies in it, or is it."""
        return all(mine in ("", theirs) for mine, theirs in zip(self, other, strict=True))


# What stands for a city where there is none, in the lists that address pickers are made of.
_NO_CITY: Final = re.compile(r"市辖区|县|(?:省|自治区)?直辖(?:县级|县)?(?:行政)?(?:区划|单位)?|")
_PEOPLES: Final = (
    "蒙古族|蒙古|回族|藏族|维吾尔族|维吾尔|苗族|彝族|壮族|布依族|朝鲜族|满族|侗族|瑶族|白族|土家族|哈尼族|哈萨克族|哈萨克|"
    "傣族|黎族|傈僳族|佤族|畲族|拉祜族|水族|东乡族|纳西族|景颇族|柯尔克孜族|柯尔克孜|土族|达斡尔族|仫佬族|羌族|布朗族|"
    "撒拉族|毛南族|仡佬族|锡伯族|锡伯|普米族|塔吉克族|塔吉克|怒族|鄂温克族|德昂族|保安族|裕固族|独龙族|鄂伦春|各族"
)
_PEOPLE: Final = re.compile(f"(?:{_PEOPLES})$")
_AUTONOMOUS: Final = re.compile(r"自治[区州县旗]$")
_ENDING: Final = re.compile(r"(?:特别行政区|行政委员会|地区|林区|省|市|区|县|旗|盟|镇|乡|街道)$")
# Development zones are written in many ways: 郑州高新技术产业开发区, 高新技术开发区, 高新区 are one zone of Zhengzhou.
_ZONES: Final = (
    (re.compile(r"高新?技术(?:产业)?(?:开发区|园区)$|高新(?:技术|产业)?开发区$|高新区$"), "高新区"),
    (re.compile(r"经济(?:技术)?开发区$|经开区$"), "经开区"),
)
_ZONE_ENDING: Final = re.compile(
    r"(?:高新区|经开区|开发区|园区|新区|示范区|管理区|保税区|度假区|[试实]验区|名胜区|风景区|管委会)$"
)
# Read as a city by some and as a district by others: both have to be asked.
_TWO_MEANINGS: Final = frozenset({"朝阳"})
# What people call several provinces at once.
_GROUPS: Final = {
    "江浙沪": "江苏省、浙江省、上海市",
    "江浙沪皖": "江苏省、浙江省、上海市、安徽省",
    "包邮区": "江苏省、浙江省、上海市",
    "长三角": "江苏省、浙江省、上海市、安徽省",
    "京津冀": "北京市、天津市、河北省",
    "东三省": "辽宁省、吉林省、黑龙江省",
    "东北三省": "辽宁省、吉林省、黑龙江省",
    "东北": "辽宁省、吉林省、黑龙江省",
    "云贵川": "云南省、贵州省、四川省",
    "川渝": "四川省、重庆市",
    "两广": "广东省、广西壮族自治区",
    "新疆西藏": "新疆维吾尔自治区、西藏自治区",
    "新藏": "新疆维吾尔自治区、西藏自治区",
    "港澳台": "香港特别行政区、澳门特别行政区、台湾省",
    "港澳": "香港特别行政区、澳门特别行政区",
    "偏远地区": "新疆维吾尔自治区、西藏自治区、青海省、内蒙古自治区、宁夏回族自治区、甘肃省",
}
_LIST_ENDS: Final = re.compile(r"[、,;|\n\r]+")
_INNER: Final = re.compile(r"[/\\>\s\-]+")


def read(typed: str) -> list[str]:
    """A list of regions as operators type it to canonical names, without repeats.

    Regions stand between 、 ， ； or line ends; a blank or ``/`` stands between them, too, or between the levels of
    one. Raises RegionUnknown with every name that is none and what may be meant; ``details`` has them.
    """
    names: list[str] = []
    wrong: dict[str, str] = {}
    for part in filter(None, (texts.plain(part) for part in _LIST_ENDS.split(_halfwidth(typed)))):
        try:
            names += [region.name for region in _read_part(part)]
        except RegionUnknown as refusal:
            wrong[part] = refusal.text
    if wrong:
        raise RegionUnknown("；".join(wrong.values()), details={"regions": list(wrong)})
    return list(dict.fromkeys(names))


def find(name: str) -> Region:
    """The region that is called so: by its full or short name, alone or behind the names of what it lies in.

    Raises RegionUnknown where there is none, or several; the sentence says which are meant or near.
    """
    spelled = _joined(name)
    if spelled in _GROUPS:
        raise RegionUnknown(f"「{name}」是几个地区的合称，请写成「{_GROUPS[spelled]}」")
    found = _found(spelled)
    if len(found) == 1:
        return found[0]
    if found:
        meant = "、".join(f"「{region.name}」" for region in found[:6])
        more = "等" if len(found) > 6 else ""
        raise RegionUnknown(f"「{name}」不止一处，请写明城市，例如 {meant}{more}")
    near = _near(spelled)
    proposed = (
        f"，是否应为{'、'.join(f'「{other}」' for other in near)}" if near else "，请按收货地址中的名称填写"
    )
    raise RegionUnknown(f"没有「{name}」这个地区{proposed}")


def objection(name: str) -> str | None:
    """Why a name that stands in a tariff or an offer is not clear, None where it is: for names kept long ago."""
    try:
        region = find(name)
    except RegionUnknown as refusal:
        return refusal.text
    if name in names_of(*region):
        return None
    return f"没有收货地址叫「{name}」，请改为「{region.name}」"


def require_province(name: str) -> str:
    """The full name of a province of an address. Raises RegionUnknown."""
    spelled = _joined(name)
    for full in _table():
        if spelled in _spellings(full):
            return full
    near = _alike(spelled, _table(), most=1, percent=50)
    raise RegionUnknown(f"没有「{name}」这个省份" + (f"，是否应为「{near[0]}」" if near else ""))


def require_city(province: str, city: str) -> None:
    """Refuse a city of an address that is known to lie in another province; the sentence proposes that one.

    What the province has by that name at any level is taken (浙江省/义乌市), and so is what the table lacks, since
    cities are renamed and founded. Raises RegionUnknown.
    """
    full, wanted = require_province(province), _joined(city)
    if not wanted or _is_no_city(wanted, full):
        return
    inside = _table()[full]
    if any(wanted in _spellings(name) or _named(wanted, districts) for name, districts in inside.items()):
        return
    homes = [
        other
        for other, cities in _table().items()
        if wanted == other
        or any(wanted in _spellings(name) for name in cities if name)
        or wanted in cities.get("", ())
    ]
    if homes:
        meant = "或".join(f"「{other}」" for other in homes)
        raise RegionUnknown(f"「{city}」不在{full}，省份是否应为{meant}")


@lru_cache(maxsize=8192)
def locate(province: str, city: str, district: str) -> Region:
    """The region of an address, whichever of the usual ways it is written; what the table lacks stays as written.

    The city may be missing, repeat the province (北京市/北京市) or say 市辖区 or 省直辖县级行政区划: the district tells it.
    """
    full = next((name for name in _table() if _joined(province) in _spellings(name)), None)
    if full is None:
        return Region(texts.plain(province), texts.plain(city), texts.plain(district))
    cities = _table()[full]
    inside, wanted = _joined(district), _joined(city)
    own = next((name for name in cities if name and wanted in _spellings(name)), None)
    if own is None and full in cities:
        own = full
    if own is None and wanted and (county := _named(wanted, cities.get("", ()))):
        return Region(full, "", county)
    if own is None:
        homes = [name for name, districts in cities.items() if inside and _named(inside, districts)]
        if len(homes) != 1:
            rest = [
                "" if _is_no_city(_joined(name), full) else texts.plain(name) for name in (city, district)
            ]
            return Region(full, *rest)
        own = homes[0]
    if not inside or inside == own or inside in _spellings(full):
        return Region(full, own)
    return Region(full, own, _named(inside, cities[own]) or _zone(inside, full, own))


@lru_cache(maxsize=8192)
def names_of(province: str, city: str, district: str) -> tuple[str, ...]:
    """All that the place of an address may be called in a tariff or an offer, the most specific name first.

    Each level is called by its canonical name and as the address has it, alone or behind the names of outer levels
    (``南京市/鼓楼区``); provinces and cities by their short names, too, where no other region is called so.
    """
    region = locate(province, city, district)
    names: dict[str, None] = {}
    for last in range(3, 0, -1):
        for levels in (region, Region(province, city, district)):
            if levels[last - 1]:
                path = [name for name in levels[:last] if name]
                names.update(dict.fromkeys("/".join(path[first:]) for first in range(len(path))))
        level = region[last - 1]
        if last < 3 and level and _found(short_name(level)) == (Region(*region[:last]),):
            names[short_name(level)] = None
    return tuple(names)


@cache
def short_name(full: str) -> str:
    """What people call it: 新疆 for 新疆维吾尔自治区, 延边 for 延边朝鲜族自治州; the name itself where two signs are all."""
    short = _AUTONOMOUS.sub("", full)
    if short == full:
        short = _ENDING.sub("", full)
    else:
        while (shorter := _PEOPLE.sub("", short)) != short and len(shorter) > 1:
            short = shorter
    return short if len(short) > 1 else full


def load() -> None:
    """Read the table, so that processes forked from this one share it."""
    _index()


@cache
def _table() -> dict[str, dict[str, tuple[str, ...]]]:
    """Province → city → districts, development zones by their canonical names."""
    stored = json.loads(Path(__file__).with_name("regions.json").read_text("utf-8"))
    return {
        province: {
            city: tuple(dict.fromkeys(_zone(name, province, city) for name in districts.split()))
            for city, districts in cities.items()
        }
        for province, cities in stored.items()
    }


def every_region() -> Iterator[Region]:
    """All regions of the table: each province before its cities, each city before its districts."""
    for province, cities in _table().items():
        yield Region(province)
        for city, districts in cities.items():
            if city and city != province:
                yield Region(province, city)
            for district in districts:
                yield Region(province, city, district)


@cache
def _index() -> dict[str, tuple[Region, ...]]:
    """Regions by full and by short name, of a region called by both ways once."""
    found: dict[str, dict[Region, None]] = {}
    for region in every_region():
        own = region.district or region.city or region.province
        for name in _spellings(own):
            found.setdefault(name, {})[region] = None
    return {name: tuple(regions) for name, regions in found.items()}


@cache
def _spellings(full: str) -> frozenset[str]:
    short = short_name(full)
    return frozenset({full, short, f"{short}州"} if full.endswith("自治州") else {full, short})


@lru_cache(maxsize=8192)
def _found(spelled: str) -> tuple[Region, ...]:
    """The regions that may be meant: one, several, or none."""
    alone = _outermost(spelled, _index().get(spelled, ()))
    if alone:
        return alone
    inside = dict.fromkeys(_walk(spelled, Region("")))
    return tuple(inside)


def _outermost(spelled: str, regions: Iterable[Region]) -> tuple[Region, ...]:
    """Of regions with one name: those called so in full; else the widest, a city being wider than any district."""
    found = tuple(regions)
    in_full = tuple(region for region in found if spelled in region)
    found = in_full or found
    if spelled in _TWO_MEANINGS:
        return found
    widest = min((_depth(region) for region in found), default=0)
    return tuple(region for region in found if _depth(region) == widest)


def _depth(region: Region) -> int:
    return 3 if region.district else 2 if region.city else 1


def _walk(rest: str, outer: Region) -> Iterator[Region]:
    """Regions whose names, from the outer to the inner, make up the text; the inner lie in the outer."""
    for cut in range(2, len(rest) + 1):
        for region in _index().get(rest[:cut], ()):
            if region == outer or (not outer.covers(region) and outer.province):
                continue
            if cut == len(rest):
                yield region
            else:
                yield from _walk(rest[cut:], region)
    # 北京市/北京市/东城区, 湖北省/省直辖县级行政区划/仙桃市: a city that is none.
    if outer.province and not outer.city:
        for cut in range(1, len(rest)):
            if _is_no_city(rest[:cut], outer.province):
                yield from _walk(rest[cut:], outer)
    if outer.province and not outer.district and _ZONE_ENDING.search(rest):
        yield from _zones(rest, outer)


def _zones(rest: str, outer: Region) -> Iterator[Region]:
    """The development zone of a city that the text names: one of the table, or one that it lacks.

    What looks like a district of the city is no zone, but a slip of the pen.
    """
    cities = _table()[outer.province]
    city = outer.city or (outer.province if outer.province in cities else "")
    if not city or rest.startswith(city.removeprefix(short_name(city)) or city):
        return
    zone = _zone(rest, outer.province, city)
    if zone in cities[city] or not _alike(zone, cities[city], most=1, percent=70):
        yield Region(outer.province, city, zone)


def _near(spelled: str) -> list[str]:
    """Canonical names that look like it, the likeliest first."""
    near = _alike(spelled, _index(), most=4, percent=60)
    if not near:
        near = [name for name in (spelled[:3], spelled[:2]) if name in _index()]
    regions = [region for name in near for region in _outermost(name, _index()[name])]
    return list(dict.fromkeys(region.name for region in regions))[:4]


def _alike(spelled: str, names: Iterable[str], *, most: int, percent: int) -> list[str]:
    """The names that share so many of their signs with the text, in its order; the likest first."""
    matcher = difflib.SequenceMatcher()
    matcher.set_seq2(spelled)
    scored = []
    for name in names:
        matcher.set_seq1(name)
        if matcher.real_quick_ratio() * 100 >= percent and (score := round(matcher.ratio() * 100)) >= percent:
            in_place = sum(mine == theirs for mine, theirs in zip(name, spelled, strict=False))
            scored.append((-score, -in_place, name))
    return [name for *_, name in sorted(scored)[:most]]


def _read_part(part: str) -> list[Region]:
    """One region, or several with blanks or strokes between them."""
    try:
        return [find(part)]
    except RegionUnknown:
        pieces = list(filter(None, _INNER.split(part)))
        if len(pieces) < 2:
            raise
    return [find(piece) for piece in pieces]


def _named(spelled: str, names: Iterable[str]) -> str | None:
    """The one of these names that is written so, in full or short."""
    names = tuple(names)
    if spelled in names:
        return spelled
    return next((name for name in names if spelled == short_name(name)), None)


def _zone(name: str, province: str, city: str) -> str:
    """A district's canonical name: as it is; of a development zone the short name, without its city's."""
    if not _ZONE_ENDING.search(name) and not any(ending.search(name) for ending, _ in _ZONES):
        return name
    bare = name
    for ending, short in _ZONES:
        bare = ending.sub(short, bare)
    least = min((len(short) for _, short in _ZONES if bare.endswith(short)), default=4)
    for outer in (province, short_name(province), city, short_name(city) if city else ""):
        if outer and bare.startswith(outer) and len(bare) - len(outer) >= least:
            bare = bare.removeprefix(outer)
    return bare


def _is_no_city(wanted: str, province: str) -> bool:
    return _NO_CITY.fullmatch(wanted) is not None or wanted in _spellings(province)


def _joined(name: str) -> str:
    """A name without blanks and strokes between its levels, in plain signs."""
    return _INNER.sub("", texts.plain(_halfwidth(name)))


def _halfwidth(typed: str) -> str:
    return typed.translate(
        {ord("，"): ",", ord("；"): ";", ord("／"): "/", ord("\u3000"): " ", ord("—"): "-"}
    )
