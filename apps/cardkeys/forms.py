"""What operators send and say about card keys."""

from __future__ import annotations

from unfold.widgets import UnfoldAdminFileFieldWidget

from apps.base.asking import AskForm, ReasonForm
from apps.base.filled_sheets import MOST_ROWS
from apps.base.forms import SheetField
from apps.cardkeys import card_files
from apps.cardkeys.card_files import Row


class ImportForm(AskForm):
    """A file of card keys. It is not kept between two looks: it would lie about unsealed."""

    title = "导入卡密"
    explanation = (
        "CSV（UTF-8 或 GBK）或 Excel（.xlsx），第一行为表头：商品编码、卡号、卡密。一次最多 "
        f"{MOST_ROWS} 行；有一行错误则全部不导入，卡号重复会被拒绝，同一文件重复导入不会重复入库。"
        "卡密加密保存，导入后请妥善删除文件。"
    )

    file = SheetField(
        label="文件",
        read=card_files.read,
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,.txt,.xlsx"}),
        error_messages={"required": "请选择文件", "empty": "文件是空的"},
    )

    def rows(self) -> list[Row]:
        """The rows of the file."""
        rows: list[Row] = self.cleaned_data["file"].rows
        return rows


class VoidForm(ReasonForm):
    """Why a card that is not sold is taken out."""

    title = "作废卡密"
    explanation = "作废后不能再售出，库存同时减少；已售出的卡密请在订单中退款收回。"


class VoidBatchForm(ReasonForm):
    """The same, for all that is left of a batch."""

    title = "作废本批未售卡密"
    explanation = "本批次未售出、且未被待付款订单占用的卡密全部作废，库存同时减少。"
