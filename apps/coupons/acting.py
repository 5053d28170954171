"""Buttons that ask before they act: a page with a form, one call of a service, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from apps.base.admin import EditableAdmin, form_page
from apps.coupons.forms import ActForm
from mall.errors import ShopError


class ActingAdmin(EditableAdmin):
    """An admin whose buttons only ever act on POST; a link that somebody follows shows the form."""

    def row(self, request: HttpRequest, object_id: str) -> Any:
        """The row that the button belongs to. Raises Http404."""
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        return row

    def act(
        self,
        request: HttpRequest,
        row: Any,
        form_class: type[ActForm],
        call: Callable[[Any], str],
        *,
        subject: str,
        then: str = "",
    ) -> HttpResponse:
        """Show the form; when it is sent, ``call`` it and say what it returns, or why the service refuses.

        ``subject`` is what it is about, ``then`` the list to go to; by default back to the row's own page.
        """
        form = form_class(request.POST, request.FILES) if request.method == "POST" else form_class()
        back = reverse(f"admin:coupons_{self.opts.model_name}_change", args=[row.pk])
        if form.is_valid():
            try:
                self.message_user(request, call(form), level=messages.SUCCESS)
            except ShopError as refusal:
                form.add_error(None, refusal.text)
            else:
                return redirect(then or back)
        return form_page(self, request, form, heading=subject, back=back)


def fill_in(
    page: EditableAdmin,
    request: HttpRequest,
    form_class: type[ActForm],
    call: Callable[[Any], str],
    *,
    back: str,
    initial: dict[str, Any] | None = None,
) -> HttpResponse:
    """A button above a list: likewise, without a row; ``initial`` is what the form begins with."""
    form = form_class(request.POST) if request.method == "POST" else form_class(initial=initial)
    if form.is_valid():
        try:
            page.message_user(request, call(form), level=messages.SUCCESS)
        except ShopError as refusal:
            form.add_error(None, refusal.text)
        else:
            return redirect(back)
    return form_page(page, request, form, heading="", back=back)


def operator(request: HttpRequest) -> Any:
    """The operator who asks; the permission check before every action leaves nobody else here."""
    if not request.user.is_authenticated:
        raise PermissionDenied
    return request.user
