"""Bargains for operators: each campaign's rule in a sentence, the runs with who helped, helps that wait for a look."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, F, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from unfold.decorators import action

from apps.bargain import services as bargains
from apps.bargain.forms import BargainForm, ReleaseForm
from apps.bargain.models import Bargain, Help, Run
from apps.bargain.states import RunStatus
from apps.base.admin import ReadOnlyAdmin, ReadOnlyTabular, with_way, yuan_column
from apps.base.asking import operator
from apps.base.finding import Number
from apps.base.seeking import Through
from apps.campaigns.campaign_page import CampaignPage
from apps.orders import selectors as order_facts
from mall.money import priced

# What lasts longer is told in days.
_DAY_MINUTES = 24 * 60


class BargainPage(CampaignPage):
    """The campaigns, newest first. The desk registers it, where a sample can be priced."""

    table = "bargain.bargain"
    campaigns = bargains.CAMPAIGNS

    form = BargainForm
    floor = yuan_column("floor_fen", "底价")
    list_display = ["title", "phase", "goods", "floor", "starts_at", "ends_at", "runs_counted"]
    list_select_related = ["sku__product"]
    fieldsets = [
        (None, {"fields": ["title", "code", "phase", "sentence"]}),
        ("时间", {"fields": ["preheat_at", ("starts_at", "ends_at")]}),
        (
            "商品与价格",
            {"fields": ["sku", ("floor_fen", "quota", "limit_per_member"), "buy_at_any_price", "combines"]},
        ),
        ("帮砍", {"fields": [("helpers", "helps_per_day"), "minutes_per_run"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Bargain]:
        rows: QuerySet[Bargain] = super().get_queryset(request)
        bought = Q(runs__status=RunStatus.BOUGHT)
        return rows.annotate(
            opened=Count("runs"), bought=Count("runs", filter=bought), helped=Sum("runs__helps")
        )

    def rule(self, row: Bargain) -> str:
        price = f"{priced(row.sku.price_fen)} 起砍，{row.helpers} 位好友砍到 {priced(row.floor_fen)}"
        buys = "随时可按当前价购买" if row.buy_at_any_price else "砍到底价才能购买"
        hours, minutes = divmod(row.minutes_per_run, 60)
        days, hours = divmod(hours, 24) if row.minutes_per_run > _DAY_MINUTES else (0, hours)
        clock = f"{days} 天" * bool(days) + f"{hours} 小时" * bool(hours) + f"{minutes} 分钟" * bool(minutes)
        most = f"每人限购 {row.limit_per_member} 件" if row.limit_per_member else "每人不限购"
        return f"{price}；限时 {clock}，{buys}；{most}，每人每天最多帮砍 {row.helps_per_day} 次"

    @admin.display(description="商品")
    def goods(self, row: Bargain) -> str:
        return f"{row.sku.product.title}（{row.sku.code}）"

    def came_of(self, row: Any) -> list[str]:
        """Its runs, with the way to them."""
        told = f"发起 {row.opened:,}，下单 {row.bought:,}，帮砍 {row.helped or 0:,} 人次"
        return [with_way(told, "bargain_run", bargain__id__exact=row.pk)]

    @admin.display(description="发起 / 下单 / 帮砍")
    def runs_counted(self, row: Any) -> str:
        return f"{row.opened:,} / {row.bought:,} / {row.helped or 0:,}"


class HelpInline(ReadOnlyTabular):
    model = Help
    fk_name = "run"
    fields = ["at", "member", "amount", "newcomer", "held", "reason"]
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Help]:
        return super().get_queryset(request).select_related("member", "cut", "run")

    @admin.display(description="砍掉")
    def amount(self, row: Help) -> str:
        return _cut(row)


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    """Whose bargain stands where."""

    price = yuan_column("price_fen", "现价", sorted_by=F("start_fen") - F("cut_fen"))
    cut = yuan_column("cut_fen", "已砍")
    list_display = [
        "bargain_no",
        "member",
        "bargain",
        "standing",
        "price",
        "cut",
        "helps",
        "ends_at",
        "order_no",
    ]
    list_filter = ["status", "bargain"]
    linked_by = ["bargain__id__exact"]
    list_select_related = ["member", "bargain"]
    found_by = (
        Number("bargain_no"),
        Number("member__public_id"),
        Through("order_no", owner="member", whose=order_facts.buyers_of),
    )
    search_help_text = "砍价编号、会员编号或订单号"
    fields = [
        ("bargain_no", "bargain", "member"),
        ("standing", "price", "cut"),
        ("opened_at", "ends_at", "order_no"),
    ]
    inlines = [HelpInline]

    @admin.display(description="状态", ordering="status")
    def standing(self, row: Run) -> str:
        return str(row.status_at(timezone.now()).label)


@admin.register(Help)
class HelpAdmin(ReadOnlyAdmin):
    """Who helped whom; what is held waits here for a look."""

    list_display = ["at", "member", "run", "amount", "newcomer", "held", "reason"]
    list_filter = ["held", "newcomer", "at"]
    list_select_related = ["member", "run", "cut"]
    found_by = (Number("run__bargain_no"), Number("member__public_id"))
    search_help_text = "砍价编号或会员编号"
    fields = [
        ("run", "member", "at"),
        ("amount", "newcomer"),
        ("held", "reason"),
        ("released_at", "released_by"),
    ]
    actions_detail = ["release"]

    def usable(self, row: Help) -> list[str]:
        """Only what is held can be released, while something is cut in its run."""
        return ["release"] if row.held and row.run.status_at(timezone.now()) == RunStatus.OPEN else []

    @admin.display(description="砍掉")
    def amount(self, row: Help) -> str:
        return _cut(row)

    @action(description="放行", permissions=["bargain.release_help"], url_path="release", icon="check")
    def release(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Help = self.row(request, object_id)

        def release(_: ReleaseForm) -> str:
            given = bargains.release_help(help_id=row.pk, operator=operator(request), at=timezone.now())
            cut_fen = given.cut.amount_fen if given.cut else 0
            return f"已放行，砍掉 {priced(cut_fen)}"

        facts = [("原因", row.reason), ("现价", priced(row.run.price_fen))]
        return self.ask(request, ReleaseForm, release, row=row, heading=str(row.run), facts=facts)


def _cut(row: Help) -> str:
    """What a help cut; one that was held until its run was over came to nothing."""
    if row.cut:
        return priced(row.cut.amount_fen)
    return "待核实" if row.held else "未计入（核实前砍价已结束）"
