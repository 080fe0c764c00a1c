"""A model pack: a folder with a manifest and two ONNX files, pinned by digest and licence.

Reading one runs no model and reaches no network. The digest of a file is checked whenever the file is read, so what
reaches the runtime is what the manifest pins.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from watchbound.domain.errors import ModelPackError
from watchbound.extraction.align import CropTemplate
from watchbound.extraction.decoding import Decoding
from watchbound.extraction.decodings import DECODINGS
from watchbound.extraction.licences import Use, require_permission
from watchbound.extraction.pack_manifest import (
    MANIFEST_NAME,
    DetectorEntry,
    EmbedderEntry,
    parse_manifest,
    read_manifest_bytes,
)
from watchbound.extraction.pack_signature import Vouching, require_signed
from watchbound.ports import TrustList
from watchbound.settings import ModelSettings

DEFAULT_PACK = "default"


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """What both kinds of model declare.

    Attributes:
        path: the ONNX file.
        sha256: digest of that file, hexadecimal: the identity of the model everywhere.
        licence: SPDX id of the weights' licence.
        origin: where the weights came from and what was done to them.
        colour: order of the input's channels.
        mean, scale: the input is (pixel − mean)·scale, per channel in `colour` order.
    """

    path: Path
    sha256: str
    licence: str
    origin: str
    colour: Literal["bgr", "rgb"]
    mean: tuple[float, float, float]
    scale: tuple[float, float, float]

    @property
    def normalises(self) -> bool:
        """Whether pixels must be changed before they enter the model."""
        return self.mean != (0.0, 0.0, 0.0) or self.scale != (1.0, 1.0, 1.0)

    def read(self) -> bytes:
        """The model file, verified.

        Raises:
            ModelPackError: it is missing, or not the file that the manifest pins.
        """
        try:
            data = self.path.read_bytes()
        except OSError as error:
            msg = f"{self.path}: expected the model file that the manifest names, got {error.strerror}"
            raise ModelPackError(msg) from error
        came = hashlib.sha256(data).hexdigest()
        if came != self.sha256:
            msg = (
                f"{self.path}: expected sha256 {self.sha256}, got {came}; the file was altered or replaced. Restore it "
                f"(the default pack: delete {self.path.parent} and run `watchbound models prepare`)"
            )
            raise ModelPackError(msg)
        return data


@dataclass(frozen=True, slots=True)
class DetectorSpec(ModelSpec):
    """The model that finds faces.

    Attributes:
        decoding: how its outputs become boxes.
        outputs: their names in the file, in the order in which the decoding takes them.
        input_size: (width, height) in pixels, or None: any multiple of 32.
    """

    decoding: Decoding
    outputs: tuple[str, ...]
    input_size: tuple[int, int] | None


@dataclass(frozen=True, slots=True, eq=False)
class EmbedderSpec(ModelSpec):
    """The model that makes templates.

    Attributes:
        template: the form of the crops that it takes.
        dimension: length of a template.
    """

    template: CropTemplate
    dimension: int


@dataclass(frozen=True, slots=True)
class ModelPack:
    """A pack whose files were there, unaltered and licensed when it was loaded.

    Attributes:
        vouching: who signed for it; None where nobody was asked for.
    """

    name: str
    root: Path
    detector: DetectorSpec
    embedder: EmbedderSpec
    vouching: Vouching | None = None

    @property
    def digests(self) -> dict[str, str]:
        """sha256 of each model file, by role."""
        return {"detector": self.detector.sha256, "embedder": self.embedder.sha256}


def load_pack(root: Path, use: Use = Use.OPERATION, signers: TrustList | None = None) -> ModelPack:
    """Read the pack in the folder `root` and check its licences and digests.

    Args:
        root: the folder.
        use: what the licences must permit.
        signers: whose signatures count; None asks for none.

    Raises:
        ModelPackError: nobody trusted vouches for it, the manifest is not valid, a licence is unknown or does not
            permit `use`, or a file is missing or has another digest.
    """
    data = read_manifest_bytes(root)
    vouching = None if signers is None else require_signed(root, data, signers)
    manifest = parse_manifest(data, root)
    for role, entry in (("detector", manifest.detector), ("embedder", manifest.embedder)):
        require_permission(entry.licence, use, f"{root / MANIFEST_NAME}, {role}.licence")
    detector, embedder = _detector(root, manifest.detector), _embedder(root, manifest.embedder)
    pack = ModelPack(manifest.name, root, detector, embedder, vouching)
    pack.detector.read()
    pack.embedder.read()
    return pack


def find_pack(settings: ModelSettings, trust: TrustList | None = None) -> ModelPack:
    """The configured pack: a name in the cache, or else a folder with a manifest.

    Args:
        settings: which, and whether somebody must vouch for it.
        trust: whose signatures count, where one is asked for.

    Raises:
        ModelPackError: there is none, or it may not be used (see `load_pack`).
    """
    if settings.require_signature and trust is None:
        msg = "WATCHBOUND_MODELS_REQUIRE_SIGNATURE: needs the trust list of its model keepers (WATCHBOUND_TRUST_LIST)"
        raise ModelPackError(msg)
    signers = trust if settings.require_signature else None
    cache = settings.cache.expanduser()
    for root in (cache / settings.pack, Path(settings.pack).expanduser()):
        if (root / MANIFEST_NAME).is_file():
            return load_pack(root, Use(settings.use), signers)
    if settings.pack == DEFAULT_PACK:
        msg = (
            f"no default model pack in {cache}; run `watchbound models prepare` once (it needs no network), or name "
            f"another pack in WATCHBOUND_MODELS_PACK"
        )
    else:
        msg = (
            f"WATCHBOUND_MODELS_PACK: expected the name of a pack in {cache} or a folder with a {MANIFEST_NAME}, got "
            f"{settings.pack!r}; `watchbound models list` shows what there is"
        )
    raise ModelPackError(msg)


def _detector(root: Path, entry: DetectorEntry) -> DetectorSpec:
    decoding = DECODINGS[entry.decoding]
    return DetectorSpec(
        path=root / entry.file,
        sha256=entry.sha256,
        licence=entry.licence,
        origin=entry.origin,
        colour=entry.colour,
        mean=entry.mean,
        scale=entry.scale,
        decoding=decoding,
        outputs=entry.outputs or decoding.outputs,
        input_size=None if entry.input_size == "dynamic" else entry.input_size,
    )


def _embedder(root: Path, entry: EmbedderEntry) -> EmbedderSpec:
    return EmbedderSpec(
        path=root / entry.file,
        sha256=entry.sha256,
        licence=entry.licence,
        origin=entry.origin,
        colour=entry.colour,
        mean=entry.mean,
        scale=entry.scale,
        template=CropTemplate.of(entry.template, entry.input_size),
        dimension=entry.dimension,
    )
