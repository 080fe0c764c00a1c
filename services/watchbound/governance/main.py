"""Wires governance: the log, the present authority, the gallery and the models behind its acts."""

from __future__ import annotations

import getpass
import threading
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from types import TracebackType

from watchbound.adapters import codecs
from watchbound.adapters.audit_keeping import open_keeper
from watchbound.adapters.audit_log import open_audit_log
from watchbound.adapters.clock import SystemClock
from watchbound.adapters.kafka_clock import watch_clock
from watchbound.adapters.kafka_log import KafkaRecordProducer, KafkaTopicReader
from watchbound.adapters.kafka_topics import ensure_topics
from watchbound.adapters.keyring import open_key_ring
from watchbound.adapters.logs import get_logger
from watchbound.adapters.milvus_gallery import MilvusGallery
from watchbound.adapters.onnx_runtime import OnnxDetector, OnnxEmbedder
from watchbound.adapters.prometheus import PrometheusMetrics
from watchbound.adapters.trust_list import FileTrustList
from watchbound.domain.audit import AuditEvent
from watchbound.domain.authorisation import Authorisation
from watchbound.domain.errors import (
    ConfigurationError,
    NotAuthorised,
    Poison,
    Unavailable,
    UnknownReference,
    WatchboundError,
)
from watchbound.domain.listing import Listing
from watchbound.extraction.enrolment import FaceReader
from watchbound.extraction.model_pack import find_pack
from watchbound.governance.approve import Approver
from watchbound.governance.authorise import Authoriser, require_enrollable, require_known
from watchbound.governance.enrol import DUPLICATE_SIMILARITY, Enroller
from watchbound.governance.purge import Purger
from watchbound.governance.purging import PurgeConfiguration, open_purger
from watchbound.governance.receipt_shelf import ReceiptShelf
from watchbound.governance.remove import Remover
from watchbound.governance.retention import Undertaker
from watchbound.governance.review import Likeness, Reviewer, WatchlistReview, last_review, likenesses
from watchbound.governance.watchlist_log import Pending, WatchlistLog, pending_handler
from watchbound.pipeline.audit import AuditTrail
from watchbound.pipeline.audit_acts import Act
from watchbound.pipeline.audit_keeping import AuditKeeper
from watchbound.pipeline.authority import AuthorityView
from watchbound.pipeline.authority_desk import AuthorityDesk
from watchbound.pipeline.feed import Feed, authority_handler
from watchbound.pipeline.pictures import WatchlistPictures
from watchbound.pipeline.topics import AUDIT, AUTHORISATIONS, WATCHLIST_CHANGES, WATCHLIST_PROPOSALS
from watchbound.pipeline.watchlist_roster import Roster, roster_handler
from watchbound.ports import KeyRing, PictureStore, Record, Signer
from watchbound.settings import (
    AuditSettings,
    AuthoritySettings,
    ClockSettings,
    KafkaSettings,
    MilvusSettings,
    ModelSettings,
    TrustSettings,
)

log = get_logger(__name__)

_CURRENT_WITHIN_S = 30.0
_DETECT_WIDTH = 640


class Governance:
    """The acts of governance on the real log and gallery, as a context: inside it the present state is known.

    Args:
        kafka, authority, audit, trust: where the log, the audit log and the trust list are.
        ring, pictures: what watchlists are sealed with, and where their pictures rest; None for acts that change no
            watchlist, for which `pending` stays empty.

    Attributes:
        trail: where each act is recorded before it is done.
        view: what is authorised.
        roster: who is listed.
        pending: what waits for a second officer.
        trust: whose signatures count.

    Raises:
        ConfigurationError: there is no trust list that can be used.
        Unavailable: on entering, the broker does not answer or the state could not be read in time.
    """

    def __init__(
        self,
        kafka: KafkaSettings,
        authority: AuthoritySettings,
        clock: ClockSettings,
        audit: AuditSettings,
        trust: TrustSettings,
        ring: KeyRing | None = None,
        pictures: PictureStore | None = None,
    ) -> None:
        self._kafka = kafka
        self._audit = audit
        self._clock = SystemClock()
        self._clock_settings = clock
        self.trust = FileTrustList(trust.list)
        self.view = AuthorityView(self._clock, authority.max_age_s, self.trust)
        self.roster = Roster(self.trust)
        self.pending = Pending()
        self._ring = ring
        self._picture_store = pictures
        self._resources = ExitStack()

    def __enter__(self) -> Governance:
        name = f"governance-{uuid.uuid4().hex[:8]}"
        ensure_topics(self._kafka, [AUTHORISATIONS, WATCHLIST_CHANGES, WATCHLIST_PROPOSALS, AUDIT])
        with ExitStack() as opening:
            self._producer = KafkaRecordProducer(self._kafka, name)
            opening.callback(self._producer.close)
            self._watch, watcher = watch_clock(
                self._kafka, self._clock_settings, self._clock, PrometheusMetrics(), name
            )
            opening.enter_context(watcher)
            feed = opening.enter_context(self._follow(name))
            if not feed.wait_current(_CURRENT_WITHIN_S):
                msg = f"what is authorised could not be read within {_CURRENT_WITHIN_S:.0f} s: {feed.ready()}"
                raise Unavailable(msg)
            self._audit_log = open_audit_log(self._audit)
            opening.callback(self._audit_log.close)
            keeper = open_keeper(self._audit, self._audit_log, self._producer, self._clock)
            opening.callback(partial(_sign_for, keeper))
            self.trail = AuditTrail(self._audit_log, self._clock)
            self._resources = opening.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._resources.close()

    def _follow(self, name: str) -> Feed:
        handlers = {
            AUTHORISATIONS.name: authority_handler(codecs.AUTHORISATION, self.view),
            WATCHLIST_CHANGES.name: roster_handler(codecs.LISTING_CHANGE.decode, self.roster),
        }
        if self._ring is not None:
            handlers[WATCHLIST_PROPOSALS.name] = pending_handler(codecs.watchlist_proposal(self._ring), self.pending)
        reader = KafkaTopicReader(self._kafka, list(handlers), name)
        return Feed(reader, handlers, self.view.confirm, _tell_poison, "authority and watchlist")

    def desk(self) -> AuthorityDesk:
        """Signs acts and publishes them."""
        return AuthorityDesk(self._producer, codecs.AUTHORISATION, self.view, self._clock, self.trail)

    def purger(self, configuration: PurgeConfiguration, stop: threading.Event) -> Purger:
        """Empties places, and looks at them again.

        Raises:
            ConfigurationError: the key ring may not be used.
            Unavailable: the vector store does not answer.
        """
        return open_purger(configuration, self._producer, self.trail, self._clock, stop)

    def undertaker(self, configuration: PurgeConfiguration, signer: Signer, stop: threading.Event) -> Undertaker:
        """Ends and purges what is over.

        Raises:
            ConfigurationError: the key ring may not be used.
            NotAuthorised: the clock is too far from the broker's.
        """
        self.require_clock()
        shelf = ReceiptShelf(configuration.purge.receipts)
        return Undertaker(
            self.view,
            self.desk(),
            lambda: self.purger(configuration, stop),
            shelf,
            open_key_ring(configuration.keys),
            self.trust,
            signer,
            self._clock,
        )

    def require_clock(self) -> None:
        """Refuse what begins or deletes something while the clock is wrong; what stops something waits for no clock.

        Raises:
            NotAuthorised: the clock is too far from the broker's.
        """
        complaint = self._watch.complaint()
        if complaint is not None:
            raise NotAuthorised(complaint)

    def authoriser(self) -> Authoriser:
        """Drafts and activates.

        Raises:
            NotAuthorised: the clock is too far from the broker's.
        """
        self.require_clock()
        return Authoriser(self.desk(), self.view, self._clock)

    def enroller(
        self,
        milvus: MilvusSettings,
        models: ModelSettings,
        signer: Signer,
        duplicate_at: float = DUPLICATE_SIMILARITY,
    ) -> Enroller:
        """Proposes entries, with the models of the pack in use.

        Raises:
            ModelPackError: there is no such pack, or it may not be used.
            Unavailable: the gallery does not answer.
        """
        pack = find_pack(models, self.trust)
        faces = FaceReader(
            OnnxDetector(pack, models, width=_DETECT_WIDTH), OnnxEmbedder(pack, models), pack.embedder.template
        )
        return Enroller(
            MilvusGallery(milvus),
            self._watchlist_log(),
            self._clock,
            faces,
            self._permission,
            self.roster,
            self.pending,
            signer,
            self.trust,
            self.trail,
            self._pictures(),
            duplicate_at,
        )

    def approver(self, milvus: MilvusSettings) -> Approver:
        """Makes what was proposed searchable, or rejects it."""
        return Approver(
            MilvusGallery(milvus),
            self._watchlist_log(),
            self._clock,
            self.trust,
            self.roster,
            self.pending,
            self._permission,
            self._pictures(),
            self.trail,
        )

    def remover(self, milvus: MilvusSettings) -> Remover:
        """Takes entries off."""
        return Remover(MilvusGallery(milvus), self._watchlist_log(), self._clock, self._pictures(), self.trail)

    def reviewer(self) -> Reviewer:
        """Records that an officer looked at a list."""
        return Reviewer(self.trust, self.roster, self._clock, self.trail)

    def good_review(self, authorisation_id: str) -> WatchlistReview:
        """The review on which a deployment may begin now.

        Raises:
            NotAuthorised: there is none, it is too old, or the list has changed since.
            Unavailable: the audit log does not answer.
        """
        review = last_review(self.events(), authorisation_id)
        if review is None:
            msg = f"nobody has reviewed the watchlist of {authorisation_id}: `watchbound watchlist review`"
            raise NotAuthorised(msg)
        review.require_good(self.roster, self._clock.now())
        return review

    def likenesses(self, milvus: MilvusSettings, authorisation: Authorisation) -> tuple[Likeness, ...]:
        """Who on a list resembles whom, by the templates that are stored of those who are listed.

        Raises:
            Unavailable: the gallery does not answer.
        """
        listed = {listing.entry.reference for listing in self.listed(authorisation.id)}
        try:
            stored = MilvusGallery(milvus).images(authorisation.id)
        except UnknownReference:
            stored = []
        images = [image for image in stored if image.entry.reference in listed]
        return likenesses(images, authorisation.threshold, DUPLICATE_SIMILARITY)

    def events(self) -> Iterator[AuditEvent]:
        """Everything that was ever audited, in order.

        Raises:
            Unavailable: the audit log does not answer.
        """
        return self._audit_log.events()

    def listed(self, authorisation_id: str) -> tuple[Listing, ...]:
        """Who is on a watchlist now.

        Raises:
            UnknownReference: there is no such authorisation.
            Unavailable: the log does not answer.
        """
        require_known(self.view, authorisation_id)
        return self.roster.listings(authorisation_id, self._clock.now())

    def list_digest(self, authorisation_id: str) -> str:
        """Names the watchlist as it stands now."""
        return self.roster.digest(authorisation_id, self._clock.now())

    def record_reading(self, authorisation_id: str, by: str | None, what: str) -> None:
        """Put down that somebody is about to be shown who is, was or may be on a list.

        Raises:
            Unavailable: it cannot be, so nothing is to be shown.
        """
        self.trail.record(by or getpass.getuser(), Act.WATCHLIST_READ, authorisation_id, what, object="watchlist")

    def _permission(self, authorisation_id: str) -> Authorisation:
        self.require_clock()
        return require_enrollable(self.view, self._clock, authorisation_id)

    def _watchlist_log(self) -> WatchlistLog:
        if self._ring is None:
            msg = "changing a watchlist needs the key ring that its templates are sealed with"
            raise ConfigurationError(msg)
        return WatchlistLog(self._producer, codecs.watchlist_change(self._ring), codecs.watchlist_proposal(self._ring))

    def _pictures(self) -> WatchlistPictures:
        if self._ring is None or self._picture_store is None:
            msg = "changing a watchlist needs its key ring and the store of its pictures"
            raise ConfigurationError(msg)
        return WatchlistPictures(self._picture_store, self._ring)


def _sign_for(keeper: AuditKeeper | None) -> None:
    """Sign for what was done. It is done and recorded by now, so that a failure is told and not raised."""
    if keeper is None:
        log.warning("no checkpoint of the audit log: this process has no WATCHBOUND_AUDIT_KEY")
        return
    try:
        keeper.keep()
    except WatchboundError as error:
        log.error("no checkpoint of the audit log", cause=str(error))


def _tell_poison(record: Record, poison: Poison) -> None:
    """Services that run dead-letter such a record; a command says it to the person in front of it."""
    log.error("unreadable record", topic=record.source.topic, offset=record.offset, reason=str(poison))
