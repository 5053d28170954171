"""Who uses the admin: a manager who may do everything, and an operator who may do what a test says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from tests.admin.browser import Browser


@pytest.fixture
def manager(db: None) -> User:
    return User.objects.create_superuser("店长")


@pytest.fixture
def page(manager: User, settings: Any, tmp_path: Path) -> Client:
    """The manager's browser."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.PRIVATE_ROOT = tmp_path / "private"
    return _browser(manager)


@pytest.fixture
def bare_pages(settings: Any) -> None:
    """Pages with one place in the sidebar, which is two fifths of a page: for tests of hundreds of forms and nothing else.

    With none Unfold would draw a sidebar of its own, twice as large.
    """
    places = [{"items": [{"title": "今日", "icon": "space_dashboard", "link": "/admin/", "active": False}]}]
    settings.UNFOLD = {**settings.UNFOLD, "SIDEBAR": {**settings.UNFOLD["SIDEBAR"], "navigation": places}}


@pytest.fixture
def operator_with(db: None) -> Callable[..., Client]:
    """Return a function that gives the browser of an operator with these permissions, as ``orders.view_order``."""

    def made(*permissions: str) -> Client:
        operator = User.objects.create_user("仓库", is_staff=True)
        for permission in permissions:
            app, _, codename = permission.partition(".")
            operator.user_permissions.add(
                Permission.objects.get(content_type__app_label=app, codename=codename)
            )
        return _browser(operator)

    return made


def _browser(user: User) -> Client:
    client = Browser()
    client.force_login(user)
    return client
