"""A calibration with where it came from: what an authorisation cites, and the JSON document that its digest is of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from watchbound.domain.calibration import CALIBRATION_SCHEMA
from watchbound.evaluation.calibration import Calibration, Curve
from watchbound.evaluation.groups import Rate
from watchbound.evaluation.reading import Failure
from watchbound.statistics.proportion import Interval, Proportion

INTERVALS = (
    "bootstrap by person, never narrower than Wilson's for as many trials, nor nearer to 0 or 1 than for as many people"
)


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationReport:
    """All that is published of a calibration; it holds no picture and no template.

    Attributes:
        source: what was read, in words.
        kind: `images` or `footage`: what a search is, a picture or a passage.
        model_digest: sha256 of the embedder.
        detector_digest: sha256 of the detector.
        failed_to_enrol: references that were refused, of `tried`.
        failed_to_acquire: probes that were refused, of `probes`.
    """

    source: str
    kind: str
    made_at: datetime
    model_digest: str
    detector_digest: str
    people: int
    calibration: Calibration
    failed_to_enrol: tuple[Failure, ...]
    tried: int
    without_entry: tuple[str, ...]
    failed_to_acquire: tuple[Failure, ...]
    probes: int

    @property
    def fte(self) -> Proportion:
        """Failure to enrol: of the pictures that were tried as references, those refused."""
        return Proportion(len(self.failed_to_enrol), self.tried)

    @property
    def fta(self) -> Proportion:
        """Failure to acquire: of all other pictures or passages, those of which no template could be made."""
        return Proportion(len(self.failed_to_acquire), self.probes)

    def document(self) -> dict[str, Any]:
        """For machines."""
        made, table = self.calibration, self.calibration.table
        return {
            "schema": CALIBRATION_SCHEMA,
            "made_at": self.made_at.isoformat(timespec="seconds"),
            "source": self.source,
            "kind": self.kind,
            "models": {"detector": self.detector_digest, "embedder": self.model_digest},
            "people": self.people,
            "entries": len(table.entry_person),
            "mated_people": made.mated_people,
            "non_mated_people": made.probe_people,
            "pairs": {"genuine": len(table.genuine), "impostor": len(table.impostor)},
            "intervals": {
                "confidence": made.resampling.confidence,
                "rates": INTERVALS,
                "replicates": made.resampling.replicates,
                "seed": made.resampling.seed,
                "failures": "Wilson",
            },
            "wanted": _wanted(made),
            "thresholds": [row for curve in made.curves for row in _rows(curve)],
            "groups": [
                {
                    "attribute": group.attribute,
                    "group": group.name,
                    "people": group.people,
                    "threshold": made.chosen.threshold if made.chosen.exists else None,
                    "list_size": made.curves[-1].list_size,
                    **_rate("tpir", group.tpir),
                    **_rate("fpir", group.fpir),
                }
                for group in made.groups
            ],
            "failed_to_enrol": [_failure(one) for one in self.failed_to_enrol],
            "people_without_entry": list(self.without_entry),
            "fte": _share(self.fte),
            "failed_to_acquire": [_failure(one) for one in self.failed_to_acquire],
            "fta": _share(self.fta),
            "warnings": list(made.warnings),
        }

    def as_json(self) -> bytes:
        """The document as it is written; its sha256 is the evidence that an authorisation cites."""
        return (json.dumps(self.document(), ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode()


def _wanted(made: Calibration) -> dict[str, Any]:
    chosen, found = made.chosen, made.chosen.wanted
    tail = found.tail
    return {
        "fpir": made.wish.fpir,
        "list_size": made.wish.list_size,
        # None where no threshold keeps it.
        "threshold": chosen.threshold if chosen.exists else None,
        "cautious": made.wish.cautious,
        "threshold_low": _finite(found.interval.low),
        "threshold_high": _finite(found.interval.high),
        "fpir_low": found.fpir_interval.low,
        "fpir_high": found.fpir_interval.high,
        "tpir": chosen.tpir,
        "tpir_low": chosen.tpir_interval.low,
        "tpir_high": chosen.tpir_interval.high,
        "tpir_list_size": chosen.tpir_list_size,
        "model": found.model.name.lower(),
        "model_in_words": found.model.value,
        "extrapolated": found.model.extrapolated,
        "tail": None
        if tail is None
        else {"start": tail.start, "share": tail.share, "shape": tail.shape, "scale": tail.scale},
    }


def _finite(value: float) -> float | None:
    """None where there is no such end: JSON knows no infinity."""
    return value if abs(value) != float("inf") else None


def _rows(curve: Curve) -> Iterator[dict[str, Any]]:
    for index, threshold in enumerate(curve.thresholds):
        tpir, within = curve.tpir.at(index)
        fpir, around = curve.fpir.at(index)
        yield {
            "list_size": curve.list_size,
            "threshold": float(threshold),
            "fpir": fpir,
            "fpir_low": around.low,
            "fpir_high": around.high,
            "tpir": tpir,
            "tpir_low": within.low,
            "tpir_high": within.high,
        }


def _rate(name: str, rate: Rate | None) -> dict[str, float | int | None]:
    within = Interval(0.0, 1.0) if rate is None else rate.interval
    return {
        name: None if rate is None else rate.value,
        f"{name}_low": within.low,
        f"{name}_high": within.high,
        f"{name}_people": 0 if rate is None else rate.people,
    }


def _failure(one: Failure) -> dict[str, str]:
    return {"path": one.path, "person": one.person, "reason": one.reason, "detail": one.detail}


def _share(share: Proportion) -> dict[str, Any]:
    within = share.wilson
    return {
        "count": share.count,
        "of": share.of,
        "value": share.value,
        "low": None if within is None else within.low,
        "high": None if within is None else within.high,
    }
