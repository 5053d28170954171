"""How log lines look: one JSON object a line, only fields on the allow-list, personal data never."""

from __future__ import annotations

import json
import logging
import os
import sys
from typing import Any, Final, TextIO

import orjson
import structlog

from apps.base import faults, logs


def logging_config(*, log_format: str) -> dict[str, Any]:
    """Configure structlog and return the matching dictConfig for the standard library's loggers."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        faults.without_rows,
        structlog.processors.ExceptionRenderer(faults.printed),
        logs.only_allowed_fields,
        logs.mask_personal_text,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    _look_nothing_up_that_no_line_says()
    renderer: Any = structlog.processors.JSONRenderer(serializer=_as_json)
    if log_format == "console":
        renderer = for_people(sys.stderr)
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": _Formatter,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
                "foreign_pre_chain": shared,
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": "INFO"},
        "loggers": {
            # Its lines repeat the path of every 4xx; ours (apps.base.middleware) say it once, with the id.
            "django.request": {"level": "ERROR"},
            # It tells whatever cannot be read with a trace; the line of the request says 400, which is all there is.
            "django.security": {"level": "CRITICAL"},
            "django.server": {"level": "WARNING"},
            # The WeChat libraries log whole requests, tokens included.
            "wechatpy": {"level": "CRITICAL"},
            # At DEBUG it writes whole URLs, tokens in the query included. Named itself, because dictConfig
            # takes away the level of an existing child of a logger that is named.
            "urllib3.connectionpool": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
            # It tells of every login; what fails is in our own lines and in the audit log.
            "axes": {"level": "ERROR"},
        },
    }


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """structlog's, without the copies that it makes of a line which is finished: every request ends in one."""

    def format(self, record: logging.LogRecord) -> str:
        if isinstance(record.msg, dict) and not record.args and hasattr(record, "_name"):
            return str(self.processors[-1](None, record.levelname.lower(), dict(record.msg)))
        return super().format(record)


# What json would not know either.
_AS_REPR: Final = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME


def _as_json(line: Any, **_: Any) -> str:
    try:
        return orjson.dumps(line, default=repr, option=_AS_REPR).decode()
    except orjson.JSONEncodeError:  # half a character, or a number beyond all numbers of a database
        return _JSON.encode(line)


# Made once: json.dumps makes one for each line that asks for more than ASCII.
_JSON: Final = json.JSONEncoder(ensure_ascii=False, default=repr)


def _look_nothing_up_that_no_line_says() -> None:
    """Source lines and threads: https://docs.python.org/3/howto/logging.html#optimization."""
    logging._srcfile = None
    # gunicorn's own lines say which process speaks: that stays.
    logging.logThreads = logging.logMultiprocessing = False


def for_people(stream: TextIO) -> structlog.dev.ConsoleRenderer:
    """Return what makes lines for the stream readable: in colours where it is a terminal whose owner wants them.

    https://no-color.org says how one says no.
    """
    return structlog.dev.ConsoleRenderer(colors=stream.isatty() and not os.environ.get("NO_COLOR"))
