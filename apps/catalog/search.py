"""Chinese search: the words kept with a product, and what a shopper's query asks of them.

A product's ``search_words`` is lower-case text of words between blanks: the words of its title (cut by rjieba), every
pair of neighbouring characters, the same in pinyin and as initials, and then, without pairs, the subtitle, brand,
categories and parameters. Words of the title appear once more between ``=`` signs, so that a query can ask
for a whole word of the title (ranking). A query word of three characters or more is found anywhere in that text, a
shorter one at the beginning of a word: both are LIKE patterns that the trigram index serves.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise, product

from django.db.models import Case, IntegerField, Q, Value, When

from mall import text as texts
from mall.errors import Invalid

MAX_QUERY = 64
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f〇"
# Letters and digits are words of their own: iphone15 is iphone and 15.
_RUNS = re.compile(rf"[{_HAN}]+|[^\W\d_{_HAN}]+|\d+")
_IS_HAN = re.compile(rf"[{_HAN}]")
# A query word below this length is looked for at the beginning of words only.
_ANYWHERE = 3
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
    whole: dict[str, None] = {}
    words: dict[str, None] = dict.fromkeys(_joined(title))
    for run in _runs(title):
        found = [run, *_cut(run)]
        spelled = [spelling for word in found for spelling in _spellings(word)]
        whole.update(dict.fromkeys([*found, *spelled]))
        pairs = [run[i : i + 2] for i in range(len(run))] if _IS_HAN.match(run) else []
        initials = [_initials(pair) for pair in pairs]
        words.update(dict.fromkeys([*found, *spelled, *pairs, *initials]))
    for run in (run for text in others for run in _runs(text)):
        found = [run, *_cut(run)]
        words.update(dict.fromkeys([*found, *(spelling for word in found for spelling in _spellings(word))]))
    marked = " ".join(f"={word}=" for word in whole)
    return f" {' '.join(words)} {marked} " if words else ""


@dataclass(frozen=True)
class Query:
    """A shopper's query, understood: ``condition`` selects products, ``rank`` sorts them (lower is better)."""

    condition: Q
    rank: Case


def understood(text: str) -> Query | None:
    """Return what ``text`` asks for, or None when it is blank and asks for nothing.

    All words must be found. Rank 0: each is a whole word of the title (in characters, pinyin or initials); 1:
    each is part of the title; 2: found elsewhere. A query of signs alone (``%``) is looked for literally in the
    title. Raises QueryTooLong, QueryUnreadable.
    """
    if len(text) > MAX_QUERY:
        raise QueryTooLong(details={"max_length": MAX_QUERY})
    if any(unicodedata.category(sign) in {"Cc", "Cs"} and not sign.isspace() for sign in text):
        raise QueryUnreadable
    text = texts.plain(text.replace("\n", " ").replace("\t", " "))
    if not text:
        return None
    runs = _runs(text)
    joined = _neighbours(text)
    if not runs:
        return Query(Q(title__contains=text), Case(default=Value(1), output_field=IntegerField()))
    condition, whole, in_title = Q(), Q(), Q()
    for run in runs:
        cut = _cut(run)
        apart = _all(_found(word) for word in cut)
        met = (_found(run) | apart) if len(cut) > 1 else _found(run)
        for both in joined.get(run, ()):
            met |= _found(both)
        condition &= met
        whole &= Q(search_words__contains=f"={run}=") | _all(
            Q(search_words__contains=f"={word}=") for word in cut
        )
        in_title &= Q(title__icontains=run)
    rank = Case(
        When(whole, then=Value(0)),
        When(in_title, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    return Query(condition, rank)


def _found(word: str) -> Q:
    return Q(search_words__contains=word if len(word) >= _ANYWHERE else f" {word}")


def _all(conditions: Iterable[Q]) -> Q:
    joined = Q()
    for condition in conditions:
        joined &= condition
    return joined


def _runs(text: str) -> list[str]:
    """Cut text into runs of Chinese characters and runs of other letters and digits, in one form and case."""
    return _RUNS.findall(unicodedata.normalize("NFKC", texts.plain(text, multiline=True)).lower())


def _joined(text: str) -> list[str]:
    """Neighbouring words of letters and digits as one: shoppers write wifi for Wi-Fi, and iphone15 for iPhone 15."""
    return list(dict.fromkeys(both for pair in _neighbours(text).values() for both in pair))


def _neighbours(text: str) -> dict[str, list[str]]:
    """For each word of letters and digits, what it makes with the one before it and with the one after it.

    Only a blank or one of ``-./'`` stands between neighbours.
    """
    plain = unicodedata.normalize("NFKC", texts.plain(text, multiline=True)).lower()
    found = list(_RUNS.finditer(plain))
    pairs: dict[str, list[str]] = {}
    for first, second in pairwise(found):
        if _IS_HAN.match(first[0]) or _IS_HAN.match(second[0]):
            continue
        if plain[first.end() : second.start()].strip("-./'‐’ ") == "" and second.start() - first.end() <= 1:
            for word in (first[0], second[0]):
                pairs.setdefault(word, []).append(first[0] + second[0])
    return pairs


def load_words() -> None:
    """Read the dictionary that queries are cut with, so that processes forked from this one share it."""
    _cut("茶")


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
