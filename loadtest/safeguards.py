"""What the safeguards of the hot path cost: their CPU as a share of the worker's, and the worker without them.

Two measures of one run, since neither is enough alone:

- **Inside them**: the CPU time of the worker's threads inside each safeguard's functions, while it works as ever. It
  resolves a thousandth, and misses what has no function of its own: memory that the C library overwrites as it frees.
- **Without them**: the same frames through the same worker in other company, in alternating rounds: as it is, without
  overwriting freed memory, and with none of it. Rounds of a shared machine differ by some percent, and so does this.

"Without" is the benchmark's doing and no switch of the product: `without_safeguards` puts parts that do nothing in the
worker's process, whose frames were never sealed. Nobody else can have a worker like that.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

from loadtest import sealing
from loadtest.ours import Measured, OurResult, Prepare
from loadtest.portraits import templates
from loadtest.setting import Setting
from loadtest.stand import Stand, in_order, open_stand
from loadtest.stopwatch import Stopwatch, replace
from watchbound.domain.authorisation import Authorisation
from watchbound.domain.frame import Capture
from watchbound.domain.listing import EntryStatus
from watchbound.domain.standing import Refusal
from watchbound.extraction import shots as shots_module
from watchbound.matching import announce as announce_module
from watchbound.matching import attention as attention_module
from watchbound.matching import intake as intake_module
from watchbound.matching import judge as judge_module
from watchbound.matching import main as main_module
from watchbound.matching import worker as worker_module
from watchbound.matching.admission import FrameAdmission
from watchbound.pipeline.audit_gate import AuditGate
from watchbound.pipeline.clock_watch import ClockWatch
from watchbound.pipeline.watchlist_roster import Roster
from watchbound.stack.demo_plan import LISTED
from watchbound.testing.audit import FakeAuditLog
from watchbound.testing.keyring import UnsealedKeyRing

AUTHORISATION = "safeguards"

_SEALED_A_ROUND = 100
_WIPING = (attention_module, judge_module, shots_module, worker_module)
"""Where what showed a face is overwritten."""

_WATCHED: dict[str, tuple[tuple[Any, str], ...]] = {
    "frames opened": ((intake_module, "open_frame"),),
    "crops and templates sealed": ((announce_module, "seal_crop"), (announce_module, "seal_template")),
    "authority": ((FrameAdmission, "judge"), (FrameAdmission, "refusal")),
    "clock": ((ClockWatch, "check"),),
    "audit gate": ((AuditGate, "admit"), (AuditGate, "count"), (AuditGate, "settle")),
    "entries vouched for": ((Roster, "status"),),
    "bystanders hidden": ((shots_module, "blur"),),
    "faces overwritten": (*((module, "wipe") for module in _WIPING), (judge_module, "wipe_freed")),
}
"""By safeguard, the functions that are it, where the worker finds them."""

MODES: dict[str, tuple[bool, bool]] = {"on": (True, True), "freed_kept": (True, False), "off": (False, False)}
"""By mode, whether safeguards are there, and whether freed memory is overwritten."""


def watch_safeguards() -> Mapping[str, Stopwatch]:
    """Time this process's safeguards."""
    stopwatches = {}
    for name, functions in _WATCHED.items():
        stopwatches[name] = Stopwatch()
        for place, function in functions:
            stopwatches[name].watch(place, function)
    return stopwatches


def without_safeguards() -> Mapping[str, Stopwatch]:
    """Have this process's worker work without them."""
    replace(main_module, "open_key_ring", lambda _settings: UnsealedKeyRing())
    replace(main_module, "open_audit_log", lambda _settings: _EndlessAudit())
    replace(main_module, "FrameAdmission", _OpenDoor)
    replace(main_module, "AuditGate", _OpenGate)
    replace(main_module, "Roster", _EverybodyListed)
    for place in _WIPING:
        replace(place, "wipe", _nothing)
    replace(judge_module, "wipe_freed", _nothing)
    replace(shots_module, "blur", lambda image, _keep, _hide: image.copy())
    return {}


class _EndlessAudit(FakeAuditLog):
    def close(self) -> None:
        """Nothing is held."""


class _OpenDoor(FrameAdmission):
    """Takes every frame under the authorisation that it names."""

    def judge(self, frame: Capture) -> Authorisation | Refusal:
        """What is known under the frame's authorisation, whatever it permits."""
        return self._authority.find(frame.authorisation_id) or Refusal.NO_AUTHORISATION

    def refusal(self, _frame: Capture) -> None:
        """Never one."""


class _OpenGate(AuditGate):
    """Records nothing."""

    def admit(self, _authorisation_id: str, _thresholds: frozenset[float]) -> None:
        """Always."""

    def count(self, _authorisation_id: str, _searches: int) -> None:
        """Nobody asks."""


class _EverybodyListed(Roster):
    """Takes the store's word for who is listed."""

    def status(self, _authorisation_id: str, _reference: str, _now: datetime) -> EntryStatus:
        """Listed."""
        return EntryStatus.LISTED


def _nothing(*_: object) -> None:
    """In the place of what overwrites."""


def measure(setting: Setting) -> dict[str, Any]:
    """All modes in turn, on two stands: one whose frames are sealed, one whose frames never were."""
    runs: dict[str, list[OurResult]] = {mode: [] for mode in MODES}
    with ExitStack() as opened:
        sealed = opened.enter_context(open_stand(setting.pack))
        bare = opened.enter_context(open_stand(setting.pack, ring=UnsealedKeyRing()))
        frames = _fill(sealed, setting)
        _fill(bare, setting)
        for number in range(setting.size.safeguard_rounds):
            for mode, (guarded, wipes) in MODES.items():
                prepare: Prepare = watch_safeguards if guarded else without_safeguards
                stand = sealed if guarded else bare
                worker = Measured(stand.for_group(f"{mode}-{number}"), frames, prepare, wipes_freed=wipes)
                worker.wait_ready()
                runs[mode].append(worker.result())
            figures = ", ".join(f"{mode} {each[-1].cpu_ms_per_frame:.2f}" for mode, each in runs.items())
            setting.say(f"safeguards, round {number + 1}: {figures} ms of CPU a frame")
    result = report(runs)
    cost = sealing.measure(_SEALED_A_ROUND * setting.size.safeguard_rounds)
    on = result["safeguards"]["on"]["cpu_ms_per_frame"]
    return result | {"sealing": cost | {"open_share_of_ours": round(cost["open_ms"] / on, 4)}}


def _fill(stand: Stand, setting: Setting) -> int:
    """Authorise, list and publish; returns how many frames. Some who pass are listed, so that crops are sealed."""
    first = datetime.now(UTC) - timedelta(seconds=setting.size.footage_s)
    frames = in_order(frame for part in setting.footage for frame in part.frames(AUTHORISATION, first))
    stand.authorise(AUTHORISATION, setting.cameras)
    stand.enrol(AUTHORISATION, templates(setting.pack, LISTED), setting.size.watchlist)
    stand.publish(frames)
    return len(frames)


def report(runs: Mapping[str, Sequence[OurResult]]) -> dict[str, Any]:
    """`share` is of the guarded worker's CPU, inside the safeguards; ratios are of CPU a frame, with over without."""
    median = statistics.median
    on = runs["on"]
    parts = {name: round(median(run.watched_cpu_s[name] / run.cpu_s for run in on), 5) for name in on[0].watched_cpu_s}
    inside = [sum(run.watched_cpu_s.values()) / run.cpu_s for run in on]
    freed = _ratios(on, runs["freed_kept"])
    return {
        "safeguards": {
            "share": round(median(inside), 4),
            "parts": parts,
            "on": {"cpu_ms_per_frame": round(median(run.cpu_ms_per_frame for run in on), 2)},
            "off": {"cpu_ms_per_frame": round(median(run.cpu_ms_per_frame for run in runs["off"]), 2)},
            "ratio": round(median(_ratios(on, runs["off"])), 4),
            "ratios": [round(ratio, 4) for ratio in _ratios(on, runs["off"])],
            "freed_memory_ratio": round(median(freed), 4),
            "freed_memory_ratios": [round(ratio, 4) for ratio in freed],
            "matches_per_frame": round(on[0].matches / on[0].frames, 3),
            "embeddings_per_frame": {
                mode: round(median(run.embeddings / run.frames for run in each), 3) for mode, each in runs.items()
            },
        }
    }


def _ratios(more: Iterable[OurResult], less: Iterable[OurResult]) -> list[float]:
    return [a.cpu_ms_per_frame / b.cpu_ms_per_frame for a, b in zip(more, less, strict=True)]
