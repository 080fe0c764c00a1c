"""Structured logs: one JSON object a line on standard error, and nothing biometric in any of them."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import numpy as np
import structlog

from watchbound.settings import LogSettings

_LONGEST = 500


def _without_biometrics(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Pixels and templates travel as bytes and arrays: neither is ever written, only its size."""
    for key, value in event.items():
        event[key] = _withheld(value)
    return event


def _withheld(value: Any) -> Any:
    if isinstance(value, bytes | bytearray | memoryview):
        return f"<{len(value)} bytes withheld>"
    if isinstance(value, np.ndarray):
        return f"<array {value.shape} withheld>"
    if isinstance(value, Mapping):
        return {key: _withheld(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        if any(isinstance(inner, float | np.floating) for inner in value):
            return f"<{len(value)} numbers withheld>"
        return [_withheld(inner) for inner in value]
    if isinstance(value, str) and len(value) > _LONGEST:
        return value[:_LONGEST] + "…"
    return value


def configure_logs(service: str, settings: LogSettings) -> None:
    """Send the process's logs, those of libraries included, to standard error as JSON lines.

    Libraries speak from `warning` up: their debug output prints records, and records hold faces.
    """
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_biometrics,
    ]
    structlog.configure(
        processors=[
            *shared,
            structlog.processors.format_exc_info,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("watchbound").setLevel(level)
    # It tells of every attempt to connect, which our own errors sum up in a line, and warns whenever another thread
    # held the interpreter for 0.1 s, as model kernels do all the time.
    logging.getLogger("kafka.net").setLevel(logging.CRITICAL)
    structlog.contextvars.bind_contextvars(service=service)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger named after its module; pass facts as keywords: `log.info("camera opened", camera=id)`."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger
