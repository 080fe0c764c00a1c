"""The seeds: files under `corpus/<target>/`. `python -m tests.fuzz --renew` writes those that are generated."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import simplejpeg
from google.protobuf import json_format
from tools.contracts import CONTRACTS, EXAMPLES, Contract

from tests.fuzz import bombs

ROOT = Path(__file__).with_name("corpus")
_SIDE = 48


def seeds(target: str) -> list[bytes]:
    """All of a target's, in a stable order; the examples of its topic beside them."""
    files = [path.read_bytes() for path in sorted((ROOT / target).glob("*")) if path.is_file()]
    contract = next((contract for contract in CONTRACTS if contract.topic.name == target), None)
    return files + ([] if contract is None else _examples(contract))


def _examples(contract: Contract) -> list[bytes]:
    """The topic's own, the invalid ones too."""
    found = sorted((EXAMPLES / contract.topic.name).rglob("*.json"))
    return [
        json_format.Parse(path.read_text(), contract.codec.message_type()).SerializeToString(deterministic=True)
        for path in found
    ]


def renew() -> None:
    """Write what is generated; what a run has found beside it stays."""
    for name, data in _generated().items():
        path = ROOT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _generated() -> dict[str, bytes]:
    """Pictures of nobody: a ramp and noise."""
    ramp = np.ascontiguousarray(np.broadcast_to(np.arange(_SIDE, dtype=np.uint8)[None, :, None] * 5, (_SIDE, _SIDE, 3)))
    noise = np.random.default_rng(1).integers(0, 255, (_SIDE, _SIDE, 3), dtype=np.uint8)
    grey = simplejpeg.encode_jpeg(np.ascontiguousarray(noise[:, :, :1]), 60, "GRAY")
    progressive = cv2.imencode(".jpg", ramp, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes()
    restarts = cv2.imencode(".jpg", noise, [cv2.IMWRITE_JPEG_RST_INTERVAL, 2])[1].tobytes()
    jpegs = {
        "ramp.jpg": bytes(simplejpeg.encode_jpeg(ramp, 85, "BGR")),
        "noise.jpg": bytes(simplejpeg.encode_jpeg(noise, 85, "BGR", colorsubsampling="420")),
        "grey.jpg": bytes(grey),
        "progressive.jpg": progressive,
        "restarts.jpg": restarts,
        "many-scans.jpg": bombs.many_scans(640, 480, 33),
        "bomb.jpg": bombs.claiming(30_000, 30_000, fill=0),
    }
    stills = {
        "ramp.png": cv2.imencode(".png", ramp)[1].tobytes(),
        "ramp.webp": cv2.imencode(".webp", ramp, [cv2.IMWRITE_WEBP_QUALITY, 80])[1].tobytes(),
        "lossless.webp": cv2.imencode(".webp", ramp, [cv2.IMWRITE_WEBP_QUALITY, 101])[1].tobytes(),
        "bomb.png": bombs.png_claiming(30_000, 30_000),
    }
    texts = {
        "site/laughing.yaml": bombs.laughing().encode(),
        "manifest/laughing.yaml": bombs.laughing().encode(),
        "papers/laughing.yaml": bombs.laughing().encode(),
    }
    return (
        {f"frame/{name}": data for name, data in jpegs.items()}
        | {f"still/{name}": data for name, data in (jpegs | stills).items()}
        | texts
    )
