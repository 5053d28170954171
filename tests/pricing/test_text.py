"""One form of a text, whatever came with it when it was copied: a table of what people really paste."""

from __future__ import annotations

import pytest

from mall import text as texts

ENGLAND = "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"

# What was pasted, the province of the address, and the number that is kept.
PHONES = [
    ("13900001234", "", "13900001234"),
    ("\u202d13900001234\u202c", "", "13900001234"),  # copied from contacts on iOS
    ("\u202d+86 139 0000 1234\u202c", "", "13900001234"),
    ("139\u200b0000\u200b1234", "", "13900001234"),
    ("\ufeff13900001234", "", "13900001234"),
    (" 139-0000-1234 ", "", "13900001234"),
    ("139\u00a00000\u20031234", "", "13900001234"),
    ("139 – 0000 – 1234", "", "13900001234"),
    ("+8613900001234", "", "13900001234"),
    ("8613900001234", "", "13900001234"),
    ("008613900001234", "", "13900001234"),
    ("(+86)139.0000.1234", "", "13900001234"),
    ("１３９００００１２３４", "", "13900001234"),
    ("'13900001234", "", "13900001234"),  # Excel's mark of a text
    ("13900001234转8012", "", "13900001234-8012"),
    ("13900001234-8012", "", "13900001234-8012"),  # numbers of delivery platforms
    ("13900001234,8012", "", "13900001234-8012"),
    ("057188880000", "", "0571-88880000"),
    ("0571-88880000", "", "0571-88880000"),
    ("(010) 8888 0000", "", "010-88880000"),
    ("+86 571 8888 0000", "", "0571-88880000"),
    ("0571-88880000-8012", "", "0571-88880000-8012"),
    ("0571-8888000-1", "", "0571-8888000-1"),
    ("0571-88880000 转 8012", "", "0571-88880000-8012"),
    ("0571-88880000 ext. 12", "", "0571-88880000-12"),
    ("400-820-8820", "", "4008208820"),
    ("4008208820转1", "", "4008208820-1"),
    ("800 820 8820", "", "8008208820"),
    ("98765432", "香港特别行政区", "+85298765432"),
    ("9876 5432", "香港", "+85298765432"),
    ("+852 9876 5432", "", "+85298765432"),
    ("85298765432", "香港特别行政区", "+85298765432"),
    ("6612 3456", "澳门特别行政区", "+85366123456"),
    ("0912-345-678", "台湾省", "+886912345678"),
    ("+886 912 345 678", "", "+886912345678"),
    ("13900001234", "香港特别行政区", "13900001234"),  # a mainland number works there, too
    ("+1 (415) 555-0100", "", "+14155550100"),
]


@pytest.mark.parametrize(("pasted", "province", "kept"), PHONES)
def test_a_phone_number_is_understood_as_people_paste_it(pasted: str, province: str, kept: str) -> None:
    assert texts.phone(pasted, province=province) == kept
    assert texts.phone(kept, province=province) == kept


@pytest.mark.parametrize(
    ("pasted", "province"),
    [
        ("", ""),
        ("\u202d\u202c", ""),
        ("电话见备注", ""),
        ("1390000123", ""),
        ("139000012345", ""),
        ("12900001234", ""),
        ("98765432", "浙江省"),
        ("98765432", ""),
        ("+86 12345", ""),
        ("12345678", "香港特别行政区"),
        ("1" * 30, ""),
        ("+", ""),
        ("转8012", ""),
    ],
)
def test_what_is_no_phone_number_is_none(pasted: str, province: str) -> None:
    assert texts.phone(pasted, province=province) is None


@pytest.mark.parametrize(
    ("pasted", "kept"),
    [
        ("SF1234567890", "SF1234567890"),
        ("sf 1234 5678 90", "SF1234567890"),
        ("\u200bSF1234567890\u200b", "SF1234567890"),
        ("\u202dSF1234567890\u202c", "SF1234567890"),
        ("ＳＦ１２３４５６７８９０", "SF1234567890"),
        ("'773012345678901", "773012345678901"),
        ("‘773012345678901", "773012345678901"),
        ("JD\u00a00012\t345\n", "JD0012345"),
        ("JT–0012—345", "JT-0012-345"),
    ],
)
def test_a_tracking_number_is_the_one_on_the_slip(pasted: str, kept: str) -> None:
    assert texts.tracking(pasted) == kept
    assert texts.tracking(kept) == kept


@pytest.mark.parametrize("pasted", ["SF12345678 SF12345679", "SF12345\nSF12346", "SF12345\r\n\r\nSF12346\n"])
def test_two_tracking_numbers_do_not_become_one(pasted: str) -> None:
    assert " " in texts.tracking(pasted)


@pytest.mark.parametrize(
    ("pasted", "kept"),
    [
        ("  林小茶 ", "林小茶"),
        ("\u3000林小茶\u3000", "林小茶"),
        ("林\u200b小\u2060茶\ufeff", "林小茶"),
        ("林小茶\u202e号1路井龙", "林小茶号1路井龙"),  # would turn the rest of a slip around
        ("\u2066林小茶\u2069", "林小茶"),
        ("e\u0301toile", "étoile"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
        ("👩🏽\u200d🚀", "👩🏽\u200d🚀"),
        ("🏳️\u200d🌈", "🏳️\u200d🌈"),
        ("❤️\u200d🔥", "❤️\u200d🔥"),
        (ENGLAND, ENGLAND),
        ("茶\u200d杯", "茶杯"),
        ("\u200d👩", "👩"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("阿不都热合曼·买买提", "阿不都热合曼·买买提"),
        ("a\x00b\x07c", "abc"),
        ("a\ud800b", "ab"),
        ("一行\n二行", "一行二行"),
        ("\u200b\u200d\ufeff", ""),
        ("\u3164\u3164", ""),
        ("\u2800", ""),
        ("\u00a0\u2003", ""),
        ("\u0301", ""),
        ("\ufe0f", ""),
        ("\u202d\u202c", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_a_text_keeps_what_can_be_seen(pasted: str, kept: str) -> None:
    assert texts.plain(pasted) == kept
    assert texts.plain(kept) == kept


def test_a_text_of_several_lines_keeps_its_lines() -> None:
    assert texts.plain("一行\r\n\u200b二行\t完\r三行\n\n", multiline=True) == "一行\n二行\t完\n三行"


@pytest.mark.parametrize(
    ("typed", "kept"), [("ｔｅａ－０１", "tea-01"), ("T E\u200bA", "TEA"), ("①", "1"), ("\ufe0fA", "A")]
)
def test_a_code_has_plain_signs_and_no_blanks(typed: str, kept: str) -> None:
    assert texts.code(typed) == kept


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("\u202d13900001234\u202c", "13900001234"),
        ("ＳＯ２６０１０１", "SO260101"),
        ("'773012345678901", "773012345678901"),
        ("龙井 茶", "龙井 茶"),
        ("SF 1234", "SF 1234"),
        (" 小茶\u200b ", "小茶"),
    ],
)
def test_a_search_asks_for_what_was_meant(typed: str, asked: str) -> None:
    assert texts.searched(typed) == asked


@pytest.mark.parametrize("typed", ["13900001234", "+8613900001234", "\u202d+86 139-0000-1234\u202c"])
def test_a_number_is_found_under_all_its_spellings(typed: str) -> None:
    assert texts.phone_spellings(typed) == ["13900001234", "+8613900001234", "8613900001234"]


def test_hong_kong_numbers_are_found_with_and_without_their_country() -> None:
    assert texts.phone_spellings("98765432") == ["+85298765432", "98765432"]
    assert texts.phone_spellings("小茶") == []


def test_what_no_database_keeps_is_written_out() -> None:
    said = {"Content": "a\x00b\ud83d", "a\x00": ["\udc00", 1, None], "emoji": "👩\u200d🚀\x07"}
    assert texts.storable(said) == {
        "Content": "a\\u0000b\\ud83d",
        "a\\u0000": ["\\udc00", 1, None],
        "emoji": "👩\u200d🚀\x07",
    }
