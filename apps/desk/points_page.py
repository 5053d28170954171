"""The page of a points good at the desk: the coupon is chosen by its name, which points do not know."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin
from unfold.widgets import UnfoldAdminSelectWidget

from apps.coupons.models import Template
from apps.coupons.states import TemplateStatus
from apps.points.admin import PointsGoodPage
from apps.points.forms import PointsGoodForm
from apps.points.models import PointsGood


class PointsGoodWithCouponForm(PointsGoodForm):
    """A points good whose coupon template is one that issues now."""

    coupon_template_id = forms.TypedChoiceField(
        label="优惠券",
        required=False,
        coerce=int,
        empty_value=None,
        widget=UnfoldAdminSelectWidget,
        help_text="只列出发放中的优惠券模板",
        error_messages={"invalid_choice": "该优惠券模板不存在或未在发放"},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What the good gives already stays choosable, or a stopped template would block every other change.
        offered = Template.objects.filter(status=TemplateStatus.LIVE) | Template.objects.filter(
            pk=self.instance.coupon_template_id
        )
        choices = [(pk, f"{name}（{pk}）") for pk, name in offered.order_by("-id").values_list("pk", "name")]
        field = cast("forms.TypedChoiceField", self.fields["coupon_template_id"])
        field.choices = [("", "---------"), *choices]


@admin.register(PointsGood)
class PointsGoodAdmin(PointsGoodPage):
    """The shelf of the points mall, coupons by their names."""

    form = PointsGoodWithCouponForm
