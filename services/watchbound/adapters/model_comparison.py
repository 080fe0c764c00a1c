"""Compares the prepared default pack with what it was made from, run by OpenCV: same boxes, same templates.

The pictures are of people who do not exist (`openpeople`), so that anybody can repeat the comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from watchbound.adapters.model_preparation import SFACE, YUNET, source_path
from watchbound.adapters.onnx_runtime import OnnxDetector, OnnxEmbedder, shrink
from watchbound.domain.errors import ModelPackError
from watchbound.domain.face import Detection
from watchbound.extraction.model_pack import ModelPack
from watchbound.extraction.yunet import NMS_IOU
from watchbound.ports import Image
from watchbound.settings import ModelSettings

LEAST_COSINE = 0.9999
MOST_PIXELS = 1.0

_WIDTH = 640
_MIN_SCORE = 0.6
_TOP_K = 5000
_SHOTS = ("studio_portrait.jpg", "amateur_selfie.jpg", "character_sheet.jpg")


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a comparison found.

    Attributes:
        pictures, faces: how many were compared.
        unpaired: faces that only one of the two found.
        least_cosine: the worst similarity of the two templates of one crop.
        most_pixels: the largest difference of a box's side or a landmark, in pixels of the detector's input.
    """

    pictures: int
    faces: int
    unpaired: int
    least_cosine: float
    most_pixels: float

    @property
    def agrees(self) -> bool:
        """Whether the prepared models may stand for the originals."""
        same_faces = self.faces > 0 and self.unpaired == 0
        return same_faces and self.least_cosine >= LEAST_COSINE and self.most_pixels <= MOST_PIXELS


def people_pictures() -> list[Path]:
    """Portraits, selfies and sheets of angles: three pictures of each of the ten people.

    Raises:
        ModelPackError: `openpeople` is not installed.
    """
    try:
        package = metadata.distribution("openpeople")
    except metadata.PackageNotFoundError as error:
        msg = "the comparison needs pictures: install openpeople (or watchbound[embedded]), or leave the comparison out"
        raise ModelPackError(msg) from error
    root = Path(str(package.locate_file("openpeople/data/curated")))
    return sorted(path for shot in _SHOTS for path in root.glob(f"P*/assets/{shot}"))


def compare(
    pack: ModelPack, settings: ModelSettings, pictures: Iterable[Path], done: Callable[[], None] = lambda: None
) -> Comparison:
    """Run both on the same inputs.

    Args:
        pack: the default pack.
        settings: provider and threads for our side.
        pictures: image files with faces in them.
        done: called after each picture.

    Raises:
        ModelPackError: a source model is missing or altered, or a picture cannot be read.
    """
    ours, ours_embeds = OnnxDetector(pack, settings, _WIDTH, _MIN_SCORE), OnnxEmbedder(pack, settings)
    theirs = cv2.FaceDetectorYN.create(str(source_path(YUNET)), "", (_WIDTH, _WIDTH), _MIN_SCORE, NMS_IOU, _TOP_K)
    theirs_embeds = cv2.FaceRecognizerSF.create(str(source_path(SFACE)), "")
    count, faces, unpaired, least, most = 0, 0, 0, 1.0, 0.0
    for path in pictures:
        picture = cv2.imread(str(path))
        if picture is None:
            msg = f"{path}: expected a picture, got a file that OpenCV cannot read"
            raise ModelPackError(msg)
        picture = shrink(picture, _WIDTH, _WIDTH)
        theirs.setInputSize((picture.shape[1], picture.shape[0]))
        rows = theirs.detect(picture)[1]
        rows = np.empty((0, 15), np.float32) if rows is None else rows
        differences, alone = pair(ours.detect(picture), rows)
        crops = [theirs_embeds.alignCrop(picture, row) for row in rows]
        cosines = _cosines(ours_embeds, theirs_embeds, crops)
        count, faces, unpaired = count + 1, faces + len(differences), unpaired + alone
        least, most = min([least, *cosines]), max([most, *differences])
        done()
    return Comparison(count, faces, unpaired, least, most)


def pair(ours: Sequence[Detection], theirs: NDArray[np.float32]) -> tuple[list[float], int]:
    """How far our faces lie from OpenCV's rows of (x, y, width, height, five points, score).

    Returns:
        For each of their rows that one of our faces answers, the largest difference of a box edge or a landmark
        coordinate in pixels; and how many faces on either side have no answer.
    """
    left = [np.concatenate([_edges(_row(face)), face.landmarks.ravel()]) for face in ours]
    differences = []
    for row in theirs:
        wanted = np.concatenate([_edges(row), row[4:14]])
        distances = [float(np.abs(each - wanted).max()) for each in left]
        if distances and min(distances) < float(row[2]) / 2:
            differences.append(min(distances))
            left.pop(int(np.argmin(distances)))
    return differences, len(left) + len(theirs) - len(differences)


def _row(face: Detection) -> NDArray[np.float32]:
    return np.array([face.box.x, face.box.y, face.box.width, face.box.height], np.float32)


def _edges(row: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.array([row[0], row[1], row[0] + row[2], row[1] + row[3]], np.float32)


def _cosines(ours: OnnxEmbedder, theirs: cv2.FaceRecognizerSF, crops: list[Image]) -> list[float]:
    if not crops:
        return []
    templates = ours.embed(np.stack(crops))
    originals = np.stack([theirs.feature(crop)[0] for crop in crops]).astype(np.float64)
    originals /= np.linalg.norm(originals, axis=1, keepdims=True)
    # A template that is none agrees with nothing.
    cosines = np.nan_to_num((templates * originals).sum(axis=1), nan=-1.0)
    return [float(cosine) for cosine in cosines]
