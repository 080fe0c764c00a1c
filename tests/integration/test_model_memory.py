"""What the models leave of a face in a process's memory, asked from outside, as the proof of forgetting does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray

from watchbound.adapters.allocator import WIPES_FREED
from watchbound.extraction.model_pack import ModelPack
from watchbound.stack.prove.memory import ProcessMemory

WORKER = """
import sys
import numpy as np
from watchbound.adapters.onnx_runtime import OnnxEmbedder
from watchbound.extraction.model_pack import load_pack
from watchbound.extraction.wipe import wipe, wipe_freed
from watchbound.settings import ModelSettings, load
from pathlib import Path

embedder = OnnxEmbedder(load_pack(Path(sys.argv[1])), load(ModelSettings))
print("ready", flush=True)
for command in sys.stdin:
    if command == "forget\\n":
        embedder.forget()
    else:
        count = int(command)
        faces = np.random.default_rng(count).integers(0, 256, (count, 112, 112, 3), np.uint8)
        templates = embedder.embed(faces)
        wipe(faces, templates)
        wipe_freed([4 * embedder.dimension])
    print("done", flush=True)
"""


def batch(count: int) -> NDArray[np.float32]:
    """What the model is given for the worker's faces."""
    faces = np.random.default_rng(count).integers(0, 256, (count, 112, 112, 3), np.uint8)
    return np.ascontiguousarray(faces[..., ::-1].transpose(0, 3, 1, 2), dtype=np.float32)


@contextmanager
def worker(pack: ModelPack) -> Iterator[subprocess.Popen[str]]:
    """A process that has embedded faces, and forgets them when it is told to."""
    command = [sys.executable, "-c", WORKER, str(pack.embedder.path.parent)]
    environment = {**os.environ, **WIPES_FREED}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, text=True, stdin=pipe, stdout=pipe) as process:
        try:
            yield process
        finally:
            process.kill()


def tell(process: subprocess.Popen[str], command: str | None) -> None:
    """Give a command, unless none is to be given yet, and wait until it is done."""
    assert process.stdin is not None
    assert process.stdout is not None
    if command is not None:
        process.stdin.write(command + "\n")
        process.stdin.flush()
    # Between them stand lines of the log.
    assert any(line in {"ready\n", "done\n"} for line in iter(process.stdout.readline, ""))


def found(pid: int, wanted: dict[str, bytes]) -> dict[str, int]:
    """How often each stands in the process's memory."""
    pieces = [piece.data for piece in ProcessMemory("worker", pid).pieces()]
    return {name: sum(data.count(what) for data in pieces) for name, what in wanted.items()}


def activations(pack: ModelPack, faces: NDArray[np.float32]) -> bytes:
    """Some of what the model has worked out just before the template of the last face."""
    model = onnx.load(pack.embedder.path)
    (last,) = (node.output[0] for node in model.graph.node if node.op_type == "Flatten")
    model.graph.output.append(onnx.helper.make_empty_tensor_value_info(last))
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (answer,) = session.run([last], {session.get_inputs()[0].name: faces})
    return bytes(answer[-1, 20_000:20_016].tobytes())


def test_the_embedder_forgets_every_face(model_pack: ModelPack) -> None:
    counts = (2, 1, 3, 1)
    wanted = {}
    for count in set(counts):
        faces = batch(count)
        for start in range(0, count, 2):
            wanted[f"answer {start} of {count}"] = activations(model_pack, faces[start : start + 2])
            wanted[f"input {start} of {count}"] = faces[start].tobytes()[:64]
    with worker(model_pack) as process:
        tell(process, None)
        for _ in range(2):
            for count in counts:
                tell(process, str(count))
            before = found(process.pid, wanted)
            assert any(before.values()), "the search can find what the model keeps"
            tell(process, "forget")
            after = found(process.pid, wanted)
            assert not any(after.values()), f"left: {after}, before: {before}"
