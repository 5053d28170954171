"""What audiences say on the page of a member: how the member stands and why, tags, what lies about unused."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.audiences import forms
from apps.audiences import selectors as audience_facts
from apps.audiences import services as audiences
from apps.audiences.models import Reckoning, Rfm, TagMark
from apps.audiences.states import EXPLAINED, TagKind
from apps.base.admin import chip, with_way
from apps.base.asking import Asking, operator
from apps.base.days import shop_day
from apps.base.parts import Button, Fact, Part
from apps.members.models import Member
from mall.money import yuan


def _stands(member: Member) -> SafeString | str:
    row = audience_facts.rfm_of(member)
    if row is None:
        return "今晚计算"
    told = f"{EXPLAINED[row.standing]}。{_figures(row, audience_facts.last_reckoning())}"
    return format_html("{} {}", chip(row.get_standing_display(), "info"), told)


def _figures(row: Rfm, night: Reckoning | None) -> str:
    """The figures behind the scores, and the borders that they passed."""
    if night is None or not row.r or row.last_paid_at is None:
        return ""
    days = (shop_day(timezone.now()) - shop_day(row.last_paid_at)).days
    within = f"最近 {night.window_days} 天"
    return (
        f"R={row.r}：{days} 天前付款（5 分为 {night.days[0]} 天内）；"
        f"F={row.f}：{within}消费 {row.orders} 次（5 分为 {night.orders[3]} 次起）；"
        f"M={row.m}：{within}消费 {yuan(row.spent_fen)} 元（5 分为 {yuan(night.money_fen[3])} 元起）"
    )


def _tagged(member: Member) -> SafeString | str:
    marks = audience_facts.tags_of(member)
    told = "、".join(f"{mark.tag.name}（{_by(mark)}）" for mark in marks)
    return with_way(told, "audiences_tagmark", member__id__exact=member.pk) if told else "—"


def _by(mark: TagMark) -> str:
    """Who put a tag there."""
    return "规则" if mark.tag.kind == TagKind.RULE else str(mark.operator or "系统")


def _left(member: Member) -> str:
    left = audience_facts.left_by(member, at=timezone.now())
    told = [
        f"购物车有 {left.in_cart} 件放了一天以上" if left.in_cart else "",
        f"{left.coupons} 张券未用" if left.coupons else "",
        f"近 30 天看过 {left.seen} 件分享的商品未买" if left.seen else "",
    ]
    return "，".join(filter(None, told)) or "—"


def _put(page: Asking, request: HttpRequest, member: Member) -> HttpResponse:
    def put(form: forms.OneTagForm) -> str:
        tag = form.cleaned_data["tag"]
        by, at = operator(request), timezone.now()
        new = audiences.put(tag_id=tag.pk, member_ids=[member.pk], operator=by, at=at)
        return f"已打标签「{tag.name}」" if new else f"会员已有标签「{tag.name}」"

    return page.ask(request, forms.OneTagForm, put, row=member, heading=str(member))


def _take(page: Asking, request: HttpRequest, member: Member) -> HttpResponse:
    def take(form: forms.OffTagForm) -> str:
        tag = form.cleaned_data["tag"]
        gone = audiences.take_off(tag_id=tag.pk, member_ids=[member.pk])
        return f"已去掉标签「{tag.name}」" if gone else f"会员没有标签「{tag.name}」"

    return page.ask(request, forms.OffTagForm, take, row=member, heading=str(member))


STANDS: Final = Part(
    room="audiences",
    facts=[
        Fact(name="rfm_stands", label="客户分层", under="画像", needs="audiences.view_rfm", shown=_stands),
        Fact(name="tagged", label="标签", under="画像", needs="audiences.view_tagmark", shown=_tagged),
        Fact(name="left_lying", label="未完成", under="画像", needs="audiences.view_rfm", shown=_left),
    ],
    buttons=[
        Button(
            name="put_tag",
            title="打标签",
            path="put-tag",
            needs="audiences.add_tagmark",
            icon="new_label",
            press=_put,
        ),
        Button(
            name="take_tag",
            title="去掉标签",
            path="take-tag",
            needs="audiences.delete_tagmark",
            icon="label_off",
            press=_take,
        ),
    ],
)
