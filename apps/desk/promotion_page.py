"""The promotion page at the desk: the same page and form, which here also see what is in stock."""

from __future__ import annotations

from django.contrib import admin

from apps.inventory import selectors as stock_facts
from apps.promotions.admin import PromotionPage
from apps.promotions.forms import PromotionForm
from apps.promotions.models import Promotion
from apps.promotions.services import Stock


class StockedPromotionForm(PromotionForm):
    """Refuses gifts of which there are not even enough for one order: one statement more."""

    @property
    def stock(self) -> Stock:
        """What tells how many there are of the gifts."""
        return stock_facts.available


@admin.register(Promotion)
class PromotionAdmin(PromotionPage):
    """Timed offers to everyone."""

    form = StockedPromotionForm
