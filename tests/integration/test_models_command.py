"""`watchbound models`, in this process."""

from __future__ import annotations

import json
from pathlib import Path

from onnx import helper
from typer.testing import CliRunner

from tests.unit.adapters.onnx_files import graph_of, model_of
from tests.unit.extraction.packs import manifest, write_pack
from watchbound.cli.models import app
from watchbound.domain.errors import ModelPackError
from watchbound.extraction.model_pack import ModelPack, find_pack
from watchbound.settings import ModelSettings


def test_prepare_list_and_verify_speak_json(model_pack: ModelPack) -> None:
    cache = ["--cache", str(model_pack.root.parent), "--json"]
    prepared = json.loads(CliRunner().invoke(app, ["prepare", *cache]).stdout)
    listed = json.loads(CliRunner().invoke(app, ["list", *cache]).stdout)
    verified = json.loads(CliRunner().invoke(app, ["verify", "--no-compare", *cache]).stdout)
    assert prepared["embedder"]["sha256"] == model_pack.embedder.sha256
    assert listed == [prepared]
    assert verified["provider"] == "CPUExecutionProvider"
    assert verified["comparison"] is None


def test_verify_compares_and_says_so_in_words(model_pack: ModelPack) -> None:
    result = CliRunner().invoke(app, ["verify", "--cache", str(model_pack.root.parent)])
    assert result.exit_code == 0
    assert "agrees with its originals on 83 faces in 30 pictures" in result.stdout


def test_list_says_why_a_pack_cannot_be_used(tmp_path: Path) -> None:
    document = manifest()
    document["detector"]["licence"] = "WTF"
    write_pack(tmp_path / "bad", document)
    result = CliRunner().invoke(app, ["list", "--cache", str(tmp_path)])
    assert result.exit_code == 0
    assert "got 'WTF'" in result.stdout.replace("\n", " ")
    assert "no packs in" in CliRunner().invoke(app, ["list", "--cache", str(tmp_path / "none")]).stdout


def test_a_pack_that_can_never_run_is_told_by_list_and_not_signed(tmp_path: Path) -> None:
    fused = model_of(graph_of([helper.make_node("Gelu", ["x"], ["y"], domain="com.microsoft")]), "com.microsoft")
    root = write_pack(tmp_path / "fused", manifest(fused, fused), fused, fused)
    listed = json.loads(CliRunner().invoke(app, ["list", "--cache", str(tmp_path), "--json"]).stdout)
    assert "got the domain com.microsoft" in listed[0]["problem"]
    signed = CliRunner().invoke(app, ["sign", str(root), "--key", str(tmp_path / "none.pem")])
    assert isinstance(signed.exception, ModelPackError)
    assert "got the domain com.microsoft" in str(signed.exception)


def test_verify_refuses_a_tampered_pack(tmp_path: Path) -> None:
    root = write_pack(tmp_path / "mine")
    (root / "detector.onnx").write_bytes(b"altered")
    result = CliRunner().invoke(app, ["verify", str(root), "--cache", str(tmp_path)])
    assert isinstance(result.exception, ModelPackError)


def test_the_pack_that_prepare_made_is_the_one_that_services_find(
    model_pack: ModelPack, model_settings: ModelSettings
) -> None:
    assert find_pack(model_settings).digests == model_pack.digests
