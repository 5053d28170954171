"""What operators fill in about messages: rules, templates, how scenes are told, and mass sends."""

from __future__ import annotations

from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from apps.base.asking import AskForm, OnceForm
from apps.base.forms import LinesField, RuledForm, TextField
from apps.members.forms import MemberNumbersForm
from apps.members.models import Group, Level
from apps.messaging import board
from apps.messaging.inputs import FieldsField, KeywordsField, at_fields, in_order
from apps.messaging.models import Content, Rules, SceneSetting, Template
from apps.messaging.services import ruling, templates
from apps.messaging.states import Audience


class RulesForm(RuledForm):
    """The rules that no campaign can switch off."""

    class Meta:
        model = Rules
        fields = ["quiet_from", "quiet_until", "per_day", "per_week", "keep_days"]

    def check(self, row: Rules) -> None:
        ruling.check_rules(row)


class TemplateForm(RuledForm):
    """A template that WeChat's list was not asked for."""

    keywords = KeywordsField(
        label="关键词",
        max_length=600,
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 6}),
        help_text="每行一个，写成「thing1 商品名称」；枚举值在后面列出，如「enum_string3 状态：已发货、已签收」。"
        "通常点「从微信获取」自动填入",
    )

    class Meta:
        model = Template
        fields = ["template_id", "title"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["keywords"] = self.instance.keywords

    def fill(self, row: Template) -> None:
        row.keywords = self.cleaned_data["keywords"]

    def check(self, row: Template) -> None:
        templates.check(row)


class SceneForm(RuledForm):
    """How a scene is told."""

    texts = FieldsField(
        label="模板内容",
        max_length=1_000,
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 6}),
        help_text="每行一个关键词，写成「thing1={goods}」；花括号里是下方列出的内容，也可以写固定文字。过长的内容发送时自动截短",
    )

    class Meta:
        model = SceneSetting
        fields = [
            "enabled",
            "title",
            "text",
            "template",
            "by_service",
            "by_sms",
            "sms_template",
            "sms_values",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["texts"] = in_order(self.instance.fields, self.instance.template)
        scene = board.scenes().get(self.instance.scene)
        if scene is not None and "title" in self.fields:  # not where somebody may only look
            self.fields["title"].widget.attrs["placeholder"] = scene.inbox_title
            self.fields["text"].widget.attrs["placeholder"] = scene.inbox_text

    def fill(self, row: SceneSetting) -> None:
        row.fields = self.cleaned_data["texts"]

    def check(self, row: SceneSetting) -> None:
        with at_fields(ruling.SceneRefused, name="texts"):
            ruling.check_scene(row)


class BroadcastForm(MemberNumbersForm, OnceForm):
    """A mass send: its text, and whom it means."""

    title = "新建群发"
    explanation = (
        "先保存为草稿，核对后再开始。免打扰时段、每日每周上限、会员关闭营销消息、有效时间 24 小时等规则一律生效，"
        "不能绕过；每位会员最多收到一次。"
    )
    field_order = (
        *("heading", "text", "page", "template", "fields_text", "by_service", "due_at"),
        *("audience", "level", "group", "numbers", "upload"),
    )

    heading = TextField(
        label="标题", max_length=40, widget=UnfoldAdminTextInputWidget, help_text="可用 {nickname} {level}"
    )
    text = LinesField(label="正文", max_length=300, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}))
    page = TextField(
        label="页面",
        max_length=200,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="点开后进入的小程序页面，例如 pages/home/index",
    )
    template = forms.ModelChoiceField(
        label="订阅消息模板",
        queryset=Template.objects.filter(missing_since=None),
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text="留空只进收件箱；微信禁止用订阅消息发送广告，内容须与模板用途一致",
    )
    fields_text = FieldsField(
        label="模板内容",
        max_length=1_000,
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        help_text="每行一个关键词，写成「thing1=内容」",
    )
    by_service = forms.BooleanField(
        label="可用客服消息",
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text="没有订阅授权、48 小时内联系过客服并主动同意营销消息的会员，以客服消息发送",
    )
    due_at = forms.SplitDateTimeField(
        label="发送时间", required=False, widget=UnfoldAdminSplitDateTimeWidget, help_text="留空立即发送"
    )
    audience = forms.ChoiceField(
        label="发送对象", choices=[("", "请选择"), *Audience.choices], widget=UnfoldAdminSelectWidget
    )
    level = forms.ModelChoiceField(
        label="会员等级",
        queryset=Level.objects.all(),
        required=False,
        widget=UnfoldAdminSelectWidget(attrs={"data-when": "audience=LEVEL"}),
    )
    group = forms.ModelChoiceField(
        label="会员分组",
        queryset=Group.objects.all(),
        required=False,
        widget=UnfoldAdminSelectWidget(attrs={"data-when": "audience=GROUP"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("numbers", "upload"):
            self.fields[name].widget.attrs["data-when"] = "audience=LIST"

    def content(self) -> Content:
        """The text as it was typed, not saved."""
        typed = self.cleaned_data
        return Content(
            title=typed["heading"],
            text=typed["text"],
            page=typed["page"],
            template=typed["template"],
            fields=typed["fields_text"],
            by_service=typed["by_service"],
        )


class StartForm(AskForm):
    """Begin a mass send."""

    title = "开始群发"
    explanation = "开始后按发送时间逐批发出，可随时暂停或取消；已送达的不能收回。"


class PauseForm(AskForm):
    """Send nothing more for now."""

    title = "暂停群发"
    explanation = "暂停后不再发出，正在发送的几条除外；恢复后从原处继续，已过有效时间的不再发送。"


class ResumeForm(AskForm):
    """Go on."""

    title = "恢复群发"
    explanation = "从原处继续发送；暂停期间已过有效时间的消息不再发送。"


class CancelForm(AskForm):
    """Never send the rest."""

    title = "取消群发"
    explanation = "尚未发出的一律不再发送，不能恢复；已送达的不受影响。"


class FetchForm(AskForm):
    """Ask WeChat for the account's templates."""

    title = "从微信获取模板"
    explanation = (
        "读取小程序账号下的全部订阅消息模板及关键词；微信已删除的模板会标记出来，使用它的场景不再发送。"
    )


class RepeatForm(AskForm):
    """Try once more what failed."""

    title = "重试"
    explanation = (
        "请先排除失败原因（模板、内容、页面）；已过有效时间或已不成立的不会发送，结果不明的不能重试。"
    )
