"""`manifest.yaml` of a model pack as people write it: its schema, and reading it with errors that name the field."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError
from pydantic_core import ErrorDetails

from watchbound.domain.errors import ModelPackError
from watchbound.plain_yaml import load_yaml

MANIFEST_NAME = "manifest.yaml"

_Triple = tuple[FiniteFloat, FiniteFloat, FiniteFloat]
_Point = tuple[FiniteFloat, FiniteFloat]
_Side = Annotated[int, Field(ge=32, le=4096)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class _ModelEntry(_Strict):
    """What both models declare.

    Attributes:
        file: name inside the pack's folder; a path out of it is no name.
        origin: where the weights came from and what was done to them, for people.
        colour: order of the input's channels.
        mean, scale: the input is (pixel − mean)·scale for pixels from 0 to 255, per channel in `colour` order.
    """

    file: str = Field(pattern=r"^\w[\w.-]*\.onnx$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    licence: str
    origin: str = Field(min_length=1)
    colour: Literal["bgr", "rgb"]
    mean: _Triple = (0.0, 0.0, 0.0)
    scale: _Triple = (1.0, 1.0, 1.0)


class DetectorEntry(_ModelEntry):
    """The model that finds faces; `input_size` is (width, height), or `dynamic`: any multiple of 32."""

    decoding: Literal["yunet"]
    input_size: tuple[_Side, _Side] | Literal["dynamic"]


class EmbedderEntry(_ModelEntry):
    """The model that makes templates; `template` are five points (x, y) of the crop, in the order of the landmarks."""

    decoding: Literal["vector"]
    input_size: tuple[Literal[112], Literal[112]]
    template: tuple[_Point, _Point, _Point, _Point, _Point]
    metric: Literal["cosine"]
    dimension: int = Field(ge=16, le=4096)


class Manifest(_Strict):
    """The whole file; `format` lets a later version tell its own from this one."""

    format: Literal[1]
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]*$", max_length=64)
    detector: DetectorEntry
    embedder: EmbedderEntry


def read_manifest(root: Path) -> Manifest:
    """The manifest in the folder `root`.

    Raises:
        ModelPackError: there is none, it is not YAML, or a field is missing, unknown or out of its domain.
    """
    return parse_manifest(read_manifest_bytes(root), root)


def read_manifest_bytes(root: Path) -> bytes:
    """The manifest in the folder `root` as it lies there, for who checks its signature.

    Raises:
        ModelPackError: there is none.
    """
    path = root / MANIFEST_NAME
    try:
        return path.read_bytes()
    except OSError as error:
        msg = f"{path}: expected the manifest of a model pack, got {error.strerror}; see docs/models.md for its form"
        raise ModelPackError(msg) from error


def parse_manifest(data: bytes, root: Path) -> Manifest:
    """What the bytes of a manifest say; `root` is for messages.

    Raises:
        ModelPackError: it is not YAML, or a field is missing, unknown or out of its domain.
    """
    path = root / MANIFEST_NAME
    try:
        document = load_yaml(data.decode())
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        msg = f"{path}: expected YAML, got a file that is not ({' '.join(str(error).split())})"
        raise ModelPackError(msg) from error
    try:
        return Manifest.model_validate(document)
    except ValidationError as error:
        problems = "; ".join(_problem(each) for each in error.errors(include_url=False))
        msg = f"{path}: {problems}; see docs/models.md for what each field may hold"
        raise ModelPackError(msg) from error


def _problem(each: ErrorDetails) -> str:
    field = ".".join(str(part) for part in each["loc"]) or "the document"
    came = "" if each["type"] == "missing" else f", got {each['input']!r}"
    return f"{field}: {each['msg']}{came}"


def render_manifest(manifest: Manifest) -> str:
    """The manifest as YAML: the same text for the same manifest."""
    text: str = yaml.safe_dump(
        manifest.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=110, default_flow_style=None
    )
    return text
