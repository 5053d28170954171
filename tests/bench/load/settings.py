"""Production, but that one address may ask as often as it can: the turns are counted as ever, and never used up."""

from config.settings.prod import *  # noqa: F403
from config.settings.prod import REST_FRAMEWORK

REST_FRAMEWORK = {
    **REST_FRAMEWORK,
    "DEFAULT_THROTTLE_RATES": dict.fromkeys(REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"], "100000/s"),  # type: ignore[arg-type]  # a dict
}
OUTBOX_SUBSCRIPTIONS = "tests.bench.load.listeners.SUBSCRIPTIONS"
