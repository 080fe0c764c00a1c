from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import pytest

from tests.unit.alerting.factory import POLICY, at, decision, match, reviewers, signed
from tests.unit.endless import EndlessReader
from watchbound.adapters import codecs
from watchbound.alerting.adjudicate import Docket, read_docket
from watchbound.alerting.raise_alert import raise_alert
from watchbound.domain.alert import Alert
from watchbound.domain.decision import Verdict
from watchbound.domain.errors import InvalidValue, Unavailable, UnknownReference
from watchbound.pipeline.topics import ALERTS, DECISIONS
from watchbound.testing.log import InMemoryBroker

TRUSTED = reviewers("officer-1", "officer-2")


def events() -> list[Alert]:
    """An alert opened and updated."""
    first = raise_alert(None, match(0), POLICY, at(0))
    second = raise_alert(first.window, match(1, 0.9), POLICY, at(1))
    return [*first.alerts, *second.alerts]


def docket(broker: InMemoryBroker, prefix: str) -> Docket:
    return read_docket(broker.reader([ALERTS.name, DECISIONS.name]), codecs.ALERT, codecs.DECISION, prefix, 5, TRUSTED)


@pytest.fixture
def broker() -> InMemoryBroker:
    broker = InMemoryBroker()
    producer = broker.producer()
    for alert in reversed(events()):
        producer.send(ALERTS.name, alert.subject, codecs.ALERT.encode(alert))
    producer.send(ALERTS.name, "station/P001", b"\xff\xff")
    return broker


def test_a_prefix_finds_the_highest_revision(broker: InMemoryBroker) -> None:
    assert docket(broker, events()[0].id[:6]).the_alert() == events()[1]


def test_the_picture_of_an_earlier_event_is_found(broker: InMemoryBroker) -> None:
    pictured = events()[1]
    bare = replace(pictured, revision=2, best=replace(pictured.best, crop=b""))
    broker.producer().send(ALERTS.name, bare.subject, codecs.ALERT.encode(bare))
    assert docket(broker, bare.id).the_alert() == replace(pictured, revision=2)


def test_an_unknown_alert_is_refused(broker: InMemoryBroker) -> None:
    with pytest.raises(UnknownReference, match="no alert has an id that begins with 'zzzzzz'"):
        docket(broker, "zzzzzz").the_alert()


def test_a_prefix_of_several_is_refused() -> None:
    found = Docket("", TRUSTED, {"aa": events()[0], "ab": events()[1]})
    with pytest.raises(UnknownReference, match="2 alerts"):
        found.the_alert()


def test_a_short_prefix_is_refused(broker: InMemoryBroker) -> None:
    with pytest.raises(InvalidValue, match="at least 6"):
        docket(broker, "abc")


def test_the_same_judgement_is_known_until_the_reviewer_changes_their_mind(broker: InMemoryBroker) -> None:
    alert = events()[1]
    yes, no = signed(decision(alert.id, 10)), signed(decision(alert.id, 20, Verdict.REJECT))
    assert not docket(broker, alert.id).knows(yes)
    broker.producer().send(DECISIONS.name, yes.subject, codecs.DECISION.encode(yes))
    assert docket(broker, alert.id).knows(decision(alert.id, 30))
    assert not docket(broker, alert.id).knows(decision(alert.id, 30, reviewer="officer-2"))
    broker.producer().send(DECISIONS.name, no.subject, codecs.DECISION.encode(no))
    assert not docket(broker, alert.id).knows(decision(alert.id, 30))


def test_what_no_reviewer_signed_is_passed_over(broker: InMemoryBroker) -> None:
    alert = events()[1]
    forged = signed(decision(alert.id, 10), "officer-2")
    broker.producer().send(DECISIONS.name, forged.subject, codecs.DECISION.encode(forged))
    assert docket(broker, alert.id).about(alert.id) == ()


def test_a_topic_that_cannot_be_read_in_time_is_said() -> None:
    seconds: Iterator[int] = count()
    with pytest.raises(Unavailable, match="within 5 s"):
        read_docket(EndlessReader(), codecs.ALERT, codecs.DECISION, "abcdef", 5, TRUSTED, lambda: next(seconds))
