"""A developer's machine: the same shop with readable log lines."""

from config.logs import logging_config
from config.settings.base import *  # noqa: F403

LOGGING = logging_config(log_format="console")
