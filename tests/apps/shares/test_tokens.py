"""Share tokens: they fit a scene, nobody can make one, and a changed key leaves printed codes good."""

from __future__ import annotations

import re
from typing import Any

import pytest

from apps.shares import tokens

# Source: wxacode.getUnlimited.
SCENE = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]{1,32}")


def test_a_token_fits_the_scene_of_a_code_and_needs_no_escaping():
    made = {tokens.fresh() for _ in range(200)}
    assert len(made) == 200
    for token in made:
        assert SCENE.fullmatch(token)
        assert (len(token), token.isalnum(), token.isascii()) == (28, True, True)
        assert tokens.is_ours(token)


def test_a_token_with_any_letter_changed_is_not_ours():
    token = tokens.fresh()
    for place in range(len(token)):
        other = "A" if token[place] != "A" else "B"
        assert not tokens.is_ours(token[:place] + other + token[place + 1 :])


@pytest.mark.parametrize(
    "nonsense", ["", "a", "a" * 28, "a" * 33, "一" * 28, "1" * 27 + "\n", None, 7, [], {}]
)
def test_nonsense_is_not_ours(nonsense: Any):
    assert not tokens.is_ours(nonsense)


def test_a_token_of_a_former_key_is_ours_as_long_as_the_shop_knows_the_key(settings: Any):
    former = settings.SECRET_KEY
    token = tokens.fresh()
    settings.SECRET_KEY = "k" * 25 + "another-key-altogether-9"
    assert not tokens.is_ours(token)
    settings.SECRET_KEY_FALLBACKS = [former]
    assert tokens.is_ours(token)
    assert tokens.is_ours(tokens.fresh())
