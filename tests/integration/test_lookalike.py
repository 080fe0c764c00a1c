"""The two of the synthetic people who resemble each other most, on the real models: P004 is listed, P010 is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from openpeople.io import get_curated_dir

from tests.unit.alerting.factory import POLICY, at, decision, match
from watchbound.adapters.onnx_runtime import OnnxDetector, OnnxEmbedder
from watchbound.alerting.lookalike import LookalikeCheck, Resemblance
from watchbound.alerting.raise_alert import Quiet, Step, raise_alert, settle
from watchbound.alerting.window import AlertWindow
from watchbound.domain.alert import AlertEvent
from watchbound.domain.decision import Verdict
from watchbound.domain.sealing import Purpose
from watchbound.extraction.align import align
from watchbound.extraction.model_pack import ModelPack
from watchbound.pipeline.sealing import seal_template
from watchbound.settings import ModelSettings
from watchbound.testing.keyring import FakeKeyRing

LISTED, LOOKALIKE = "P004", "P010"
THRESHOLD = 0.55
Vector = NDArray[np.float32]


class Faces:
    """Templates of the faces in a person's pictures, in the order in which the detector finds them."""

    def __init__(self, pack: ModelPack, settings: ModelSettings) -> None:
        self._pack = pack
        self._detector, self._embedder = OnnxDetector(pack, settings, width=640), OnnxEmbedder(pack, settings)

    def of(self, person: str, picture: str) -> Vector:
        """Shape (n, d)."""
        image = cv2.imread(str(Path(get_curated_dir()) / person / "assets" / f"{picture}.jpg"))
        assert image is not None
        found = sorted(self._detector.detect(np.asarray(image, np.uint8)), key=lambda face: (face.box.y, face.box.x))
        crops = [align(np.asarray(image, np.uint8), face.landmarks, self._pack.embedder.template) for face in found]
        return self._embedder.embed(np.stack(crops))


def fused(templates: Vector) -> Vector:
    total = templates.sum(axis=0)
    return np.asarray(total / np.linalg.norm(total), dtype=np.float32)


@pytest.fixture(scope="module")
def faces(model_pack: ModelPack, model_settings: ModelSettings) -> Faces:
    return Faces(model_pack, model_settings)


class Gate:
    """Alerting for the one entry, which each probe is compared with."""

    def __init__(self, portrait: Vector) -> None:
        self._portrait = portrait
        self.ring = FakeKeyRing()
        self.ring.create("station")
        self._check = LookalikeCheck(self.ring, Resemblance())
        self.window: AlertWindow | None = None

    def pass_by(self, seconds: float, probe: Vector) -> Step:
        """Somebody passes whose probe reaches the threshold."""
        score = float(probe @ self._portrait)
        assert score >= THRESHOLD, "who does not match cannot be suppressed"
        seen = seal_template(self.ring, replace(match(seconds), score=score, threshold=THRESHOLD), probe)
        step = raise_alert(self.window, seen, POLICY, at(seconds), self._check.shows_lookalike(self.window, seen))
        self.window = step.window
        return step

    def judge(self, alert_id: str, seconds: float, *reviewers: str) -> None:
        for reviewer in reviewers:
            word = decision(alert_id, seconds, Verdict.LOOKALIKE, reviewer)
            self.window = settle(self.window, word, POLICY, at(seconds)).window


@pytest.fixture
def gate(faces: Faces) -> Gate:
    """P010 has passed, raised an alert as P004, and two reviewers have judged them a lookalike."""
    gate = Gate(faces.of(LISTED, "studio_portrait")[0])
    (alert,) = gate.pass_by(0, fused(faces.of(LOOKALIKE, "emotions_sheet")[:8])).alerts
    gate.judge(alert.id, 1, "officer-1", "officer-2")
    return gate


def test_the_lookalike_passes_again_and_raises_nothing(gate: Gate, faces: Faces) -> None:
    for seconds, probe in enumerate(
        (faces.of(LOOKALIKE, "emotions_sheet")[8:], faces.of(LOOKALIKE, "character_sheet")), 2
    ):
        step = gate.pass_by(seconds, fused(probe))
        assert (step.alerts, step.quiet) == ((), Quiet.LOOKALIKE)


def test_the_listed_person_still_raises_an_alert(gate: Gate, faces: Faces) -> None:
    for number, picture in enumerate(("emotions_sheet", "character_sheet", "amateur_selfie")):
        events = [alert.event for alert in gate.pass_by(100 * (number + 1), fused(faces.of(LISTED, picture))).alerts]
        assert events[-1:] == [AlertEvent.OPENED]


def test_one_reviewer_suppresses_nobody(faces: Faces) -> None:
    gate = Gate(faces.of(LISTED, "studio_portrait")[0])
    (alert,) = gate.pass_by(0, fused(faces.of(LOOKALIKE, "emotions_sheet")[:8])).alerts
    gate.judge(alert.id, 1, "officer-1")
    assert gate.pass_by(100, fused(faces.of(LOOKALIKE, "emotions_sheet")[8:])).alerts[-1].event is AlertEvent.OPENED


def test_once_the_key_is_destroyed_the_lookalike_alerts_again(gate: Gate, faces: Faces) -> None:
    gate.ring.destroy("station", Purpose.ALERTS)
    probe = fused(faces.of(LOOKALIKE, "emotions_sheet")[8:])
    unsealed = replace(match(100), score=float(probe @ faces.of(LISTED, "studio_portrait")[0]), template=b"sealed once")
    check = LookalikeCheck(gate.ring, Resemblance())
    assert not check.shows_lookalike(gate.window, unsealed)
