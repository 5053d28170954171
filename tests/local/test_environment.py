"""What the shop's processes are told on this machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from config.local import bootstrap, environment
from config.local.places import Slot
from config.local.servers import Servers


def told(tmp_path: Path, environ: dict[str, str]) -> dict[str, str]:
    slot = Slot(tmp_path / "slot")
    assert slot.take()
    servers = Servers(database_url="postgres://a:b@c:1/d", redis_url="redis://c:2/0", children=())
    try:
        return environment.for_shop(
            slot, servers, settings="config.settings.test", web_port=1, sandbox_port=2, environ=environ
        )
    finally:
        slot.release()


def test_tests_run_with_the_settings_of_tests_though_importing_config_names_productions(
    tmp_path: Path,
) -> None:
    assert "DJANGO_SETTINGS_MODULE" in os.environ
    surrounding = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.prod"}
    assert told(tmp_path, surrounding)["DJANGO_SETTINGS_MODULE"] == "config.settings.test"


def test_what_the_user_has_set_wins_and_what_is_empty_is_filled_in(tmp_path: Path) -> None:
    variables = told(tmp_path, {"SHOP_NAME": "我的店", "ALLOWED_HOSTS": "shop.invalid", "WECHAT_APPID": ""})
    assert (variables["SHOP_NAME"], variables["ALLOWED_HOSTS"]) == ("我的店", "shop.invalid")
    assert variables["WECHAT_APPID"].startswith("wx")


@pytest.mark.parametrize(
    ("asked", "kept_in"),
    [
        ({}, None),
        ({"PYTHONDONTWRITEBYTECODE": "1"}, str(bootstrap.STATE / "bytecode")),
        ({"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": "/var/cache/py"}, "/var/cache/py"),
    ],
)
def test_compiled_modules_are_kept_and_not_beside_the_sources_of_who_wants_none_there(
    monkeypatch: pytest.MonkeyPatch, asked: dict[str, str], kept_in: str | None
) -> None:
    for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    for name, value in asked.items():
        monkeypatch.setenv(name, value)
    bootstrap._keep_bytecode()
    assert os.environ.get("PYTHONPYCACHEPREFIX") == kept_in
    assert "PYTHONDONTWRITEBYTECODE" not in os.environ
