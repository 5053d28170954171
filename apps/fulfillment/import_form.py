"""What an operator sends to have tracking numbers taken in: a file, shown again as what it would do."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminFileFieldWidget

from apps.base import held
from apps.base.asking import AskForm
from apps.fulfillment import number_files
from apps.fulfillment.number_files import Row
from mall.errors import Faulty, Invalid


class NumbersFile(forms.FileField):
    """A file of tracking numbers, read as soon as it is sent."""

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Return the file with its ``rows``; every row that cannot be read is told by its number."""
        file = super().clean(data, initial)
        if file.size > number_files.MOST_BYTES:
            raise ValidationError(f"文件不能超过 {number_files.MOST_BYTES // 1024 // 1024} MB，请分成几份")
        file.seek(0)
        try:
            file.rows = number_files.read(file.read())
        except Faulty as faulty:
            raise ValidationError([fault.text for fault in faulty.faults]) from faulty
        except Invalid as refusal:
            raise ValidationError(refusal.text) from refusal
        return file


class ImportForm(AskForm):
    """A file of tracking numbers."""

    title = "导入快递单号"
    explanation = (
        "CSV（UTF-8 或 GBK）或 Excel（.xlsx），第一行为表头：订单号、快递公司、快递单号；一个订单分多个包裹时另加"
        f"商品编码、数量。一次最多 {number_files.MOST_ROWS} 行；有一行错误则全部不导入，重复导入不会重复发货。"
    )

    file = held.kept(
        NumbersFile(
            label="文件",
            widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,.txt,.xlsx"}),
            error_messages={"required": "请选择文件", "empty": "文件是空的"},
        )
    )

    def rows(self) -> list[Row]:
        """The rows of the file."""
        rows: list[Row] = self.cleaned_data["file"].rows
        return rows
