"""The storefront's bells: members are told of favourites that cost less, and of what they waited for."""

from __future__ import annotations

from celery import shared_task

from apps.base import jobs
from apps.carts.services import stock_wishes
from apps.storefront import telling


@shared_task(name="storefront.tell_falls")
def tell_falls() -> None:
    """Tell members of favourites whose price has fallen."""
    jobs.run("storefront.tell_falls", lambda at: telling.tell_falls(at=at))


@shared_task(name="storefront.tell_back")
def tell_back() -> None:
    """Tell members who wait for SKUs that are back."""
    jobs.run("storefront.tell_back", lambda at: telling.tell_back(at=at))


@shared_task(name="storefront.forget_wishes")
def forget_wishes() -> None:
    """Forget wishes that were told long ago, or that nobody can mean any more."""
    jobs.run("storefront.forget_wishes", lambda at: stock_wishes.forget(at=at))
