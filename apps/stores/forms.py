"""What operators type about a place: its hours and its area in words, its fees in yuan."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextareaWidget

from apps.base.forms import RuledForm, YuanField
from apps.stores import areas, hours
from apps.stores import services as stores
from apps.stores.models import Place, PlaceStaff
from mall.errors import ShopError

_NEAR_M: Final = 3000


class _TypedField(forms.Field):
    """Rows as they are kept in JSON, typed a line each."""

    widget = UnfoldAdminTextareaWidget
    read: Callable[[str], list[Any]]
    told: Callable[[Any], str]

    def to_python(self, value: Any) -> list[Any]:
        """Return the rows."""
        if isinstance(value, list):
            return value
        try:
            return type(self).read(value or "")
        except ShopError as refusal:
            raise ValidationError(refusal.text) from refusal

    def prepare_value(self, value: Any) -> Any:
        """Return what the page shows."""
        return type(self).told(value) if isinstance(value, list) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether other rows are meant than before, however they are typed."""
        try:
            return list(initial or []) != self.to_python(data)
        except ValidationError:
            return True


class HoursField(_TypedField):
    """When a shop is open."""

    read = staticmethod(hours.read)
    told = staticmethod(hours.told)


class AreaField(_TypedField):
    """The corners of where a shop's riders go."""

    read = staticmethod(areas.read)
    told = staticmethod(areas.told)


class PlaceForm(RuledForm):
    """A warehouse or shop."""

    hours = HoursField(
        label="营业时间",
        required=False,
        help_text="每行一段，例如「周一至周五 09:00-21:00」「周六、周日 10:00-22:00」",
    )
    delivery_area = AreaField(
        label="配送区域",
        required=False,
        help_text="可不填。每行一个顶点「经度,纬度」，按顺序围成一圈；同时填写半径时两者都要满足",
    )
    delivery_min_fen = YuanField(label="起送金额（元）", required=False, help_text="优惠后的商品金额")
    delivery_fee_fen = YuanField(label="起步配送费（元）", required=False)
    delivery_more_fen = YuanField(
        label="超出后每公里（元）", required=False, help_text="不足一公里按一公里计"
    )

    delivery_near_m = forms.IntegerField(
        label="起步距离（米）",
        required=False,
        min_value=0,
        max_value=100_000,
        initial=_NEAR_M,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="起步配送费包含的距离",
    )

    class Meta:
        model = Place
        fields = [
            *("name", "kind", "priority", "ships", "province", "city", "district", "detail", "phone"),
            *("latitude", "longitude", "hours", "picks_up", "delivers"),
            *("delivery_radius_m", "delivery_area", "delivery_min_fen", "delivery_fee_fen"),
            *("delivery_near_m", "delivery_more_fen"),
        ]

    def clean(self) -> dict[str, Any]:
        """Fees that were left empty are none, the first distance is what most shops have."""
        usual = {
            "delivery_min_fen": 0,
            "delivery_fee_fen": 0,
            "delivery_more_fen": 0,
            "delivery_near_m": _NEAR_M,
        }
        for name, value in usual.items():
            if name in self.cleaned_data and self.cleaned_data[name] is None:
                self.cleaned_data[name] = value
        return super().clean()

    def check(self, row: Place) -> None:
        stores.check(row)


class StaffForm(RuledForm):
    """Who works at which shop."""

    class Meta:
        model = PlaceStaff
        fields = ["operator", "place", "note"]

    def check(self, row: PlaceStaff) -> None:
        stores.check_staff(row)
