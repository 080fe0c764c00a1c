"""Governance on fakes: a broker, a gallery, and people who are colours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np

from tests.unit.extraction.faces import face_at
from watchbound.adapters.codecs import AUTHORISATION, LISTING_CHANGE, watchlist_change, watchlist_proposal
from watchbound.domain.act import ActKind
from watchbound.domain.activation import Activation
from watchbound.domain.audit import AuditEvent
from watchbound.domain.authorisation import Authorisation
from watchbound.domain.face import Detection
from watchbound.domain.listing import EntryStatus
from watchbound.domain.moment import Window
from watchbound.domain.terms import Terms
from watchbound.domain.watchlist import Category, ResponseLevel, WatchlistChange
from watchbound.extraction.align import STANDARD
from watchbound.extraction.enrolment import FaceReader
from watchbound.extraction.quality import QualityGate
from watchbound.governance.approve import Approver
from watchbound.governance.authorise import Authoriser, require_enrollable
from watchbound.governance.enrol import Enroller
from watchbound.governance.enrolment_report import EnrolmentReport
from watchbound.governance.remove import Remover
from watchbound.governance.submissions import Defaults, read_submissions
from watchbound.governance.watchlist_log import Pending, WatchlistLog, pending_handler
from watchbound.pipeline.audit import AuditTrail
from watchbound.pipeline.authority import AuthorityView
from watchbound.pipeline.authority_desk import AuthorityDesk
from watchbound.pipeline.feed import authority_handler
from watchbound.pipeline.pictures import WatchlistPictures
from watchbound.pipeline.topics import AUTHORISATIONS, WATCHLIST_CHANGES, WATCHLIST_PROPOSALS
from watchbound.pipeline.watchlist_roster import Roster, roster_handler
from watchbound.ports import Image
from watchbound.testing.audit import FakeAuditLog
from watchbound.testing.clock import ManualClock
from watchbound.testing.eyes import FAKE_DIGEST, ColourEmbedder
from watchbound.testing.gallery import InMemoryGallery
from watchbound.testing.keyring import FakeKeyRing
from watchbound.testing.log import InMemoryBroker
from watchbound.testing.office import Office, activation, terms
from watchbound.testing.pictures import InMemoryPictureStore
from watchbound.testing.watchlist import FakeOfficers

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PAPERS = {
    "source": "family",
    "lawful_holding": "given for the search",
    "image_date": "2026-09-30",
    "expires": "2026-12-01T00:00Z",
}
DEFAULTS = Defaults("op-1", Category.MISSING, ResponseLevel.AMBER, PAPERS, "watchlist-1", NOW)

RED, GREEN, BLUE, GREY = (10, 10, 240), (10, 240, 10), (240, 10, 10), (128, 128, 128)


class OneFaceDetector:
    """Finds a face in every picture, except in black ones."""

    digest = FAKE_DIGEST
    provider = "OneFaceProvider"

    def detect(self, image: Image) -> list[Detection]:
        """One in the middle."""
        height, width = image.shape[:2]
        return [face_at(width / 2, height / 2, 60)] if image.any() else []

    def forget(self) -> None:
        pass


def draft_of(name: str = "op-1", camera: str = "gate-1", start: datetime = NOW, hours: float = 4) -> Terms:
    return terms(id=name, cameras=frozenset({camera}), window=Window(start, start + timedelta(hours=hours)))


def photo(path: Path, colour: tuple[int, int, int]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((100, 100, 3), colour, np.uint8))
    return path


class Desk:
    """Everything that governance acts on, and the acts."""

    def __init__(self) -> None:
        self.clock = ManualClock(NOW)
        self.office = Office()
        self.broker = InMemoryBroker(self.clock)
        self.gallery = InMemoryGallery()
        self.ring = FakeKeyRing()
        self.view = AuthorityView(self.clock, 5.0, self.office.trust)
        self.officers = FakeOfficers()
        self.roster = Roster(self.officers.trust)
        self.pending = Pending()
        self._handlers = {
            AUTHORISATIONS.name: authority_handler(AUTHORISATION, self.view),
            WATCHLIST_CHANGES.name: roster_handler(LISTING_CHANGE.decode, self.roster),
            WATCHLIST_PROPOSALS.name: pending_handler(watchlist_proposal(self.ring), self.pending),
        }
        self._reader = self.broker.reader(list(self._handlers))
        producer = self.broker.producer()
        log = WatchlistLog(producer, watchlist_change(self.ring), watchlist_proposal(self.ring))
        self.pictures = InMemoryPictureStore()
        pictures = WatchlistPictures(self.pictures, self.ring)
        self.audit = FakeAuditLog()
        audit = AuditTrail(self.audit, self.clock)
        self.acts = AuthorityDesk(producer, AUTHORISATION, self.view, self.clock, audit)
        self.authoriser = Authoriser(self.acts, self.view, self.clock)
        self.remover = Remover(self.gallery, log, self.clock, pictures, audit)
        self.enroller = Enroller(
            self.gallery,
            log,
            self.clock,
            FaceReader(OneFaceDetector(), ColourEmbedder(), STANDARD, QualityGate(1, 2, 0, 0, 255, 0)),
            lambda name: require_enrollable(self.view, self.clock, name),
            self.roster,
            self.pending,
            self.officers.first,
            self.officers.trust,
            audit,
            pictures,
            duplicate_at=0.9,
        )
        self.approver = Approver(
            self.gallery,
            log,
            self.clock,
            self.officers.trust,
            self.roster,
            self.pending,
            lambda name: require_enrollable(self.view, self.clock, name),
            pictures,
            audit,
        )
        self.follow()

    def follow(self) -> None:
        """Take in what stands in the log, as the feed would."""
        for record in self._reader.poll(0.0):
            self._handlers[record.source.topic](record)
        self.view.confirm()

    def grant(self, drafted: Terms | None = None) -> Authorisation:
        """Draft, sign and activate."""
        wanted = drafted or draft_of()
        self.authoriser.draft(wanted, self.office.drafter, self.ring)
        self.act(ActKind.SIGN, wanted.id)
        self.follow()
        done = self.authoriser.activate(
            wanted.id, Activation.of(activation(self.clock.now())), self.office.officer, "ready"
        )
        self.follow()
        return done

    def act(self, kind: ActKind, name: str = "op-1", reason: str = "a test", **details: str) -> Authorisation:
        """The officer does something."""
        self.follow()
        return self.acts.act(name, kind, self.office.officer, reason, details)

    def enrol(self, source: Path) -> EnrolmentReport:
        """Propose, and have the other officer approve all that waits."""
        report = self.propose(source)
        if self.pending.of("op-1"):
            self.approve()
        return report

    def approve(self, *references: str) -> None:
        self.clock.advance(1)
        self.view.confirm()
        self.approver.approve("op-1", references or None, self.officers.second)
        self.follow()

    def status(self, reference: str) -> EntryStatus:
        return self.roster.status("op-1", reference, self.clock.now())

    def propose(self, source: Path) -> EnrolmentReport:
        self.follow()
        report = self.enroller.enrol("op-1", read_submissions(source, DEFAULTS), lambda _: None)
        self.follow()
        return report

    def enrolled(self) -> list[tuple[str, str]]:
        """Reference and category of each image in the gallery."""
        return [(image.entry.reference, image.entry.category.value) for image in self.gallery.images("op-1")]

    def changes(self) -> list[WatchlistChange]:
        codec = watchlist_change(self.ring)
        return [codec.decode(r.value) for r in self.broker.records(WATCHLIST_CHANGES.name) if r.value]

    def audited(self) -> list[AuditEvent]:
        return self.audit.events
