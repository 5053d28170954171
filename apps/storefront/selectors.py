"""Reading how the shop introduces itself."""

from __future__ import annotations

from django.conf import settings

from apps.storefront.models import Shop


def shop() -> Shop:
    """The shop as its operators describe it; with the name of the settings until they do. One statement."""
    return Shop.objects.filter(pk=1).first() or Shop(name=settings.SHOP_NAME)
