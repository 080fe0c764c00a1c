from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.pipeline.test_authority import END, OFFICE, START, authorisation
from watchbound.adapters.codecs import AUTHORISATION
from watchbound.domain.errors import Poison, PoisonReason, Unavailable
from watchbound.domain.standing import Refusal
from watchbound.pipeline.authority import AuthorityView
from watchbound.pipeline.feed import Feed, authority_gauges, authority_handler
from watchbound.pipeline.metric_names import AUTHORISATIONS_IN_FORCE, AUTHORITY_AGE
from watchbound.pipeline.topics import AUTHORISATIONS
from watchbound.ports import Record, TopicPartition
from watchbound.testing.clock import ManualClock
from watchbound.testing.log import InMemoryBroker
from watchbound.testing.metrics import RecordedMetrics

TOPIC = AUTHORISATIONS.name
NOW = START + timedelta(hours=1)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10.0
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true within 10 s"
        time.sleep(0.005)


class Followed:
    """A feed over an in-memory broker, with what it said."""

    def __init__(self, handler: Callable[[Record], None] | None = None) -> None:
        self.broker = InMemoryBroker()
        self.taken: list[str | None] = []
        self.poisoned: list[tuple[str | None, PoisonReason]] = []
        self.current = 0
        self.rounds = 0
        self.feed = Feed(
            self.broker.reader([TOPIC]), {TOPIC: handler or self.take}, self.confirm, self.poison, "test", self.turn
        )

    def take(self, record: Record) -> None:
        self.taken.append(record.key)

    def confirm(self) -> None:
        self.current += 1

    def poison(self, record: Record, poison: Poison) -> None:
        self.poisoned.append((record.key, poison.reason))

    def turn(self) -> None:
        self.rounds += 1

    def send(self, key: str, value: bytes | None = b"x") -> None:
        self.broker.producer().send(TOPIC, key, value).wait(1.0)


def test_hands_records_over_in_order_then_says_that_it_is_current() -> None:
    followed = Followed()
    for key in "abc":
        followed.send(key)
    assert followed.feed.ready() is not None
    with followed.feed as feed:
        assert feed.wait_current(5.0)
        assert followed.taken == ["a", "b", "c"]
        assert feed.ready() is None
        assert feed.live() is None
        followed.send("d")
        until(lambda: followed.taken[-1] == "d")
    assert followed.current > 0


def test_poison_is_reported_and_passed() -> None:
    def handler(record: Record) -> None:
        if record.key == "bad":
            raise Poison(PoisonReason.BAD_VALUE, "no good")
        followed.take(record)

    followed = Followed(handler)
    for key in ("a", "bad", "b"):
        followed.send(key)
    with followed.feed as feed:
        assert feed.wait_current(5.0)
    assert followed.taken == ["a", "b"]
    assert followed.poisoned == [("bad", PoisonReason.BAD_VALUE)]


def test_a_broker_that_is_away_confirms_nothing_and_is_asked_again() -> None:
    followed = Followed()
    with followed.feed as feed:
        assert feed.wait_current(5.0)
        followed.broker.down = True
        until(lambda: feed.ready() is not None)
        seen, rounds = followed.current, followed.rounds
        until(lambda: followed.rounds >= rounds + 2)
        assert followed.current == seen
        assert feed.failed is None
        followed.broker.down = False
        followed.send("later")
        until(lambda: followed.taken == ["later"])
        assert feed.wait_current(5.0)


def test_a_record_whose_handling_must_wait_is_held_not_skipped() -> None:
    refusals = iter([True, True, False])

    def handler(record: Record) -> None:
        if record.key == "a" and next(refusals):
            msg = "not now"
            raise Unavailable(msg)
        followed.take(record)

    followed = Followed(handler)
    followed.send("a")
    followed.send("b")
    with followed.feed as feed:
        assert feed.wait_current(5.0)
    assert followed.taken == ["a", "b"]


def test_a_bug_ends_the_feed_and_is_shown() -> None:
    def handler(record: Record) -> None:
        raise KeyError(record.key)

    followed = Followed(handler)
    followed.send("a")
    with followed.feed as feed:
        assert not feed.wait_current(5.0)
        assert isinstance(feed.failed, KeyError)
        assert "KeyError" in str(feed.live())
        assert "KeyError" in str(feed.ready())
    assert followed.current == 0


def test_stops_promptly_while_it_waits_for_a_broker() -> None:
    followed = Followed()
    followed.broker.down = True
    with followed.feed as feed:
        assert not feed.wait_current(0.05)
    assert "feed-test" not in [thread.name for thread in threading.enumerate()]


def record(key: str | None, value: bytes | None) -> Record:
    return Record(TopicPartition(TOPIC, 0), 7, key, value, (), datetime(2026, 11, 23, tzinfo=UTC))


def view_and_handler() -> tuple[AuthorityView, Callable[[Record], None]]:
    view = AuthorityView(ManualClock(NOW), 5.0, OFFICE.trust)
    view.confirm()
    return view, authority_handler(AUTHORISATION, view)


def test_the_topic_folds_into_the_view() -> None:
    view, handle = view_and_handler()
    handle(record("op-1", AUTHORISATION.encode(authorisation())))
    assert view.refusal_of("op-1", "gate-1", NOW) is None
    handle(record("op-1", None))
    assert view.refusal_of("op-1", "gate-1", NOW) is Refusal.NO_AUTHORISATION


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"\xff\xff", PoisonReason.BAD_PROTOBUF),
        (b"", PoisonReason.BAD_VALUE),
        (AUTHORISATION.encode(authorisation("op-2")), PoisonReason.WRONG_KEY),
    ],
)
def test_a_record_that_cannot_be_read_withdraws_what_it_replaced(value: bytes, reason: PoisonReason) -> None:
    view, handle = view_and_handler()
    handle(record("op-1", AUTHORISATION.encode(authorisation())))
    with pytest.raises(Poison) as caught:
        handle(record("op-1", value))
    assert caught.value.reason is reason
    assert view.refusal_of("op-1", "gate-1", NOW) is Refusal.NO_AUTHORISATION
    assert view.find("op-2") is None


def test_a_record_without_a_key_is_poison() -> None:
    _, handle = view_and_handler()
    with pytest.raises(Poison) as caught:
        handle(record(None, AUTHORISATION.encode(authorisation())))
    assert caught.value.reason is PoisonReason.WRONG_KEY


def test_gauges_show_age_and_what_is_in_force() -> None:
    clock, metrics = ManualClock(NOW), RecordedMetrics()
    view = AuthorityView(clock, 5.0, OFFICE.trust)
    show = authority_gauges(view, metrics)
    view.apply(authorisation())
    view.confirm()
    clock.advance(2)
    show()
    assert metrics.total(AUTHORITY_AGE) == 2
    assert metrics.total(AUTHORISATIONS_IN_FORCE) == 1
    clock.set(END)
    show()
    assert metrics.total(AUTHORISATIONS_IN_FORCE) == 0
