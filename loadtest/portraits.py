"""The listed people of the footage, from portraits that share no pixel with it."""

from __future__ import annotations

from collections.abc import Iterable

from loadtest.stand import Templates
from watchbound.adapters.onnx_runtime import OnnxDetector, OnnxEmbedder
from watchbound.camera.synthetic import enrolment_photo
from watchbound.extraction.enrolment import FaceReader
from watchbound.extraction.model_pack import ModelPack
from watchbound.settings import ModelSettings, load

_DETECT_WIDTH = 640


def templates(pack: ModelPack, people: Iterable[str]) -> Templates:
    """Their templates, made as an enrolment makes them.

    Raises:
        FaceRefused: a portrait is not good enough.
    """
    models = load(ModelSettings)
    detector, embedder = OnnxDetector(pack, models, width=_DETECT_WIDTH), OnnxEmbedder(pack, models)
    faces = FaceReader(detector, embedder, pack.embedder.template)
    return {person: faces.read(enrolment_photo(person).read_bytes()).embedding for person in people}
