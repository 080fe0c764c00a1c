"""A calibration report as evidence: what is taken, and what is refused with the reason."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.test_authorise import NOW, written
from watchbound.domain.errors import ConfigurationError
from watchbound.governance.calibration_evidence import read_evidence, require_model
from watchbound.governance.terms_file import read_terms

REPORT: dict[str, Any] = {
    "schema": "watchbound.calibration.v1",
    "made_at": "2026-11-20T10:00:00+00:00",
    "models": {"detector": "d" * 64, "embedder": "e" * 64},
    "wanted": {"fpir": 0.001, "list_size": 500, "threshold": 0.513, "extrapolated": True},
    "thresholds": [],
}


def report(folder: Path, **wanted: Any) -> Path:
    path = folder / "report.json"
    path.write_text(json.dumps({**REPORT, "wanted": {**REPORT["wanted"], **wanted}}))
    return path


def test_a_report_is_named_by_the_digest_of_its_bytes(tmp_path: Path) -> None:
    path = report(tmp_path)
    evidence = read_evidence(path)
    assert evidence.report_digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (evidence.fpir, evidence.list_size, evidence.threshold) == (0.001, 500, 0.513)
    assert evidence.extrapolated


def test_a_report_without_a_threshold_is_no_evidence(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"found no threshold for an FPIR of 0\.001 with a list of 500"):
        read_evidence(report(tmp_path, threshold=None))


@pytest.mark.parametrize("text", ["{}", "[]", "not JSON", json.dumps({**REPORT, "schema": "another.v1"})])
def test_what_is_no_report_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "report.json"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match="expected a report of `watchbound calibrate`"):
        read_evidence(path)
    with pytest.raises(ConfigurationError, match="expected a report"):
        read_evidence(tmp_path / "nothing.json")


def test_a_report_on_another_embedder_is_refused(tmp_path: Path) -> None:
    evidence = read_evidence(report(tmp_path))
    require_model(evidence, "e" * 64)
    with pytest.raises(ConfigurationError, match="calibrate again with this pack"):
        require_model(evidence, "f" * 64)


def test_evidence_gives_the_threshold_and_the_reason_unless_others_are_given(tmp_path: Path) -> None:
    evidence = read_evidence(report(tmp_path))
    bare = written(tmp_path, minimum_threshold=None, threshold_reason=None)
    terms = read_terms(bare, {}, "drafter", NOW, evidence)
    assert terms.minimum_threshold == 0.513
    assert terms.threshold_reason == "calibration of 2026-11-20: FPIR 0.001 with a list of 500"
    assert terms.calibration == evidence
    higher = read_terms(bare, {"minimum_threshold": 0.6, "threshold_reason": "cautious"}, "drafter", NOW, evidence)
    assert (higher.minimum_threshold, higher.threshold_reason) == (0.6, "cautious")
    with pytest.raises(ConfigurationError, match="raise the threshold, or cite no calibration"):
        read_terms(bare, {"minimum_threshold": 0.5}, "drafter", NOW, evidence)
