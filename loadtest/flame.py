"""Where a matching worker's CPU goes: a flame graph of one that runs, as the demonstration starts it.

py-spy samples the worker's process from outside, all threads. So what is drawn is what a deployment pays: Kafka,
opening, decoding, models, tracking, searching, publishing, and overwriting what is let go. It takes threads that wait
in native code for busy ones; stacks that end in a wait are left out.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import psutil

from loadtest.flame_svg import draw

PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "matching-worker.svg"

_SAMPLES_A_SECOND = 200
_STARTED_WITHIN_S = 900.0
_MATCHING = "Runner.step"
_WAITS = ("Worker.main_loop", "EpollSelector.select", "Condition.wait", "_blocking (grpc")
_SHELL = re.compile(r":\d+(?=\)$)")
"""Line numbers: a function is one frame, wherever in it the sample was."""
_PARTS = {
    "decode": ("decode_jpeg", "glance_jpeg"),
    "detect": ("OnnxDetector.detect",),
    "embed": ("OnnxEmbedder.embed",),
    "models": ("ModelSession.run",),
}


def busy(folded: Iterable[str]) -> list[tuple[list[str], int]]:
    """The stacks of threads that work, outermost frame first, with their counts.

    Args:
        folded: as `py-spy record --format raw` writes them: frames by `;`, then a count.
    """
    stacks = []
    for line in folded:
        stack, _, count = line.rstrip().rpartition(" ")
        frames = [_SHELL.sub("", frame) for frame in stack.split(";") if frame]
        if frames and count.isdigit() and not frames[-1].startswith(_WAITS):
            stacks.append((frames, int(count)))
    return stacks


def shares(stacks: Iterable[tuple[list[str], int]]) -> dict[str, float]:
    """Shares of all samples.

    Returns:
        For `decode`, `detect`, `embed` and `models` (inside onnxruntime) the share of samples that are inside;
        `matching`, those of the thread that matches; `outside`, all that is neither decoding nor inside a model.
    """
    counts: Counter[str] = Counter()
    for stack, count in stacks:
        frames = {frame.split(" ", 1)[0] for frame in stack}
        inside = {part for part, names in _PARTS.items() if frames.intersection(names)}
        for part in inside | ({"matching"} if _MATCHING in frames else set()) | {"all"}:
            counts[part] += count
        if not inside & {"decode", "models"}:
            counts["outside"] += count
    total = counts.pop("all", 0)
    if not total:
        msg = "expected samples of a worker, got none; is py-spy allowed to read other processes (ptrace)?"
        raise RuntimeError(msg)
    return {part: round(counts[part] / total, 3) for part in (*_PARTS, "matching", "outside")}


def worker_of(demo: psutil.Process) -> psutil.Process:
    """The Ray worker that a demonstration has started, once it is there.

    Raises:
        RuntimeError: the demonstration ended, or there is none in time.
    """
    deadline = time.monotonic() + _STARTED_WITHIN_S
    while time.monotonic() < deadline and demo.is_running() and demo.status() != psutil.STATUS_ZOMBIE:
        for process in demo.children(recursive=True):
            try:
                line = " ".join(process.cmdline())
                if "ray::_Actor" in line:
                    return process
            except psutil.Error:
                continue
        time.sleep(0.2)
    msg = "expected a matching worker below `watchbound demo`, found none; run the demonstration alone to see why"
    raise RuntimeError(msg)


def record(pid: int, seconds: int, path: Path) -> None:
    """Sample a process."""
    spy = Path(sys.executable).parent / "py-spy"
    options = ["--nonblocking", "--rate", str(_SAMPLES_A_SECOND), "--duration", str(seconds), "--format", "raw"]
    command = [str(spy), "record", "--pid", str(pid), *options, "--output", str(path)]
    psutil.Popen(command, stdout=subprocess.DEVNULL).wait()


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cameras", type=int, default=8, help="cameras of the demonstration [8]")
    parser.add_argument("--seconds", type=int, default=40, help="how long its people walk, and are watched [40]")
    parser.add_argument("--out", type=Path, default=PICTURE, help=f"where to draw [{PICTURE}]")
    parser.add_argument("--summary", type=Path, help="keep the demonstration's summary here, as JSON")
    arguments = parser.parse_args()
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "watchbound", "demo", "--cameras", str(arguments.cameras)]
    command += ["--seconds", str(arguments.seconds)]
    command += ["--json", str(arguments.summary)] if arguments.summary else []
    with tempfile.TemporaryDirectory() as scratch:
        folded = Path(scratch) / "folded.txt"
        demo = psutil.Popen(command, stdout=subprocess.DEVNULL)
        try:
            record(worker_of(demo).pid, arguments.seconds, folded)
            demo.wait()
        finally:
            if demo.is_running():
                demo.terminate()
                demo.wait()
        stacks = busy(folded.read_text().splitlines())
    title = f"a matching worker, {arguments.cameras} cameras: CPU samples of all its threads"
    arguments.out.write_text(draw(stacks, title))
    print(json.dumps(shares(stacks)))


if __name__ == "__main__":
    main()
