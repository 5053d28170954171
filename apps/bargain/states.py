"""Where a run of a bargain stands."""

from __future__ import annotations

from typing import Final

from django.db.models import TextChoices

from mall.lifecycle import Lifecycle

# The word of the API, and what operators and badges say.
KIND: Final = "bargain"
LABEL: Final = "砍价"


class RunStatus(TextChoices):
    """From its opening until it is bought, or its clock has run out."""

    OPEN = "OPEN", "砍价中"
    BOUGHT = "BOUGHT", "已下单"
    LAPSED = "LAPSED", "已失效"


LIFECYCLE: Final = Lifecycle(
    "bargain run",
    initial=RunStatus.OPEN,
    moves={
        "buy": ({RunStatus.OPEN}, RunStatus.BOUGHT),
        # The order was not paid: friends go on cutting, if there is time.
        "reopen": ({RunStatus.BOUGHT}, RunStatus.OPEN),
        "lapse": ({RunStatus.OPEN, RunStatus.BOUGHT}, RunStatus.LAPSED),
    },
    final={RunStatus.LAPSED},
    labels=dict(RunStatus.choices),
)
