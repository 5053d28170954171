"""Operators' forms translate and decide nothing: services judge the rows, and services write them."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from importlib import import_module

import pytest
from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import RequestFactory

from apps.base.admin import EditableAdmin
from apps.base.forms import RuledForm

# What looks like a decision and is none: codes become rows, and the grid says what its cells said.
_TRANSLATES = {
    "CampaignForm.drafted": "each kind makes its own draft",
    "AskErasureForm.clean_member": "the number becomes the member",
    "CompensateForm.clean_member": "the number becomes the member",
    "RechargeForm.clean_code": "the number becomes the member",
    "ReceiveAnyForm.clean_code": "the code becomes the SKU",
    "GroupMembersForm.clean": "one of two fields has to be filled in",
    "AdjustForm.clean": "one of two fields has to be filled in",
    "AdjustForm.clean_change": "a difference of nothing is none",
    "CorrectionForm.clean_change": "a difference of nothing is none",
    "LoginForm._failed": "the door's own: who is asked for the second factor",
    "LoginForm.confirm_login_allowed": "the door's own: Django's forms of signing in refuse so",
    "ProductForm._judge_grid": "what catalog.grid_forms found in its cells is said above them",
}


def own(found: type) -> Iterator[type]:
    """The shop's own classes below a class of Django's."""
    for below in found.__subclasses__():
        if below.__module__.startswith("apps."):
            yield below
        yield from own(below)


def all_forms() -> set[type]:
    """Every form, and every set of forms, whether it fills in a row or asks before something is done."""
    admin.autodiscover()
    found = {*own(forms.BaseForm), *own(forms.BaseFormSet)}
    # Those that Django makes of a page's form at each request have no source.
    found -= {RuledForm}
    return {form for form in found if form.__qualname__ in vars(inspect.getmodule(form) or object)}


def parsed(written: object) -> ast.AST:
    return ast.parse(textwrap.dedent(inspect.getsource(written)))  # type: ignore[arg-type]  # classes and methods


def decisions(form: type) -> Iterator[str]:
    """Where a form asks for rows, or says itself that something is wrong."""
    [described] = parsed(form).body  # type: ignore[attr-defined]  # of a module
    for method in described.body:
        if not isinstance(method, ast.FunctionDef) or method.name == "__init__":
            continue
        name = f"{form.__name__}.{method.name}"
        translated = {
            id(inside)
            for node in ast.walk(method)
            if isinstance(node, ast.ExceptHandler)
            for inside in ast.walk(node)
        }
        for node in ast.walk(method):
            if isinstance(node, ast.Attribute) and node.attr in {
                "objects",
                "_default_manager",
                "_base_manager",
            }:
                yield f"{name} asks for rows"
            if id(node) in translated:
                continue
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "add_error"
            ):
                yield f"{name} finds a fault"
            if isinstance(node, ast.Raise):
                yield f"{name} refuses"


def test_a_form_asks_its_service_what_is_wrong() -> None:
    found = all_forms()
    assert len(found) >= 60
    said = {decision for form in found for decision in decisions(form)}
    assert {one for one in said if one.split(" ")[0] not in _TRANSLATES} == set()
    assert {one.split(" ")[0] for one in said} == set(_TRANSLATES)


def test_a_form_of_no_row_is_looked_at_too() -> None:
    class Asking(forms.Form):
        """Fills in no row, and decides all the same."""

    Asking.__module__, module = "apps.members.forms", import_module("apps.members.forms")
    module.Asking = Asking  # type: ignore[attr-defined]  # as if it stood there
    Asking.__qualname__ = "Asking"
    try:
        assert Asking in all_forms()
    finally:
        del module.Asking
        Asking.__module__ = __name__


def test_the_test_sees_a_form_that_decides() -> None:
    class Deciding(forms.Form):
        def clean_name(self) -> str:
            if User.objects.filter(username=self.cleaned_data["name"]).exists():
                raise forms.ValidationError("taken")
            self.add_error("name", "no name")
            return ""

    assert set(decisions(Deciding)) == {
        "Deciding.clean_name asks for rows",
        "Deciding.clean_name refuses",
        "Deciding.clean_name finds a fault",
    }


@pytest.mark.django_db
def test_what_a_form_fills_in_is_written_by_a_service() -> None:
    request = RequestFactory().get("/admin/")
    request.user = User(is_superuser=True, is_active=True, is_staff=True)
    editable = [
        page
        for model, page in admin.site._registry.items()
        if model.__module__.startswith("apps.")
        and (page.has_change_permission(request) or page.has_add_permission(request))
        # A page of its own (``base.asking``) in the place of Django's form for a new row.
        and (page.has_change_permission(request) or type(page).add_view is admin.ModelAdmin.add_view)
    ]
    assert len(editable) >= 20
    for page in editable:
        assert isinstance(page, EditableAdmin)
        if page.saves is not None:
            assert ".services" in str(page.saves.__module__), page
            continue
        writes = type(page).save_model
        assert writes is not EditableAdmin.save_model, f"{page}: Django writes what its form filled in"
        called = {node.attr for node in ast.walk(parsed(writes)) if isinstance(node, ast.Attribute)}
        assert not called & {"save_model", "objects"}, page
