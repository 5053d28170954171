"""Makes up requests out of the published document, and judges the answers to them: schemathesis, in this process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import schemathesis
from django.core import signals
from django.core.cache import cache
from django.core.handlers.wsgi import WSGIHandler
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.internal.cache import LRUCache
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants
from schemathesis import Case, GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.generation.coverage import GenerationSession
from schemathesis.generation.drivers import CoverageGenerator
from schemathesis.generation.feedback import FeedbackSources
from schemathesis.generation.overrides import Override
from schemathesis.specs.openapi import checks

from tests.api.openapi import Contract, Json

# Besides the cases at the bounds of each field, which are always the same ones.
AT_RANDOM = 3
CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.missing_required_header,
    checks.unsupported_method,
]
# Where the document allows what the shop refuses with 400, by code; `invalid` by the field that it names.
NOT_TOLD = {
    "address_required": "what is not sent may have no address",
    "after_sale_reason_unknown": "reasons are rows of the shop",
    "amount_too_high": "what a line is worth is the order's",
    "amount_too_low": "likewise",
    "answer_invalid": "questions and their choices are the survey's",
    "answer_missing": "and so is what must be answered",
    "birthday_invalid": "a day that lies between 1900 and today",
    "cursor_invalid": "signed by the shop",
    "document_version_invalid": "documents are the shop's",
    "invoice_title_refused": "a company has a tax number, with its check digit (GB 32100): no pattern can tell",
    "invoice_title_unknown": "titles are the member's",
    "delay_swaps_invalid": "goods are named with the one choice that takes them, of what is offered",
    "line_unknown": "lines are the order's",
    "scene_unknown": "scenes are the shop's board",
    "message_grants_refused": "templates are the shop's, each for its moments",
    "message_empty": "words or pictures: a choice between fields would make a union",
    "picture_unreadable": "what a picture is, its bytes say",
    "real_name_required": "from which sum on, the contract says; a schema does not",
    "return_parcel_invalid": "understood as couriers print and people copy it (mall.text.tracking)",
    "scope_unreadable": "as a badge or a hint of the shop gives it",
    "wechat_code_invalid": "made by WeChat",
    "invalid results": "ids as WeChat makes them: names of properties have no pattern here",
    "invalid province": "3,400 names of regions are no enum",
    "invalid city": "likewise",
    "invalid district": "likewise",
    "invalid items": "items or from_cart: a choice between fields would make a union of every generated type",
    "invalid delivery": "PICKUP names its shop, EXPRESS none: a choice between fields would make a union",
    "invalid address_id": "whether the member's map put the address anywhere",
    "invalid lat": "both or neither",
    "invalid lng": "likewise",
    "invalid lines": "each line of the order once",
    "invalid phone": "understood as people write and copy it: no pattern can tell what mall.text.phone can",
    "invalid avatar_url": "the address of a picture that this member sent",
}


class Machine:
    """Sends requests to the shop, each in a transaction that is taken back, and keeps what was wrong with the answers."""

    def __init__(self, document: Json, ids: Mapping[str, Any]) -> None:
        """``ids`` are those of rows that exist, by the names that addresses give them."""
        self.contract = Contract(document)
        # Signs that there are; of those that Unicode has not given out yet, nothing can be seen.
        signs = schemathesis.Config.from_dict({"generation": {"codec": "gbk"}})
        self.schema = schemathesis.openapi.from_dict(document, config=signs)
        self.session = GenerationSession()  # else what was made before in this process is not made again
        self.schema.app = WSGIHandler()
        self.ids = ids
        self.sent = 0
        self.complaints: list[str] = []

    def operations(self) -> list[Any]:
        """Every operation of the document, in its order."""
        return [found.ok() for found in self.schema.get_all_operations()]

    def cases(self, operation: Any) -> Iterator[Case]:
        """Yield requests as the document allows them and as it does not: at the bounds first, then some at random."""
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            yield from _at_the_bounds(operation, mode, self.session)
            yield from _at_random(operation, mode)

    def send(self, case: Case, headers: dict[str, str]) -> Any:
        """Send one request; complain of its answer where it is not as documented. Returns the answer."""
        positive = case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE
        for name in case.path_parameters if positive else ():
            case.path_parameters[name] = self.ids.get(name, case.path_parameters[name])
        with _taken_back():
            answer = case.call(headers=headers)
        self.sent += 1
        try:
            case.validate_response(answer, checks=CHECKS, headers=headers)
        except FailureGroup as group:
            for failure in group.exceptions:
                self._complain(case, answer, f"{failure.title}: {failure.message}")
        if positive and _is_called_malformed(answer):
            self._complain(case, answer, "called malformed, though the document allows it")
        return answer

    def _complain(self, case: Case, answer: Any, what: str) -> None:
        asked = f"{case.method} {case.formatted_path} {case.query or ''} {case.body!r:.300}"
        self.complaints.append(f"{asked} → {answer.status_code} {answer.content[:300]!r}: {what}")


def _at_the_bounds(operation: Any, mode: GenerationMode, session: GenerationSession) -> Iterator[Case]:
    yield from CoverageGenerator(
        operation=operation,
        generation_modes=[mode],
        generation_config=operation.schema.config.generation_for(operation=operation, phase="coverage"),
        auth_storage=None,
        override=Override(query={}, headers={}, cookies={}, path_parameters={}),
        feedback=FeedbackSources(),
        session=session,
    )


def _at_random(operation: Any, mode: GenerationMode) -> list[Case]:
    found: list[Case] = []

    def keep(case: Case) -> None:
        found.append(case)

    tries = settings(
        max_examples=AT_RANDOM,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    try:
        with _no_words_of_ours():
            tries(given(case=operation.as_strategy(generation_mode=mode))(keep))()
    except Unsatisfiable:  # whatever is sent there is allowed
        assert mode is GenerationMode.NEGATIVE
    return found


@contextmanager
def _no_words_of_ours() -> Iterator[None]:
    """Hypothesis tries words that it reads in whatever modules are imported by then: other ones in every run."""
    before = providers._get_local_constants, providers.CONSTANTS_CACHE
    providers._get_local_constants, providers.CONSTANTS_CACHE = Constants, LRUCache(1024)
    try:
        yield
    finally:
        providers._get_local_constants, providers.CONSTANTS_CACHE = before


def _is_called_malformed(answer: Any) -> bool:
    if answer.status_code != 400:
        return False
    said = answer.json()
    # Of a template's own answer (``results.T1``) the field is what holds it.
    fields = (
        [f"invalid {field.partition('.')[0]}" for field in said["details"]]
        if said["code"] == "invalid"
        else []
    )
    return not set(fields or [said["code"]]) <= set(NOT_TOLD)


@contextmanager
def _taken_back() -> Iterator[None]:
    """A request's own transaction, rolled back behind it; throttles begin anew, the connection stays."""
    cache.clear()
    block = transaction.atomic()
    block._from_testcase = True  # as of Django's own tests: the shop shall not take it for its own
    ends = (signals.request_started, signals.request_finished)
    for signal in ends:
        signal.disconnect(close_old_connections)
    try:
        with block:
            yield
            transaction.set_rollback(True)
    finally:
        for signal in ends:
            signal.connect(close_old_connections)
