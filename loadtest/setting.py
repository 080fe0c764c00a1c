"""What every part of the benchmark is given: how much to measure, on what, and where to say how far it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from loadtest.footage import Footage
from watchbound.extraction.model_pack import ModelPack


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured.

    Attributes:
        cameras: how many are rendered.
        footage_s: seconds of each, all of which accuracy is judged on.
        cost_s: seconds of each that are timed in `rounds` of all pipelines.
        sampled: of so many timed frames `face_recognition` gets one.
        watchlist: entries, nearly all of nobody.
        latency_s: how long alerts are waited for, and collected.
        backlog_s: how long workers are watched at a backlog, one and then two of them.
        lists: the two lengths of a watchlist whose cost is compared.
        safeguard_rounds: of each mode, in turn.
        memory_minutes: how long a worker's memory is followed.
    """

    cameras: int
    footage_s: float
    cost_s: float
    rounds: int
    sampled: int
    watchlist: int
    latency_s: float
    backlog_s: float
    lists: tuple[int, int]
    safeguard_rounds: int
    memory_minutes: float


FULL = Size(
    cameras=4,
    footage_s=30.0,
    cost_s=20.0,
    rounds=3,
    sampled=10,
    watchlist=10_000,
    latency_s=90.0,
    backlog_s=15.0,
    lists=(1_000, 100_000),
    safeguard_rounds=4,
    memory_minutes=30.0,
)
QUICK = Size(
    cameras=1,
    footage_s=14.0,
    cost_s=8.0,
    rounds=1,
    sampled=10,
    watchlist=500,
    latency_s=6.0,
    backlog_s=2.0,
    lists=(200, 1_000),
    safeguard_rounds=1,
    memory_minutes=0.1,
)


@dataclass(frozen=True, slots=True)
class Setting:
    """What a part measures with.

    Attributes:
        say: tells whoever waits how far it is.
        cpu_ms_per_frame: what a worker is known to spend, where an earlier part measured it.
    """

    size: Size
    pack: ModelPack
    footage: Sequence[Footage]
    say: Callable[[str], None]
    cpu_ms_per_frame: float | None = None

    @property
    def cameras(self) -> list[str]:
        """The ids of the rendered cameras."""
        return [part.camera_id for part in self.footage]
