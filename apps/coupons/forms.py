"""The operators' forms of coupons: they explain themselves and refuse what nobody could explain to a buyer."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Final

from django import forms
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextInputWidget,
)

from apps.base.asking import AskForm, OnceForm, ReasonForm
from apps.base.forms import CodeField, RuledForm, TenthsField, TextField, YuanField, show_refusal
from apps.catalog import scopes
from apps.coupons import drafts
from apps.coupons.drafts import TemplateDraft
from apps.coupons.models import IssueJob, PromoCode, Template
from apps.coupons.services import codes, promo_codes, templates
from apps.coupons.services import jobs as issues
from apps.coupons.states import TemplateStatus
from apps.members.forms import MemberNumbersForm
from apps.members.models import Group, Level, Member
from apps.stores.models import Place

# What is shown and no longer typed once a coupon was issued.
FROZEN: Final = (*drafts.WORTH, "scope", *scopes.NAMING)


class TemplateForm(forms.ModelForm):
    """One template, translated into a draft; what is wrong with it the service says, and the form shows where."""

    threshold_fen = YuanField(label="使用门槛（元）", required=False, help_text="满多少元可用")
    off_fen = YuanField(label="减免金额（元）", required=False, help_text="运费券留空表示运费全免")
    off_bp = TenthsField(label="折扣", taken_off=True, required=False, help_text="8.5 表示八五折，即减 15%")
    cap_fen = YuanField(label="最多减（元）", required=False, help_text="留空表示不封顶")
    gift_from_fen = YuanField(
        label="订单满额（元）", required=False, help_text="商品实付（不含运费）达到此金额后赠送，退款时收回"
    )

    class Meta:
        model = Template
        fields = [
            *("name", *FROZEN, "quota", "per_member", "claim_from", "claim_until", "levels", "groups"),
            *("visible", "occasion", "gift_from_fen", "note"),
        ]
        help_texts = {
            "combines": "关闭后，用券的商品不再享受会员价和促销活动；积分抵扣和包邮不受影响",
            "valid_from": "从这一刻起可用",
            "valid_until": "到这一刻为止，这一刻已不可用",
            "per_member": "只限制会员自己领取和兑换，不限制商家发放",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.draft: TemplateDraft | None = None

    def clean(self) -> dict[str, Any]:
        """Leave out what the kind does not use, and ask the service."""
        typed = self.cleaned_data
        kind = typed.get("kind", self.instance.kind)
        if kind not in drafts.FIGURES:
            return typed
        if "kind" in self.fields:
            for name in drafts.EMPTY.keys() - drafts.FIGURES[kind]:
                typed[name] = drafts.EMPTY[name]
                self.errors.pop(name, None)
            if typed.get("threshold_fen") is None:
                typed["threshold_fen"] = 0
        if not self.errors:
            self._ask_the_service(typed)
        return typed

    def _ask_the_service(self, typed: dict[str, Any]) -> None:
        """Build the draft, of what was typed and what is only shown, and show at its fields what is refused."""
        row = self.instance
        plain = {name: typed.get(name, getattr(row, name)) for name in drafts.plain_fields()}
        goods = (
            scopes.chosen(typed["scope"], **{name: typed[name] for name in scopes.NAMING})
            if "scope" in typed
            else scopes.of_row(row)
        )
        self.draft = TemplateDraft(
            template_id=row.pk,
            goods=goods,
            level_ids=[level.pk for level in typed["levels"]],
            group_ids=[group.pk for group in typed["groups"]],
            **plain,
        ).fitted()
        try:
            templates.check(self.draft)
        except templates.TemplateRefused as refusal:
            show_refusal(self, refusal)
        # What the row will hold, so that the model's own checks see it as well.
        columns = self.draft.columns()
        typed.update((name, columns[name]) for name in typed.keys() & columns.keys())


class PromoCodeForm(RuledForm):
    """A word for one promoter, who is found by member number, or for one member of staff."""

    promoter = forms.ModelChoiceField(
        label="推广会员编号",
        queryset=Member.objects.all(),
        to_field_name="public_id",
        required=False,
        widget=UnfoldAdminTextInputWidget,
        error_messages={"invalid_choice": "没有这个编号的会员"},
    )

    class Meta:
        model = PromoCode
        fields = ["code", "template", "promoter", "operator", "enabled"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and self.instance.promoter:
            self.initial["promoter"] = self.instance.promoter.public_id

    def check(self, row: PromoCode) -> None:
        promo_codes.check(row)


class PublishForm(AskForm):
    """Nothing to fill in, only to be sure."""

    title = "上线"
    explanation = "上线后会员即可领取，自动发放随之生效；发出第一张券后面值不能再改。"


class StopForm(AskForm):
    """Likewise."""

    title = "停发"
    explanation = "不再发放和兑换，进行中的批量发放随之停止；会员手中的券仍可使用到期满。"


class StopJobForm(AskForm):
    """Likewise."""

    title = "停止发放"
    explanation = "停止后不能继续；已发放的券不受影响。"


class RevokeForm(ReasonForm):
    """Why a coupon is taken away."""

    title = "收回"
    explanation = "收回后会员不能再使用这张券，不能撤销。"


class IssueForm(MemberNumbersForm, OnceForm):
    """Who gets a coupon of this template."""

    title = "批量发放"
    explanation = (
        "每位会员发一张，在后台分批进行，可在「批量发放」中查看进度；不受每人限领限制，计入发放总量。"
    )

    field_order = ("audience", "level", "group", "numbers", "upload", "reason")

    # Nobody is meant until somebody is chosen.
    audience = forms.ChoiceField(
        label="发放对象", choices=[("", "请选择"), *IssueJob.Audience.choices], widget=UnfoldAdminSelectWidget
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
    reason = TextField(label="发放原因", max_length=100, widget=UnfoldAdminTextInputWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("numbers", "upload"):
            self.fields[name].widget.attrs["data-when"] = "audience=LIST"

    def meant(self) -> str:
        """Who is meant, in words."""
        typed = self.cleaned_data
        named = {IssueJob.Audience.LEVEL: typed["level"], IssueJob.Audience.GROUP: typed["group"]}
        which = named.get(typed["audience"])
        label = IssueJob.Audience(typed["audience"]).label
        return f"{label}：{which}" if which else label

    def clean(self) -> dict[str, Any]:
        """Ask the service whether somebody is meant."""
        typed = self.cleaned_data
        if "audience" in typed and not self.errors:
            try:
                issues.check_audience(
                    audience=typed["audience"],
                    level_id=self.level_id(),
                    group_id=self.group_id(),
                    listed=not self.nothing_listed(),
                )
            except issues.IssueRefused as refusal:
                show_refusal(self, refusal)
        return typed

    def level_id(self) -> int | None:
        """The level that is meant, where one is."""
        level = self.cleaned_data["level"]
        return int(level.pk) if level and self.cleaned_data["audience"] == IssueJob.Audience.LEVEL else None

    def group_id(self) -> int | None:
        """The group that is meant, where one is."""
        group = self.cleaned_data["group"]
        return int(group.pk) if group and self.cleaned_data["audience"] == IssueJob.Audience.GROUP else None

    def member_numbers(self) -> Iterator[str]:
        """The numbers on the list, none for everybody else."""
        if self.cleaned_data["audience"] != IssueJob.Audience.LIST:
            return iter(())
        return super().member_numbers()


class BatchForm(OnceForm):
    """A number of codes."""

    title = "生成兑换码"
    explanation = "在后台分批生成，完成后可在「兑换码批次」中导出；数量立即计入发放总量。"

    name = TextField(label="批次名称", max_length=40, widget=UnfoldAdminTextInputWidget)
    size = forms.IntegerField(
        label="数量", min_value=1, max_value=codes.MAX_BATCH, widget=UnfoldAdminIntegerFieldWidget
    )
    expires_at = forms.SplitDateTimeField(
        label="兑换截止",
        required=False,
        widget=UnfoldAdminSplitDateTimeWidget,
        help_text="留空表示不限",
    )


class CompensateForm(OnceForm):
    """Who gets a coupon for something that went wrong, and for what."""

    title = "补偿发券"
    explanation = (
        "立即发给会员一张，不受每人限领限制，计入发放总量；原因会记入审计记录。"
        "填写订单号时，同一订单同一模板只补偿一次；订单退款不会收回补偿的券。"
    )

    member = CodeField(label="会员编号", max_length=20, widget=UnfoldAdminTextInputWidget)
    order_no = CodeField(
        label="订单号", max_length=32, required=False, widget=UnfoldAdminTextInputWidget, help_text="可不填"
    )
    template = forms.ModelChoiceField(
        label="优惠券模板",
        queryset=Template.objects.filter(status=TemplateStatus.LIVE),
        widget=UnfoldAdminSelectWidget,
    )
    reason = TextField(label="原因", max_length=100, widget=UnfoldAdminTextInputWidget)

    def clean_member(self) -> Member:
        """The member of the number."""
        found = Member.objects.filter(public_id=self.cleaned_data["member"].strip().upper()).first()
        if found is None:
            raise forms.ValidationError("没有这个编号的会员")
        return found


class StoreUseForm(AskForm):
    """What a till says: the pass, the shop, and what the goods cost that the coupon is for."""

    title = "核销"
    explanation = "先查看优惠，再确认核销。一张券只能用一次，线上和门店不能同时使用。"

    code = CodeField(
        label="券码",
        max_length=20,
        widget=UnfoldAdminTextInputWidget(attrs={"autofocus": True, "autocomplete": "off"}),
        help_text="请会员在小程序的优惠券里出示券码，输入 8 位数字或用扫码枪扫描二维码",
    )
    place = forms.ModelChoiceField(
        label="门店",
        queryset=Place.objects.filter(kind=Place.Kind.SHOP),
        widget=UnfoldAdminSelectWidget,
        empty_label=None,
    )
    goods_fen = YuanField(label="商品金额（元）", min_value=1, help_text="只填这张券适用的商品，促销后的金额")
    receipt_no = TextField(
        label="小票号", max_length=40, required=False, widget=UnfoldAdminTextInputWidget, help_text="可不填"
    )

    def __init__(self, *args: Any, mine: Collection[int] | None = None, **kwargs: Any) -> None:
        """Offer the operator's own shops; ``mine`` is None for who works at all."""
        super().__init__(*args, **kwargs)
        if mine is not None:
            place: Any = self.fields["place"]
            place.queryset = place.queryset.filter(pk__in=mine)

    def goods(self) -> dict[str, Any]:
        """The pass and what the goods cost, as the services take them."""
        return {"code": self.cleaned_data["code"], "goods_fen": self.cleaned_data["goods_fen"]}


class UndoUseForm(ReasonForm):
    """Why a use in a shop is undone."""

    title = "撤销核销"
    explanation = "撤销后券退回会员，已过期的券不再可用；请同时在收银系统中冲正。24 小时内可以撤销。"
