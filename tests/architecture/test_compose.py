"""The containers of production: nothing open but nginx, nothing secret written down, everything watched."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from config import databases, redis_servers
from config.local.places import ROOT
from config.local.postgres import _SETTINGS, Tuning
from config.local.shop import procfile

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = ("web", "worker", "beat", "migrate")
SECRET_NAMES = re.compile(r"PASSWORD|SECRET|TOKEN|AES_KEY|V3_KEY")


def test_every_part_of_the_shop_is_there() -> None:
    assert set(SERVICES) == {*OURS, "nginx", "pgbouncer", "postgres", "redis"}


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_service_comes_back_after_a_fall(name: str) -> None:
    once = name == "migrate"
    assert SERVICES[name]["restart"] == ("on-failure:5" if once else "unless-stopped")


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"migrate"}))
def test_every_lasting_service_is_asked_for_its_health(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] in {"CMD", "CMD-SHELL"}
    assert {"interval", "timeout", "retries"} <= set(check)


def test_only_nginx_can_be_reached_from_outside() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["nginx"]
    assert not any("network_mode" in service for service in SERVICES.values())


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_no_password_is_written_down_and_none_has_a_default(name: str) -> None:
    for variable, value in SERVICES[name].get("environment", {}).items():
        text = str(value)
        if SECRET_NAMES.search(variable):
            assert re.fullmatch(r"\$\{\w+:\?[^}]+\}", text), variable
        if "://" in text and "@" in text:
            assert re.search(r"://\w*:\$\{\w+:\?[^}]+\}@", text), variable


def test_the_keys_of_wechat_pay_come_as_files_that_nobody_commits() -> None:
    files = {secret["file"] for secret in COMPOSE["secrets"].values()}
    assert files == {"./secrets/wechatpay_private_key.pem", "./secrets/wechatpay_public_key.pem"}
    for name in OURS:
        assert set(SERVICES[name]["secrets"]) == set(COMPOSE["secrets"])
    assert "/secrets/" in (ROOT / ".gitignore").read_text().splitlines()
    assert "secrets" in (ROOT / ".dockerignore").read_text().splitlines()


@pytest.mark.parametrize("name", OURS)
def test_our_own_containers_may_write_only_where_they_must(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]


def test_the_image_runs_as_a_user_without_rights() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert [line for line in lines if line.startswith("USER")] == ["USER mall"]
    assert lines.index("USER mall") < lines.index(next(line for line in lines if line.startswith("CMD")))


def test_web_and_worker_scale_and_beat_is_alone() -> None:
    assert SERVICES["web"]["deploy"] == {"replicas": 2}
    assert SERVICES["worker"]["deploy"] == {"replicas": 2}
    assert "deploy" not in SERVICES["beat"]
    assert not any("container_name" in service for service in SERVICES.values())


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_containers_and_procfile_run_the_same_program(name: str) -> None:
    program = {
        "web": "config.deploy.web",
        "worker": "celery -A config worker",
        "beat": "celery -A config beat",
    }[name]
    assert f"python -m {program}" in procfile()[name]
    assert f"python -m {program}" in " ".join(SERVICES[name]["command"])


def test_no_pooler_stands_before_the_database_unless_it_is_asked_for() -> None:
    assert SERVICES["pgbouncer"]["profiles"] == ["pooled"]
    for name in ("web", "worker", "beat"):
        assert "@${DATABASE_HOST:-postgres:5432}/" in SERVICES[name]["environment"]["DATABASE_URL"]
        assert SERVICES[name]["environment"]["DATABASE_POOLED"] == "${DATABASE_POOLED:-0}"
        assert not {"pgbouncer"} & set(SERVICES[name]["depends_on"])


def test_a_pooler_shares_connections_by_the_transaction_and_migrations_go_past_it() -> None:
    assert SERVICES["pgbouncer"]["environment"]["POOL_MODE"] == "transaction"
    assert "@postgres:5432/" in SERVICES["migrate"]["environment"]["DATABASE_URL"]
    assert SERVICES["migrate"]["environment"]["DATABASE_POOLED"] == "0"


def test_the_measured_database_is_that_of_production() -> None:
    said = SERVICES["postgres"]["command"]
    for measured in _SETTINGS[Tuning.MEASURED]:
        name, _, value = measured.partition("=")
        (asked,) = (one for one in said if one.startswith(f"-c{name}="))
        assert asked in {f"-c{measured}", f"-c{name}=${{POSTGRES_{name.upper()}:-{value}}}"}


class _Tagged(yaml.SafeLoader):
    """Compose's own tag for what replaces instead of being added."""


_Tagged.add_constructor("!override", lambda loader, node: loader.construct_mapping(node, deep=True))
HA: dict[str, Any] = yaml.load((ROOT / "docker-compose.ha.yml").read_text(), Loader=_Tagged)  # noqa: S506 - a SafeLoader


def test_beyond_one_machine_nothing_else_is_open_and_nothing_secret_is_written_down() -> None:
    for name, service in HA["services"].items():
        assert "ports" not in service, name
        for variable, value in service.get("environment", {}).items():
            if SECRET_NAMES.search(variable) and not variable.startswith("S3_"):
                assert re.fullmatch(r"\$\{\w+:\?[^}]+\}", str(value)), variable


def test_beyond_one_machine_every_new_service_is_of_the_profile_and_asked_for_its_health() -> None:
    new = set(HA["services"]) - set(SERVICES)
    assert new == {
        *(f"{kind}-{number}" for kind in ("etcd", "sentinel") for number in (1, 2, 3)),
        *(f"{kind}-{number}" for kind in ("pg", "valkey") for number in (1, 2)),
    }
    for name in new:
        service = HA["services"][name]
        assert (service["profiles"], service["restart"]) == (["ha"], "unless-stopped"), name
        assert {"test", "interval", "timeout", "retries"} <= set(service["healthcheck"]), name


@pytest.mark.parametrize("name", OURS)
def test_beyond_one_machine_the_shop_knows_all_servers_and_waits_for_none_of_one_machine(name: str) -> None:
    service = HA["services"][name]
    told = {
        key: re.sub(r"\$\{\w+:\?[^}]+\}", "word", str(value)) for key, value in service["environment"].items()
    }
    assert databases.read(told["DATABASE_URL"])["HOST"] == "pg-1,pg-2"
    assert databases.read(told["REPLICA_URL"])["OPTIONS"] == {"target_session_attrs": "prefer-standby"}
    assert redis_servers.read(told["REDIS_URL"]).cache_options["sentinels"][2] == ("sentinel-3", 26379)
    assert not set(service["depends_on"]) & {"postgres", "pgbouncer", "redis"}
