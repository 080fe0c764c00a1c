"""A draft that cites a calibration: refused before anybody is asked where it speaks of another embedder."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.unit.cli.test_authorise import written
from tests.unit.extraction.packs import write_pack
from watchbound.cli import authorise
from watchbound.domain.errors import ConfigurationError

REPORT = {
    "schema": "watchbound.calibration.v1",
    "made_at": "2026-11-20T10:00:00+00:00",
    "wanted": {"fpir": 0.001, "list_size": 500, "threshold": 0.513, "extrapolated": True},
}


def drafted(folder: Path, embedder: str) -> Result:
    report = folder / "report.json"
    report.write_text(json.dumps({**REPORT, "models": {"embedder": embedder}}))
    # A key that is not there: the draft ends at it, unless the evidence ended it before.
    arguments = ["--file", str(written(folder)), "--calibration", str(report), "--key", str(folder / "none.pem")]
    return CliRunner().invoke(authorise.app, ["draft", *arguments])


@pytest.fixture
def embedder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """sha256 of the embedder that workers would run."""
    write_pack(tmp_path / "models" / "default")
    monkeypatch.setenv("WATCHBOUND_MODELS_CACHE", str(tmp_path / "models"))
    return hashlib.sha256(b"embedder").hexdigest()


def test_a_report_on_another_embedder_is_refused(tmp_path: Path, embedder: str) -> None:
    problem = drafted(tmp_path, "0" * 64).exception
    assert isinstance(problem, ConfigurationError)
    assert f"expected a report on the embedder that workers run, sha256 {embedder[:16]}" in str(problem)


def test_a_report_on_the_workers_embedder_is_taken(tmp_path: Path, embedder: str) -> None:
    assert "watchbound keys generate" in str(drafted(tmp_path, embedder).exception)


def test_where_no_pack_is_installed_the_drafter_is_told_that_it_cannot_be_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHBOUND_MODELS_CACHE", str(tmp_path / "none"))
    result = drafted(tmp_path, "0" * 64)
    assert "whether workers run the calibrated embedder cannot be told here" in result.output
    assert "watchbound keys generate" in str(result.exception)
