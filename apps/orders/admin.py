"""What a part of an order's page has in common, whichever room offers it; the page itself is put together at the desk."""

from __future__ import annotations

from django.db.models import Model
from django.http import HttpRequest

from apps.base.admin import ReadOnlyTabular


class OrderPart(ReadOnlyTabular):
    """Rows that whoever may see the order sees with it."""

    hide_title = True
    show_change_link = False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm("orders.view_order")
