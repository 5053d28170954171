"""The admin's site: what every page of it needs is made once for all places, and not at all where no page shows it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from unfold.sites import UnfoldAdminSite


class Site(UnfoldAdminSite):
    """Unfold's site, without what it does for every page of a sidebar that has a hundred places."""

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """All apps with their models, put together when a template looks at them: the sidebar is our own, so none does."""
        if app_label is not None:
            return super().get_app_list(request, app_label)
        whole = super().get_app_list
        return SimpleLazyObject(lambda: whole(request))

    def get_sidebar_list(self, request: HttpRequest) -> list[dict[str, Any]]:
        """The groups as the navigation board gives them: seen by who asks, and with the place that is open marked.

        Unfold would copy them all, ask each for its right again, and compare each with every tab.
        """
        groups: list[dict[str, Any]] = self._get_value(
            self._get_config("SIDEBAR", request)["navigation"], request
        )
        return groups
