"""What a part of the benchmark runs on: a broker and a vector store with authorisations, watchlists and frames."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from watchbound.adapters import codecs
from watchbound.adapters.kafka_log import KafkaRecordProducer
from watchbound.adapters.kafka_topics import ensure_topics
from watchbound.adapters.milvus_gallery import MilvusGallery
from watchbound.adapters.signing import FileSigner
from watchbound.domain.embedding import Embedding
from watchbound.domain.frame import Frame
from watchbound.domain.match import subject_key
from watchbound.domain.moment import Window
from watchbound.domain.watchlist import Category, EnrolledImage, ResponseLevel, WatchlistEntry
from watchbound.extraction.model_pack import ModelPack
from watchbound.matching.main import MatchingConfiguration
from watchbound.pipeline.sealing import seal_frame
from watchbound.pipeline.topics import ALL_TOPICS, AUTHORISATIONS, FRAMES, WATCHLIST_CHANGES
from watchbound.ports import KeyRing
from watchbound.settings import (
    AuditSettings,
    AuthoritySettings,
    ClockSettings,
    KafkaSettings,
    LogSettings,
    MatchingSettings,
    MilvusSettings,
    ModelSettings,
    TrustSettings,
    load,
)
from watchbound.stack.embedded import EmbeddedStack
from watchbound.testing.office import Office, terms
from watchbound.testing.watchlist import TwoOfficers

THRESHOLD = 0.55
"""The demonstration's, for its invented people."""

PLAIN_TOPIC = "bench.plain-pictures"
SAMPLE_TOPIC = "bench.sampled-pictures"
_AT_ONCE = 1000
_LARGEST_LIST = 200_000
_BACKLOG_MAX_AGE_S = 3600.0
_MILVUS_TIMEOUT_S = 60.0
_AUTHORITY_MAX_AGE_S = 60.0
"""Longer than a deployment's: on a machine that the benchmark fills, the feed may come late."""

Templates = dict[str, Embedding]
"""One template a person, by reference."""


class Stand:
    """Fills an embedded stack, and says how a worker finds it.

    Args:
        stack: whose broker, officers, keys and audit log are used.
        pack: the models with which the templates were made.
        max_age_s: older frames are shed; a backlog is an hour's.
        ring: seals and opens instead of the stack's own.
        milvus_uri: another vector store than the stack's own.

    Attributes:
        configuration: as a worker would get it; each needs a group of its own (`for_group`).
    """

    def __init__(
        self,
        stack: EmbeddedStack,
        pack: ModelPack,
        max_age_s: float = _BACKLOG_MAX_AGE_S,
        ring: KeyRing | None = None,
        milvus_uri: str | None = None,
    ) -> None:
        self._pack = pack
        self._ring = ring or stack.key_ring()
        self._officers = stack.officers
        environment = stack.environment
        self.configuration = MatchingConfiguration(
            kafka=load(KafkaSettings, bootstrap=environment["WATCHBOUND_KAFKA_BOOTSTRAP"]),
            milvus=load(
                MilvusSettings, uri=milvus_uri or environment["WATCHBOUND_MILVUS_URI"], timeout_s=_MILVUS_TIMEOUT_S
            ),
            models=load(ModelSettings),
            authority=load(AuthoritySettings, max_age_s=_AUTHORITY_MAX_AGE_S),
            trust=load(TrustSettings, list=self._officers.trust_list),
            clock=load(ClockSettings),
            keys=stack.keys,
            audit=load(AuditSettings, url=environment["WATCHBOUND_AUDIT_URL"]),
            matching=load(MatchingSettings, max_frame_age_s=max_age_s),
            logs=load(LogSettings, level="warning"),
        )
        own = [replace(FRAMES, name=name, partitions=1) for name in (PLAIN_TOPIC, SAMPLE_TOPIC)]
        ensure_topics(self.configuration.kafka, [*ALL_TOPICS, *own])
        self._producer = KafkaRecordProducer(self.configuration.kafka, "bench")

    def for_group(self, group: str) -> MatchingConfiguration:
        """The configuration of a worker that reads all frames from the first one on."""
        matching = self.configuration.matching.model_copy(update={"group": group})
        return replace(self.configuration, matching=matching)

    def authorise(self, authorisation_id: str, cameras: Iterable[str], threshold: float = THRESHOLD) -> None:
        """Put an active authorisation on the log, past every desk."""
        now = datetime.now(UTC)
        self._ring.create(authorisation_id)
        office = Office()
        office.drafter, office.officer = (FileSigner.load(self._officers.key(name)) for name in ("drafter", "officer"))
        written = office.active(
            terms(
                id=authorisation_id,
                cameras=frozenset(cameras),
                window=Window(now - timedelta(hours=1), now + timedelta(hours=12)),
                max_watchlist_size=_LARGEST_LIST,
                minimum_threshold=threshold,
            ),
            now,
        )
        self._producer.send(AUTHORISATIONS.name, authorisation_id, codecs.AUTHORISATION.encode(written)).wait(10)

    def enrol(self, authorisation_id: str, people: Templates, strangers: int) -> None:
        """List some people, and random unit vectors beside them.

        The vectors are of nobody: each search has to pass them all, and hardly one comes near a face.
        """
        gallery = MilvusGallery(self.configuration.milvus)
        digest, dimension = self._pack.embedder.sha256, self._pack.embedder.dimension
        gallery.create(authorisation_id, digest, dimension)
        vectors = np.random.default_rng(1).normal(size=(strangers, dimension)).astype(np.float32)
        listed = people | {f"S{n:06}": Embedding.of(vector, digest) for n, vector in enumerate(vectors)}
        images = [
            EnrolledImage(
                WatchlistEntry(authorisation_id, reference, Category.MISSING, ResponseLevel.AMBER), "image", template
            )
            for reference, template in listed.items()
        ]
        for batch in _batches(images):
            gallery.add(batch)
            self._vouch(batch)

    def _vouch(self, images: Sequence[EnrolledImage]) -> None:
        """Two officers approve everybody, as the services want to see it."""
        now = datetime.now(UTC)
        first, second = (FileSigner.load(self._officers.key(name)) for name in ("watchlist-1", "watchlist-2"))
        two = TwoOfficers(first, second)
        codec = codecs.watchlist_change(self._ring)
        self._send(
            WATCHLIST_CHANGES.name,
            (
                (
                    subject_key(image.entry.authorisation_id, image.entry.reference),
                    codec.encode(two.added([image], now)),
                )
                for image in images
            ),
        )

    def publish(self, frames: Iterable[Frame]) -> None:
        """Seal and send frames, and wait until the broker has them all."""
        self._send(FRAMES.name, ((f.camera_id, codecs.FRAME.encode(seal_frame(self._ring, f))) for f in frames))

    def publish_plain(self, frames: Iterable[Frame], topic: str = PLAIN_TOPIC) -> None:
        """The same pictures as a plain pipeline reads them, in order."""
        self._send(topic, ((frame.camera_id, frame.jpeg) for frame in frames))

    def _send(self, topic: str, records: Iterable[tuple[str, bytes]]) -> None:
        sent = [self._producer.send(topic, key, value) for key, value in records]
        for delivery in sent:
            delivery.wait(60)

    def close(self) -> None:
        """Let go of the broker."""
        self._producer.close()


@contextmanager
def open_stand(
    pack: ModelPack,
    max_age_s: float = _BACKLOG_MAX_AGE_S,
    ring: KeyRing | None = None,
    milvus_uri: str | None = None,
) -> Iterator[Stand]:
    """A stand on a stack of its own, both of which end with the context. See `Stand`."""
    with tempfile.TemporaryDirectory(prefix="wb-bench-") as scratch, EmbeddedStack(Path(scratch)) as stack:
        stand = Stand(stack, pack, max_age_s, ring, milvus_uri)
        try:
            yield stand
        finally:
            stand.close()


def in_order(frames: Iterable[Frame]) -> list[Frame]:
    """All cameras' frames in the order of their capture."""
    return sorted(frames, key=lambda frame: (frame.captured_at, frame.camera_id))


def _batches(images: Sequence[EnrolledImage]) -> Iterator[Sequence[EnrolledImage]]:
    for start in range(0, len(images), _AT_ONCE):
        yield images[start : start + _AT_ONCE]
