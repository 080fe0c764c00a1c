"""One round: people walk by, a fault is injected, the world recovers, and the oracle judges what is on the log."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.faults.faults import Fault
from tests.faults.follower import Follower, Heard
from tests.faults.oracle import Judgement, Seen, judge
from tests.faults.world import World
from watchbound.domain.errors import Unavailable
from watchbound.pipeline.topics import FRAMES
from watchbound.stack.demo import PASSAGE_GAP_S
from watchbound.stack.demo_plan import FPS, LISTED
from watchbound.stack.demo_summary import HANDLED
from watchbound.stack.embedded import Service

RECOVERED_WITHIN_S = 30.0

_FIRST_FRAME_S = 60.0
_SETTLED_S = 300.0
_QUIET_S = PASSAGE_GAP_S + 3.0
_LOOK_S = 0.2
_READY_S = 600.0
_FLUENT_S = 8.0
"""A passage lasts three or four seconds, and its first frame is committed with its last."""


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one round.

    Attributes:
        admitted: frame records that the broker holds.
        processed, shed, refused: as the workers counted them.
        unhandled: records that no worker has read at the end; -1 where a worker does not tell.
        outside_authority: frames, matches and alerts that no authority permitted.
        recovery_s: from the moment the harm was done and undone until frames are handled and committed as they come
            (within `_FLUENT_S`, which an open track takes), and alerts are raised.
        ready_s: the same until every process is ready again.
        expected: listed people who passed in admitted frames, by camera.
    """

    fault: str
    seed: int
    cancelled: bool
    injected: int
    admitted: int
    processed: int
    shed: int
    refused: int
    dead_lettered: int
    unhandled: int
    expected: int
    lost: int
    duplicates_before: int
    duplicates_after: int
    false_alerts: int
    outside_authority: int
    recovery_s: float
    ready_s: float
    complaints: tuple[str, ...]

    def facts(self) -> dict[str, object]:
        """As the report holds it."""
        return {**asdict(self), "complaints": list(self.complaints)}


def play(world: World, follower: Follower, fault: Fault, seed: int, cancel: bool) -> Row:
    """One round, in a world that is well; leaves it well."""
    world.random = random.Random(f"{fault.name}-{seed}-{cancel}")
    world.authorise()
    _until(world, world.ready, _READY_S, "the world is ready before the round")
    follower.begin()
    site = Path(world.stack.folder) / "site.yaml"
    world.plan.write_site(site)
    cameras = world.stack.start("cameras", ["camera", "run", str(site)])
    _until(world, lambda: follower.heard().records > 0, _FIRST_FRAME_S, "a first frame")
    world.wait(world.random.uniform(7.0, 13.0))
    canceller = _Canceller(world, cancel)
    harmed_at = datetime.now(UTC)
    injected = fault.inject(world)
    after = _aftermath(world, follower, cameras)
    canceller.join(world)
    cameras.process.stop()
    heard = follower.heard()
    until = None if canceller.at is None else min(canceller.at, harmed_at) - timedelta(seconds=2)
    truths = {camera.id: camera.truth for camera in world.plan.cameras if camera.truth is not None}
    seen = Seen(heard.frames, heard.matches, heard.alerts, canceller.at, until)
    found = judge(seen, truths, frozenset(LISTED), FPS, timedelta(seconds=PASSAGE_GAP_S))
    return _row(fault, seed, canceller.at is not None, injected, heard, after, found)


class _Canceller:
    """Cancels the authorisation in the middle of the harm, from a thread: it must not wait for the harm to end."""

    def __init__(self, world: World, wanted: bool) -> None:
        self.at: datetime | None = None
        self._thread: threading.Thread | None = None
        if wanted:
            self._thread = threading.Thread(target=self._cancel, args=(world, world.random.uniform(1.0, 4.0)))
            self._thread.start()

    def _cancel(self, world: World, delay_s: float) -> None:
        time.sleep(delay_s)
        world.cancel()
        self.at = datetime.now(UTC)

    def join(self, world: World) -> None:
        while self._thread is not None and self._thread.is_alive():
            world.wait(_LOOK_S)


@dataclass(slots=True)
class _Aftermath:
    """What was seen between the end of the harm and the end of the round; see `Row`."""

    recovery_s: float = 0.0
    ready_s: float = 0.0
    unhandled: int = -1


def _aftermath(world: World, follower: Follower, cameras: Service) -> _Aftermath:
    """Look on until the footage is over, every frame handled and committed, and no alert on its way.

    A thing has recovered at the last moment at which it was seen not to be well: a worker that was just killed is not
    missed at once.
    """
    begun = quiet_since = time.monotonic()
    after, known = _Aftermath(), (-1, -1)
    while (now := time.monotonic()) - begun < _SETTLED_S:
        world.look()
        filmed = cameras.process.running()
        if not (_flows(follower) if filmed else world.unread() == 0) or not world.alerting.service.ready():
            after.recovery_s = round(now - begun, 1)
        if not world.ready():
            after.ready_s = round(now - begun, 1)
        heard = follower.heard()
        if (len(heard.alerts), len(heard.matches)) != known:
            known, quiet_since = (len(heard.alerts), len(heard.matches)), now
        if not filmed and now - quiet_since >= _QUIET_S and world.ready() and world.unread() == 0:
            break
        time.sleep(_LOOK_S)
    after.unhandled = -1 if (unread := world.unread()) is None else unread
    return after


def _flows(follower: Follower) -> bool:
    """Whether frames are handled and committed as they come."""
    oldest_s = follower.backlog.oldest_s()
    return oldest_s is not None and oldest_s <= _FLUENT_S


def _row(
    fault: Fault,
    seed: int,
    cancelled: bool,
    injected: int,
    heard: Heard,
    after: _Aftermath,
    found: Judgement,
) -> Row:
    counts = heard.tallies.workers
    row = Row(
        fault=fault.name,
        seed=seed,
        cancelled=cancelled,
        injected=injected,
        admitted=heard.records,
        processed=counts["processed"],
        shed=counts["shed"],
        refused=counts["refused"],
        dead_lettered=len([place for place in heard.dead if place[0] == FRAMES.name]),
        unhandled=after.unhandled,
        expected=found.expected,
        lost=len(found.lost),
        duplicates_before=found.duplicates_before,
        duplicates_after=len(found.duplicates_after),
        false_alerts=len(found.false),
        outside_authority=len(found.outside),
        recovery_s=after.recovery_s,
        ready_s=after.ready_s,
        complaints=(),
    )
    complaints = [*_complaints(row, fault, heard, sum(counts[name] for name in HANDLED))]
    complaints += [f"lost: {what}" for what in found.lost] + [f"false: {what}" for what in found.false]
    complaints += [f"duplicate: {what}" for what in found.duplicates_after]
    complaints += [f"outside: {what}" for what in found.outside]
    return Row(**{**asdict(row), "complaints": tuple(complaints)})


def _complaints(row: Row, fault: Fault, heard: Heard, handled: int) -> list[str]:
    """What is wrong beyond the sets."""
    wrong = []
    if row.unhandled:
        wrong.append(f"{row.unhandled} admitted frames were not handled")
    published = heard.tallies.sites["published"]
    if published > len(heard.frames):
        wrong.append(f"{published} frames were acknowledged, the broker holds {len(heard.frames)}")
    exact = not fault.reads_again and not fault.kills_workers
    if (exact and handled != row.admitted) or (handled < row.admitted and not fault.kills_workers):
        wrong.append(f"{row.admitted} frames were admitted, {handled} accounted for")
    if row.expected == 0 and not row.cancelled:
        wrong.append("nobody who is listed passed, so nothing was shown")
    return wrong


def _until(world: World, holds: Callable[[], bool], within_s: float, what: str) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        world.look()
        if time.monotonic() > deadline:
            msg = f"not within {within_s:g} s: {what}"
            raise Unavailable(msg)
        time.sleep(_LOOK_S)
