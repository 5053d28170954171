"""Tax numbers are judged by the standard: its own example, every other sign refused, one form whatever the spelling."""

from __future__ import annotations

import pytest

from mall import tax_numbers

# GB 32100-2015's own example: ...Y4 sums to 1640, which leaves 28 of 31.
STANDARD = "91350100M000100Y43"


def test_the_check_sign_is_that_of_the_standard_and_no_other_sign_passes() -> None:
    assert tax_numbers.check_sign(STANDARD[:-1]) == "3"
    passing = [sign for sign in tax_numbers.ALPHABET if tax_numbers.is_credit_code(STANDARD[:-1] + sign)]
    assert passing == ["3"]
    for place in range(17):  # the weights have no zero, so one sign that changes is always found
        other = "1" if STANDARD[place] != "1" else "2"
        assert not tax_numbers.is_credit_code(STANDARD[:place] + other + STANDARD[place + 1 :])
    with pytest.raises(ValueError, match="17 signs"):
        tax_numbers.check_sign("I" * 17)


def test_a_sum_that_leaves_nothing_has_zero() -> None:
    assert tax_numbers.check_sign("0" * 17) == "0"
    assert tax_numbers.check_sign("1" + "0" * 16) == "Y"


def test_whatever_the_spelling_there_is_one_form() -> None:
    for spelled in (
        " 9135 0100-M000100y43 ",
        "９１３５０１００Ｍ０００１００Ｙ４３",
        "\u202d91350100M000100Y43\u202c",
        "91350100m000\u200b100y43",
    ):
        assert tax_numbers.one_form(spelled) == STANDARD


def test_what_is_no_credit_code_is_refused() -> None:
    for wrong in (
        *("", STANDARD[:-1], STANDARD + "3", STANDARD.lower(), "91350100M000100Y4Z"),
        *(
            "I1350100M000100Y43",
            "91350100O000100Y43",
            "9135A100M000100Y43",
        ),  # an I, an O, a letter in the region
        *("110105123456789", "11010519491231002X00", "９1350100M000100Y43"),
    ):
        assert not tax_numbers.is_credit_code(wrong)
