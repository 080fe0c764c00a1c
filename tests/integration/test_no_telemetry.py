"""No library of ours tells its maker anything: asked of processes, since it is decided as they start."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SESSION = """
import onnxruntime
import numpy as np
import onnx
from onnx import TensorProto, helper

number = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", [number],
                          [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
session.run(None, {"x": np.zeros(1, np.float32)})
"""

USAGE = """
from ray._common.usage.usage_lib import usage_stats_enabled

assert not usage_stats_enabled()
"""


def left_by(program: str, home: Path) -> list[str]:
    """What a program leaves in an empty home and folder for temporary files, outside CI, where all keep silent."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ORT_", "RAY_")) and name != "CI"}
    environment = {**kept, "HOME": str(home), "TMPDIR": str(home), "XDG_CACHE_HOME": str(home / "cache")}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True, timeout=120, capture_output=True)
    return sorted(str(path.relative_to(home)) for path in home.rglob("*") if path.is_file())


def test_onnxruntime_makes_no_identifier_and_keeps_nothing_to_send(tmp_path: Path) -> None:
    silent, telling = tmp_path / "silent", tmp_path / "telling"
    silent.mkdir()
    telling.mkdir()
    assert left_by("import watchbound\n" + SESSION, silent) == []
    if not left_by(SESSION, telling):
        pytest.fail(
            "this onnxruntime leaves no trace of its telemetry by itself: find another way to see that it is off"
        )


def test_ray_reports_no_usage(tmp_path: Path) -> None:
    assert left_by("import watchbound\n" + USAGE, tmp_path) == []
