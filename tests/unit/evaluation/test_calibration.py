"""A calibration: its curves, the threshold that it chooses, its warnings, and the document that is signed for."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from tests.unit.evaluation.tables import names, table
from watchbound.evaluation import plots
from watchbound.evaluation.calibration import Calibration, Wish, calibrate, list_sizes
from watchbound.evaluation.page import as_html
from watchbound.evaluation.reading import Failure
from watchbound.evaluation.report import CalibrationReport
from watchbound.governance.calibration_evidence import read_evidence
from watchbound.statistics.resampling import Resampling

FEW = Resampling(replicates=100, seed=2)


def made(people: int = 12, wish: Wish | None = None, genuine: float = 0.75) -> Calibration:
    return calibrate(table(people, genuine=genuine), names(people), wish or Wish(0.1, people - 1), None, FEW)


def report(calibration: Calibration) -> CalibrationReport:
    refused = (Failure("a.jpg", "p001", "blurred", "sharpness 3, at least 60 is needed"),)
    when = datetime(2026, 11, 20, 10, tzinfo=UTC)
    people = calibration.table.people
    return CalibrationReport(
        "people", "images", when, "e" * 64, "d" * 64, people, calibration, refused, people + 1, (), (), 36
    )


@pytest.mark.parametrize(("largest", "sizes"), [(1, (1,)), (9, (1, 9)), (100, (1, 10, 100)), (150, (1, 10, 100, 150))])
def test_lists_are_of_every_power_of_ten_and_the_largest(largest: int, sizes: tuple[int, ...]) -> None:
    assert list_sizes(largest) == sizes


def test_the_threshold_keeps_what_is_wanted_and_is_rounded_up() -> None:
    chosen = made().chosen
    assert chosen.threshold >= chosen.wanted.threshold
    assert chosen.threshold == round(chosen.threshold, 3)
    assert chosen.tpir > 0.9


def test_caution_takes_the_upper_end() -> None:
    wish = Wish(0.1, 11)
    bold, cautious = made(wish=wish).chosen, made(wish=Wish(0.1, 11, cautious=True)).chosen
    assert cautious.threshold == pytest.approx(bold.wanted.interval.high, abs=1.1e-3)
    assert cautious.threshold > bold.threshold


def test_few_people_and_extrapolation_are_warned_of() -> None:
    counted, extrapolated = made(), made(wish=Wish(0.001, 10_000))
    assert any("12 people with mated and 12 with non-mated searches are too few" in said for said in counted.warnings)
    assert not any("extrapolated" in said for said in counted.warnings)
    assert any(said.startswith("the threshold is extrapolated") for said in extrapolated.warnings)
    assert extrapolated.chosen.wanted.model.extrapolated


def test_a_model_that_cannot_tell_people_apart_has_no_threshold() -> None:
    same = table(12)
    scores = np.ones_like(same.scores)
    scores[::2, 0] = 0.999
    calibration = calibrate(
        type(same)(scores, same.probe_person, same.entry_person, 12), names(12), Wish(0.1, 5), None, FEW
    )
    assert not calibration.chosen.exists
    assert any("no threshold keeps what is wanted" in said for said in calibration.warnings)
    document = report(calibration).document()
    assert document["wanted"]["threshold"] is None


def test_the_document_has_what_it_promises_and_no_infinity() -> None:
    document = json.loads(report(made(wish=Wish(0.001, 10_000))).as_json())
    assert document["pairs"] == {"genuine": 48, "impostor": 528}
    assert document["failed_to_enrol"][0]["reason"] == "blurred"
    assert document["fte"]["count"] == 1
    first = document["thresholds"][0]
    assert {"threshold", "fpir", "fpir_low", "fpir_high", "tpir", "tpir_low", "tpir_high", "list_size"} == set(first)
    for row in document["thresholds"]:
        assert 0 <= row["fpir_low"] <= row["fpir"] <= row["fpir_high"] <= 1
        assert 0 <= row["tpir_low"] <= row["tpir"] <= row["tpir_high"] <= 1
    assert document["wanted"]["extrapolated"] is True
    assert document["wanted"]["tail"]["shape"] >= 0


def test_what_is_written_is_evidence_for_terms(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    calibration = made()
    path.write_bytes(report(calibration).as_json())
    evidence = read_evidence(path)
    assert evidence.threshold == calibration.chosen.threshold
    assert (evidence.model_digest, evidence.list_size, evidence.extrapolated) == ("e" * 64, 11, False)


def test_the_page_carries_everything_itself() -> None:
    page = as_html(report(made()))
    assert "<script" not in page
    assert page.count("data:image/svg+xml;base64,") == 3
    assert "http://" not in page.replace("http://www.w3.org", "")
    for words in ("Failure to enrol (FTE)", "counted", "What must be read with it", "liveness is out of scope"):
        assert words in page


def test_pictures_are_drawn_the_same_each_time() -> None:
    calibration = made()
    first, second = (plots.png(plots.det(calibration)) for _ in range(2))
    assert first == second
    assert first.startswith(b"\x89PNG")
    assert plots.svg(plots.rates(calibration)) == plots.svg(plots.rates(calibration))
