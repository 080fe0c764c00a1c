from __future__ import annotations

import pytest

from tests.unit.domain.values import MATCH
from tests.unit.strategies import NOON
from watchbound.domain.errors import InvalidValue, KeyDestroyed, Unavailable
from watchbound.domain.picture import PictureName
from watchbound.domain.sealing import Purpose
from watchbound.pipeline.audit import AuditTrail
from watchbound.pipeline.pictures import WatchlistPictures
from watchbound.pipeline.sealing import seal_crop
from watchbound.pipeline.views import CropViews, PictureViews
from watchbound.testing.audit import FakeAuditLog
from watchbound.testing.clock import ManualClock
from watchbound.testing.keyring import FakeKeyRing
from watchbound.testing.pictures import InMemoryPictureStore

AUTHORISATION = MATCH.entry.authorisation_id


@pytest.fixture
def ring() -> FakeKeyRing:
    made = FakeKeyRing()
    made.create(AUTHORISATION)
    return made


@pytest.fixture
def log() -> FakeAuditLog:
    return FakeAuditLog()


@pytest.fixture
def crops(ring: FakeKeyRing, log: FakeAuditLog) -> CropViews:
    return CropViews(ring, AuditTrail(log, ManualClock(NOON)))


def test_a_crop_is_shown_and_the_view_put_down(crops: CropViews, ring: FakeKeyRing, log: FakeAuditLog) -> None:
    match = seal_crop(ring, MATCH, b"jpeg")
    assert crops.show(match, "officer-12", "to decide about the alert") == b"jpeg"
    (event,) = log.events
    assert (event.actor, event.act, event.object) == ("officer-12", "crop.viewed", match.id)
    assert event.reason == "to decide about the alert"
    assert event.facts == (("entry", match.entry.reference),)


def test_a_view_that_cannot_be_put_down_does_not_happen(crops: CropViews, ring: FakeKeyRing, log: FakeAuditLog) -> None:
    log.broken = True
    with pytest.raises(Unavailable):
        crops.show(seal_crop(ring, MATCH, b"jpeg"), "officer-12", "to decide")


@pytest.mark.parametrize(("actor", "reason"), [("", "why"), ("officer-12", "  ")])
def test_who_does_not_say_who_or_why_sees_nothing(
    crops: CropViews, ring: FakeKeyRing, log: FakeAuditLog, actor: str, reason: str
) -> None:
    with pytest.raises(InvalidValue, match="who looks and why"):
        crops.show(seal_crop(ring, MATCH, b"jpeg"), actor, reason)
    assert log.events == []


def test_after_its_key_nothing_is_shown(crops: CropViews, ring: FakeKeyRing) -> None:
    match = seal_crop(ring, MATCH, b"jpeg")
    ring.destroy(AUTHORISATION, Purpose.ALERTS)
    with pytest.raises(KeyDestroyed):
        crops.show(match, "officer-12", "to decide")


def test_a_listed_persons_picture_is_shown_and_the_view_put_down(ring: FakeKeyRing, log: FakeAuditLog) -> None:
    pictures = WatchlistPictures(InMemoryPictureStore(), ring)
    name = PictureName(AUTHORISATION, "REF-1", "a" * 64)
    pictures.keep(name, b"jpeg")
    views = PictureViews(pictures, AuditTrail(log, ManualClock(NOON)))
    assert views.show(name, "officer-12", "side by side") == b"jpeg"
    assert [(event.act, event.object) for event in log.events] == [("picture.viewed", "REF-1")]
