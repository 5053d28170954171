"""Chinese search: the words kept with a product, and what a shopper's query asks of them.

A product's ``search_words`` is lower-case text of words between blanks: the words of its title (cut by rjieba), every
pair of neighbouring characters, the same in pinyin and as initials, and then, without pairs, the subtitle, brand,
categories and parameters. Words of the title appear once more between ``=`` signs, so that a query can ask
for a whole word of the title (ranking). Traditional characters are kept, and asked for, as simplified ones. A query
word of three characters or more is found anywhere in that text, a
shorter one at the beginning of a word: both are LIKE patterns that the trigram index serves. Title and query are cut
alike, by ``_runs`` and ``_cut``.

A number with its unit is one word (``1.2L``, ``1.2 l``), asked for as it stands at the beginning of a word, never as its
digits.

Where nothing has all words of a query, the goods are shown that have most of it: of the words' weights at least half, and
every number but a measure (another model is another thing, another size is near). Words are what the shopper wrote
between blanks, each counted once and met when most of its pieces are; a query of one such word is weighed by its pieces.
What describes a thing (白色, 新款, 小, 500g, all before 的) weighs half of what names it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, reduce
from itertools import pairwise, product
from operator import add
from typing import NamedTuple

from django.db.models import Case, IntegerField, Q, Value, When
from django.db.models.expressions import CombinedExpression
from django.db.models.lookups import LessThanOrEqual

from mall import text as texts
from mall.errors import Invalid

MAX_QUERY = 64
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f〇"
# Letters and digits are words of their own: iphone15 is iphone and 15; the point in 1.2 is part of the number.
_RUNS = re.compile(rf"[{_HAN}]+|[^\W\d_{_HAN}]+|\d+(?:\.\d+)*")
# 50×30 and 50*30 are written 50x30, too.
_TIMES = re.compile(r"(?<=\d) ?[×*] ?(?=\d)")
_IS_HAN = re.compile(rf"[{_HAN}]")
# A query word below this length is looked for at the beginning of words only.
_ANYWHERE = 3
# Words that say nothing of the goods.
_EMPTY = frozenset("的地得之了和与及或")
# Words that describe: by themselves, and by their last sign.
_DESCRIBING = (
    "大 小 新 旧 老 长 短 高 矮 粗 细 薄 厚 宽 窄 红 橙 黄 绿 青 蓝 紫 黑 白 灰 粉 男 女 好 送 买 "
    "好看 好用 好喝 好吃 漂亮 可爱 便宜 实惠 特价 打折 包邮 新品 爆款 热卖 正品 高档 高级 大号 中号 小号 送礼 自用"
)
_DESCRIBES = frozenset(_DESCRIBING.split())
_DESCRIBES_BY_LAST = frozenset("色款")
# What stands between parts of one word in letters.
_STROKES = "-./'‐’"
# What a measure ends in.
_MEASURING = (
    "g kg mg ml l cl dl m cm mm km oz lb w kw v mah gb tb mb hz "
    "克 千克 公斤 斤 两 毫升 升 米 厘米 毫米 公分 寸 英寸 度 瓦"
)
_UNITS = frozenset(_MEASURING.split())
# The weights of words as they were typed, far above what their pieces can lack together.
_NAMES, _TELLS = 100, 50
# The weight of a piece in letters, where a Chinese one weighs two a sign: a unit (g, ml) little, a name as much as a word.
_LETTERS_AT_MOST = 6
# Of fewer words that may be missed none is missed.
_SEVERAL = 2
# Words of two characters are found by both usual readings of each, all others by the one that pypinyin knows.
_READ_TWICE = 2


class QueryTooLong(Invalid):
    """A search of more than MAX_QUERY characters; details: ``max_length``."""

    code = "query_too_long"
    message = f"搜索内容请不要超过 {MAX_QUERY} 个字"


class QueryUnreadable(Invalid):
    """A search that holds characters which no text has (NUL, lone surrogates)."""

    code = "query_invalid"
    message = "搜索内容含有无法识别的字符"


def words_of(title: str, others: Iterable[str]) -> str:
    """Return the ``search_words`` of a product with this title; ``others`` are its subtitle, brand, ….

    Blanks surround every word, so that ``" 茶"`` means "a word that begins with 茶".
    """
    whole: dict[str, None] = dict.fromkeys(_joined(title))
    words = dict(whole)
    for run in _runs(title):
        found = [run, *_cut(run)]
        spelled = [spelling for word in found for spelling in _spellings(word)]
        whole.update(dict.fromkeys([*found, *spelled]))
        pairs = [run[i : i + 2] for i in range(len(run))] if _IS_HAN.match(run) else []
        initials = [_initials(pair) for pair in pairs]
        words.update(dict.fromkeys([*found, *spelled, *pairs, *initials]))
    told = list(others)
    words.update(dict.fromkeys(word for text in told for word in _joined(text)))
    for run in (run for text in told for run in _runs(text)):
        found = [run, *_cut(run)]
        words.update(dict.fromkeys([*found, *(spelling for word in found for spelling in _spellings(word))]))
    marked = " ".join(f"={word}=" for word in whole)
    return f" {' '.join(words)} {marked} " if words else ""


@dataclass(frozen=True)
class Most:
    """The products that have most of a query: ``condition``, and ``missing`` not above ``at_most``.

    ``missing`` is the weight of the words that a product lacks: fewer are better.
    """

    condition: Q
    missing: CombinedExpression | Case
    at_most: int


@dataclass(frozen=True)
class Query:
    """A shopper's query, understood: ``condition`` selects products, ``rank`` sorts them (lower is better).

    ``most`` is what to look for where nothing meets the condition; None where no word can be missed.
    """

    condition: Q
    rank: Case
    most: Most | None = None


class _Word(NamedTuple):
    """A word of a query that may be missed: what finds it, how much it means, and what a product lacks of it."""

    found: Q
    weight: int
    missing: Case


class _Typed(NamedTuple):
    """A word as the shopper wrote it, in runs; a measure is one (``500g``, ``500克``), with its number and unit as runs."""

    runs: tuple[str, ...]
    is_measure: bool = False


def understood(text: str) -> Query | None:
    """Return what ``text`` asks for, or None when it is blank and asks for nothing.

    All words must be found (but 的 and its like). Rank 0: each is a whole word of the title (in characters, pinyin or
    initials); 1: each is part of the title; 2: found elsewhere. A query of signs alone (``%``) is looked for literally
    in the title. Raises QueryTooLong, QueryUnreadable.
    """
    if len(text) > MAX_QUERY:
        raise QueryTooLong(details={"max_length": MAX_QUERY})
    if any(unicodedata.category(sign) in {"Cc", "Cs"} and not sign.isspace() for sign in text):
        raise QueryUnreadable
    text = texts.plain(text.replace("\n", " ").replace("\t", " "))
    if not text:
        return None
    typed = _typed(text)
    if not typed:
        return Query(Q(title__contains=text), Case(default=Value(1), output_field=IntegerField()))
    joined = _neighbours(text)
    condition, whole, in_title = Q(), Q(), Q()
    for part in _parts(typed):
        cut = [word for word in _cut(part) if word not in _EMPTY] or [part]
        condition &= _met(part, joined)
        whole &= Q(search_words__contains=f"={part}=") | _all(
            Q(search_words__contains=f"={word}=") for word in cut
        )
        in_title &= Q(title__icontains=part)
    rank = Case(
        When(whole, then=Value(0)),
        When(in_title, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    return Query(condition, rank, _most(typed, joined))


def _typed(text: str) -> list[_Typed]:
    """The words of a query as they were written: what stands between blanks and signs, and each measure by itself."""
    plain = _one_form(text)
    words: list[_Typed] = []
    end, number, is_open = -1, "", False
    for found in _RUNS.finditer(plain):
        run, gap = found[0], plain[max(end, 0) : found.start()] if end >= 0 else " "
        end = found.end()
        first = _cut(run)[0] if _IS_HAN.match(run) else run
        if number and gap in {"", " "} and first in _UNITS:
            _drop_last(words)
            words.append(_Typed((number, first), is_measure=True))
            run, gap = run.removeprefix(first), " "
        is_within = is_open and words and (gap == "" or (gap in _STROKES and not _IS_HAN.match(run)))
        if run and is_within:
            words[-1] = _Typed((*words[-1].runs, run))
        elif run:
            words.append(_Typed((run,)))
        number, is_open = (run, True) if _is_number(run) else ("", bool(run))
    return words


def _drop_last(words: list[_Typed]) -> None:
    """Take the last run from the last word: it has turned out to be the number of a measure."""
    rest = words.pop().runs[:-1]
    if rest:
        words.append(_Typed(rest))


def _parts(words: Iterable[_Typed]) -> list[str]:
    """What has to be found for all of a query: runs, numbers with the letters that they are written with as one."""
    parts: list[str] = []
    for word in words:
        parts += _glued(word.runs)
    return [part for part in parts if part not in _EMPTY] or parts


def _glued(runs: Sequence[str]) -> list[str]:
    """Runs, each number as one with letters behind it: 1.2 and l are 1.2l; Chinese units stay words of their own."""
    parts: list[str] = []
    number = False
    for run in runs:
        if number and not _IS_HAN.match(run) and not _is_number(run):
            parts[-1] += run
        else:
            parts.append(run)
        number = _is_number(run)
    return parts


def _met(part: str, joined: Mapping[str, Sequence[str]]) -> Q:
    """What finds a part of a query: itself, all its pieces, or what it makes with its neighbour."""
    cut = [word for word in _cut(part) if word not in _EMPTY] or [part]
    return _any([_found(part), _all(map(_found, cut)), *map(_found, joined.get(part, ()))])


def _most(typed: Sequence[_Typed], joined: Mapping[str, Sequence[str]]) -> Most | None:
    """What still answers a query of these words when one is too many; None where none can be."""
    must = Q()
    words: list[_Word] = []
    spare = 0
    several = len([word for word in typed if not _asks_nothing(word)]) >= _SEVERAL
    for word in typed:
        if not word.is_measure:
            must &= _all(_met(run, joined) for run in word.runs if _is_number(run))
        if _asks_nothing(word):
            continue
        words += [_as_one(word, joined)] if several else _in_pieces(word, joined)
        spare += several
    if len(words) < _SEVERAL:
        return None
    # One of them at least: the trigram index finds those, and the sum is worked out for them alone.
    one = _any(word.found for word in words)
    total = sum(word.weight for word in words)
    return Most(must & one, reduce(add, (word.missing for word in words)), total // 2 + spare)


def _asks_nothing(word: _Typed) -> bool:
    """Whether a word has nothing that could be missed: numbers, which must be found, and 的 and its like."""
    return all(_is_number(run) or run in _EMPTY for run in word.runs)


def _as_one(word: _Typed, joined: Mapping[str, Sequence[str]]) -> _Word:
    """A typed word, lacking nothing when all of it is found, next to nothing when most of its pieces are."""
    whole = _all(_met(part, joined) for part in _glued(word.runs) if part not in _EMPTY)
    if word.is_measure:
        return _word(whole, _TELLS)
    tells = all(
        (_is_number(run) or len(run) == 1)
        if not _IS_HAN.match(run)
        else all(describes for *_, describes in _weighed(run))
        for run in word.runs
    )
    weight = _TELLS if tells else _NAMES
    pieces = _in_pieces(word, joined)
    if len(pieces) < _SEVERAL:
        return _word(whole, weight)
    lacks = reduce(add, (piece.missing for piece in pieces))
    mostly = LessThanOrEqual(lacks, Value(sum(piece.weight for piece in pieces) // 2))
    missing = Case(
        When(whole, then=Value(0)),
        When(mostly, then=Value(1)),
        default=Value(weight),
        output_field=IntegerField(),
    )
    return _Word(whole | _any(piece.found for piece in pieces), weight, missing)


def _in_pieces(word: _Typed, joined: Mapping[str, Sequence[str]]) -> list[_Word]:
    """The pieces that a typed word is cut into, without its numbers."""
    if word.is_measure:
        return [_word(_all(_met(part, joined) for part in _glued(word.runs)), _TELLS)]
    pieces: list[_Word] = []
    for part in _glued(word.runs):
        if _IS_HAN.match(part):
            pieces += [_word(_found(piece), weight) for piece, weight, _ in _weighed(part)]
        elif not _is_number(part):
            pieces.append(_word(_met(part, joined), min(2 * len(part), _LETTERS_AT_MOST)))
    return pieces


def _word(found: Q, weight: int) -> _Word:
    missing = Case(When(found, then=Value(0)), default=Value(weight), output_field=IntegerField())
    return _Word(found, weight, missing)


def _weighed(run: str) -> list[tuple[str, int, bool]]:
    """The words of a Chinese run that mean something, with weight and whether they describe; the last names the thing."""
    cut = _cut(run)
    described = max((place for place, word in enumerate(cut) if word == "的"), default=-1)
    weighed = []
    for place, word in enumerate(cut):
        if word in _EMPTY:
            continue
        describes = place < described or word in _DESCRIBES or word[-1] in _DESCRIBES_BY_LAST
        last = place == len(cut) - 1
        weighed.append((word, len(word) if describes else 2 * len(word) + last, describes))
    return weighed


def _found(word: str) -> Q:
    # 500 is not in 1500.
    is_anywhere = len(word) >= _ANYWHERE and not word[0].isdigit()
    return Q(search_words__contains=word if is_anywhere else f" {word}")


def _is_number(run: str) -> bool:
    return run[:1].isdigit() and run[-1].isdigit()


def _all(conditions: Iterable[Q]) -> Q:
    joined = Q()
    for condition in conditions:
        joined &= condition
    return joined


def _any(conditions: Iterable[Q]) -> Q:
    met = Q()
    for condition in conditions:
        met |= condition
    return met


def _runs(text: str) -> list[str]:
    """Cut text into runs of simplified Chinese characters and runs of other letters and digits, in one form and case."""
    return _RUNS.findall(_one_form(text))


def _one_form(text: str) -> str:
    plain = unicodedata.normalize("NFKC", texts.plain(text, multiline=True)).lower()
    plain = _TIMES.sub("x", plain)
    return _simplified(plain) if _IS_HAN.search(plain) else plain


def _simplified(text: str) -> str:
    return _converter()(text)


@cache
def _converter() -> Callable[[str], str]:
    from opencc import OpenCC  # -- as below: only who saves goods or looks for them needs it

    return OpenCC("t2s").convert


def _joined(text: str) -> list[str]:
    """Neighbouring words of letters and digits as one: shoppers write wifi for Wi-Fi, and iphone15 for iPhone 15."""
    return list(dict.fromkeys(both for pair in _neighbours(text).values() for both in pair))


def _neighbours(text: str) -> dict[str, list[str]]:
    """For each word of letters and digits, what it makes with the one before it and with the one after it.

    Only a blank or one of ``-./'`` stands between neighbours.
    """
    plain = _one_form(text)
    found = list(_RUNS.finditer(plain))
    pairs: dict[str, list[str]] = {}
    for first, second in pairwise(found):
        if _IS_HAN.match(first[0]) or _IS_HAN.match(second[0]):
            continue
        if (
            plain[first.end() : second.start()].strip(_STROKES + " ") == ""
            and second.start() - first.end() <= 1
        ):
            for word in (first[0], second[0]):
                pairs.setdefault(word, []).append(first[0] + second[0])
    return pairs


def load_words() -> None:
    """Read the dictionaries that queries are understood with, so that processes forked from this one share them."""
    _cut("茶")
    _simplified("茶")


def _cut(run: str) -> list[str]:
    if not _IS_HAN.match(run):
        return [run]
    import rjieba  # -- slow import: 33 MB of words, which most programs never ask for

    return [word for word in rjieba.cut(run) if word.strip()]


def _spellings(word: str) -> list[str]:
    """Return a Chinese word in full pinyin and as initials: 茶杯 → chabei, cb; nothing for other words."""
    if not _IS_HAN.match(word):
        return []
    return [*_readings(word), _initials(word)]


def _readings(word: str) -> list[str]:
    """The readings of a word, the usual one first: 六安 is luan, and liuan to those who do not know the town."""
    from pypinyin import (  # -- slow import: 57 MB of spellings, where a product is saved
        Style,
        lazy_pinyin,
        pinyin,
    )

    usual = "".join(lazy_pinyin(word, errors="ignore"))
    if len(word) != _READ_TWICE:
        return [usual]
    # Sign by sign: of a word that it knows, pypinyin would tell one reading only.
    signs = [
        pinyin(sign, style=Style.NORMAL, heteronym=True, errors=lambda sign: sign)[0][:2] for sign in word
    ]
    return list(dict.fromkeys([usual, *("".join(way) for way in product(*signs))]))


def _initials(word: str) -> str:
    from pypinyin import Style, lazy_pinyin  # -- slow import: as above

    return "".join(lazy_pinyin(word, style=Style.FIRST_LETTER, errors="ignore"))
