"""Hypothesis profiles: modest by default, HYPOTHESIS_PROFILE=long for ten thousand examples of each property."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# Other slices' tests share two cores: a slow example is no failure, wrong figures are.
settings.register_profile(
    "suite", max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("long", settings.get_profile("suite"), max_examples=10_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))
