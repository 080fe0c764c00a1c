"""`manifest.yaml` of a model pack as people write it: its schema, and reading it with errors that name the field."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError, ValidationInfo, field_validator
from pydantic_core import ErrorDetails

from watchbound.domain.errors import ModelPackError
from watchbound.extraction.decodings import DECODINGS, DecodingName
from watchbound.plain_yaml import load_yaml

MANIFEST_NAME = "manifest.yaml"

_Triple = tuple[FiniteFloat, FiniteFloat, FiniteFloat]
_Point = tuple[FiniteFloat, FiniteFloat]
_Side = Annotated[int, Field(ge=32, le=4096)]
_CropSide = Annotated[int, Field(ge=32, le=512)]
_Template = tuple[_Point, _Point, _Point, _Point, _Point]

_LEAST_EYES_APART = 1 / 8
"""Of a crop's width. Points that are given as shares of it, and not in pixels, would all lie in one corner."""


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
    """The model that finds faces.

    Attributes:
        decoding: how its answers are read.
        outputs: the names that the file gives them, in the order of the decoding's own, where they are others.
        input_size: (width, height), or `dynamic`: any multiple of 32.
    """

    decoding: DecodingName
    outputs: tuple[str, ...] | None = None
    input_size: tuple[_Side, _Side] | Literal["dynamic"]

    @field_validator("outputs")
    @classmethod
    def _one_name_each(cls, outputs: tuple[str, ...] | None, info: ValidationInfo) -> tuple[str, ...] | None:
        own = DECODINGS[info.data["decoding"]].outputs if "decoding" in info.data else None
        if outputs is None or own is None:
            return outputs
        if len(set(outputs)) != len(own) or len(outputs) != len(own):
            msg = f"expected {len(own)} names, each another, in the order {', '.join(own)}"
            raise ValueError(msg)
        return outputs


class EmbedderEntry(_ModelEntry):
    """The model that makes templates.

    Attributes:
        decoding: how its answers are read: `vector`, one vector of any length for each face.
        input_size: (width, height) of a crop.
        template: five points (x, y) of the crop in its pixels, in the order of the landmarks.
        normalise: whether templates may be brought to length 1. They are, so a model of which the length says something
            is refused.
        metric: what the model was trained for. Of templates of length 1, l2 is √(2 − 2·cosine), and ranks as it does.
        dimension: length of a template.
    """

    decoding: Literal["vector"]
    input_size: tuple[_CropSide, _CropSide]
    template: _Template
    normalise: bool | None = None
    metric: Literal["cosine", "l2"]
    dimension: int = Field(ge=16, le=4096)

    @field_validator("template")
    @classmethod
    def _upright_face(cls, points: _Template, info: ValidationInfo) -> _Template:
        if "input_size" not in info.data:
            return points
        width, height = info.data["input_size"]
        if not all(0 <= x < width and 0 <= y < height for x, y in points):
            msg = f"expected points in pixels of the crop, within {width}×{height}"
            raise ValueError(msg)
        right_eye, left_eye, _, right_corner, left_corner = points
        upright = max(right_eye[1], left_eye[1]) < min(right_corner[1], left_corner[1])
        apart = left_eye[0] - right_eye[0] >= _LEAST_EYES_APART * width and left_corner[0] > right_corner[0]
        if not (upright and apart):
            msg = (
                "expected an upright face: the person's right eye (on the left of the picture), left eye, nose tip, "
                f"right and left mouth corner, with the eyes at least {_LEAST_EYES_APART * width:g} pixels apart"
            )
            raise ValueError(msg)
        return points

    @field_validator("normalise")
    @classmethod
    def _may_be_normalised(cls, normalise: bool | None) -> bool | None:
        if normalise is False:
            msg = "templates are brought to length 1 here; a model of which the length says something cannot be used"
            raise ValueError(msg)
        return normalise

    @field_validator("metric")
    @classmethod
    def _l2_of_unit_vectors(cls, metric: str, info: ValidationInfo) -> str:
        if metric == "l2" and info.data.get("normalise", True) is None:
            msg = (
                "l2 is that of templates of length 1, so that scores are 1 − d²/2, the cosine; add `normalise: true` "
                "if the model's may be brought to that length, and use another model if they may not"
            )
            raise ValueError(msg)
        return metric


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
        manifest.model_dump(mode="json", exclude_none=True),
        sort_keys=False,
        allow_unicode=True,
        width=110,
        default_flow_style=None,
    )
    return text
