"""Packs by their service: what the form refuses a program is refused as well."""

from __future__ import annotations

import pytest

from apps.wallet.models import Pack
from apps.wallet.services import packs
from tests.apps.wallet import make

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("principal_fen", "bonus_fen", "field"),
    [
        (0, 0, "principal_fen"),
        (100_00, 100_01, "bonus_fen"),
        (100_00, -1, "bonus_fen"),
        (4_000_00, 1_000_01, "principal_fen"),
    ],
)
def test_a_pack_gives_no_more_than_is_paid_and_an_account_holds_both(
    principal_fen: int, bonus_fen: int, field: str
):
    row = make.pack()
    row.principal_fen, row.bonus_fen = principal_fen, bonus_fen
    with pytest.raises(packs.PackRefused) as refused:
        packs.save(row)
    assert {fault.field for fault in refused.value.faults} == {field}
    assert Pack.objects.values_list("principal_fen", "bonus_fen").get() == (50_000, 5_000)
