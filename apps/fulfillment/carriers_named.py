"""Finds the carrier that people mean: by WeChat's id, its name, or one of the names that it has among people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from apps.fulfillment.models import Carrier
from mall import text as texts

# By WeChat's id, as labels, other programs and people write them. What differs from a carrier's name only by one of the
# endings below needs no line.
_OTHERWISE: Final[Mapping[str, tuple[str, ...]]] = {
    "SF": ("顺丰", "SHUNFENG", "顺丰标快", "顺丰特快"),
    "ZTO": ("中通", "ZHONGTONG"),
    "YTO": ("圆通", "YUANTONG"),
    "STO": ("申通", "SHENTONG"),
    "YUNDA": ("韵达", "YD"),
    "JTSD": ("极兔", "J&T", "JT"),
    "EMS": ("中国邮政EMS", "邮政EMS", "邮政特快专递", "EMS特快专递"),
    "YZPY": ("邮政", "中国邮政", "邮政包裹", "邮政小包", "邮政快递", "邮政平邮"),
    "YZBK": ("邮政标快", "邮政标准快递", "邮政国内标快"),
    "JD": ("京东", "JDL", "JDL京东", "JINGDONG"),
    "DBL": ("德邦", "DEPPON"),
    "DNWL": ("丹鸟", "菜鸟丹鸟"),
    "FWX": ("丰网",),
    "HTKY": ("百世", "百世汇通", "汇通"),
    "ZJS": ("宅急送",),
    "SFWL": ("顺丰快运",),
    "JDKY": ("京东快运",),
    "ZTOKY": ("中通快运",),
    "YDKY": ("韵达快运",),
    "KYSY": ("跨越", "跨越速运"),
    "ANE": ("安能", "安能物流"),
}
# 快运 is none of them: 顺丰快运 is another company than 顺丰.
_ENDINGS: Final = re.compile(r"(?:股份|有限|集团|公司|快递|速递|速运|物流|快件|EXPRESS)+$")


class Named:
    """The carriers of the shop's list by all their names; made once for many questions."""

    def __init__(self, carriers: Iterable[Carrier]) -> None:
        self._exact: dict[str, str] = {}
        self._short: dict[str, set[str]] = {}
        for carrier in carriers:
            names = (carrier.code, carrier.name, *_OTHERWISE.get(carrier.code, ()))
            for name in map(_said, names):
                self._exact.setdefault(name, carrier.code)
                self._short.setdefault(_ENDINGS.sub("", name), set()).add(carrier.code)

    def code_of(self, said: str) -> str | None:
        """Return WeChat's id of the carrier that is meant; None where it is none of the list, or may be several."""
        name = _said(said)
        found = self._exact.get(name)
        if found is not None:
            return found
        meant = self._short.get(_ENDINGS.sub("", name), set())
        return next(iter(meant)) if len(meant) == 1 else None


def _said(name: str) -> str:
    """A name in its one form: capitals, without what stands in brackets behind it, without hyphens and dots."""
    return re.sub(r"[（(].*[)）]$|[-_.·]", "", texts.code(name)).upper()
