"""The evidence for a threshold: which calibration it comes from, and what that calibration was asked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from watchbound.domain.canonical import exact
from watchbound.domain.errors import InvalidValue
from watchbound.domain.moment import require_aware, to_micros

CALIBRATION_SCHEMA = "watchbound.calibration.v1"
"""Of the report as JSON, which `watchbound calibrate` writes and `watchbound authorise draft` reads."""

_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class CalibrationEvidence:
    """What terms cite of a calibration; it is signed with them.

    Attributes:
        report_digest: sha256 of the report's bytes, hexadecimal.
        model_digest: sha256 of the embedder whose scores were calibrated; to any other the threshold means nothing.
        fpir: the false-positive identification rate that was wanted, in (0, 1).
        list_size: of the watchlist for which it was wanted.
        threshold: least cosine similarity that keeps it, in (0, 1].
        extrapolated: whether a model said so rather than a count.
        made_at: when the report was made.
    """

    report_digest: str
    model_digest: str
    fpir: float
    list_size: int
    threshold: float
    extrapolated: bool
    made_at: datetime

    def __post_init__(self) -> None:
        for name in ("report_digest", "model_digest"):
            if _DIGEST.fullmatch(getattr(self, name)) is None:
                msg = f"a calibration's {name.replace('_', ' ')} is 64 hexadecimal digits, got {getattr(self, name)!r}"
                raise InvalidValue(msg)
        # Written so that NaN fails them too.
        if not (0.0 < self.fpir < 1.0 and 0.0 < self.threshold <= 1.0):
            msg = f"a calibration wants an FPIR in (0, 1) and a threshold in (0, 1], got {self.fpir}, {self.threshold}"
            raise InvalidValue(msg)
        if not 1 <= self.list_size < 2**31:
            msg = f"a calibration is made for a list of at least one entry, got {self.list_size}"
            raise InvalidValue(msg)
        require_aware(self.made_at, "when a calibration was made")

    def facts(self) -> dict[str, Any]:
        """As they are signed."""
        return {
            "report": self.report_digest,
            "model": self.model_digest,
            "fpir": exact(self.fpir),
            "list_size": self.list_size,
            "threshold": exact(self.threshold),
            "extrapolated": self.extrapolated,
            "made_at_us": to_micros(self.made_at),
        }

    def as_json(self) -> dict[str, Any]:
        """For people's programs."""
        return {
            "report_sha256": self.report_digest,
            "embedder_sha256": self.model_digest,
            "fpir": self.fpir,
            "list_size": self.list_size,
            "threshold": self.threshold,
            "extrapolated": self.extrapolated,
            "made_at": self.made_at.isoformat(),
        }

    def __str__(self) -> str:
        how = "extrapolated" if self.extrapolated else "counted"
        return (
            f"threshold {self.threshold:g} for an FPIR of {self.fpir:g} with a list of {self.list_size:,} ({how}), "
            f"embedder {self.model_digest[:12]}…, report sha256 {self.report_digest}, made {self.made_at:%Y-%m-%d}"
        )
