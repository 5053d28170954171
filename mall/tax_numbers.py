"""Numbers by which the tax office knows a company: the unified social credit code, and what its 18 signs must sum to."""

from __future__ import annotations

import re
from typing import Final

from mall import text as texts

# GB 32100-2015, table 1: digits and capitals without I, O, S, V, Z; a sign's value is its place.
ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
LENGTH: Final = 18
_VALUES: Final = {sign: value for value, sign in enumerate(ALPHABET)}
# Table 2: 3 to the power of the place before it, modulo 31.
_WEIGHTS: Final = tuple(pow(3, place, 31) for place in range(LENGTH - 1))
# Who registered it and what it is; six digits of a region; nine signs of whom; the check sign.
_SHAPE: Final = re.compile(rf"[{ALPHABET}]{{2}}[0-9]{{6}}[{ALPHABET}]{{10}}")
_DASHES: Final = re.compile("[-‐‑‒–—―−]")


def one_form(typed: str) -> str:
    """A tax number as it is judged and kept: plain capitals without blanks, dashes or anything unseen."""
    return _DASHES.sub("", texts.code(typed)).upper()


def check_sign(first: str) -> str:
    """The 18th sign that belongs to the first 17 of a unified social credit code.

    GB 32100-2015, 5: with values C and weights W = 3^(i-1) mod 31 it is the sign of value 31 - (Σ C·W mod 31), and 0
    where that is 31. The standard's own example: 91350100M000100Y4 sums to 1640, which leaves 28, so its sign is 3.
    Raises ValueError for what is not 17 signs of the alphabet.
    """
    if len(first) != LENGTH - 1 or not set(first) <= _VALUES.keys():
        raise ValueError("17 signs of the alphabet of GB 32100-2015 are needed")
    total = sum(_VALUES[sign] * weight for sign, weight in zip(first, _WEIGHTS, strict=True))
    return ALPHABET[-total % 31]


def is_credit_code(number: str) -> bool:
    """Whether a number in its one form is a unified social credit code: its shape, its alphabet, its check sign.

    Tax numbers of before (15 digits of a 税务登记证, 20 of one with a personal ID) are none: since 2018 whoever was
    registered under one has a code of 18 signs (国办发〔2015〕50号, 〔2016〕53号), which invoices name.
    """
    return bool(_SHAPE.fullmatch(number)) and check_sign(number[:-1]) == number[-1]
