"""Fixtures and settings for every test."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

pytest_plugins = [
    "tests.fixtures.keys",
    "tests.fixtures.models",
    "tests.fixtures.stack",
    "tests.fixtures.softhsm",
    "tests.fixtures.kafka_secured",
]

# How long an example takes says how busy the machine is, not whether the code is right; pytest-timeout ends what hangs.
settings.register_profile("watchbound", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("watchbound")
