"""`Detector` and `Embedder` on onnxruntime. A detector keeps the buffer that it fills: one thread at a time."""

from __future__ import annotations

from collections import OrderedDict
from itertools import cycle

import cv2
import numpy as np
from numpy.typing import NDArray

from watchbound.adapters.onnx_session import ModelSession
from watchbound.domain.errors import InvalidValue, ModelPackError
from watchbound.domain.face import Detection
from watchbound.extraction.canvas import Canvas
from watchbound.extraction.decoding import ALIGNMENT
from watchbound.extraction.model_pack import EmbedderSpec, ModelPack
from watchbound.extraction.wipe import wipe
from watchbound.ports import Image
from watchbound.settings import ModelSettings

_Floats = NDArray[np.float32]

_KEPT_SIZES = 8
"""Cameras of more picture sizes than this make a worker allocate inputs anew, which costs 0.3 ms a frame."""

_TALLEST = 4
"""A picture is scaled as if it were at least a quarter as wide as it is high: a bound on memory."""

# On a CPU more faces at once are slower, since their activations no longer fit its cache (SFace on one thread: 10 % in
# eights, 25 % in sixteens); a GPU likes many, and memory is the bound.
_EMBED_AT_ONCE = {"CPUExecutionProvider": 2, "CUDAExecutionProvider": 32}


class OnnxDetector:
    """Finds faces with the pack's detector.

    Args:
        pack: whose detector to use.
        settings: provider and threads.
        width: wider pictures are scaled down to it, in pixels; narrower ones are never scaled up. A model of fixed
            input size is given its own size instead.
        min_score: least confidence of a face, in [0, 1].

    Raises:
        ModelPackError: the model cannot be used, or its answers are not of the form that the manifest names.
        ConfigurationError: the provider cannot be had.
    """

    def __init__(self, pack: ModelPack, settings: ModelSettings, width: int = 640, min_score: float = 0.6) -> None:
        spec = pack.detector
        self._spec = spec
        self._session = ModelSession(spec, settings)
        columns, rows = spec.input_size or (None, None)
        self._session.require_input(1, 3, rows, columns)
        if not set(spec.outputs) <= set(self._session.outputs):
            msg = (
                f"{spec.path}: decoding {spec.decoding.name} expects the outputs {', '.join(spec.outputs)}, got "
                f"{', '.join(self._session.outputs)}; name the file's own in `outputs`, or mend `decoding`"
            )
            raise ModelPackError(msg)
        self._limits = spec.input_size or (width, _TALLEST * width)
        self._min_score = min_score
        self._channels = (0, 1, 2) if spec.colour == "bgr" else (2, 1, 0)
        self._inputs: OrderedDict[tuple[int, int], _Floats] = OrderedDict()
        self._shrunk, self._planes = (Canvas(), Canvas()), Canvas()
        self._check_shapes()

    @property
    def digest(self) -> str:
        """sha256 of the model file."""
        return self._spec.sha256

    @property
    def provider(self) -> str:
        """The execution provider in use."""
        return self._session.provider

    def detect(self, image: Image) -> list[Detection]:
        """Every face in the picture, best first, in pixels of that picture.

        Raises:
            InvalidValue: `image` is no picture of shape (height, width, 3) with 8 bits a channel.
        """
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
            msg = f"expected a picture of shape (height, width, 3), uint8, got {image.shape}, {image.dtype}"
            raise InvalidValue(msg)
        small = shrink(image, *self._limits, self._shrunk)
        batch = self._fill(small)
        answers = self._session.run(batch, self._spec.outputs)
        return self._spec.decoding.decode(answers, batch.shape[3], self._min_score, image.shape[1] / small.shape[1])

    def forget(self) -> None:
        """Look at black pictures of every size kept: it overwrites the buffers, and what the model computed last."""
        for canvas in (*self._shrunk, self._planes):
            canvas.forget()
        for batch in self._inputs.values():
            for plane, black in zip(batch[0], self._black(), strict=True):
                plane.fill(black)
            self._session.run(batch, self._spec.outputs)

    def _check_shapes(self) -> None:
        """Run once on a black picture: a grid of another size, or outputs in another order, would be read as faces."""
        width, height = self._spec.input_size or (4 * ALIGNMENT, 2 * ALIGNMENT)
        black = np.empty((1, 3, height, width), np.float32)
        black[:] = self._black()[:, None, None]
        answers = self._session.run(black, self._spec.outputs)
        expected = self._spec.decoding.shapes(width, height)
        for role, name, answer, shape in zip(
            self._spec.decoding.outputs, self._spec.outputs, answers, expected, strict=True
        ):
            if answer.shape not in (shape, (1, *shape)):
                msg = (
                    f"{self._spec.path}: expected the output {name!r} to be {role}, of shape {shape} for a picture of "
                    f"{width}×{height}, got {answer.shape}; check `decoding`, `input_size` and the order of `outputs`"
                )
                raise ModelPackError(msg)

    def _black(self) -> _Floats:
        return -np.asarray(self._spec.mean, np.float32) * np.asarray(self._spec.scale, np.float32)

    def _fill(self, image: Image) -> _Floats:
        """The picture in the top-left corner of the model's input, black beyond it."""
        height, width = image.shape[:2]
        batch = self._input(height, width)
        # Contiguous planes first: converting a strided one takes twice as long.
        planes = cv2.split(image, list(self._planes.of(3, height, width)))
        for place, channel in enumerate(self._channels):
            target = batch[0, place, :height, :width]
            target[...] = planes[channel]
            if self._spec.normalises:
                target -= np.float32(self._spec.mean[place])
                target *= np.float32(self._spec.scale[place])
        return batch

    def _input(self, height: int, width: int) -> _Floats:
        """A kept buffer for pictures of this size; what lies beyond the picture was set once and is never written."""
        kept = self._inputs.get((height, width))
        if kept is not None:
            self._inputs.move_to_end((height, width))
            return kept
        columns, rows = self._spec.input_size or (_round_up(width), _round_up(height))
        batch = np.empty((1, 3, rows, columns), np.float32)
        batch[:] = self._black()[:, None, None]
        self._inputs[height, width] = batch
        if len(self._inputs) > _KEPT_SIZES:
            self._inputs.popitem(last=False)
        return batch


class OnnxEmbedder:
    """Makes templates with the pack's embedder.

    Raises:
        ModelPackError: the model cannot be used, or its templates are not as the manifest says.
        ConfigurationError: the provider cannot be had.
    """

    def __init__(self, pack: ModelPack, settings: ModelSettings) -> None:
        self._spec = pack.embedder
        self._session = ModelSession(self._spec, settings)
        self._session.require_input(None, 3, self._spec.template.height, self._spec.template.width)
        self._check_dimension(self._spec)
        self._settle()

    @property
    def digest(self) -> str:
        """sha256 of the model file."""
        return self._spec.sha256

    @property
    def provider(self) -> str:
        """The execution provider in use."""
        return self._session.provider

    @property
    def dimension(self) -> int:
        """d, the length of a template."""
        return self._spec.dimension

    def embed(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Templates of shape (n, d), each of norm 1, for aligned crops of shape (n, height, width, 3), blue-green-red.

        NaN is the whole row of a crop for which the model answers with nothing finite, or with no length.

        Raises:
            InvalidValue: crops of another shape or type.
        """
        width, height = self._spec.template.width, self._spec.template.height
        if crops.ndim != 4 or crops.shape[1:] != (height, width, 3) or crops.dtype != np.uint8:
            msg = f"expected crops of shape (n, {height}, {width}, 3), uint8, got {crops.shape}, {crops.dtype}"
            raise InvalidValue(msg)
        if len(crops) == 0:
            return np.empty((0, self.dimension), np.float32)
        step = _EMBED_AT_ONCE[self.provider]
        parts = [self._session.run(self._batch(crops[start : start + step]))[0] for start in range(0, len(crops), step)]
        raw = np.concatenate(parts)
        templates = _unit(raw)
        wipe(raw, *parts)
        return templates

    def forget(self) -> None:
        """Look at plain grey, in as many faces at once as ever, and have onnxruntime give back what memory it can.

        It never gives back what it took first; that, the grey overwrites.
        """
        for count in self._counts():
            self._session.run(self._grey(count), gives_back=True)

    def _batch(self, crops: NDArray[np.uint8]) -> _Floats:
        ordered = crops[..., ::-1] if self._spec.colour == "rgb" else crops
        batch = np.ascontiguousarray(ordered.transpose(0, 3, 1, 2), dtype=np.float32)
        if self._spec.normalises:
            batch -= np.asarray(self._spec.mean, np.float32)[:, None, None]
            batch *= np.asarray(self._spec.scale, np.float32)[:, None, None]
        return batch

    def _settle(self) -> None:
        """Have onnxruntime lay out its memory while it sees nobody, so that grey finds all of it (`forget`).

        It notes what a number of faces needs the first time, lays it out the second time, and keeps to that.
        """
        for count in self._counts():
            for _ in range(2):
                self._session.run(self._grey(count))

    def _counts(self) -> tuple[int, int]:
        """The fewest and the most faces at once; on a CPU there is nothing between."""
        return 1, _EMBED_AT_ONCE[self.provider]

    def _grey(self, count: int) -> _Floats:
        """What the model is given for faces of nobody."""
        crop = self._spec.template
        return self._batch(np.full((count, crop.height, crop.width, 3), 128, np.uint8))

    def _check_dimension(self, spec: EmbedderSpec) -> None:
        """Run once on two grey crops: a shape in a file is a claim. It also makes the first real face no slower."""
        answers = self._session.run(self._grey(2))
        if answers[0].shape != (2, spec.dimension):
            msg = (
                f"{spec.path}: expected templates of shape (n, {spec.dimension}), got {answers[0].shape} for two faces"
            )
            raise ModelPackError(msg)


def shrink(image: Image, width: int, height: int, canvases: tuple[Canvas, Canvas] | None = None) -> Image:
    """The picture scaled down, if need be, until it fits in width×height.

    Halving averages four pixels and is OpenCV's fastest path; what remains, a factor below two, needs no more than
    linear interpolation. So nothing aliases, at a third of the cost of `INTER_AREA` in one step.

    Args:
        image: shape (height, width, 3).
        width: most columns.
        height: most rows.
        canvases: where to, step by step in turn; the picture is then valid until the next one.
    """
    onto = cycle(canvases or (Canvas(), Canvas()))
    factor = min(1.0, width / image.shape[1], height / image.shape[0])
    if factor >= 1.0:
        return image
    target = (max(1, round(image.shape[1] * factor)), max(1, round(image.shape[0] * factor)))
    while image.shape[1] >= 2 * target[0] and image.shape[0] >= 2 * target[1]:
        half = (image.shape[1] // 2, image.shape[0] // 2)
        whole = image[: 2 * half[1], : 2 * half[0]]
        image = cv2.resize(whole, half, next(onto).of(half[1], half[0], 3), interpolation=cv2.INTER_AREA)
    if (image.shape[1], image.shape[0]) != target:
        image = cv2.resize(image, target, next(onto).of(target[1], target[0], 3), interpolation=cv2.INTER_LINEAR)
    return image


def _round_up(side: int) -> int:
    return -(-side // ALIGNMENT) * ALIGNMENT


def _unit(raw: _Floats) -> _Floats:
    """Each row at norm 1, or NaN: one that cannot be brought to it never costs its neighbours theirs."""
    norms = np.linalg.norm(raw.astype(np.float64), axis=1, keepdims=True)
    norms[~np.isfinite(norms) | (norms == 0)] = np.nan
    unit: _Floats = (raw / norms).astype(np.float32)
    return unit
