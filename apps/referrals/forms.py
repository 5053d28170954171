"""What operators type of a referral campaign."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from apps.base.forms import CodeField, LinesField, TextField
from apps.campaigns.forms import CampaignForm
from apps.referrals import inputs
from apps.referrals import services as referrals
from apps.referrals.drafts import ReferralDraft
from apps.referrals.models import Referral
from mall.errors import ShopError

_PLAIN = (
    *("title", "code", "preheat_at", "starts_at", "ends_at", "act", "needs_phone"),
    *("watch_kind", "watch_id", "watch_seconds"),
)


class ReferralForm(CampaignForm):
    """One campaign."""

    campaigns = referrals.CAMPAIGNS
    called: ClassVar[Mapping[str, str]] = {"tiers": "ladder", "friend_prize": "friend_gift"}

    code = CodeField(
        label="编码", max_length=40, widget=UnfoldAdminTextInputWidget, help_text="在活动文件和统计中使用"
    )
    watch_kind = forms.ChoiceField(
        label="浏览页面", required=False, widget=UnfoldAdminSelectWidget, help_text="好友要打开并停留的页面"
    )
    ladder = LinesField(
        label="邀请人奖励",
        widget=UnfoldAdminTextareaWidget,
        help_text="每行一档，例如 3 人：券 FRIEND10，5 人：500 积分，或 9 人：商品 CUP-01 1 件 30 天；"
        "券写优惠券模板的编码，商品写商家编码、件数和领取期限",
    )
    friend_gift = TextField(
        label="好友奖励",
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="好友自己得到什么，例如 券 2026、100 积分或商品 CUP-01 1 件 30 天；留空表示没有",
    )

    class Meta:
        model = Referral
        fields = list(_PLAIN)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "watch_kind" in self.fields:
            offered = [(kind.name, kind.label) for kind in referrals.watching.pages()]
            self.fields["watch_kind"].choices = [("", "—"), *offered]  # type: ignore[attr-defined]  # a choice field
        if self.instance.pk is not None:
            draft = referrals.CAMPAIGNS.draft_of(self.instance)
            self.initial["ladder"] = inputs.write_tiers(draft.tiers)
            self.initial["friend_gift"] = inputs.write_prize(draft.friend_prize)

    def clean_ladder(self) -> Any:
        """The tiers."""
        return inputs.read_tiers(self.cleaned_data["ladder"])

    def clean_friend_gift(self) -> Any:
        """The friend's prize."""
        return inputs.read_prize(self.cleaned_data["friend_gift"])

    def drafted(self, typed: dict[str, Any]) -> ReferralDraft:
        """The draft, with the prizes of these lines. Raises ValidationError for a page that nobody could open."""
        kind, thing_id = typed["watch_kind"], typed["watch_id"]
        if kind and thing_id:
            try:
                referrals.watching.page_of(kind=kind, thing_id=thing_id, member_id=0, at=timezone.now())
            except ShopError as refusal:
                raise ValidationError({"watch_id": f"页面打不开：{refusal.text}"}) from None
        return ReferralDraft(
            row_id=self.instance.pk,
            tiers=typed["ladder"],
            friend_prize=typed["friend_gift"],
            **{name: typed[name] for name in _PLAIN},
        )
