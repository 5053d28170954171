"""Admin pages of rules of which there is one row: what is in force is shown, whether or not anybody ever saved it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from apps.base.admin import FixedAdmin


class OneRowAdmin(FixedAdmin):
    """The row is number 1. While there is none, the page shows the defaults, which hold; saving them makes the row."""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """There is nothing to choose from: go to the rules."""
        return redirect(reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[1]))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The row, or the defaults in force without one; looking writes nothing."""
        found = super().get_object(request, object_id, from_field)
        return self.model(pk=1) if found is None and str(object_id) == "1" else found
