"""What can hold an erasure up has words in the document and in the guide, whichever room says it."""

from __future__ import annotations

import re
from pathlib import Path

from apps.members.personal_api import ErasureSerializer

ROOT = Path(__file__).parents[3]
_CODE = re.compile(r'Open\((?:\s*)code=f?"([^"]+)"')


def test_every_code_of_what_is_open_is_told_to_front_ends() -> None:
    rooms = "".join(path.read_text() for path in sorted((ROOT / "apps").glob("*/personal.py")))
    codes = {code.replace("{kind.name}", "recharge") for code in _CODE.findall(rooms)}
    assert {"orders", "commission_coming", "recharge_refunds"} <= codes
    assert len(_CODE.findall(rooms)) == rooms.count("Open(code=")
    told = re.findall(r"`([a-z_]+)`", str(ErasureSerializer().fields["held_up_by"].help_text))
    assert set(told) == codes
    guide = (ROOT / "docs/guide/personal-data.md").read_text()
    assert {code for code in codes if f"`{code}`" not in guide} == set()
