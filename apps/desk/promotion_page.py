"""The promotion page at the desk: the same page and form, which here also see what is in stock."""

from __future__ import annotations

from django.contrib import admin

from apps.inventory import selectors as inventory
from apps.promotions.admin import PromotionPage
from apps.promotions.forms import PromotionForm
from apps.promotions.models import Promotion


class StockedPromotionForm(PromotionForm):
    """Refuses gifts of which there are not even enough for one order: one statement more."""

    stock = staticmethod(inventory.available)


@admin.register(Promotion)
class PromotionAdmin(PromotionPage):
    """Timed offers to everyone."""

    form = StockedPromotionForm
