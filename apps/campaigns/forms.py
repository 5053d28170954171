"""What operators type of a campaign, and the pages on which they decide about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from django import forms
from django.utils import timezone
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from apps.base.asking import AskForm, OnceForm
from apps.base.forms import show_refusal
from apps.campaigns.drafts import CampaignDraft
from apps.campaigns.services import EXTRAS, Campaigns
from mall.errors import ShopError


class CampaignForm(forms.ModelForm):
    """A campaign, translated into a draft; what is wrong with it the service says, and the form shows where.

    A kind says whose ``campaigns`` they are, and what draft was typed (``drafted``).
    """

    campaigns: ClassVar[Campaigns[Any, Any]]
    # The form's names of fields that the service calls otherwise.
    called: ClassVar[Mapping[str, str]] = {}

    # Made by ``clean``, where nothing that was typed is unreadable.
    draft: CampaignDraft

    def drafted(self, typed: dict[str, Any]) -> CampaignDraft:
        """The draft that was typed; ``typed`` may be taken apart. Raises ValidationError by field."""
        raise NotImplementedError

    def clean(self) -> dict[str, Any]:
        """Read what was typed, and have the service judge the whole of it."""
        if self.errors:
            return self.cleaned_data
        try:
            self.draft = self.drafted(dict(self.cleaned_data))
        except forms.ValidationError as unreadable:
            self.add_error(None, unreadable)
            return self.cleaned_data
        try:
            self.campaigns.try_out(self.draft, at=timezone.now())
        except ShopError as refusal:
            show_refusal(self, refusal, named=self.called)
        return self.cleaned_data


class ApproveForm(AskForm):
    """Let it be shown and sold in its window."""

    title = "批准"
    explanation = "批准后从预热时间起买家可见，到开始时间可以下单；活动期间商品不能再参加别的活动。"


class PauseForm(AskForm):
    """Sell no more for now."""

    title = "暂停"
    explanation = "买家暂时看不到也不能下单；已下的订单不受影响，仍按原价付款。"


class ResumeForm(AskForm):
    """Go on."""

    title = "恢复"
    explanation = "买家重新可见、可以下单；结束时间不变。"


class StopForm(AskForm):
    """End it for good."""

    title = "提前结束"
    explanation = "不再接受新订单，不能恢复；已下的订单不受影响，仍按原价付款。"


class CopyForm(OnceForm):
    """A new draft that says the same."""

    title = "复制"
    explanation = "复制为新的草稿，请修改时间后批准。"


class CombinesField(forms.MultipleChoiceField):
    """What may go with the campaign's price, as boxes to tick; free postage always may."""

    def __init__(self, **said: Any) -> None:
        super().__init__(
            label="可同享",
            required=False,
            choices=list(EXTRAS.items()),
            widget=UnfoldAdminCheckboxSelectMultipleWidget,
            help_text="活动价之外还能使用哪些优惠；包邮始终可用。不勾选的，买家在结算页会看到原因",
            **said,
        )


# The fields that every campaign's form has, in the order of its page.
COMMON: Final = ("title", "code", "preheat_at", "starts_at", "ends_at", "combines")
