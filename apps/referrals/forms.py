"""What operators type of a referral campaign."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from apps.base.forms import CodeField, LinesField, TextField
from apps.campaigns.forms import CampaignForm
from apps.referrals import inputs
from apps.referrals import services as referrals
from apps.referrals.drafts import ReferralDraft
from apps.referrals.models import Referral

_PLAIN = ("title", "code", "preheat_at", "starts_at", "ends_at", "act", "needs_phone")


class ReferralForm(CampaignForm):
    """One campaign."""

    campaigns = referrals.CAMPAIGNS
    called: ClassVar[Mapping[str, str]] = {"tiers": "ladder", "friend_prize": "friend_gift"}

    code = CodeField(
        label="编码", max_length=40, widget=UnfoldAdminTextInputWidget, help_text="在活动文件和统计中使用"
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
        """The draft, with the prizes of these lines."""
        return ReferralDraft(
            row_id=self.instance.pk,
            tiers=typed["ladder"],
            friend_prize=typed["friend_gift"],
            **{name: typed[name] for name in _PLAIN},
        )
