"""Says whether an audit log is as it was written, and if not, which event is the first that is not.

Two kinds of tampering leave two kinds of traces. Whoever changes less than everything contradicts the tree in the
database, at the event itself. Whoever rewrites the database consistently contradicts the signed checkpoints: then the
first altered event lies between the last checkpoint that still holds and the first that does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from watchbound.domain.errors import InvalidValue
from watchbound.pipeline.audit_record import find_by, read_canonical
from watchbound.pipeline.checkpoint import LogKey, SignedCheckpoint, origin_of
from watchbound.pipeline.merkle import Frontier, TreeNode, leaf_hash

_STRETCH = 1000


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as the database holds it, believed in nothing.

    Attributes:
        canonical: the bytes that were hashed.
        found_by: the columns that searches go by.
    """

    index: int
    canonical: bytes
    found_by: Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a log.

    Attributes:
        events: in the order of their indices.
        nodes: by level and position, the hashes of the tree that those events completed.
    """

    events: Sequence[StoredEvent]
    nodes: Mapping[tuple[int, int], bytes]


class StoredLog(Protocol):
    """A log as the database holds it, at one moment."""

    def stretch(self, first: int, limit: int) -> Stretch:
        """The events from an index on, at most `limit`, and the nodes that events [first, first + limit) completed."""

    def counts(self) -> tuple[int, int]:
        """How many events and how many nodes there are."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A checkpoint that was found somewhere.

    Attributes:
        source: where, for people.
    """

    source: str
    signed: SignedCheckpoint


@dataclass(frozen=True, slots=True)
class CheckpointFinding:
    """What became of one checkpoint.

    Attributes:
        problem: why it does not hold; None when it does.
    """

    source: str
    size: int
    problem: str | None


@dataclass(frozen=True, slots=True)
class Fault:
    """Where a log is not as it was written.

    Attributes:
        first, last: the first altered event is one of these, both included.
    """

    first: int
    last: int
    why: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found.

    Attributes:
        events: how many events were read.
        vouched: events below this number are those that a signed checkpoint vouches for.
        fault: None when the events are as they were written.
    """

    events: int
    vouched: int
    fault: Fault | None
    checkpoints: tuple[CheckpointFinding, ...]

    @property
    def ok(self) -> bool:
        """Whether everything holds: the events and every checkpoint."""
        return self.fault is None and all(finding.problem is None for finding in self.checkpoints)

    @property
    def why(self) -> str | None:
        """In words, what is wrong first; None when nothing is."""
        if self.fault is not None:
            return self.fault.why
        return next((f"{found.source}: {found.problem}" for found in self.checkpoints if found.problem), None)


Holds = Callable[[bytes, bytes, bytes], bool]
"""Whether the key (32 bytes) signed the message with this signature."""


def verify(log: StoredLog, log_id: str, evidence: Sequence[Evidence], keys: Sequence[LogKey], holds: Holds) -> Verdict:
    """Read a log from its beginning and hold it against its own tree and the checkpoints.

    Args:
        log: what the database holds.
        log_id: which log it must be.
        evidence: the checkpoints that were found; older than the log's present state.
        keys: whose signatures are believed.
        holds: verifies a signature.
    """
    refused: list[CheckpointFinding] = []
    believed: list[Evidence] = []
    for each in evidence:
        problem = _disbelief(each.signed, log_id, keys, holds)
        if problem is None:
            believed.append(each)
        else:
            refused.append(CheckpointFinding(each.source, each.signed.checkpoint.size, problem))
    walk = _Walk(log_id, believed)
    walk.run(log)
    unread = tuple(CheckpointFinding(e.source, e.signed.checkpoint.size, walk.unread) for e in walk.pending)
    findings = sorted((*refused, *walk.findings, *unread), key=lambda found: (found.size, found.source))
    return Verdict(walk.frontier.size, walk.vouched, walk.fault, tuple(findings))


def _disbelief(signed: SignedCheckpoint, log_id: str, keys: Sequence[LogKey], holds: Holds) -> str | None:
    """Why a checkpoint says nothing about this log, or None."""
    if signed.checkpoint.origin != origin_of(log_id):
        return f"it is a checkpoint of {signed.checkpoint.origin}, not of {origin_of(log_id)}"
    known = [key for key in keys if (key.name, key.hint) == (signed.name, signed.hint)]
    if not known:
        return f"it was signed with a key ({signed.name}+{signed.hint.hex()}) that is not believed"
    message = signed.checkpoint.text().encode()
    if not any(holds(key.public, message, signed.signature) for key in known):
        return "its signature does not hold"
    return None


class _Walk:
    """Goes through a log once, event by event, until the first fault."""

    def __init__(self, log_id: str, believed: Sequence[Evidence]) -> None:
        self._log_id = log_id
        self.pending = sorted(believed, key=lambda each: each.signed.checkpoint.size)
        self.frontier = Frontier()
        self.vouched = 0
        self.fault: Fault | None = None
        self.findings: list[CheckpointFinding] = []
        self.unread: str | None = None

    def run(self, log: StoredLog) -> None:
        """Read to the end, or to the first fault."""
        self.fault = self._hold_against_checkpoints()
        for event, nodes in _events(log):
            if self.fault is not None:
                break
            self.fault = self._take(event, nodes) or self._hold_against_checkpoints()
        self.fault = self.fault or self._end(log)
        if self.pending:
            self.unread = f"it could not be reached: {self.fault.why}" if self.fault else None

    def _take(self, event: StoredEvent, nodes: Mapping[tuple[int, int], bytes]) -> Fault | None:
        """Add one event to the tree, or say what is wrong with it."""
        expected = self.frontier.size
        why = self._own_fault(event, expected)
        if why is not None:
            return Fault(expected, expected, why)
        frontier, completed = self.frontier.append(leaf_hash(event.canonical))
        for node in completed:
            stored = nodes.get((node.level, node.position))
            if stored != node.hash:
                return Fault(node.first_leaf, expected, _node_fault(node, stored, expected))
        self.frontier = frontier
        return None

    def _own_fault(self, event: StoredEvent, expected: int) -> str | None:
        """What an event says against itself."""
        if event.index != expected:
            return f"event {expected} is missing: after {expected - 1} comes {event.index}"
        try:
            record = read_canonical(event.canonical)
        except InvalidValue as error:
            return f"event {expected} was altered: {error}"
        if (record.log_id, record.index) != (self._log_id, expected):
            return (
                f"at {expected} stands what was written as event {record.index} of {record.log_id}: events were "
                "moved, dropped or inserted"
            )
        if find_by(record.event) != dict(event.found_by):
            return f"event {expected} is filed under other words than its own: searches would miss it"
        return None

    def _hold_against_checkpoints(self) -> Fault | None:
        """Compare the tree with every checkpoint of its present size."""
        fault: Fault | None = None
        while self.pending and self.pending[0].signed.checkpoint.size == self.frontier.size:
            found = self.pending.pop(0)
            size = found.signed.checkpoint.size
            if found.signed.checkpoint.root == self.frontier.root():
                self.findings.append(CheckpointFinding(found.source, size, None))
                continue
            why = f"the first {size} events are not those that were signed for in {found.source}: the log was rewritten"
            fault = Fault(min(self.vouched, size), max(size - 1, 0), why)
            self.findings.append(CheckpointFinding(found.source, size, why))
        if fault is None and self.findings and self.findings[-1].size == self.frontier.size:
            self.vouched = self.frontier.size
        return fault

    def _end(self, log: StoredLog) -> Fault | None:
        """What is missing after the last event, or is there in excess."""
        size = self.frontier.size
        events, nodes = log.counts()
        if events != size:
            return Fault(0, 0, f"{events - size} events stand outside the log's numbering")
        if nodes != 2 * size - size.bit_count():
            why = f"after event {size - 1} the tree still has hashes of what followed: the log was cut"
            return Fault(size, size, why)
        if self.pending:
            first = self.pending.pop(0)
            vouched_for = first.signed.checkpoint.size
            why = f"{vouched_for} events were signed for in {first.source} and {size} are there: the log was cut"
            self.findings.append(CheckpointFinding(first.source, vouched_for, why))
            return Fault(self.vouched, size, why)
        return None


def _events(log: StoredLog) -> Iterator[tuple[StoredEvent, Mapping[tuple[int, int], bytes]]]:
    """Every event, with the nodes of its stretch."""
    first = 0
    while True:
        stretch = log.stretch(first, _STRETCH)
        for event in stretch.events:
            yield event, stretch.nodes
        if len(stretch.events) < _STRETCH:
            return
        first += _STRETCH


def _node_fault(node: TreeNode, stored: bytes | None, event: int) -> str:
    is_what = "is missing" if stored is None else "is not theirs"
    if node.level == 0:
        return f"event {event} was altered: its hash {is_what}"
    return f"events {node.first_leaf} to {event} or the hash over them were altered: it {is_what}"
