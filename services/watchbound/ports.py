"""What the product needs from the world, as Protocols. Adapters and the shipped fakes answer them.

Every implementation of a port passes the port's suite in `tests/contract/`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from watchbound.domain.audit import AuditEvent
from watchbound.domain.candidate import Candidate
from watchbound.domain.face import Detection
from watchbound.domain.picture import PictureName
from watchbound.domain.sealing import Purpose
from watchbound.domain.signature import Role, Signature
from watchbound.domain.watchlist import EnrolledImage

T = TypeVar("T")

Image = NDArray[np.uint8]
"""A decoded picture: shape (height, width, 3), blue-green-red."""


class Clock(Protocol):
    """The trusted clock of a service."""

    def now(self) -> datetime:
        """The present, time-zone-aware."""


class BrokerTime(Protocol):
    """The broker's clock, which every service can compare its own with. Not to be shared between threads."""

    def ask(self) -> datetime:
        """The broker's present at some moment between the call and its return.

        Raises:
            Unavailable: the broker does not answer, or does not tell its time.
        """

    def close(self) -> None:
        """Let go."""


# --- records -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, order=True)
class TopicPartition:
    """One ordered stretch of the log."""

    topic: str
    partition: int


@dataclass(frozen=True, slots=True)
class Record:
    """One record as it was read.

    Attributes:
        timestamp: when the producer or broker stamped it.
    """

    source: TopicPartition
    offset: int
    key: str | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    timestamp: datetime


class Codec(Protocol[T]):
    """Turns a domain value into a record's bytes and back."""

    def encode(self, value: T) -> bytes:
        """The value in its wire form."""

    def decode(self, data: bytes) -> T:
        """The value again.

        Raises:
            Poison: the bytes are no such value, or one whose invariants do not hold.
        """


class Delivery(Protocol):
    """A record on its way."""

    def wait(self, timeout_s: float) -> None:
        """Return once the broker has acknowledged the record.

        Raises:
            Unavailable: it has not within `timeout_s`, or never will.
        """


class RecordProducer(Protocol):
    """Appends records; acknowledged means that every in-sync replica holds it."""

    def send(self, topic: str, key: str, value: bytes | None, headers: Mapping[str, bytes] | None = None) -> Delivery:
        """Append in the background; a value of None is a tombstone.

        Raises:
            Unavailable: the buffer is full and stayed so.
        """

    def close(self) -> None:
        """Send what is buffered, then let go."""


class RecordConsumer(Protocol):
    """Reads as one member of a group. Not to be shared between threads."""

    def poll(self, timeout_s: float, max_records: int) -> list[Record]:
        """The next records, in offset order within a partition; empty when none came in time.

        The `on_revoked` callback given at construction runs inside, before a partition is handed to another member.
        """

    def assignment(self) -> frozenset[TopicPartition]:
        """What this member reads now."""

    def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Remember, per partition, the offset to read next. Partitions no longer assigned are passed over.

        Raises:
            Unavailable: the broker did not take it.
        """

    def pause(self, partitions: frozenset[TopicPartition]) -> None:
        """Give no more records of these until `resume`; partitions that are not assigned are passed over."""

    def resume(self, partitions: frozenset[TopicPartition]) -> None:
        """Go on where they were paused; a partition that is assigned anew is not paused."""

    def lag(self) -> dict[TopicPartition, int]:
        """Records per assigned partition that this member has not read yet, as far as is known.

        It grows also while nothing is polled; a broker that does not answer leaves what was known last.
        """

    def close(self) -> None:
        """Leave the group."""


OnRevoked = Callable[[frozenset[TopicPartition]], None]


class TopicReader(Protocol):
    """Reads whole topics from their beginning, in no group: how every service follows a compacted topic."""

    def poll(self, timeout_s: float) -> list[Record]:
        """What came since the last call.

        Raises:
            Unavailable: the broker cannot be asked; what was read before may be out of date.
        """

    def caught_up(self) -> bool:
        """Whether everything that stood in the topics at the last successful check has been returned by `poll`."""

    def close(self) -> None:
        """Let go."""


# --- seeing ------------------------------------------------------------------------------------------------------


class Detector(Protocol):
    """Finds faces."""

    @property
    def digest(self) -> str:
        """sha256 of the model file."""

    @property
    def provider(self) -> str:
        """The execution provider in use, such as `CPUExecutionProvider`."""

    def detect(self, image: Image) -> list[Detection]:
        """Every face in the picture, best first, in pixels of that picture."""

    def forget(self) -> None:
        """Overwrite what earlier pictures have left in its buffers."""


class Embedder(Protocol):
    """Turns aligned faces into templates."""

    @property
    def digest(self) -> str:
        """sha256 of the model file."""

    @property
    def provider(self) -> str:
        """The execution provider in use."""

    @property
    def dimension(self) -> int:
        """d, the length of a template."""

    def embed(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Templates of shape (n, d), each of norm 1, for crops of shape (n, height, width, 3), blue-green-red.

        The crops are aligned to the template of the model's pack, which says their height and width. A crop of
        which the model makes no template has a row of NaN, and its neighbours have theirs; whoever asks refuses it
        (`Embedding` does) or counts it.
        """

    def forget(self) -> None:
        """Overwrite what earlier faces have left in its memory."""


class Gallery(Protocol):
    """The enrolled templates, one collection per authorisation; dropping it is the purge."""

    def create(self, authorisation_id: str, model_digest: str, dimension: int) -> None:
        """Make the collection if it is not there.

        Raises:
            InvalidValue: it is there with another model or dimension.
            Unavailable: the store does not answer (so for every method below).
        """

    def add(self, images: Sequence[EnrolledImage]) -> None:
        """Insert or replace images, keyed by entry reference and image id, all of one authorisation.

        Raises:
            UnknownReference: the authorisation has no collection.
            InvalidValue: a template comes from another model than the collection's.
        """

    def remove(self, authorisation_id: str, reference: str) -> int:
        """Remove an entry with all its images; returns how many images there were.

        Raises:
            UnknownReference: the authorisation has no collection.
        """

    def images(self, authorisation_id: str) -> list[EnrolledImage]:
        """All that is enrolled, ordered by reference, then image id.

        Raises:
            UnknownReference: the authorisation has no collection.
        """

    def search(
        self, authorisation_id: str, probes: NDArray[np.float32], model_digest: str, limit: int
    ) -> list[list[Candidate]]:
        """For each probe of shape (n, d), at most `limit` entries, best first, one candidate an entry.

        Raises:
            UnknownReference: the authorisation has no collection; never answered as "no match".
            InvalidValue: the probes come from another model than the collection's.
        """

    def drop(self, authorisation_id: str) -> None:
        """Remove the collection and all that is in it; nothing happens when there is none."""


# --- vouching ----------------------------------------------------------------------------------------------------


class Signer(Protocol):
    """One person's or service's signing key."""

    @property
    def key_id(self) -> str:
        """Its name in the trust list."""

    def sign(self, message: bytes) -> Signature:
        """Sign; the caller begins `message` with what kind of statement it is, so that none passes for another.

        Raises:
            Unavailable: the token that holds the key does not answer.
        """


class TrustList(Protocol):
    """The keys that a service believes, kept where only its operators can write."""

    def holder(self, key_id: str) -> str:
        """The account of the person or service behind a key.

        Raises:
            NotTrusted: the list knows no such key.
        """

    def valid_until(self, key_id: str) -> datetime:
        """The moment from which a key is valid no more.

        Raises:
            NotTrusted: the list knows no such key.
        """

    def verify(self, message: bytes, signature: Signature, role: Role, at: datetime) -> str:
        """Who said this; returns the holder.

        Raises:
            KeyRevoked: all of it holds, yet the key has been revoked: it vouches for nothing any more, whenever it
                signed.
            NotTrusted: the signature does not hold, or the key is unknown, was not valid at `at`, or lacks the role.
        """

    def version(self) -> int:
        """Grows whenever the list has changed: what was verified under an older one must be verified again."""


class KeyRing(Protocol):
    """The data keys (AES-256), one for each authorisation and purpose, in versions.

    Sealed bytes name the version that sealed them and are bound to what they belong to: they open nowhere else.
    """

    def create(self, authorisation_id: str) -> None:
        """Make the first key of every purpose where there is none; never again after `destroy`.

        Raises:
            KeyDestroyed: a key of it was destroyed: an authorisation is never begun twice.
            Unavailable: the keys cannot be reached or written (so for every method below).
        """

    def rotate(self, authorisation_id: str, purpose: Purpose) -> int:
        """Make a new version that seals from now on; returns its number. Older ones still open.

        Raises:
            KeyDestroyed: there is no key to rotate.
        """

    def seal(self, authorisation_id: str, purpose: Purpose, plain: bytes, bound_to: str) -> bytes:
        """Encrypt and authenticate with the latest version.

        Args:
            authorisation_id: whose key.
            purpose: which of its keys.
            plain: what to seal.
            bound_to: what it belongs to, such as a frame's id; the same must be given to open it.

        Raises:
            KeyDestroyed: there is no such key.
        """

    def open(self, authorisation_id: str, purpose: Purpose, sealed: bytes, bound_to: str) -> bytes:
        """What was sealed.

        Raises:
            Poison: `unsealable`: altered, cut short, or sealed for something else.
            KeyDestroyed: there is no such key.
        """

    def versions(self, authorisation_id: str) -> dict[Purpose, tuple[int, ...]]:
        """The versions that exist now; a purpose without any is absent."""

    def destroy(self, authorisation_id: str, purpose: Purpose) -> int:
        """Make everything sealed for the purpose unreadable, for good; returns how many versions there were."""


class PictureStore(Protocol):
    """Where the pictures of listed people rest, sealed, for a reviewer to compare with. It never sees a plain one."""

    def put(self, picture: PictureName, sealed: bytes) -> None:
        """Keep a picture, in place of an older one of the same name.

        Raises:
            Unavailable: the store cannot be reached or written (so for every method below).
        """

    def get(self, picture: PictureName) -> bytes:
        """The sealed picture.

        Raises:
            UnknownReference: there is none of this name.
        """

    def pictures(self, authorisation_id: str) -> dict[PictureName, int]:
        """What is there, with the length of each in bytes."""

    def remove(self, authorisation_id: str, reference: str, keep: Collection[str] = ()) -> int:
        """Erase an entry's pictures but those of the image ids in `keep`; returns how many were erased."""

    def sweep(self, authorisation_id: str) -> int:
        """Erase all pictures of an authorisation; returns how many there were."""


class AuditLog(Protocol):
    """The append-only record of acts (RFC 6962)."""

    def append(self, event: AuditEvent) -> int:
        """Write an event; returns its index, counted from 0, once it is durable.

        Raises:
            Unavailable: it could not be written. No audit, no action: the caller must not act.
        """

    def about(self, act: str, object: str) -> list[AuditEvent]:
        """The events that tell of an act on an object, in their order.

        Raises:
            Unavailable: the log does not answer.
        """


# --- telling -----------------------------------------------------------------------------------------------------


class MetricKind(Enum):
    """How a metric's samples add up."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric's one definition; `pipeline.metric_names` holds them all.

    Attributes:
        name: without prefix and without the unit-free `_total` that counters gain in the exposition.
    """

    name: str
    kind: MetricKind
    unit: str
    meaning: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


class Metrics(Protocol):
    """Where measurements go."""

    def count(self, metric: Metric, amount: float = 1, **labels: str) -> None:
        """Add to a counter."""

    def set(self, metric: Metric, value: float, **labels: str) -> None:
        """Put a gauge."""

    def observe(self, metric: Metric, value: float, **labels: str) -> None:
        """Add one sample to a histogram."""
