"""Files of tracking numbers: which columns they have, and what a row of them says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from apps.base import filled_sheets
from apps.base.filled_sheets import Columns, Sheet, Unfit
from mall import text as texts


class Row(NamedTuple):
    """One row as it was written: its number in the file (the first is 1), and its cells in their one form.

    ``sku_code`` is empty and ``quantity`` None where the file does not say what is in the parcel.
    """

    number: int
    order_no: str
    carrier: str
    tracking_no: str
    sku_code: str = ""
    quantity: int | None = None


def read(content: bytes) -> Sheet[Row]:
    """Return the rows of a file in their order, and those that cannot be read. Raises FileUnreadable (``filled_sheets``)."""
    return filled_sheets.read_through(content, columns=_COLUMNS)


def _row(number: int, said: Mapping[str, str]) -> Row:
    sku_code, units = texts.code(said["sku_code"]), texts.code(said["quantity"])
    if units and not (units.isascii() and units.isdecimal() and 1 <= len(units) <= 6 and int(units)):
        raise Unfit(f"数量「{units[:20]}」应为正整数")
    if units and not sku_code:
        raise Unfit("填写数量时请同时填写商品编码")
    return Row(
        number=number,
        order_no=texts.code(said["order_no"]).upper(),
        carrier=texts.plain(said["carrier"]),
        tracking_no=texts.tracking(said["tracking_no"]),
        sku_code=sku_code,
        quantity=int(units) if units else None,
    )


_COLUMNS: Final = Columns(
    names={
        "order_no": ("订单号", "订单编号", "商家订单号"),
        "carrier": ("快递公司", "物流公司", "承运商", "快递", "快递名称", "物流"),
        "tracking_no": ("快递单号", "运单号", "物流单号", "快递号", "运单编号"),
        "sku_code": ("商品编码", "SKU编码", "规格编码", "SKU", "商家编码"),
        "quantity": ("数量", "发货数量", "件数"),
    },
    needed=("order_no", "carrier", "tracking_no"),
    row=_row,
)
