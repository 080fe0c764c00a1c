"""Wires evaluation: the one file of it that chooses adapters."""

from __future__ import annotations

from watchbound.adapters.onnx_runtime import OnnxDetector, OnnxEmbedder
from watchbound.evaluation.reading import PictureComparer
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
