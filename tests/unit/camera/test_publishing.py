"""The publisher's threads: they end in time, whatever the broker does, and account for every frame."""

import threading
import time
from collections.abc import Callable

import pytest

from tests.unit.camera.site_of_one import PlayedSource, SiteOfOne, authorisation, picture_of
from watchbound.adapters import codecs
from watchbound.camera.ledger import ShedReason
from watchbound.camera.publishing import FramePublisher
from watchbound.domain.errors import InvalidValue, Unavailable
from watchbound.domain.sealing import Purpose
from watchbound.pipeline import metric_names as names
from watchbound.pipeline.topics import FRAMES
from watchbound.ports import Delivery


class Pending:
    """A delivery that stays undecided."""

    def wait(self, timeout_s: float) -> None:
        time.sleep(timeout_s)
        msg = "not yet"
        raise Unavailable(msg)


class StubbornProducer:
    """A producer that does with each record what it was told to."""

    def __init__(self, act: Callable[[], Delivery]) -> None:
        self._act = act

    def send(self, topic: str, key: str, value: bytes | None, headers: object = None) -> Delivery:
        return self._act()

    def close(self) -> None:
        """Nothing is buffered."""


def site_with_frames(count: int) -> SiteOfOne:
    site = SiteOfOne(PlayedSource([picture_of(n / 5) for n in range(count)]), buffer_frames=16)
    site.authority.apply(authorisation("north"))
    site.runner.run()
    assert len(site.buffers) == count
    return site


def publisher(site: SiteOfOne, act: Callable[[], Delivery], in_flight: int = 4) -> FramePublisher:
    producer = StubbornProducer(act)
    return FramePublisher(site.buffers, producer, codecs.FRAME, site.ring, site.authority, site.ledger, in_flight)


def shed(site: SiteOfOne) -> dict[str, float]:
    return {dict(labels)["reason"]: sum(n) for labels, n in site.metrics.series(names.FRAMES_SHED).items()}


def test_what_is_buffered_is_sent_on_the_way_out() -> None:
    site = site_with_frames(10)
    site.publisher.start()
    site.publisher.finish(5.0)
    assert len(site.published()) == 10
    assert site.counted()["published"] == 10
    assert site.publisher.live() is None


def test_an_undecided_broker_does_not_hold_up_the_end() -> None:
    site = site_with_frames(12)
    stuck = publisher(site, Pending)
    stuck.start()
    asked = time.monotonic()
    stuck.finish(0.5)
    assert time.monotonic() - asked < 5.0
    assert sum(shed(site).values()) == 12
    assert set(shed(site)) == {ShedReason.UNACKNOWLEDGED.value, ShedReason.SHUTDOWN.value}


def test_too_much_unacknowledged_holds_sending_not_capture() -> None:
    site = site_with_frames(12)
    sent = []

    def act() -> Delivery:
        sent.append(1)
        return Pending()

    stuck = publisher(site, act, in_flight=2)
    stuck.start()
    deadline = time.monotonic() + 10
    while len(sent) < 4:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    # One with the settler, two in line, one waiting for the line; the rest stays in the buffer to be shed there.
    assert len(sent) == 4
    assert len(site.buffers) == 8
    stuck.finish(0.2)
    assert sum(shed(site).values()) == 12


@pytest.mark.parametrize(
    ("error", "reason"),
    [(Unavailable("full"), ShedReason.UNAVAILABLE), (InvalidValue("too large"), ShedReason.TOO_LARGE)],
)
def test_what_the_producer_refuses_is_shed_with_the_reason(error: Exception, reason: ShedReason) -> None:
    site = site_with_frames(3)

    def act() -> Delivery:
        raise error

    refusing = publisher(site, act)
    refusing.start()
    refusing.finish(5.0)
    assert shed(site) == {reason.value: 3}


def test_no_picture_is_on_the_log_in_plain() -> None:
    site = site_with_frames(3)
    site.send_buffered()
    pictures = [frame.jpeg for frame in site.published()]
    assert len(pictures) == 3
    log = b"".join(record.value or b"" for record in site.broker.records(FRAMES.name))
    assert all(picture[:64] not in log and picture[-64:] not in log for picture in pictures)


def test_a_frame_whose_key_was_destroyed_is_refused_and_counted() -> None:
    site = site_with_frames(3)
    site.ring.destroy("op-1", Purpose.FRAMES)
    site.send_buffered()
    assert site.metrics.total(names.FRAMES_REFUSED, camera="north", reason="key_destroyed") == 3
    assert site.published() == []


def test_without_a_key_ring_nothing_is_published_and_it_is_told() -> None:
    site = site_with_frames(3)
    site.ring.down = True
    site.send_buffered()
    assert shed(site) == {ShedReason.UNAVAILABLE.value: 3}
    assert "key ring" in (site.publisher.ready() or "")


def test_a_bug_ends_the_thread_and_is_told() -> None:
    site = site_with_frames(1)
    failed = threading.Event()

    def act() -> Delivery:
        failed.set()
        msg = "a bug"
        raise RuntimeError(msg)

    buggy = publisher(site, act)
    buggy.start()
    assert failed.wait(5.0)
    deadline = time.monotonic() + 5.0
    while buggy.live() is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert "a bug" in (buggy.live() or "")
