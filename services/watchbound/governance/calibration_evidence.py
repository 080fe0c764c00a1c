"""Reads a calibration report as evidence for a threshold."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from watchbound.domain.calibration import CALIBRATION_SCHEMA, CalibrationEvidence
from watchbound.domain.errors import ConfigurationError, InvalidValue


class _Models(BaseModel):
    embedder: str


class _Wanted(BaseModel):
    fpir: float
    list_size: int
    threshold: float | None
    extrapolated: bool


class _Report(BaseModel):
    """What is taken of a report; the rest of it is for readers."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    kind: Literal["watchbound.calibration.v1"] = Field(alias="schema")
    made_at: AwareDatetime
    models: _Models
    wanted: _Wanted


def read_evidence(path: Path) -> CalibrationEvidence:
    """The evidence that a report of `watchbound calibrate --json` is.

    Raises:
        ConfigurationError: it is no such report, or found no threshold.
    """
    try:
        data = path.read_bytes()
        report = _Report.model_validate_json(data)
    except (OSError, ValidationError) as error:
        msg = f"--calibration: {path}: expected a report of `watchbound calibrate`, {CALIBRATION_SCHEMA} ({error})"
        raise ConfigurationError(msg) from error
    wanted = report.wanted
    if wanted.threshold is None:
        msg = (
            f"--calibration: {path} found no threshold for an FPIR of {wanted.fpir:g} with a list of "
            f"{wanted.list_size}; calibrate for what the models can keep"
        )
        raise ConfigurationError(msg)
    try:
        return CalibrationEvidence(
            report_digest=hashlib.sha256(data).hexdigest(),
            model_digest=report.models.embedder,
            fpir=wanted.fpir,
            list_size=wanted.list_size,
            threshold=wanted.threshold,
            extrapolated=wanted.extrapolated,
            made_at=report.made_at,
        )
    except InvalidValue as error:
        msg = f"--calibration: {path}: {error}"
        raise ConfigurationError(msg) from error


def reason_of(evidence: CalibrationEvidence) -> str:
    """Where the threshold comes from, in words, where the drafter gives no others."""
    return f"calibration of {evidence.made_at:%Y-%m-%d}: FPIR {evidence.fpir:g} with a list of {evidence.list_size:,}"


def require_model(evidence: CalibrationEvidence, embedder: str) -> None:
    """Refuse evidence of another embedder than the workers will run.

    Raises:
        ConfigurationError: it is another's.
    """
    if evidence.model_digest != embedder:
        msg = (
            f"--calibration: expected a report on the embedder that workers run, sha256 {embedder[:16]}…, got one on "
            f"{evidence.model_digest[:16]}…; its scores mean nothing here: calibrate again with this pack"
        )
        raise ConfigurationError(msg)
