"""Flash sales for operators: sessions with their goods, plans that repeat them, who waits and who wants to be reminded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from apps.base import days
from apps.base.admin import EditableAdmin, ReadOnlyAdmin, TabularInline, chip, with_way
from apps.base.finding import Number
from apps.base.seeking import Part, Through
from apps.campaigns import selectors as campaign_facts
from apps.campaigns.campaign_page import CampaignPage
from apps.campaigns.forms import EXTRAS
from apps.campaigns.states import State
from apps.flashsale import forms
from apps.flashsale import selectors as flash_facts
from apps.flashsale import services as flashsale
from apps.flashsale.models import Good, Plan, PlanGood, Reminder, Session, Wait
from apps.flashsale.services import SessionDraft
from apps.flashsale.services.planning import WEEKDAYS
from apps.flashsale.states import WaitState
from apps.orders import selectors as order_facts
from mall.money import priced


class GoodInline(TabularInline):
    """The goods of a session; who is taken out is withdrawn, since orders may name it."""

    model = Good
    form = forms.GoodForm
    formset = forms.GoodFormSet
    extra = 0
    fields = ["sku", "price_fen", "quota", "limit_per_member", "sold"]
    readonly_fields = ["sold"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Good]:
        return super().get_queryset(request).filter(withdrawn=False).select_related("sku__product")

    @admin.display(description="商品 · 已占用")
    def sold(self, row: Good) -> str:
        if row.pk is None:
            return "—"
        taken = campaign_facts.taken(kind=flash_facts.KIND, keys=[row.key]).get(row.key, 0)
        return f"{row.sku.product.title} · {taken}/{row.quota}"


class SessionPage(CampaignPage):
    """The sessions, newest first. The desk registers it, where a sample can be priced."""

    table = "flashsale.session"
    campaigns = flashsale.CAMPAIGNS

    form = forms.SessionForm
    list_display = ["title", "phase", "goods_shown", "starts_at", "ends_at", "plan", "group"]
    linked_by = ["plan__id__exact"]
    list_select_related = ["plan", "group"]
    fieldsets = [
        (None, {"fields": [("title", "code"), "phase", "sentence"]}),
        ("时间", {"fields": ["preheat_at", ("starts_at", "ends_at")]}),
        ("条件", {"fields": ["group", "combines"]}),
    ]
    inlines = [GoodInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Session]:
        rows: QuerySet[Session] = super().get_queryset(request)
        return rows.prefetch_related("goods__sku__product")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A session is written with its goods: by who may write them, too."""
        return super().has_add_permission(request) and request.user.has_perm("flashsale.add_good")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        allowed: bool = super().has_change_permission(request, obj)
        return allowed and request.user.has_perm("flashsale.change_good")

    def drafted(self, form: Any, formsets: Sequence[Any]) -> SessionDraft:
        """The goods' formset makes it, of the session and of all of them."""
        (goods,) = formsets
        return goods.draft

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        """Nothing yet: the service writes the session with its goods, in ``save_related``."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The service writes all of it."""
        (goods,) = formsets
        self.keep(request, form.instance, goods.draft)
        goods.new_objects = [each.instance for each in goods.extra_forms if each.has_changed()]
        goods.changed_objects = [
            (each.instance, each.changed_data)
            for each in goods.initial_forms
            if each.has_changed() and each not in goods.deleted_forms
        ]
        goods.deleted_objects = [each.instance for each in goods.deleted_forms]

    def rule(self, row: Session) -> str:
        goods = [good for good in row.goods.all() if not good.withdrawn]
        named = "、".join(
            f"{good.sku.product.title} {priced(good.price_fen)}（限 {good.quota} 件，每人 {good.limit_per_member} 件）"
            for good in goods[:5]
        )
        more = f"等 {len(goods)} 个商品" if len(goods) > 5 else ""
        who = f"仅限「{row.group}」会员" if row.group else "所有会员"
        now = timezone.now()
        start, end = (days.minute(moment, at=now) for moment in (row.starts_at, row.ends_at))
        combines = (
            "、".join(EXTRAS[name] for name in row.combines if name in EXTRAS) or "其他优惠均不可（包邮除外）"
        )
        return f"{who} {start} 至 {end} 抢购：{named}{more}；可同享：{combines}"

    @admin.display(description="商品")
    def goods_shown(self, row: Session) -> str:
        goods = [good for good in row.goods.all() if not good.withdrawn]
        named = "、".join(good.sku.product.title for good in goods[:3])
        return named + (f" 等 {len(goods)} 个" if len(goods) > 3 else "")

    def came_of(self, row: Session) -> list[str]:
        """What was sold, and since when nothing is left."""
        found = flash_facts.turnout(row)
        sold_out = "未售罄"
        if found.sold_out_at:
            sold_out = days.minute(found.sold_out_at, at=timezone.now(), seconds=True)
        return [f"售出 {found.units:,} 件；全部售罄：{sold_out}"]


class PlanGoodInline(TabularInline):
    """The goods of each session."""

    model = PlanGood
    form = forms.PlanGoodForm
    formset = forms.PlanGoodFormSet
    extra = 0
    fields = ["sku", "price_fen", "quota", "limit_per_member"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[PlanGood]:
        return super().get_queryset(request).select_related("sku")


@admin.register(Plan)
class PlanAdmin(EditableAdmin):
    """Sessions that come again. A change is for sessions that are not made yet; those that are have pages of their own."""

    form = forms.PlanForm
    saves = staticmethod(flashsale.save_plan)
    list_display = ["title", "state", "rhythm", "starts", "minutes", "made", "problem"]
    list_filter = ["enabled"]
    search_fields = ["title", "code"]
    readonly_fields = ["sentence", "problem", "sessions_made"]
    fieldsets = [
        (None, {"fields": [("title", "code"), "enabled", "sentence", "sessions_made", "problem"]}),
        (
            "时间",
            {
                "fields": [
                    "weekdays",
                    ("starts", "minutes", "preheat_minutes"),
                    ("from_day", "until_day", "ahead_days"),
                ]
            },
        ),
        ("条件", {"fields": ["group", "combines"]}),
    ]
    inlines = [PlanGoodInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Plan]:
        return super().get_queryset(request).prefetch_related("sessions")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Only one of which no session was made."""
        unused = obj is not None and not Session.objects.filter(plan_id=obj.pk).exists()
        return unused and super().has_delete_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """What was made already goes on as it was: whoever changes or switches off a plan is told, with the way there."""
        super().save_model(request, obj, form, change)
        coming = _coming(obj, at=timezone.now()) if change else 0
        if coming:
            told = f"已生成的 {coming:,} 场不受此次修改影响；要调整或暂停，请到场次页面逐场办理"
            way = with_way(told, "flashsale_session", plan__id__exact=obj.pk)
            self.message_user(request, way, level=messages.WARNING)

    @admin.display(description="场次")
    def sessions_made(self, row: Plan) -> SafeString | str:
        if row.pk is None:
            return "—"
        if row.enabled and not row.sessions.all() and not row.problem:
            return "保存后十分钟内自动生成"
        told = f"已生成 {self.made(row):,} 场，其中 {_coming(row, at=timezone.now()):,} 场未结束"
        return with_way(told, "flashsale_session", plan__id__exact=row.pk)

    @admin.display(description="状态", ordering="enabled")
    def state(self, row: Plan) -> SafeString:
        if row.problem:
            return chip("有场次未能生成", "danger")
        return chip("启用", "success") if row.enabled else chip("未启用")

    @admin.display(description="重复")
    def rhythm(self, row: Plan) -> str:
        return "、".join(WEEKDAYS[day] for day in row.weekdays if day in WEEKDAYS) or "每天"

    @admin.display(description="已生成场次")
    def made(self, row: Plan) -> int:
        return len(row.sessions.all())

    @admin.display(description="规则")
    def sentence(self, row: Plan) -> str:
        if row.pk is None:
            return "保存后显示"
        until = f"，到 {row.until_day} 为止" if row.until_day else ""
        return (
            f"从 {row.from_day} 起{until}，{self.rhythm(row)} {row.starts:%H:%M} 开始，持续 {row.minutes} 分钟；"
            f"提前 {row.ahead_days} 天自动生成并批准场次，每场数量各自计算。修改只影响尚未生成的场次"
        )


def _coming(row: Plan, *, at: datetime) -> int:
    """How many of its sessions are still to be sold."""
    return sum(each.state_at(at) != State.ENDED for each in row.sessions.all())


@admin.register(Wait)
class WaitAdmin(ReadOnlyAdmin):
    """Who waits for what, in turn; whose turn it is."""

    list_display = ["queued_at", "member", "goods", "state_shown", "until", "order_no"]
    list_filter = ["state"]
    list_select_related = ["member", "good__sku__product", "good__session"]
    found_by = (
        Number("member__public_id"),
        Through("order_no", owner="member", whose=order_facts.buyers_of),
        Part("good__session__title"),
    )
    search_help_text = "会员编号、订单号或场次名称"
    fields = [("member", "goods"), ("state_shown", "queued_at", "until"), "order_no"]
    readonly_fields = ["goods", "state_shown"]

    @admin.display(description="商品")
    def goods(self, row: Wait) -> str:
        return f"{row.good.session.title} · {row.good.sku.product.title}"

    @admin.display(description="状态", ordering="state")
    def state_shown(self, row: Wait) -> str:
        return str(WaitState(flash_facts.state_at(row, at=timezone.now())).label)


@admin.register(Reminder)
class ReminderAdmin(ReadOnlyAdmin):
    """Who wants to be told before a session begins."""

    list_display = ["at", "member", "goods", "starts_at"]
    list_select_related = ["member", "good__sku__product", "good__session"]
    found_by = (Number("member__public_id"), Part("good__session__title"))
    search_help_text = "会员编号或场次名称"
    fields = [("member", "goods"), ("at", "starts_at")]
    readonly_fields = ["goods", "starts_at"]

    @admin.display(description="商品")
    def goods(self, row: Reminder) -> str:
        return f"{row.good.session.title} · {row.good.sku.product.title}"

    @admin.display(description="开始时间", ordering="good__session__starts_at")
    def starts_at(self, row: Reminder) -> str:
        return f"{timezone.localtime(row.good.session.starts_at):%Y-%m-%d %H:%M}"
