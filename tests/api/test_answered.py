"""The watch over every refusal that the suite meets (``tests.answered``) notices what no call tells."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from tests import answered


class Answer(NamedTuple):
    """As much of a response as the watch looks at."""

    status_code: int
    code: str

    def json(self) -> Any:
        return {"code": self.code}


@pytest.mark.parametrize(
    ("method", "path", "answer"),
    [
        ("POST", "/api/v1/orders/SO1/delay-answer", Answer(409, "delay_swap_after_sale")),
        ("POST", "/api/v1/me/message-grants", Answer(400, "scene_unknown")),
        ("GET", "/api/v1/orders/SO1", Answer(404, "not_found")),
        ("GET", "/api/v1/no-such-path", Answer(404, "not_found")),
        ("POST", "/api/v1/orders", Answer(201, "")),
    ],
)
def test_what_a_call_tells_passes(method: str, path: str, answer: Answer) -> None:
    answered.insist(method, path, answer)


@pytest.mark.parametrize(
    ("method", "path", "answer"),
    [
        ("POST", "/api/v1/orders/SO1/delay-answer", Answer(409, "order_changed")),
        ("POST", "/api/v1/orders/SO1/delay-answer", Answer(400, "delay_swap_after_sale")),
        ("GET", "/api/v1/orders/SO1", Answer(409, "out_of_stock")),
        ("GET", "/api/v1/no-such-path", Answer(404, "order_lost")),
    ],
)
def test_what_a_call_does_not_tell_is_noticed(method: str, path: str, answer: Answer) -> None:
    with pytest.raises(AssertionError, match="does not tell"):
        answered.insist(method, path, answer)
