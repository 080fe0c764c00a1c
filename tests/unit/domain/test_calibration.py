"""What terms may cite of a calibration, and that citing nothing changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from watchbound.domain.calibration import CalibrationEvidence
from watchbound.domain.errors import InvalidValue
from watchbound.testing.office import terms


def evidence(**changed: Any) -> CalibrationEvidence:
    usual: dict[str, Any] = {
        "report_digest": "a" * 64,
        "model_digest": "b" * 64,
        "fpir": 0.001,
        "list_size": 10_000,
        "threshold": 0.45,
        "extrapolated": True,
        "made_at": datetime(2026, 11, 1, 12, tzinfo=UTC),
    }
    return CalibrationEvidence(**{**usual, **changed})


@pytest.mark.parametrize(
    "changed",
    [
        {"report_digest": "a" * 63},
        {"model_digest": "B" * 64},
        {"fpir": 0.0},
        {"fpir": 1.0},
        {"fpir": float("nan")},
        {"threshold": 0.0},
        {"threshold": 1.01},
        {"threshold": float("nan")},
        {"list_size": 0},
        {"made_at": datetime(2026, 11, 1, 12)},  # noqa: DTZ001
    ],
)
def test_evidence_that_is_none_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        evidence(**changed)


def test_terms_from_before_keep_the_digest_that_was_signed() -> None:
    assert terms().digest().hex() == "0943db2793d87c7dd974e3b6953379afbf196fc91ff5beacd30a0d1e318aab13"


@pytest.mark.parametrize(
    "changed",
    [
        {"report_digest": "c" * 64},
        {"model_digest": "c" * 64},
        {"fpir": 0.002},
        {"list_size": 20_000},
        {"threshold": 0.44},
        {"extrapolated": False},
        {"made_at": datetime(2026, 11, 2, 12, tzinfo=UTC)},
    ],
)
def test_every_part_of_the_evidence_is_signed(changed: dict[str, Any]) -> None:
    cited = terms(calibration=evidence()).digest()
    assert cited != terms().digest()
    assert terms(calibration=evidence(**changed)).digest() != cited


def test_a_threshold_below_the_calibrated_one_cannot_cite_it() -> None:
    assert terms(minimum_threshold=0.46, calibration=evidence()).calibration is not None
    with pytest.raises(InvalidValue, match=r"from a threshold of 0\.45 on, got 0\.44"):
        terms(minimum_threshold=0.44, calibration=evidence())


def test_a_longer_list_than_the_calibrated_one_cannot_cite_it() -> None:
    with pytest.raises(InvalidValue, match="made for a list of 9999, got a maximum of 10000"):
        terms(calibration=evidence(list_size=9_999))
