"""What operators type of audiences: tags, conditions of segments, the borders of the scores."""

from __future__ import annotations

import json
import re
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse_lazy
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from apps.audiences import conditions, sources
from apps.audiences import selectors as audience_facts
from apps.audiences import services as audiences
from apps.audiences.asked import asked_of
from apps.audiences.conditions import Both, ConditionsRefused
from apps.audiences.models import RfmRules, Segment, Tag
from apps.base.asking import AskForm, OnceForm
from apps.base.forms import RuledForm, TextField
from apps.coupons.models import Template
from apps.coupons.states import TemplateStatus
from apps.members.forms import GroupMembersForm
from mall.money import parse_yuan, yuan

# Conditions are short; whatever is longer was not made by the editor.
_LONGEST = 60_000
_BETWEEN = re.compile(r"[,，、\s]+")


class FourField(forms.Field):
    """Four rising figures in one line, ``30，60，90，180``; amounts in yuan, kept in fen."""

    widget = UnfoldAdminTextInputWidget

    def __init__(self, *, money: bool = False, **kwargs: Any) -> None:
        self.money = money
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> list[int]:
        """The figures. Whether they can be meant the service says."""
        parts = [part for part in _BETWEEN.split(str(value or "")) if part]
        try:
            if self.money:
                return [parse_yuan(part) for part in parts]
            return [_digits(part) for part in parts]
        except (ValueError, TypeError):
            example = "100，300，800，2000" if self.money else "30，60，90，180"
            raise ValidationError(f"请填写四个数，用逗号隔开，例如 {example}") from None

    def prepare_value(self, value: Any) -> Any:
        """The line as it is typed."""
        if not isinstance(value, list):
            return value
        return "，".join(yuan(figure).removesuffix(".00") if self.money else str(figure) for figure in value)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether other figures are meant than before."""
        try:
            return list(initial or []) != self.to_python(data)
        except ValidationError:
            return True


def _digits(part: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", part, re.ASCII):
        raise ValueError(part)
    return int(part)


class RfmRulesForm(RuledForm):
    """How buying is scored."""

    own_days = FourField(
        label="R：距上次付款（天）", help_text="不超过这些天数依次得 5、4、3、2 分，超过得 1 分"
    )
    own_orders = FourField(label="F：消费次数", help_text="达到这些次数依次得 2、3、4、5 分，不到得 1 分")
    own_money_fen = FourField(
        label="M：消费金额（元）", money=True, help_text="达到这些金额依次得 2、3、4、5 分，不到得 1 分"
    )

    class Meta:
        model = RfmRules
        fields = ["borders", "window_days", "new_days", "own_days", "own_orders", "own_money_fen"]

    def check(self, row: Any) -> None:
        audiences.check_rules(row)


class TagForm(RuledForm):
    """A tag."""

    class Meta:
        model = Tag
        fields = ["name", "kind", "rule", "note"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "rule" in self.fields:
            self.fields["rule"].queryset = Segment.objects.filter(archived_at=None).order_by("name")  # type: ignore[attr-defined]  # a choice of rows

    def check(self, row: Any) -> None:
        audiences.check_tag(row)


class ConditionsField(forms.Field):
    """Conditions as JSON, put together by a script from the kinds that there are; without it the JSON itself."""

    widget = UnfoldAdminTextareaWidget

    def to_python(self, value: Any) -> Both:
        """The tree."""
        if isinstance(value, Both):
            return value
        text = str(value or "")
        if not text.strip():
            raise ValidationError("请至少添加一个条件")
        if len(text) > _LONGEST:
            raise ValidationError("条件过多")
        try:
            return conditions.read(json.loads(text))
        except ConditionsRefused as refusal:
            raise ValidationError([fault.text for fault in refusal.faults]) from refusal
        except (ValueError, RecursionError):
            raise ValidationError("条件格式有误，请重新编辑") from None

    def prepare_value(self, value: Any) -> Any:
        """The JSON as it is sent."""
        if isinstance(value, Both):
            value = conditions.as_json(value)
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) if value else ""

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether other conditions are meant than before."""
        try:
            return bool(conditions.as_json(self.to_python(data)) != initial)
        except ValidationError:
            return True


class SegmentForm(RuledForm):
    """A segment with its conditions."""

    tree = ConditionsField(label="条件")
    meant: ClassVar[Both | None] = None

    class Meta:
        model = Segment
        fields = ["name", "note"]

    class Media:
        js = ["audiences/conditions.js"]
        css = {"all": ["audiences/conditions.css"]}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "tree" not in self.fields:
            return
        kept = self.instance.current.tree if self.instance.current else None
        self.initial["tree"] = kept
        self.fields["tree"].widget.attrs |= attributes(self.data.get("tree") or kept)

    def check(self, row: Any) -> None:
        audiences.check(row, tree=self.cleaned_data["tree"])


def attributes(given: Any) -> dict[str, Any]:
    """What the script of conditions wants to know of a text field: the kinds, and the names of what is chosen there."""
    return {
        "data-conditions": json.dumps(editor(), ensure_ascii=False),
        "data-names": json.dumps(_names(given), ensure_ascii=False),
        "data-options": reverse_lazy("admin:audiences_segment_options"),
        "data-try": reverse_lazy("admin:audiences_segment_try"),
    }


def editor() -> dict[str, Any]:
    """What the editor knows of conditions: their kinds with what each asks, and their bounds."""
    return {
        "most": conditions.MOST,
        "deepest": conditions.DEEPEST,
        "ops": list(conditions.OPS.items()),
        "kinds": [
            {
                "is": kind.kind,
                "label": kind.label,
                "heading": kind.heading,
                "asks": [{"name": name, **asked.told()} for name, asked in asked_of(kind).items()],
            }
            for kind in conditions.KINDS.values()
        ],
    }


def _names(given: Any) -> dict[str, dict[int, str]]:
    """What the rows are called that a tree names, as far as it can be read."""
    try:
        tree = conditions.read(json.loads(given) if isinstance(given, str) else given)
    except (ConditionsRefused, ValueError, RecursionError):
        return {}
    return sources.names(conditions.rows_named(tree))


class PutTagForm(GroupMembersForm):
    """Whose a tag shall be."""

    title = "贴到会员"
    explanation = "已有此标签的会员不受影响；无法识别的编号会计数后跳过。"


class TakeTagForm(GroupMembersForm):
    """Off whom a tag is taken."""

    title = "从会员去掉"
    explanation = "没有此标签的会员不受影响。"


class ArchiveTagForm(AskForm):
    """Put a tag away."""

    title = "归档标签"
    explanation = (
        "归档后不再显示，也不能再贴；使用它的人群会标为条件失效，依赖这些人群的自动化随之暂停。可以恢复。"
    )


class RestoreTagForm(AskForm):
    """Bring a tag back."""

    title = "恢复标签"
    explanation = "恢复后继续使用；只因它失效的人群随之恢复。"


class OneTagForm(AskForm):
    """Put a tag on one member."""

    title = "打标签"
    explanation = "规则标签由系统每天更新，不在此列。"
    tag = forms.ModelChoiceField(
        label="标签", queryset=Tag.objects.none(), widget=UnfoldAdminSelectWidget, empty_label="请选择"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tag"].queryset = audience_facts.tags_by_hand()  # type: ignore[attr-defined]  # a choice of rows


class OffTagForm(OneTagForm):
    """Take a tag off one member."""

    title = "去掉标签"
    explanation = "只能去掉手工贴上的标签。"


class IssueCouponsForm(OnceForm):
    """A coupon for everybody in a segment."""

    title = "给人群发券"
    explanation = "按此刻的条件确定名单，每人一张，后台分批发放，进度见「批量发放」；不受每人限领限制。"
    template = forms.ModelChoiceField(
        label="优惠券",
        queryset=Template.objects.filter(status=TemplateStatus.LIVE).order_by("-id"),
        widget=UnfoldAdminSelectWidget,
        empty_label="请选择",
    )
    reason = TextField(label="发放原因", max_length=100, widget=UnfoldAdminTextInputWidget)
    field_order = ("template", "reason")


class KeepInGroupForm(AskForm):
    """Keep a segment's members in a group."""

    title = "同步到会员分组"
    explanation = "新建会员分组，十分钟内填入会员，每天凌晨更新，手工增减会被覆盖；优惠券、秒杀可只面向它。"


class LeaveGroupForm(AskForm):
    """Stop keeping the group."""

    title = "停止同步分组"
    explanation = "分组和其中的会员保留原样，不再自动更新。"


class ArchiveForm(AskForm):
    """Put a segment away."""

    title = "归档人群"
    explanation = "归档后不再统计，也不能再使用；历史条件和人数保留，可以恢复。"


class RestoreForm(AskForm):
    """Bring a segment back."""

    title = "恢复人群"
    explanation = "恢复后重新检查条件并统计人数。"
