"""Model packs on disk for tests that read them: any bytes will do where nothing runs."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import yaml

TEMPLATE = [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]


def manifest(detector: bytes = b"detector", embedder: bytes = b"embedder") -> dict[str, Any]:
    """A manifest in which everything is in order."""
    return {
        "format": 1,
        "name": "sample",
        "detector": {
            "file": "detector.onnx",
            "sha256": hashlib.sha256(detector).hexdigest(),
            "licence": "MIT",
            "origin": "made for a test",
            "colour": "bgr",
            "decoding": "yunet",
            "input_size": "dynamic",
        },
        "embedder": {
            "file": "embedder.onnx",
            "sha256": hashlib.sha256(embedder).hexdigest(),
            "licence": "Apache-2.0",
            "origin": "made for a test",
            "colour": "rgb",
            "decoding": "vector",
            "input_size": [112, 112],
            "template": TEMPLATE,
            "metric": "cosine",
            "dimension": 128,
        },
    }


def write_pack(
    root: Path, document: dict[str, Any] | None = None, detector: bytes = b"detector", embedder: bytes = b"embedder"
) -> Path:
    """A pack in `root`, with this manifest or one that fits the files."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "detector.onnx").write_bytes(detector)
    (root / "embedder.onnx").write_bytes(embedder)
    document = document or manifest(detector, embedder)
    (root / "manifest.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    return root
