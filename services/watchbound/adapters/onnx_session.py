"""One onnxruntime session: opened only on a verified, inspected file, and only on the provider that was asked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from watchbound.adapters.logs import get_logger
from watchbound.adapters.onnx_inspection import inspect_model
from watchbound.domain.errors import ConfigurationError, ModelPackError
from watchbound.extraction.model_pack import ModelSpec
from watchbound.settings import ModelSettings

log = get_logger(__name__)

PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}

# Pictures of several sizes alternate, and the exhaustive search would run anew for each of them.
_PROVIDER_OPTIONS = {"CPUExecutionProvider": {}, "CUDAExecutionProvider": {"cudnn_conv_algo_search": "HEURISTIC"}}

_GIVING_BACK = ort.RunOptions()
_GIVING_BACK.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")

_LOG_ERRORS_ONLY = 3
_REFUSALS = (
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
)


class ModelSession:
    """A model ready to run.

    Attributes:
        provider: the execution provider in use.
        outputs: names of the outputs, in the order in which `run` gives them unless asked for others.
    """

    def __init__(self, spec: ModelSpec, settings: ModelSettings) -> None:
        """Check and open the file.

        Args:
            spec: which file.
            settings: provider and threads.

        Raises:
            ModelPackError: the file is altered, of a refused form, or one that onnxruntime cannot run.
            ConfigurationError: the provider cannot be had.
        """
        self.provider = available_provider(settings.provider, ort.get_available_providers())
        self._path = spec.path
        data = spec.read()
        inspect_model(data, str(spec.path))
        try:
            self._session = ort.InferenceSession(
                data,
                _options(settings.threads),
                providers=[(self.provider, _PROVIDER_OPTIONS[self.provider])],
                enable_fallback=0,
            )
        except _REFUSALS as error:
            msg = f"{spec.path}: onnxruntime {ort.__version__} cannot run it on {self.provider}: {error}"
            raise ModelPackError(msg) from error
        require_in_use(self.provider, self._session.get_providers())
        self.outputs = [output.name for output in self._session.get_outputs()]
        self._input = self._only_input(spec)
        log.info("model opened", model=spec.path.name, digest=spec.sha256[:12], provider=self.provider)

    def run(
        self, batch: NDArray[np.float32], outputs: Sequence[str] | None = None, *, gives_back: bool = False
    ) -> list[NDArray[np.float32]]:
        """The model's answers to `batch` of shape (n, 3, height, width).

        Args:
            batch: the model's input.
            outputs: the names of those that are wanted, or all.
            gives_back: whether the memory that onnxruntime keeps for the next run is freed afterwards, as far as none
                of it is in use; freed memory is overwritten (`adapters.allocator`).
        """
        options = _GIVING_BACK if gives_back else None
        answers: list[NDArray[np.float32]] = self._session.run(outputs, {self._input: batch}, options)
        return answers

    def require_input(self, *expected: int | None) -> None:
        """Refuse a model whose input has other sides: the file must be able to do what the manifest says.

        Args:
            expected: sides of the input; None for one that may be any number. A dynamic side fits a number too.

        Raises:
            ModelPackError: it has another shape.
        """
        shape = self._session.get_inputs()[0].shape
        for side, wanted in zip(shape, expected, strict=True):
            if isinstance(side, int) and side != wanted:
                asked = ", ".join("any" if wanted is None else str(wanted) for wanted in expected)
                msg = (
                    f"{self._path}: expected an input of shape ({asked}), got {shape}; mend the manifest or the export"
                )
                raise ModelPackError(msg)

    def _only_input(self, spec: ModelSpec) -> str:
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or inputs[0].type != "tensor(float)" or len(inputs[0].shape) != 4:
            came = ", ".join(f"{each.name}: {each.type} {each.shape}" for each in inputs)
            msg = f"{spec.path}: expected one float input of shape (n, 3, height, width), got {came or 'none'}"
            raise ModelPackError(msg)
        return str(inputs[0].name)


def available_provider(wanted: str, available: Sequence[str]) -> str:
    """What onnxruntime calls the provider `wanted` ("cpu" or "cuda").

    Raises:
        ConfigurationError: this onnxruntime was built without it.
    """
    provider = PROVIDERS[wanted]
    if provider not in available:
        msg = (
            f"WATCHBOUND_MODELS_PROVIDER: {wanted} needs {provider}, this onnxruntime has only {', '.join(available)}; "
            f"install watchbound[gpu] instead of watchbound[cpu], or set cpu"
        )
        raise ConfigurationError(msg)
    return provider


def require_in_use(wanted: str, in_use: Sequence[str]) -> None:
    """Refuse a fall-back: onnxruntime goes on without a GPU that it cannot open, many times slower.

    Args:
        wanted: onnxruntime's name of the provider.
        in_use: the providers of an opened session, the one that takes precedence first.

    Raises:
        ConfigurationError: the session runs on another provider.
    """
    if not in_use or in_use[0] != wanted:
        msg = (
            f"WATCHBOUND_MODELS_PROVIDER: expected a session on {wanted}, got one on {', '.join(in_use) or 'none'}; "
            f"check the GPU's driver and the CUDA and cuDNN libraries (onnxruntime {ort.__version__}), or set cpu"
        )
        raise ConfigurationError(msg)


def _options(threads: int) -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = _LOG_ERRORS_ONLY
    # Workers share cores: a thread that waits by spinning takes the time of one that works.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options
