"""Every door that takes a text brings it to its one form (``mall.text``) before it is judged, compared or kept."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest
from django import forms
from django.contrib import admin
from django.contrib.auth.forms import ReadOnlyPasswordHashField, UsernameField
from django.contrib.auth.models import User
from django.test import RequestFactory
from drf_spectacular.generators import EndpointEnumerator
from rest_framework import serializers
from rest_framework.request import Request

import apps
from apps.base.forms import CodeField, TextField
from apps.base.inputs import StrictTextField

# Texts with a syntax of their own, which refuses whatever does not belong to it.
_SYNTAX = (
    forms.EmailField, forms.URLField, forms.SlugField, forms.UUIDField, forms.JSONField, forms.GenericIPAddressField,
    ReadOnlyPasswordHashField, UsernameField,
)  # fmt: skip
_API_SYNTAX = (
    serializers.EmailField,
    serializers.URLField,
    serializers.SlugField,
    serializers.IPAddressField,
)
# Django's own pages, on which passwords are typed: a password is bytes, not words.
_PASSWORDS = forms.PasswordInput


def _inputs() -> Iterator[tuple[str, serializers.Field[Any, Any, Any, Any]]]:
    """The fields of all bodies that the API takes, by where they are."""
    for path, _, method, view in EndpointEnumerator().get_api_endpoints():
        view.cls  # noqa: B018 - an endpoint without a class would not be described
        instance = view.cls(**view.initkwargs)
        instance.request = Request(RequestFactory().generic(method, path))
        instance.format_kwarg, instance.args, instance.kwargs = None, (), {}
        schema = getattr(instance, method.lower()).kwargs["schema"] if _has_schema(instance, method) else None
        if schema is None:
            continue
        taken = _request_of(schema, instance, path, method)
        if taken is not None:
            yield from _fields(f"{method} {path}", taken)


def _has_schema(view: Any, method: str) -> bool:
    return "schema" in getattr(getattr(view, method.lower()), "kwargs", {})


def _request_of(schema: type, view: Any, path: str, method: str) -> Any:
    described: Any = schema()
    described.view, described.path, described.method = view, path, method
    taken = described.get_request_serializer()
    return taken() if isinstance(taken, type) else taken


def _fields(where: str, field: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(field, dict):
        for inner in field.values():
            yield from _fields(where, inner() if isinstance(inner, type) else inner)
    elif isinstance(field, serializers.BaseSerializer) and hasattr(field, "fields"):
        for name, inner in field.fields.items():
            if not inner.read_only:
                yield from _fields(f"{where} {name}", inner)
    elif child := getattr(field, "child", None):
        yield from _fields(where, child)
    else:
        yield where, field


def _rough(field: Any) -> bool:
    return isinstance(field, serializers.CharField) and not isinstance(field, (StrictTextField, *_API_SYNTAX))


def test_every_text_that_the_api_takes_is_brought_to_one_form() -> None:
    taken = dict(_inputs())
    assert "POST /api/v1/me/addresses name" in taken
    assert [where for where, field in taken.items() if _rough(field)] == []


def _rough_fields(form: Any) -> list[str]:
    fields = form.base_fields if isinstance(form, type) else form.fields
    return [
        name
        for name, field in fields.items()
        if isinstance(field, forms.CharField)
        and not isinstance(field, (TextField, CodeField, *_SYNTAX))
        and not isinstance(field.widget, (_PASSWORDS, forms.HiddenInput))
    ]


@pytest.mark.django_db
def test_every_text_that_the_admin_takes_is_brought_to_one_form() -> None:
    request = RequestFactory().get("/")
    request.user = User.objects.create_superuser("boss")
    rough = {}
    for model, page in admin.site._registry.items():
        if page.has_change_permission(request) or page.has_add_permission(request):
            rough[f"{model.__name__}"] = _rough_fields(page.get_form(request))
        for inline in page.get_inline_instances(request):
            if inline.has_change_permission(request, None) or inline.has_add_permission(request, None):
                rough[f"{model.__name__}.{inline.model.__name__}"] = _rough_fields(
                    inline.get_formset(request).form
                )
    assert "Product" in rough and "FreightTemplate.FreightZone" in rough
    assert {where: names for where, names in rough.items() if names} == {}


def _form_classes(known: type = forms.BaseForm) -> Iterator[type]:
    for kind in known.__subclasses__():
        yield kind
        yield from _form_classes(kind)


def test_every_form_of_ours_brings_its_texts_to_one_form() -> None:
    for module in pkgutil.walk_packages(apps.__path__, "apps."):
        if module.name.endswith(("form", "forms", "admin", "asking")):
            importlib.import_module(module.name)
    ours = {
        f"{kind.__module__}.{kind.__name__}": kind
        for kind in _form_classes()
        if kind.__module__.startswith("apps.") and not issubclass(kind, forms.BaseModelForm)
    }
    assert "apps.fulfillment.ship_form.ShipForm" in ours
    rough = {name: _rough_fields(kind) for name, kind in ours.items()}
    assert {name: fields for name, fields in rough.items() if fields} == {}
