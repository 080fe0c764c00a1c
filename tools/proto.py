"""Generates `services/watchbound/wire/` from `proto/`, the same bytes each time (`make proto`)."""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "proto" / "watchbound" / "v1"
TARGET = ROOT / "services" / "watchbound" / "wire"


def generate(target: Path) -> None:
    """Write one module and one stub per .proto file into `target`."""
    with tempfile.TemporaryDirectory() as scratch:
        files = [str(path) for path in sorted(SOURCES.glob("*.proto"))]
        arguments = ["protoc", f"-I{ROOT / 'proto'}", f"--python_out={scratch}", f"--pyi_out={scratch}", *files]
        if protoc.main(arguments) != 0:
            sys.exit("protoc refused the sources; its message stands above")
        for made in sorted(Path(scratch, "watchbound", "v1").iterdir()):
            # protoc names imports after the .proto path; the package lives in watchbound.wire.
            text = re.sub(r"from watchbound\.v1 import", "from watchbound.wire import", made.read_text())
            (target / made.name).write_text(text)


if __name__ == "__main__":
    for stale in [*TARGET.glob("*_pb2.py"), *TARGET.glob("*_pb2.pyi")]:
        stale.unlink()
    generate(TARGET)
