"""Wires evaluation: the one file of it that chooses adapters."""

from __future__ import annotations

from watchbound.adapters.onnx_runtime import OnnxDetector, OnnxEmbedder
from watchbound.evaluation.reading import PictureComparer
from watchbound.evaluation.robustness import Robustness
from watchbound.extraction.enrolment import FaceReader
from watchbound.extraction.model_pack import ModelPack
from watchbound.extraction.quality import live_gate
from watchbound.settings import MatchingSettings, ModelSettings

_DETECT_WIDTH = 640


def open_comparer(
    pack: ModelPack, models: ModelSettings, matching: MatchingSettings, references: int
) -> PictureComparer:
    """Compares pictures with the models that workers use, and refuses probes as workers do.

    Raises:
        ModelPackError: the models cannot be run.
    """
    detector = OnnxDetector(pack, models, width=_DETECT_WIDTH)
    gate = live_gate(matching.min_eye_distance)
    faces = FaceReader(detector, OnnxEmbedder(pack, models), pack.embedder.template, gate)
    return PictureComparer(faces, references)


def open_robustness(pack: ModelPack, models: ModelSettings, threshold: float, per_person: int) -> Robustness:
    """Measures recall of pictures made worse, with the models that workers use.

    Raises:
        ModelPackError: the models cannot be run.
    """
    detector, embedder = OnnxDetector(pack, models, width=_DETECT_WIDTH), OnnxEmbedder(pack, models)
    strict = FaceReader(detector, embedder, pack.embedder.template)
    # Of any size: which sizes can be used is what is to be found out.
    live = FaceReader(detector, embedder, pack.embedder.template, live_gate(min_eye_distance=0.0))
    return Robustness(strict, live, detector, threshold, per_person)
