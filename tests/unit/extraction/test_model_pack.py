from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.unit.extraction.packs import TEMPLATE, manifest, write_pack
from watchbound.domain.errors import ConfigurationError, ModelPackError
from watchbound.extraction.align import STANDARD
from watchbound.extraction.licences import LICENCES, Use, require_permission
from watchbound.extraction.model_pack import find_pack, load_pack
from watchbound.extraction.pack_manifest import Manifest, read_manifest, render_manifest
from watchbound.extraction.scrfd import SCRFD
from watchbound.extraction.yunet import YUNET
from watchbound.settings import ModelSettings, load


def test_a_pack_in_order_says_all_that_the_pipeline_needs(tmp_path: Path) -> None:
    pack = load_pack(write_pack(tmp_path / "sample"))

    assert pack.name == "sample"
    assert pack.digests == {"detector": pack.detector.sha256, "embedder": pack.embedder.sha256}
    assert pack.detector.input_size is None
    assert not pack.detector.normalises
    assert pack.embedder.dimension == 128
    assert pack.detector.decoding is YUNET
    assert pack.detector.outputs == YUNET.outputs
    template = pack.embedder.template
    assert (template.width, template.height) == (112, 112)
    assert template.points.dtype == np.float32
    np.testing.assert_allclose(template.points, TEMPLATE)
    assert not template.points.flags.writeable
    assert template.is_like(STANDARD)


def test_normalisation_and_a_fixed_input_size_are_read(tmp_path: Path) -> None:
    document = manifest()
    document["detector"] |= {"mean": [127.5, 127.5, 127.5], "scale": [0.0078125] * 3, "input_size": [640, 384]}
    pack = load_pack(write_pack(tmp_path, document))
    assert pack.detector.normalises
    assert pack.detector.input_size == (640, 384)


def test_another_form_of_answer_and_another_size_of_crop_are_read(tmp_path: Path) -> None:
    document = manifest()
    names = [str(440 + n) for n in range(9)]
    document["detector"] |= {"decoding": "scrfd", "outputs": names}
    large = [[2 * x, 2 * y] for x, y in TEMPLATE]
    document["embedder"] |= {"input_size": [224, 256], "template": large, "metric": "l2", "normalise": True}
    pack = load_pack(write_pack(tmp_path, document))
    assert pack.detector.decoding is SCRFD
    assert pack.detector.outputs == tuple(names)
    template = pack.embedder.template
    assert (template.width, template.height) == (224, 256)
    assert template.eye_distance == pytest.approx(2 * STANDARD.eye_distance)
    assert not template.is_like(STANDARD)


@pytest.mark.parametrize("file", ["detector.onnx", "embedder.onnx"])
def test_a_tampered_file_is_refused_with_both_digests(tmp_path: Path, file: str) -> None:
    write_pack(tmp_path)
    with (tmp_path / file).open("ab") as out:
        out.write(b"!")
    with pytest.raises(ModelPackError, match=rf"{file}: expected sha256 [0-9a-f]{{64}}, got [0-9a-f]{{64}}; .*prepare"):
        load_pack(tmp_path)


def test_the_digest_is_checked_again_when_a_file_is_read_later(tmp_path: Path) -> None:
    pack = load_pack(write_pack(tmp_path))
    pack.embedder.path.write_bytes(b"another model")
    with pytest.raises(ModelPackError, match="altered or replaced"):
        pack.embedder.read()


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    write_pack(tmp_path)
    (tmp_path / "embedder.onnx").unlink()
    with pytest.raises(ModelPackError, match=r"embedder\.onnx: expected the model file .* No such file"):
        load_pack(tmp_path)


@pytest.mark.parametrize("role", ["detector", "embedder"])
def test_an_unknown_licence_is_refused_and_the_known_ones_are_named(tmp_path: Path, role: str) -> None:
    document = manifest()
    document[role]["licence"] = "Mostly-Free-1.0"
    with pytest.raises(ModelPackError, match=rf"{role}\.licence: expected .*Apache-2\.0.*got 'Mostly-Free-1\.0'"):
        load_pack(write_pack(tmp_path, document))


def test_a_licence_for_research_permits_research_only(tmp_path: Path) -> None:
    document = manifest()
    document["embedder"]["licence"] = "LicenseRef-InsightFace-NonCommercial"
    root = write_pack(tmp_path, document)
    with pytest.raises(ModelPackError, match="permits research only, and this is operation"):
        load_pack(root)
    assert load_pack(root, Use.RESEARCH).embedder.licence == "LicenseRef-InsightFace-NonCommercial"


def test_every_known_licence_permits_something_and_never_operation_alone() -> None:
    for licence, uses in LICENCES.items():
        assert Use.RESEARCH in uses
        require_permission(licence, Use.RESEARCH, "a model")


@pytest.mark.parametrize(
    ("role", "change", "complaint"),
    [
        ("detector", {"decoding": "retina"}, r"detector\.decoding: Input should be 'yunet' or 'scrfd', got 'retina'"),
        (
            "detector",
            {"outputs": ["a", "b"]},
            r"detector\.outputs: .*12 names, each another, in the order cls_8, cls_16",
        ),
        ("detector", {"decoding": "scrfd", "outputs": ["a"] * 9}, r"detector\.outputs: .*9 names.*score_8"),
        ("embedder", {"metric": "l1"}, r"embedder\.metric: Input should be 'cosine' or 'l2', got 'l1'"),
        ("embedder", {"metric": "l2"}, r"embedder\.metric: .*templates of length 1.*add `normalise: true`"),
        ("embedder", {"metric": "l2", "normalise": False}, r"embedder\.normalise: .*length says something cannot be"),
        ("embedder", {"normalise": False}, r"embedder\.normalise: .*brought to length 1 here"),
        ("embedder", {"input_size": [16, 112]}, r"embedder\.input_size\.0: .*greater than or equal to 32, got 16"),
        ("embedder", {"input_size": [112, 1024]}, r"embedder\.input_size\.1: .*less than or equal to 512, got 1024"),
        ("embedder", {"input_size": [112, 90]}, r"embedder\.template: .*in pixels of the crop, within 112×90"),
        ("embedder", {"template": [[0.3, 0.4], [0.6, 0.4], [0.5, 0.6], [0.4, 0.8], [0.6, 0.8]]}, r"14 pixels apart"),
        ("embedder", {"template": [TEMPLATE[n] for n in (1, 0, 2, 4, 3)]}, r"embedder\.template: .*upright face"),
        ("embedder", {"template": TEMPLATE[::-1]}, r"embedder\.template: .*upright face"),
        ("embedder", {"template": TEMPLATE[:4]}, r"embedder\.template\.4: Field required"),
        ("embedder", {"template": [[float("nan"), 0.0], *TEMPLATE[1:]]}, r"template\.0\.0: .*finite"),
        ("embedder", {"dimension": 0}, r"embedder\.dimension: .*16, got 0"),
        ("embedder", {"colour": "grey"}, r"embedder\.colour: .*got 'grey'"),
        ("embedder", {"threshold": 0.363}, r"embedder\.threshold: Extra inputs are not permitted"),
        ("detector", {"sha256": "ABC"}, r"detector\.sha256: .*got 'ABC'"),
        ("detector", {"file": "../detector.onnx"}, r"detector\.file: .*got '\.\./detector\.onnx'"),
        ("detector", {"file": "/etc/passwd.onnx"}, r"detector\.file"),
        ("detector", {"origin": ""}, r"detector\.origin"),
    ],
)
def test_a_field_out_of_its_domain_is_refused_by_name(
    tmp_path: Path, role: str, change: dict[str, Any], complaint: str
) -> None:
    document = manifest()
    document[role] |= change
    with pytest.raises(ModelPackError, match=complaint) as refusal:
        load_pack(write_pack(tmp_path, document))
    assert "docs/models.md" in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "complaint"), [("a: [", "expected YAML"), ("[]", "document: "), ("\xff\xfe", "document")]
)
def test_a_file_that_is_no_manifest_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    write_pack(tmp_path)
    (tmp_path / "manifest.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ModelPackError, match=complaint):
        load_pack(tmp_path)


def test_a_manifest_of_a_later_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelPackError, match="format: Input should be 1, got 2"):
        load_pack(write_pack(tmp_path, manifest() | {"format": 2}))


def test_a_manifest_survives_being_written_and_read(tmp_path: Path) -> None:
    written = Manifest.model_validate(manifest())
    (tmp_path / "manifest.yaml").write_text(render_manifest(written), encoding="utf-8")
    assert read_manifest(tmp_path) == written
    assert render_manifest(read_manifest(tmp_path)) == render_manifest(written)


def test_a_pack_is_found_by_name_in_the_cache_and_by_folder(tmp_path: Path) -> None:
    by_name, by_folder = write_pack(tmp_path / "cache" / "mine"), write_pack(tmp_path / "elsewhere")
    assert find_pack(load(ModelSettings, cache=tmp_path / "cache", pack="mine")).root == by_name
    assert find_pack(load(ModelSettings, cache=tmp_path / "cache", pack=str(by_folder))).root == by_folder


def test_without_the_default_pack_the_error_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(ModelPackError, match="run `watchbound models prepare`"):
        find_pack(load(ModelSettings, cache=tmp_path, pack="default"))


def test_an_unknown_pack_is_a_configuration_error_that_names_its_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"WATCHBOUND_MODELS_PACK: .*got 'nope'.*models list"):
        find_pack(load(ModelSettings, cache=tmp_path, pack="nope"))


def test_the_declared_use_decides_whether_a_found_pack_may_be_used(tmp_path: Path) -> None:
    document = manifest()
    document["detector"]["licence"] = "CC-BY-NC-4.0"
    write_pack(tmp_path / "mine", document)
    with pytest.raises(ModelPackError, match="WATCHBOUND_MODELS_USE"):
        find_pack(load(ModelSettings, cache=tmp_path, pack="mine"))
    assert find_pack(load(ModelSettings, cache=tmp_path, pack="mine", use="research")).name == "sample"
