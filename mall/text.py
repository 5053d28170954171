"""One form of a text before it is judged, compared or kept: what people read, codes, phone and tracking numbers.

Signs that nobody sees come with copying: iOS puts a phone number between U+202D and U+202C, chats add zero-width
blanks, spreadsheets an apostrophe. They make equal texts unequal, fill a name with nothing, or turn a line around.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Final

# Letters and symbols that Unicode counts as visible and fonts draw as nothing.
_BLANK_SIGNS: Final = frozenset("\u115f\u1160\u3164\uffa0\u2800\U0001d159")
# Format signs that spell: joiners of emoji, and of scripts whose letters they shape.
_JOINERS: Final = frozenset("\u200c\u200d\u180e")
_VARIATION: Final = frozenset("\ufe0e\ufe0f")
_BLACK_FLAG: Final = "\U0001f3f4"
_HYPHENS: Final = re.compile("[‐‑‒–—―−﹣－]")
_DASHES: Final = re.compile("[-‐‑‒–—―−﹣－·・.．()（）]")
# Excel marks a number that is to stay text by an apostrophe, which some programs copy with it.
# A part this long is a tracking number of its own.
_WHOLE_NUMBER: Final = 10
_APOSTROPHES: Final = "'’‘`＇"

_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")

_MOBILE: Final = re.compile(r"1[3-9][0-9]{9}")
_LANDLINE: Final = re.compile(r"(0(?:10|2[0-9]|[3-9][0-9]{2}))([1-9][0-9]{6,7})")
_SERVICE: Final = re.compile(r"[48]00[0-9]{7}")
_HONG_KONG: Final = re.compile(r"[2-9][0-9]{7}")
_MACAU: Final = re.compile(r"(?:6|28|8)[0-9]{6,7}")
_TAIWAN: Final = re.compile(r"0?9[0-9]{8}")
_ABROAD: Final = re.compile(r"\+[1-9][0-9]{6,16}")
_EXTENSION: Final = re.compile(
    r"(?:转|轉|分机|分機|ext\.?|x|#|,|，|;|；)\s*:?：?\s*([0-9]{1,6})$", re.IGNORECASE
)
# Where an address has phone numbers of its own: the country code of its numbers.
_CODE_OF_PROVINCE: Final = {"香港": "852", "澳门": "853", "台湾": "886"}


def plain(text: str, *, multiline: bool = False) -> str:
    """Bring a text that people read to its one form: NFC, without invisible signs, trimmed.

    Bidirectional overrides, zero-width signs and other format signs go; joiners stay inside emoji and between
    letters of scripts that need them. Control characters go, too, except line ends and tabs where ``multiline``;
    halves of characters go. Blanks of all widths stay what they are inside and go at the ends. A text without
    a single visible sign becomes empty.
    """
    if text.isascii() and text.isprintable():
        return text.strip()
    composed = unicodedata.normalize("NFC", text)
    kept = "".join(
        sign for place, sign in enumerate(composed) if _stays(composed, place, multiline=multiline)
    ).strip()
    if multiline:
        kept = kept.replace("\r\n", "\n").replace("\r", "\n")
    return kept.strip("".join(_BLANK_SIGNS) + " \t\n\u3000") if is_visible(kept) else ""


def masked_number(number: str) -> str:
    """A public number as others than its owner may read it: the beginning, which is its day, and the last four signs."""
    return f"{number[:8]}****{number[-4:]}"


def masked_phone(phone: str) -> str:
    """A phone number as a page shows it to who need not call it: 138****1234, of any other form the last four signs."""
    return f"{phone[:3] if _MOBILE.fullmatch(phone) else ''}****{phone[-4:]}" if phone else ""


def masked(nickname: str) -> str:
    """A nickname as strangers may read it: its first sign and two stars; 微信用户 for whoever has none."""
    return f"{nickname[0]}**" if nickname else "微信用户"


def is_number(said: str) -> bool:
    """Whether it can be a public number of ours: letters and digits of ASCII, at most 32. Nothing else is looked up."""
    return said.isascii() and said.isalnum() and len(said) <= 32


def is_visible(text: str) -> bool:
    """Whether there is at least one sign to see: no blank, no lone accent, no filler."""
    return any(unicodedata.category(sign)[0] not in "ZCM" and sign not in _BLANK_SIGNS for sign in text)


def code(text: str) -> str:
    """Bring a code to its one form: NFKC (full-width letters and digits become plain), no blanks, nothing unseen.

    Letters keep their case. For numbers on slips, coupon codes, merchants' codes and the like.
    """
    composed = unicodedata.normalize("NFKC", text)
    return "".join(
        sign
        for sign in composed
        if unicodedata.category(sign)[0] not in "ZC" and sign not in _BLANK_SIGNS and sign not in _VARIATION
    )


def tracking(text: str) -> str:
    """Bring a tracking number to its one form: a code in capitals, without Excel's apostrophe.

    Two numbers on two lines, or with a blank between, do not become one: the blank stays, and is no sign of a number.
    """
    lines = [line for line in text.splitlines() if code(line)]
    parts = text.split()
    if len(lines) > 1 or (len(parts) > 1 and all(len(code(part)) >= _WHOLE_NUMBER for part in parts)):
        return " ".join(parts)
    return _HYPHENS.sub("-", code(text).strip(_APOSTROPHES)).upper()


def phone(text: str, *, province: str = "") -> str | None:
    """Bring a phone number to its one form, None where it is none.

    Mainland mobiles and 400 numbers are digits, landlines ``0571-88880000``, each with ``-`` before an extension;
    others are ``+`` and digits (``+85298765432``). ``province`` of the address decides on numbers that name no country:
    eight digits are Hong Kong's with an address there. A mainland country code in front (+86, 0086, 86) goes.
    """
    typed = code(text).strip(_APOSTROPHES)
    tail = _EXTENSION.search(typed)
    extension = tail[1] if tail else ""
    digits = _DASHES.sub("", typed[: tail.start()] if tail else typed)
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    if not re.fullmatch(r"\+?[0-9]+", digits):
        return None
    number = None
    if not extension:  # before the rest: 0571-8888000-1 is no number of eight digits
        number, extension = _with_dashed_extension(typed)
    number = number or _mainland(digits)
    if number is None:
        return None if extension else _beyond_mainland(digits, province)
    return f"{number}-{extension}" if extension else number


def searched(typed: str) -> str:
    """What somebody typed into a search box: a plain text; a number or code in odd signs as the code that it is."""
    asked = plain(typed)
    as_code = code(typed).strip(_APOSTROPHES)
    return (
        as_code if as_code.isascii() and as_code != asked and " " not in asked.strip(_APOSTROPHES) else asked
    )


def phone_spellings(typed: str) -> list[str]:
    """The ways in which a phone number that is searched for may be kept, the one form first; [] where it is none."""
    number = phone(typed) or next(
        filter(None, (phone(typed, province=name) for name in _CODE_OF_PROVINCE)), None
    )
    if number is None:
        return []
    if number.startswith("+"):
        return [number, number[4:]]
    digits = number.replace("-", "")
    return list(dict.fromkeys([number, digits, f"+86{digits}", f"86{digits}"]))


def storable(value: Any) -> Any:
    """A JSON value from outside that must be kept as it came, as far as a database can keep it.

    NUL and halves of characters become visible, ``\\u0000``, also in names; everything else stays.
    """
    if isinstance(value, str):
        if value.isascii() and "\0" not in value:  # as nearly all are
            return value
        return _UNSTORABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", value)
    if isinstance(value, list):
        return [storable(inner) for inner in value]
    if isinstance(value, dict):
        return {storable(name): storable(inner) for name, inner in value.items()}
    return value


def _stays(text: str, place: int, *, multiline: bool) -> bool:
    sign = text[place]
    category = unicodedata.category(sign)
    if category == "Cc":
        return multiline and sign in "\n\r\t"
    if category not in {"Cf", "Cs"} and sign != "\u034f":
        return True
    if sign in _JOINERS:
        return _joins(text, place)
    # Flags of England, Scotland, Wales: a black flag and invisible letters.
    return "\U000e0020" <= sign <= "\U000e007f" and _BLACK_FLAG in text[max(0, place - 8) : place]


def _joins(text: str, place: int) -> bool:
    """Whether a joiner stands between two parts of an emoji, or between letters that it shapes."""
    before = text[:place].rstrip("".join(_VARIATION))[-1:]
    after = text[place + 1 : place + 2]
    if not before or not after:
        return False
    if text[place] == "\u200d" and _is_emoji(before) and _is_emoji(after):
        return True
    return _is_shaped(before) and _is_shaped(after)


def _is_emoji(sign: str) -> bool:
    # Sk: the five colours of skin.
    return unicodedata.category(sign) in {"So", "Sk"} or sign in "♀♂⚕⚖✈❤"


def _is_shaped(sign: str) -> bool:
    """Whether it is a letter or mark of Arabic, Indic, Tibetan, Mongolian and their neighbours."""
    return "\u0590" <= sign < "\u2000" and unicodedata.category(sign)[0] in "LM"


def _mainland(digits: str) -> str | None:
    for country in ("+86", "86", ""):
        number = digits.removeprefix(country)
        if country and number == digits:
            continue
        if _MOBILE.fullmatch(number) or _SERVICE.fullmatch(number):
            return number
        # Behind a country code an area code loses its zero: +86 571 8888 0000.
        landline = _LANDLINE.fullmatch(number) or (country and _LANDLINE.fullmatch(f"0{number}"))
        if landline:
            return f"{landline[1]}-{landline[2]}"
    return None


def _with_dashed_extension(typed: str) -> tuple[str | None, str]:
    """``0571-88880000-8012``: the last part after a dash is the extension."""
    head, _, tail = _HYPHENS.sub("-", typed).rpartition("-")
    if not head or not re.fullmatch(r"[0-9]{1,6}", tail):
        return None, ""
    number = _mainland(_DASHES.sub("", head))
    return (number, tail) if number else (None, "")


def _beyond_mainland(digits: str, province: str) -> str | None:
    if digits.startswith("+"):
        return digits if _ABROAD.fullmatch(digits) and not digits.startswith("+86") else None
    country = _CODE_OF_PROVINCE.get(province[:2], "")
    for shape, own in ((_HONG_KONG, "852"), (_MACAU, "853"), (_TAIWAN, "886")):
        if own == country:
            local = digits.removeprefix(own)
            return f"+{own}{local.lstrip('0')}" if shape.fullmatch(local) else None
    return None
