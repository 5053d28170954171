"""Reviews for operators: what waits for a person first, with pictures and WeChat's findings, and what may be done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.contrib import admin
from django.db.models import Case, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import action

from apps.base.admin import ReadOnlyAdmin, ReadOnlyTabular, chip, for_chosen
from apps.base.asking import AskForm, operator
from apps.base.finding import Number
from apps.base.one_row import OneRowAdmin
from apps.base.seeking import Part, Recent
from apps.content import forms
from apps.content import services as reviews
from apps.content.models import Picture, Review, ReviewMove, ReviewRules
from apps.content.services import ruling
from apps.content.states import LIFECYCLE, Finding, ReviewStatus
from apps.orders.parts import OfOrders
from apps.pictures.stored import address

_COLOURS: Final[dict[str, str]] = {
    ReviewStatus.WAITING: "info",
    ReviewStatus.HELD: "warning",
    ReviewStatus.PUBLISHED: "success",
    ReviewStatus.REJECTED: "danger",
}
_FOUND: Final[dict[str, str]] = {
    Finding.PASS: "success",
    Finding.REVIEW: "warning",
    Finding.RISKY: "danger",
}
# 小程序 内容安全: what the labels of msgSecCheck and mediaCheckAsync mean.
_LABELS: Final = {
    100: "正常",
    10001: "广告",
    20001: "时政",
    20002: "色情",
    20003: "辱骂",
    20006: "违法犯罪",
    20008: "欺诈",
    20012: "低俗",
    20013: "版权",
    21000: "其他",
}
_HELD_FIRST: Final = Case(When(status=ReviewStatus.HELD, then=Value(0)), default=Value(1))
_SHORT: Final = 40


class MoveInline(ReadOnlyTabular):
    """What happened to a review, and who did it."""

    model = ReviewMove
    fields = ["at", "move", "from_status", "to_status", "operator", "reason"]
    ordering = ["id"]


class _PicturedFilter(admin.SimpleListFilter):
    """With pictures, without."""

    title = "图片"
    parameter_name = "pictures"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("with", "有图"), ("without", "无图")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Review]) -> QuerySet[Review]:
        if self.value() == "with":
            return queryset.filter(picture_count__gte=1)
        return queryset.filter(picture_count=0) if self.value() == "without" else queryset


class _RepliedFilter(admin.SimpleListFilter):
    """Replied to, not yet."""

    title = "商家回复"
    parameter_name = "replied"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "已回复"), ("no", "未回复")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Review]) -> QuerySet[Review]:
        if self.value() == "yes":
            return queryset.exclude(reply="")
        return queryset.filter(reply="") if self.value() == "no" else queryset


@admin.register(Review)
class ReviewAdmin(OfOrders, ReadOnlyAdmin):
    """What members say. Nothing is edited or deleted; the buttons call services."""

    of_order = "line__order"
    list_display = ["stars", "words", "thumbnails", "product", "writer", "state", "reason", "written_at"]
    list_display_links = ["stars", "words"]
    list_filter = ["status", "rating", _PicturedFilter, _RepliedFilter, "written_at"]
    list_select_related = ["member", "product"]
    found_by = (
        Number("line__order__order_no", ends=True),
        Number("member__public_id"),
        Part("product__title"),
        Recent("text"),
    )
    search_help_text = "按订单号、会员编号或商品名称查找；评价内容在最近 10 万条里查找"
    inlines = [MoveInline]
    actions = ["publish_chosen"]
    actions_detail = ["publish", "reject", "hide", "show", "reply"]
    fieldsets = [
        (None, {"fields": [("stars", "state", "reason"), "text", "pictures_shown"]}),
        ("微信检测", {"fields": [("text_found", "pictures_found", "look_at")]}),
        ("订单商品", {"fields": [("order", "product", "line"), ("writer", "anonymous", "written_at")]}),
        ("商家回复", {"fields": ["reply", ("replied_at", "replied_by", "published_at")]}),
    ]
    readonly_fields = ["state", "stars", "pictures_shown", "text_found", "pictures_found", "order", "writer"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Review]:
        rows: QuerySet[Review] = super().get_queryset(request)
        return rows.prefetch_related("pictures")

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        """What waits for a person comes first."""
        return [_HELD_FIRST, "-id"]

    @admin.display(description="状态", ordering="status")
    def state(self, row: Review) -> SafeString:
        return chip(row.get_status_display(), _COLOURS.get(row.status, ""))

    @admin.display(description="评分", ordering="rating")
    def stars(self, row: Review) -> str:
        return "★" * row.rating + "☆" * (5 - row.rating)

    @admin.display(description="评价内容")
    def words(self, row: Review) -> str:
        return f"{row.text[:_SHORT]}…" if len(row.text) > _SHORT else row.text or "（未填写文字）"

    @admin.display(description="会员")
    def writer(self, row: Review) -> str:
        return f"{row.member}（{row.member.public_id}）"

    @admin.display(description="图片")
    def thumbnails(self, row: Review) -> str:
        return _shown(row, "width:2.5rem;height:2.5rem") or "—"

    @admin.display(description="图片")
    def pictures_shown(self, row: Review) -> str:
        return _shown(row, "width:8rem;height:8rem") or "—"

    @admin.display(description="文字")
    def text_found(self, row: Review) -> SafeString:
        return _finding(row)

    @admin.display(description="图片")
    def pictures_found(self, row: Review) -> str:
        return format_html_join(" ", "{}", ((_finding(one),) for one in row.pictures.all())) or "—"

    @admin.display(description="订单")
    def order(self, row: Review) -> str:
        order = row.line.order
        url = reverse("admin:orders_order_change", args=[order.pk])
        return format_html('<a class="text-primary-600 underline" href="{}">{}</a>', url, order.order_no)

    def usable(self, row: Review) -> frozenset[str]:
        """The buttons that a review's status has a use for."""
        return _usable(row)

    @action(
        description="发布", permissions=["content.change_review"], url_path="publish", icon="check_circle"
    )
    def publish(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def publish(row: Review, form: Any) -> str:
            reviews.publish(review_id=row.pk, operator=operator(request), at=timezone.now())
            return "已发布"

        return self._act(request, object_id, forms.PublishForm, publish)

    @action(description="不予发布", permissions=["content.change_review"], url_path="reject", icon="block")
    def reject(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def reject(row: Review, form: Any) -> str:
            reason = form.cleaned_data["reason"]
            reviews.reject(review_id=row.pk, reason=reason, operator=operator(request), at=timezone.now())
            return "已标记为不予发布"

        return self._act(request, object_id, forms.RejectForm, reject)

    @action(description="隐藏", permissions=["content.change_review"], url_path="hide", icon="visibility_off")
    def hide(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def hide(row: Review, form: Any) -> str:
            reason = form.cleaned_data["reason"]
            reviews.hide(review_id=row.pk, reason=reason, operator=operator(request), at=timezone.now())
            return "已隐藏"

        return self._act(request, object_id, forms.HideForm, hide)

    @action(description="恢复显示", permissions=["content.change_review"], url_path="show", icon="visibility")
    def show(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def show(row: Review, form: Any) -> str:
            reviews.show(review_id=row.pk, operator=operator(request), at=timezone.now())
            return "已恢复显示"

        return self._act(request, object_id, forms.ShowForm, show)

    @action(description="回复", permissions=["content.change_review"], url_path="reply", icon="reply")
    def reply(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def reply(row: Review, form: Any) -> str:
            text, at = form.cleaned_data["text"], timezone.now()
            reviews.reply(review_id=row.pk, text=text, operator=operator(request), at=at)
            return "已回复"

        return self._act(request, object_id, forms.ReplyForm, reply)

    @for_chosen(description="发布（仅限待审核的）", permission="content.change_review")
    def publish_chosen(self, request: HttpRequest, chosen: QuerySet[Review]) -> None:
        held = list(chosen.filter(status=ReviewStatus.HELD).values_list("pk", flat=True))
        for review_id in held:
            reviews.publish(review_id=review_id, operator=operator(request), at=timezone.now())
        self.message_user(request, f"已发布 {len(held)} 条评价。")

    def _act(
        self,
        request: HttpRequest,
        object_id: str,
        form_class: type[AskForm],
        call: Callable[[Review, Any], str],
    ) -> HttpResponse:
        """Ask about a review: what it says stands above."""
        row: Review = self.row(request, object_id)
        heading = f"{self.stars(row)} {self.words(row)} · {row.product}"
        return self.ask(request, form_class, lambda form: call(row, form), row=row, heading=heading)


@admin.register(ReviewRules)
class ReviewRulesAdmin(OneRowAdmin):
    """One row of rules."""

    form = forms.RulesForm
    saves = staticmethod(ruling.save)


def _usable(row: Review) -> frozenset[str]:
    """The buttons that a review's status has a use for."""
    if row.status == ReviewStatus.WAITING:
        return frozenset()
    moves = {name for name, move in LIFECYCLE.moves.items() if row.status in move.sources}
    seen = row.status in (ReviewStatus.PUBLISHED, ReviewStatus.HIDDEN)
    return frozenset(moves | {"reply"} if seen else moves)


def _shown(row: Review, size: str) -> str:
    """The pictures in a row, each a link to itself."""
    return format_html_join(
        "",
        '<a href="{0}" target="_blank" rel="noopener" class="inline-block mr-1">'
        f'<img src="{{0}}" alt="评价图片" style="{size};object-fit:cover" class="rounded-default inline-block"></a>',
        ((address(picture.file),) for picture in row.pictures.all()),
    )


def _finding(row: Review | Picture) -> SafeString:
    """What WeChat found, with its label in words."""
    label = _LABELS.get(row.label, str(row.label)) if row.label not in (0, 100) else ""
    text = row.get_finding_display()
    return chip(f"{text}：{label}" if label else text, _FOUND.get(row.finding, ""))
