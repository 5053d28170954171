"""The operators' page is complete: every variable, job, log field and process that the code knows, and no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from apps.base.logs import ALLOWED_FIELDS
from apps.base.probes import CHECKS
from config.env import Environment, Processes
from config.schedule import RINGS
from tests.docs import pages

PAGE = "docs/guide/operations.md"
# What structlog gives to a line by itself.
_OWN = {"exc_info", "stack_info"}


def every(seconds: int) -> str:
    """Say a period as the page does."""
    if seconds % 3600 == 0:
        return f"{seconds // 3600} h"
    return f"{seconds // 60} min" if seconds % 60 == 0 and seconds > 60 else f"{seconds} s"


def test_every_variable_of_the_environment_is_explained_and_no_other() -> None:
    told = [pages.code(row[0])[0] for row in pages.table(PAGE, under="The shop")]
    assert sorted(told) == sorted(name.upper() for name in Environment.model_fields)


def test_the_defaults_are_the_codes() -> None:
    told = {pages.code(row[0])[0].lower(): row[1] for row in pages.table(PAGE, under="The shop")}
    for name, field in Environment.model_fields.items():
        assert (told[name] == "required") == field.is_required(), name
        if isinstance(field.default, bool | int):
            assert told[name] == f"`{int(field.default)}`", name
        elif isinstance(field.default, str):
            assert told[name] == f"`{field.default}`", name


def test_every_variable_of_a_process_is_read_by_one() -> None:
    told = [name for row in pages.table(PAGE, under="The processes") for name in pages.code(row[0])]
    assert sorted(told) == sorted(
        ["DJANGO_SETTINGS_MODULE", *(name.upper() for name in Processes.model_fields)]
    )
    asked = re.findall(r"\$\{(\w+):-", pages.text("Procfile"))
    assert set(asked) - set(told) == set()


def test_every_variable_of_compose_is_explained() -> None:
    asked = set(re.findall(r"(?<!\$)\$\{(\w+)[:}]", pages.text("docker-compose.yml")))
    told = set(re.findall(r"`([A-Z][A-Z_0-9]+)`", pages.text(PAGE)))
    assert asked - told == set()


def test_every_job_is_on_the_page_with_its_period() -> None:
    told = [(pages.code(row[0])[0], row[1]) for row in pages.table(PAGE, under="Scheduled jobs")]
    assert told == [(ring.task, every(ring.every_seconds)) for ring in RINGS]


def test_every_process_is_on_the_page() -> None:
    told = [pages.code(row[0])[0] for row in pages.table(PAGE, under="Processes")]
    assert told == re.findall(r"^(\w+):", pages.text("Procfile"), re.MULTILINE)


def test_every_part_of_readiness_has_its_alert() -> None:
    told = {name for row in pages.table(PAGE, under="Alerts") for name in pages.code(row[0])}
    assert set(CHECKS) <= told


def test_every_field_that_may_be_logged_is_listed() -> None:
    after = pages.text(PAGE).split("### What a log line may hold", 1)[1].split("Names, addresses", 1)[0]
    listed = set(pages.code(after))
    assert listed == {name for name in ALLOWED_FIELDS if not name.startswith("_")}


def logged() -> Iterator[tuple[str, str]]:
    """Yield (event, field) of every line that the shop's code logs by a literal name."""
    for path in (*(pages.ROOT / "apps").rglob("*.py"), *(pages.ROOT / "config").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == "log"
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                for keyword in node.keywords:
                    yield str(node.args[0].value), str(keyword.arg)


def test_no_logged_field_falls_to_the_allow_list() -> None:
    assert {(event, field) for event, field in logged() if field not in ALLOWED_FIELDS | _OWN} == set()
    assert ("surplus_captured", "payment_no") in set(logged())


def test_every_log_event_that_the_page_explains_exists() -> None:
    told = [pages.code(row[0])[0] for row in pages.table(PAGE, under="What a log line may hold")]
    assert set(told) - {event for event, _ in logged()} == set()


def test_every_command_of_the_page_exists() -> None:
    ours = {path.stem for path in (pages.ROOT / "apps").glob("*/management/commands/[a-z]*.py")}
    djangos = {"migrate", "createsuperuser", "check", "shell", "collectstatic"}
    told = set(re.findall(r"manage\.py (\w+)", pages.text(PAGE)))
    assert told - ours - djangos == set()
    assert ours - told == set()
