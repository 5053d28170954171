"""What an operator sends to have tracking numbers taken in: a file, shown again as what it would do."""

from __future__ import annotations

from django import forms
from unfold.widgets import UnfoldAdminFileFieldWidget

from apps.base import held
from apps.base.asking import AskForm
from apps.base.filled_sheets import MOST_ROWS, Sheet
from apps.base.forms import SheetField, TextField
from apps.fulfillment import number_files
from apps.fulfillment.number_files import Row


class ImportForm(AskForm):
    """A file of tracking numbers."""

    title = "导入快递单号"
    explanation = (
        "CSV（UTF-8 或 GBK）或 Excel（.xlsx），第一行为表头：订单号、快递公司、快递单号；一个订单分多个包裹时另加"
        f"商品编码、数量。一次最多 {MOST_ROWS} 行；有一行错误则全部不导入，重复导入不会重复发货。"
    )

    file = held.kept(
        SheetField(
            label="文件",
            read=number_files.read,
            widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,.txt,.xlsx"}),
            error_messages={"required": "请选择文件", "empty": "文件是空的"},
        )
    )

    # The fingerprint of what was shown before it was confirmed.
    seen = TextField(widget=forms.HiddenInput, required=False, max_length=64)

    def sheet(self) -> Sheet[Row]:
        """What the file says: its rows, and those that cannot be read."""
        sheet: Sheet[Row] = self.cleaned_data["file"].rows
        return sheet
