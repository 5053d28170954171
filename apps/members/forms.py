"""What operators fill in about members: a level's terms, one member's level with the reason, lists of numbers."""

from __future__ import annotations

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from io import TextIOWrapper
from itertools import chain
from typing import Any, Final

from django import forms
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from apps.base import filled_sheets, held
from apps.base.asking import AskForm, ReasonForm
from apps.base.forms import CodeField, LinesField, RuledForm, TenthsField, TextField, TimesField
from apps.members.models import Level, Member
from apps.members.services import levels

_FIRST_CELL: Final = re.compile("[,，;；\t]")


class LevelForm(RuledForm):
    """One level."""

    discount_bp = TenthsField(
        label="会员折扣（折）",
        min_bp=1,
        max_bp=10_000,
        initial=10_000,
        help_text="9.5 表示九五折，10 表示不打折",
    )
    points_multiplier_bp = TimesField(
        label="积分倍率（倍）",
        min_bp=10_000,
        max_bp=100_000,
        initial=10_000,
        help_text="1.5 表示消费一元得一点五倍积分",
    )

    class Meta:
        model = Level
        fields = [
            "name",
            "rank",
            "growth_threshold",
            "discount_bp",
            "points_multiplier_bp",
            "free_postage",
            "birthday_points",
            "early_access_minutes",
            "service_queue",
        ]

    def check(self, row: Level) -> None:
        levels.check(row)


class SetLevelForm(ReasonForm):
    """A member's level by hand."""

    title = "调整等级"
    explanation = "新等级立即生效，365 天后按成长值重新评定；原因会记入等级变更历史。"

    level = forms.ModelChoiceField(
        label="新等级",
        queryset=Level.objects.order_by("rank"),
        widget=UnfoldAdminSelectWidget,
        empty_label=None,
    )
    field_order = ("level", "reason")


class _LinesFile(forms.FileField):
    """A file of lines: a workbook has none, and would be read as numbers that nobody has."""

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Return the file, from its beginning."""
        file = super().clean(data, initial)
        if file:
            file.seek(0)
            if file.read(4).startswith(filled_sheets.WORKBOOKS):
                raise forms.ValidationError("这是 Excel 文件，请另存为 CSV 后上传，或把编号粘贴到上面的框中")
            file.seek(0)
        return file


class MemberNumbersForm(forms.Form):
    """A list of member numbers, typed or uploaded; read as a stream."""

    numbers = LinesField(
        label="会员编号",
        required=False,
        max_length=200_000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        help_text="每行一个",
    )
    # A page that asks twice sends the file once.
    upload = held.kept(
        _LinesFile(
            label="会员编号文件",
            required=False,
            widget=UnfoldAdminFileFieldWidget,
            help_text="CSV 或文本文件，每行第一列为会员编号",
        )
    )

    def nothing_listed(self) -> bool:
        """Whether neither a number nor a file was given."""
        return not (self.cleaned_data.get("numbers") or self.cleaned_data.get("upload"))

    def member_numbers(self) -> Iterator[str]:
        """What was typed, then the first column of the file, line by line."""
        lines = chain(self.cleaned_data["numbers"].splitlines(), self._uploaded())
        return (_FIRST_CELL.split(line, maxsplit=1)[0].strip().strip('"').upper() for line in lines)

    def _uploaded(self) -> Iterator[str]:
        upload = self.cleaned_data["upload"]
        if upload:
            # Member numbers are ASCII: whatever else stands in the file may be in any encoding that has ASCII as it is.
            upload.seek(0)
            wide = upload.read(2) in (BOM_UTF16_LE, BOM_UTF16_BE)  # Excel's 「Unicode 文本」
            upload.seek(0)
            lines = TextIOWrapper(upload, encoding="utf-16" if wide else "utf-8-sig", errors="replace")
            yield from (line.replace("\0", "") for line in lines)
            # The file itself stays open: a page that asks twice holds it until it is sure.
            lines.detach()


class GroupMembersForm(MemberNumbersForm, AskForm):
    """Who is put into a group, or taken out of it."""

    def clean(self) -> dict[str, Any]:
        """Somebody has to be meant."""
        if self.nothing_listed() and not self.errors:
            self.add_error("numbers", "请填写会员编号或上传文件")
        return self.cleaned_data


class AddToGroupForm(GroupMembersForm):
    """Who is put into a group."""

    title = "添加会员"
    explanation = "已在分组中的会员不受影响；无法识别的编号会计数后跳过。"


class RemoveFromGroupForm(GroupMembersForm):
    """Who is taken out of a group."""

    title = "移出会员"
    explanation = "不在分组中的会员不受影响；已经发放的券不会收回。"


class AskErasureForm(AskForm):
    """Whose data are erased, and how the member asked for it."""

    title = "代会员申请注销"
    explanation = (
        "七天后注销，期间会员或操作员可以撤回。注销后昵称、手机号、地址、评价等被清除，积分与优惠券作废，不能恢复；"
        "订单与账目依法保存，但不再指向个人。"
    )
    member = CodeField(label="会员编号", max_length=20, widget=UnfoldAdminTextInputWidget)
    reason = TextField(
        label="原因",
        max_length=100,
        help_text="会员如何提出、如何核实身份；不要填写姓名、电话",
        widget=UnfoldAdminTextInputWidget,
    )

    def clean_member(self) -> Member:
        """The member of that number who is there still."""
        typed = str(self.cleaned_data["member"]).strip()
        found = Member.objects.filter(public_id=typed, erased_at=None).first()
        if found is None:
            raise forms.ValidationError("没有这个会员，或已经注销")
        return found


class TakeBackErasureForm(ReasonForm):
    """Why an operator takes the request back."""

    title = "撤回注销申请"
    explanation = "会员继续使用原账号，一切照旧。"
