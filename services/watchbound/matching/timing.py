"""How long the stages take, as a metric."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from watchbound.pipeline.metric_names import STAGE_SECONDS
from watchbound.ports import Metrics


@contextmanager
def timed(metrics: Metrics, stage: str) -> Iterator[None]:
    """Observe the wall time of what is done inside; what raises is not observed."""
    started = time.perf_counter()
    yield
    metrics.observe(STAGE_SECONDS, time.perf_counter() - started, stage=stage)
