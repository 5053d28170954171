"""What operators type of journeys: figures, what begins one, its steps one by one, and what they are sure of."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from apps.audiences import conditions
from apps.audiences.conditions import Both
from apps.audiences.forms import ConditionsField, attributes
from apps.base.asking import AskForm
from apps.base.forms import LinesField, RuledForm, TextField
from apps.journeys import asked as asks
from apps.journeys import choices, ready, steps
from apps.journeys import selectors as journey_facts
from apps.journeys import services as journeys
from apps.journeys.asked import Asked, asked_of
from apps.journeys.models import Journey
from apps.journeys.steps import Part
from apps.messaging.inputs import FieldsField

_CYCLE: Final = re.compile(r"(.+?)\s*[,，]\s*([0-9]{1,4})\s*天?")
_UNITS: Final = {"1": "分钟", "60": "小时", "1440": "天"}
# What a page calls a field that would hide what the form itself says.
_CALLED: Final = {"title": "heading"}
_ASKED: Final = {called: name for name, called in _CALLED.items()}
_NEVER: Final = "留空只进入一次；0 表示走完就可以再次进入"


class JourneyForm(RuledForm):
    """What is said of a journey beside its steps."""

    class Meta:
        model = Journey
        fields = ["title", "code", "note", "holdout_percent", "measure_days"]

    def check(self, row: Any) -> None:
        journeys.check(row)


class CyclesField(LinesField):
    """Cycles of goods, a line each: ``TEA-100，30``."""

    widget = UnfoldAdminTextareaWidget

    def to_python(self, value: Any) -> Any:
        """The cycles, each with the row that its line names. Raises ValidationError at the line that names none."""
        if isinstance(value, list):
            return value
        found = []
        for line in filter(None, (line.strip() for line in str(super().to_python(value) or "").splitlines())):
            said = _CYCLE.fullmatch(line)
            of = choices.cycle_of(said[1]) if said is not None else None
            if said is None or of is None:
                raise ValidationError(f"无法识别「{line[:40]}」，请写成 SKU 编码或类目名称，逗号，天数")
            found.append({**of, "days": int(said[2])})
        return found

    def prepare_value(self, value: Any) -> Any:
        """The lines as they are typed."""
        return value if isinstance(value, str) else "\n".join(choices.typed_of(value or []))

    def run_validators(self, value: Any) -> None:
        """The lines were judged when they were read."""


class OptionalConditions(ConditionsField):
    """Conditions, or none."""

    def to_python(self, value: Any) -> Any:
        """The tree; None where there is no condition in it."""
        try:
            given = json.loads(str(value or "null"))
        except (ValueError, RecursionError):
            given = value
        empty = given is None or (isinstance(given, dict) and given.get("of") == [])
        return None if empty else super().to_python(value)


class PartForm(AskForm):
    """A step or a trigger of one kind, by what it asks; ``form_of`` makes the fields."""

    kind: ClassVar[type[Part]]

    class Media:
        js = ["audiences/conditions.js"]
        css = {"all": ["audiences/conditions.css"]}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            asked = asked_of(self.kind).get(_ASKED.get(name, name))
            if isinstance(asked, asks.OneRow) and isinstance(field, forms.ChoiceField):
                field.choices = _choices(asked, self.initial.get(name))
            if isinstance(asked, asks.Tree):
                field.widget.attrs |= attributes(self.data.get(name) or self.initial.get(name))

    def part(self) -> dict[str, Any]:
        """What was typed, as plans have it."""
        said = {_ASKED.get(name, name): _said(value) for name, value in self.cleaned_data.items()}
        return {"is": self.kind.kind, **said}


class WaitForm(PartForm):
    """A length of time in the unit that fits."""

    amount = forms.IntegerField(label="时长", min_value=1, widget=UnfoldAdminIntegerFieldWidget)
    unit = forms.ChoiceField(label="单位", choices=list(_UNITS.items()), widget=UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        minutes = self.initial.get("minutes") or 60
        unit = next(unit for unit in (1_440, 60, 1) if minutes % unit == 0)
        self.initial.update(amount=minutes // unit, unit=str(unit))

    def part(self) -> dict[str, Any]:
        """The minutes."""
        typed = self.cleaned_data
        return {"is": self.kind.kind, "minutes": typed["amount"] * int(typed["unit"])}


def form_of(kind: type[Part], *, title: str = "", explanation: str = "") -> type[PartForm]:
    """The form of a kind of step or trigger."""
    base = WaitForm if kind is steps.Wait else PartForm
    asked = {} if base is WaitForm else asked_of(kind)
    made = {_CALLED.get(name, name): _field(one) for name, one in asked.items()}
    said = {"title": title or kind.label, "explanation": explanation, "kind": kind}
    return type(f"{kind.__name__}Form", (base,), {**made, **said, "__module__": f"{__name__}.made"})


def _field(asked: Asked) -> forms.Field:
    """The field of the page for what is asked."""
    hint = getattr(asked, "hint", "")
    match asked:
        case asks.Figure():
            return forms.IntegerField(
                label=f"{asked.label}（{asked.unit}）" if asked.unit else asked.label,
                min_value=asked.least,
                max_value=asked.most,
                required=asked.needed,
                widget=UnfoldAdminIntegerFieldWidget,
            )
        case asks.Choice():
            offered = [("", "请选择"), *asked.options.items()]
            return forms.ChoiceField(label=asked.label, choices=offered, widget=UnfoldAdminSelectWidget)
        case asks.OneRow():
            return forms.TypedChoiceField(
                label=asked.label,
                coerce=int,
                empty_value=None,
                required=asked.needed,
                help_text=hint,
                widget=UnfoldAdminSelectWidget,
            )
        case asks.Text():
            field = LinesField if asked.lines else TextField
            widget = (
                UnfoldAdminTextareaWidget(attrs={"rows": 3}) if asked.lines else UnfoldAdminTextInputWidget
            )
            return field(
                label=asked.label, max_length=asked.most, required=asked.needed, help_text=hint, widget=widget
            )
        case _:
            return _rarer_field(asked, hint)


def _rarer_field(asked: Asked, hint: str) -> forms.Field:
    match asked:
        case asks.Moment():
            return forms.SplitDateTimeField(label=asked.label, widget=UnfoldAdminSplitDateTimeWidget)
        case asks.Flag():
            return forms.BooleanField(
                label=asked.label, required=False, help_text=hint, widget=UnfoldBooleanSwitchWidget
            )
        case asks.Fields():
            return FieldsField(
                label=asked.label,
                max_length=1_000,
                required=False,
                help_text=hint,
                widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
            )
        case asks.Tree():
            return OptionalConditions(label=asked.label, required=False, help_text="判断「符合条件」时填写")
        case asks.Cycles():
            return CyclesField(
                label=asked.label, help_text=hint, widget=UnfoldAdminTextareaWidget(attrs={"rows": 4})
            )
        case _:
            return TextField(
                label=asked.label,
                max_length=5,
                help_text="北京时间，例如 10:00",
                widget=UnfoldAdminTextInputWidget,
            )


def initial_of(kind: type[Part], given: Mapping[str, Any]) -> dict[str, Any]:
    """What stands in the form's fields for a step or trigger as a draft has it."""
    found = {name: given[name] for name in asked_of(kind) if given.get(name) is not None}
    found = {_CALLED.get(name, name): value for name, value in found.items()}
    if "at" in found:
        found["at"] = timezone.localtime(datetime.fromisoformat(found["at"])) if found["at"] else None
    return found


def _choices(asked: asks.OneRow, chosen: Any) -> list[tuple[Any, str]]:
    """What can be chosen, with what is chosen already, whatever became of it."""
    offered = [("", "请选择" if asked.needed else "不选"), *choices.options(asked.source)]
    if chosen is not None and chosen not in {row_id for row_id, _ in offered}:
        name = choices.names({asked.source: [chosen]}).get(asked.source, {}).get(chosen, f"#{chosen}")
        offered.append((chosen, f"{name}（不可用）"))
    return offered


def _said(value: Any) -> Any:
    """A typed value as JSON has it."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Both):
        return conditions.as_json(value)
    return value


class AddStepForm(AskForm):
    """A new step."""

    title = "添加步骤"
    explanation = "选择类型，下一页填写内容。"
    kind = forms.ChoiceField(
        label="类型",
        choices=[(kind, found.label) for kind, found in steps.STEPS.items()],
        widget=UnfoldAdminSelectWidget,
    )


class MoveStepForm(AskForm):
    """A step one place up or down."""

    title = "移动步骤"
    explanation = "与同一侧的上一步或下一步交换位置；判断连同其下的步骤一起移动。"


class DropStepForm(AskForm):
    """A step less."""

    title = "删除步骤"
    explanation = "判断连同其下的步骤一起删除。进行中的会员按他们进入时的版本走完，不受影响。"


class RulesForm(AskForm):
    """Who may enter again, and who leaves early."""

    title = "进入与退出规则"
    explanation = "会员在同一旅程中同时只有一次。营销开关、免打扰时段和次数上限由消息规则决定，无需在此设置。"
    again_days = forms.IntegerField(
        label="多少天后可再次进入",
        required=False,
        min_value=0,
        max_value=3_650,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_NEVER,
    )
    exits = forms.MultipleChoiceField(
        label="退出条件",
        required=False,
        choices=list(steps.EXITS.items()),
        widget=forms.CheckboxSelectMultiple,
    )


class StartForm(AskForm):
    """Put a draft in force."""

    title = "开始"
    explanation = "开始后符合进入条件的会员陆续进入。编码和对照组比例不能再修改，流程可以修改后发布为新版本。"


class PublishForm(AskForm):
    """Put changed steps in force."""

    title = "发布新版本"
    explanation = "之后进入的会员按新版本；已在进行中的会员按他们进入时的版本走完。"


class PauseForm(AskForm):
    """Nobody enters, nobody goes on."""

    title = "暂停"
    explanation = "暂停期间没有会员进入，进行中的会员停在原处，尚未发出的旅程消息不再发送。"


class ResumeForm(AskForm):
    """Go on."""

    title = "恢复"
    explanation = "到期的步骤立即执行；已过有效时间的消息不再发送。"


class EndForm(AskForm):
    """For ever."""

    title = "结束"
    explanation = "进行中的会员全部退出，未处理的跟进任务作废；不能恢复，可以复制为新的草稿。"


class CopyForm(AskForm):
    """A draft like it."""

    title = "复制"
    explanation = "复制为新的草稿，流程、对照组比例和统计天数相同。"
    called = TextField(label="名称", max_length=40, widget=UnfoldAdminTextInputWidget)
    code = TextField(label="编码", max_length=40, widget=UnfoldAdminTextInputWidget)


class ReadyForm(AskForm):
    """A draft of a ready journey."""

    title = "从范例新建"
    explanation = "新建为草稿，选好优惠券等内容后再开始。"
    name = forms.ChoiceField(
        label="范例",
        widget=UnfoldAdminSelectWidget,
    )
    code = TextField(
        label="编码",
        max_length=40,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="留空用范例后面写的编码",
    )
    # What the page proposed when it was opened: sent twice it makes one draft, for the second finds its code in use.
    proposed = forms.JSONField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        free = journey_facts.free_codes(one.code for one in ready.READY)
        self.fields["proposed"].initial = free
        name: Any = self.fields["name"]
        name.choices = [(one.code, f"{one.title}（{free[one.code]}）：{one.note}") for one in ready.READY]

    def clean(self) -> dict[str, Any]:
        """The code that was typed, else the one that was proposed."""
        typed = self.cleaned_data
        proposed = typed.pop("proposed", None)
        if not typed.get("code") and isinstance(proposed, dict):
            typed["code"] = str(proposed.get(typed.get("name"), ""))
        return typed


class FinishTaskForm(AskForm):
    """What came of a task."""

    title = "完成任务"
    explanation = "记下处理结果，会员可以在个人信息导出中看到。"
    note = TextField(label="处理结果", max_length=200, widget=UnfoldAdminTextInputWidget)


class DropTaskForm(AskForm):
    """A task that nobody has to do any more."""

    title = "任务作废"
    explanation = "不再需要处理。"
    note = TextField(label="原因", max_length=200, widget=UnfoldAdminTextInputWidget)
