"""What operators set of messages: the rules, the account's templates, how each scene is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import action

from apps.base.admin import FixedAdmin, KeptAdmin, chip
from apps.base.asking import Done
from apps.base.one_row import OneRowAdmin
from apps.messaging import board, fitting, forms, wording
from apps.messaging import selectors as message_facts
from apps.messaging.models import Rules, SceneSetting, Template
from apps.messaging.services import ruling, templates
from mall.errors import Fault


@admin.register(Rules)
class RulesAdmin(OneRowAdmin):
    """Quiet hours and caps."""

    form = forms.RulesForm
    fields = [("quiet_from", "quiet_until"), ("per_day", "per_week"), "keep_days"]
    saves = staticmethod(ruling.save_rules)


@admin.register(Template)
class TemplateAdmin(KeptAdmin):
    """The account's templates, by what WeChat says of them; the scenes that use each, and what does not fit."""

    form = forms.TemplateForm
    saves = staticmethod(templates.save)
    list_display = ["title", "words", "used_by", "standing", "seen_at"]
    list_filter = [("missing_since", admin.EmptyFieldListFilter)]
    search_fields = ["title", "=template_id"]
    search_help_text = "标题或微信模板编号"
    fields = [
        "template_id",
        "title",
        "keywords",
        "used_by",
        ("standing", "seen_at", "missing_since"),
        "misfits",
    ]
    readonly_fields = ["used_by", "standing", "seen_at", "missing_since", "misfits"]
    actions_list = ["fetch"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What WeChat has told is not typed; a template's id stays for ever, members granted sends of it."""
        fixed = ["template_id"] if obj is not None else []
        return [*super().get_readonly_fields(request, obj), *fixed]

    @admin.display(description="关键词")
    def words(self, row: Template) -> str:
        return "、".join(f"{word['key']} {word.get('label') or ''}".strip() for word in row.keywords) or "—"

    @admin.display(description="使用场景")
    def used_by(self, row: Template) -> SafeString | str:
        links = [
            (reverse("admin:messaging_scenesetting_change", args=[setting.pk]), str(_title(setting)))
            for setting in row.scenes.all()
        ]
        return format_html_join("、", '<a href="{}" class="text-link">{}</a>', links) or "—"

    @admin.display(description="状态")
    def standing(self, row: Template) -> SafeString:
        if row.missing_since is not None:
            return chip("微信已无此模板", "danger")
        if any(_misfits(row)):
            return chip("与场景内容不符", "danger")
        return chip("正常", "success") if row.seen_at is not None else chip("未向微信核对", "warning")

    @admin.display(description="不符之处")
    def misfits(self, row: Template) -> SafeString | str:
        """What does not fit, scene by scene, with the way to where it is put right."""
        told = [
            (reverse("admin:messaging_scenesetting_change", args=[setting.pk]), _title(setting), fault.text)
            for setting, fault in _misfits(row)
        ]
        return format_html_join("", '<div><a href="{}" class="text-link">{}</a>：{}</div>', told) or "—"

    @action(
        description="从微信获取",
        permissions=["messaging.change_template"],
        url_path="fetch",
        icon="cloud_download",
    )
    def fetch(self, request: HttpRequest) -> HttpResponse:
        def fetch(form: forms.FetchForm) -> Done:
            found = templates.fetch(at=timezone.now())
            told = f"微信共有 {found.there} 个模板，新增 {found.new} 个。"
            unfit = message_facts.unfit_scenes()
            warnings = [f"微信已无此模板：{'、'.join(found.missing)}"] if found.missing else []
            warnings += [
                f"「{board.scene_of(name).title}」与模板不符：{text}" for name, text in unfit.items()
            ]
            return Done(told, warning="；".join(warnings))

        return self.ask(request, forms.FetchForm, fetch, outside=True)


@admin.register(SceneSetting)
class SceneSettingAdmin(FixedAdmin):
    """Every scene of the board: switched, worded, and previewed with examples."""

    form = forms.SceneForm
    saves = staticmethod(ruling.save_scene)
    list_display = ["called", "kind", "enabled", "template", "moment", "channels"]
    list_filter = ["enabled"]
    list_select_related = ["template"]
    fieldsets = [
        (None, {"fields": ["called", "about", "enabled"]}),
        ("收件箱", {"fields": ["title", "text", "inbox_preview"]}),
        ("订阅消息", {"fields": ["template", "texts", "names", "template_preview"]}),
        ("其他渠道", {"fields": ["by_service", "by_sms", "sms_template", "sms_values"]}),
    ]
    readonly_fields = ["called", "about", "names", "inbox_preview", "template_preview"]

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The row, called as the board calls it."""
        row = super().get_object(request, object_id, from_field)
        if row is not None:
            row.called = _title(row)
        return row

    @admin.display(description="场景", ordering="scene")
    def called(self, row: SceneSetting) -> str:
        return _title(row)

    @admin.display(description="性质")
    def kind(self, row: SceneSetting) -> SafeString:
        scene = board.scenes().get(row.scene)
        if scene is not None and scene.marketing:
            return chip("营销", "warning")
        return chip("服务，免打扰时段照发" if scene and scene.passes_quiet else "服务", "info")

    @admin.display(description="请求授权的时机")
    def moment(self, row: SceneSetting) -> str:
        scene = board.scenes().get(row.scene)
        return MOMENTS.get(scene.moment, "—") if scene is not None else "—"

    @admin.display(description="渠道")
    def channels(self, row: SceneSetting) -> str:
        found = ["收件箱"]
        found += ["订阅消息"] if row.template_id else []
        found += ["客服消息"] if row.by_service else []
        found += ["短信"] if row.by_sms else []
        return "、".join(found)

    @admin.display(description="规则")
    def about(self, row: SceneSetting) -> str:
        scene = board.scenes().get(row.scene)
        if scene is None:
            return "程序中已没有这个场景"
        told = [
            "营销消息：受会员开关、每日每周上限和免打扰限制"
            if scene.marketing
            else "服务消息，不计入营销上限"
        ]
        told.append("免打扰时段照发" if scene.passes_quiet else "免打扰时段内推迟到结束后")
        told.append(f"到时后 {_hours(scene)}内有效，过期不发")
        return "；".join(told)

    @admin.display(description="可用内容")
    def names(self, row: SceneSetting) -> SafeString | str:
        scene = board.scenes().get(row.scene)
        rows = [
            (name.name, name.label, wording.written(name, name.example))
            for name in (scene.names if scene else ())
        ]
        return format_html_join("", "<div><code>{{{}}}</code> {}，例如「{}」</div>", rows) or "—"

    @admin.display(description="预览（示例内容）")
    def inbox_preview(self, row: SceneSetting) -> SafeString | str:
        if row.scene not in board.scenes():
            return "—"
        shown = ruling.preview(row)
        return format_html(
            "<strong>{}</strong><div>{}</div><div class='text-font-subtle-light'>{}</div>",
            shown["title"],
            shown["text"],
            shown["page"],
        )

    @admin.display(description="预览（示例内容）")
    def template_preview(self, row: SceneSetting) -> SafeString | str:
        if row.template is None or row.scene not in board.scenes():
            return "未选择模板"
        shown = ruling.preview(row)
        lines = [
            (word.get("label") or word["key"], shown.get(word["key"], "（未填写）"))
            for word in row.template.keywords
        ]
        return format_html_join("", "<div>{}：{}</div>", lines)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        """Say at once what does not fit the template as WeChat has it now."""
        row = kwargs.get("obj")
        faults = message_facts.faults_of_scene(row) if row is not None else []
        if request.method == "GET" and faults:
            self.message_user(request, "；".join(fault.text for fault in faults), level=messages.WARNING)
        return super().render_change_form(request, context, *args, **kwargs)


MOMENTS: dict[str, str] = {
    "pay": "支付时",
    "after_sale": "申请售后时",
    "group": "开团、参团后",
    "remind": "点「提醒我」时",
    "start_bargain": "发起砍价时",
    "wait": "候补时",
    "favorite": "收藏商品时",
    "claim": "领券时",
    "points": "查看积分时",
    "profile": "进入会员中心时",
    "receive": "确认收货时",
}


def _misfits(row: Template) -> Iterator[tuple[SceneSetting, Fault]]:
    """What does not fit in the scenes that a template tells, as WeChat has it now."""
    for setting in row.scenes.all() if row.pk is not None else ():
        scene = board.scenes().get(setting.scene)
        if scene is not None:
            for fault in fitting.faults_of_fields(row, setting.fields, names=scene.names):
                yield setting, fault


def _title(row: SceneSetting) -> str:
    scene = board.scenes().get(row.scene)
    return scene.title if scene is not None else row.scene


def _hours(scene: board.Scene) -> str:
    minutes = int(scene.expires_after.total_seconds() // 60)
    if minutes % 1_440 == 0:
        return f"{minutes // 1_440} 天"
    return f"{minutes // 60} 小时" if minutes % 60 == 0 else f"{minutes} 分钟"
