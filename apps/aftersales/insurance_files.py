"""Files of what insurers of freight paid: which columns they have, and what a row of them says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from apps.aftersales.states import InsurancePayee
from apps.base import filled_sheets
from apps.base.filled_sheets import Columns, Unfit
from mall import text as texts
from mall.money import parse_yuan

_LONGEST: Final = 64
_PAYEES: Final = {"": InsurancePayee.BUYER, **{str(payee.label): payee for payee in InsurancePayee}}


class Row(NamedTuple):
    """One row: its number in the file (the first is 1), the application, the insurer's number, fen, and whom it paid."""

    number: int
    after_sale_no: str
    claim_no: str
    amount_fen: int
    payee: InsurancePayee
    # A second one of the application, as an operator said by hand.
    again: bool = False


def read(content: bytes) -> list[Row]:
    """Return the rows of a file in their order, without empty ones. Raises FileUnreadable, Faulty (``filled_sheets``)."""
    return filled_sheets.read(content, columns=_COLUMNS)


def _row(number: int, said: Mapping[str, str]) -> Row:
    claim_no, payee = texts.code(said["claim_no"]), _PAYEES.get(texts.plain(said["payee"]))
    if not 1 <= len(claim_no) <= _LONGEST:
        raise Unfit(f"理赔单号应为 1 到 {_LONGEST} 个字")
    if payee is None:
        raise Unfit("收款方应为「买家」或「商家」")
    try:
        amount_fen = parse_yuan(texts.code(said["amount"]))
    except ValueError:
        raise Unfit("金额应为数字，例如 12.50") from None
    return Row(number, texts.code(said["after_sale_no"]).upper(), claim_no, amount_fen, payee)


_COLUMNS: Final = Columns(
    names={
        "after_sale_no": ("售后单号", "售后编号", "退货单号"),
        "claim_no": ("理赔单号", "赔付单号", "保单号"),
        "amount": ("金额", "理赔金额", "赔付金额"),
        "payee": ("收款方", "赔付对象"),
    },
    needed=("after_sale_no", "claim_no", "amount"),
    row=_row,
    amounts=("amount",),
)
