from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import structlog

from watchbound.adapters.logs import configure_logs, get_logger
from watchbound.settings import LogSettings, load


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("watchbound")
    before = root.handlers[:], root.level, ours.level
    yield
    root.handlers[:], level, our_level = before
    root.setLevel(level)
    ours.setLevel(our_level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Every line that was written, each a JSON object."""
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def written(capsys: pytest.CaptureFixture[str], **facts: object) -> dict[str, Any]:
    """One log line with these facts."""
    configure_logs("camera", load(LogSettings, level="info"))
    get_logger("watchbound.test_logs").info("said", **facts)
    (line,) = lines(capsys)
    return line


def test_a_line_is_one_object_with_time_level_and_service(capsys: pytest.CaptureFixture[str]) -> None:
    line = written(capsys, camera="gate-1")
    assert (line["event"], line["level"], line["service"], line["camera"]) == ("said", "info", "camera", "gate-1")
    assert line["timestamp"].endswith("Z")


@pytest.mark.parametrize(
    "secret",
    [
        pytest.param(b"\xff\xd8pixels", id="bytes"),
        pytest.param(bytearray(b"\xff\xd8pixels"), id="bytearray"),
        pytest.param(memoryview(b"\xff\xd8pixels"), id="memoryview"),
        pytest.param(np.full(128, 0.0884, np.float32), id="template"),
        pytest.param(np.zeros((2, 2, 3), np.uint8), id="picture"),
        pytest.param([0.0884, 0.0885], id="list-of-numbers"),
        pytest.param((np.float32(0.0884), 0.5), id="tuple-of-numbers"),
        pytest.param({"template": [0.0884, 0.0885]}, id="numbers-in-a-mapping"),
        pytest.param([[b"\xff\xd8pixels"], {"crop": np.zeros((2, 2), np.uint8)}], id="nested"),
    ],
)
def test_pixels_and_templates_are_withheld(capsys: pytest.CaptureFixture[str], secret: object) -> None:
    said = json.dumps(written(capsys, fact=secret)["fact"])
    assert "withheld>" in said
    assert "pixels" not in said
    assert "0.08" not in said


def test_long_text_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(written(capsys, detail="x" * 10_000)["detail"]) == 501


def test_what_libraries_debug_is_never_written_at_any_level(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("camera", load(LogSettings, level="debug"))
    logging.getLogger("kafka.producer").info("sending record with a face in it")
    logging.getLogger("kafka.producer").warning("broker is gone")
    assert [line["event"] for line in lines(capsys)] == ["broker is gone"]


def test_our_level_is_the_configured_one(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("camera", load(LogSettings, level="warning"))
    get_logger("watchbound.test_logs_level").info("not this")
    get_logger("watchbound.test_logs_level").warning("this")
    assert [line["event"] for line in lines(capsys)] == ["this"]


def test_an_exception_is_told_with_its_trace(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("camera", load(LogSettings))
    try:
        int("not a number")
    except ValueError:
        get_logger("watchbound.test_logs_error").exception("failed")
    (line,) = lines(capsys)
    assert "ValueError" in line["exception"]
