"""The alerting service on a broker: what operators and consumers get, also when it dies."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.fixtures.alerting import GAP_S, AlertingProcess, Site, watchbound
from watchbound.adapters import codecs
from watchbound.adapters.kafka_log import KafkaTopicReader
from watchbound.adapters.kafka_topics import ensure_topics
from watchbound.adapters.signing import FileSigner
from watchbound.domain.adjudication import Standing
from watchbound.domain.alert import Alert, AlertEvent
from watchbound.domain.dead_letter import DeadLetter
from watchbound.domain.decision import Decision, Verdict
from watchbound.pipeline.topics import ALERTS, ALL_TOPICS, DEAD_LETTERS, DECISIONS, MATCHES
from watchbound.settings import KafkaSettings, load
from watchbound.stack.tansu import Tansu

OPENED, UPDATED, EXPIRED, ADJUDICATED = AlertEvent


@pytest.fixture(scope="module")
def bootstrap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A broker of these tests' own: a service reads every match on it."""
    with Tansu(tmp_path_factory.mktemp("alerting-broker")) as broker:
        ensure_topics(load(KafkaSettings, bootstrap=broker.bootstrap), ALL_TOPICS)
        yield broker.bootstrap


@pytest.fixture(scope="module")
def service(bootstrap: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AlertingProcess]:
    service = AlertingProcess(bootstrap, tmp_path_factory.mktemp("alerting"), "alerting-module")
    yield service
    service.process.stop()


@pytest.fixture
def site(bootstrap: str, service: AlertingProcess, request: pytest.FixtureRequest) -> Iterator[Site]:
    site = Site(bootstrap, request.node.name.replace("_", "-").removeprefix("test-"))
    yield site
    site.close()


def events(alerts: list[Alert]) -> list[tuple[AlertEvent, int]]:
    return [(alert.event, alert.revision) for alert in alerts]


def has(event: AlertEvent) -> Callable[[list[Alert]], bool]:
    return lambda alerts: any(alert.event is event for alert in alerts)


def until(condition: Callable[[], bool], timeout_s: float = 15.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_one_person_passing_is_one_alert(site: Site) -> None:
    first = site.match("P001", score=0.6)
    for match in (first, first, site.match("P001", 0.61), site.match("P001", 0.7), site.match("P001", 0.6, "gate-2")):
        site.send(match)
    alerts = site.wait_for(has(EXPIRED))
    assert events(alerts) == [(OPENED, 0), (UPDATED, 1), (UPDATED, 2), (EXPIRED, 3)]
    assert len({alert.id for alert in alerts}) == 1
    last = alerts[-1]
    assert (last.best.score, round(last.margin, 3), last.matches) == (0.7, 0.15, 4)
    assert last.cameras == ("gate-1", "gate-2")
    assert len(last.best.crop) > 20_000
    assert last.first_seen == first.first_seen


def test_an_alert_follows_its_match_promptly(site: Site) -> None:
    seconds = []
    for number in range(15):
        match = site.match(f"P{number:03}")
        site.send(match)
        wanted = number + 1
        alerts = site.wait_for(lambda found, wanted=wanted: len([a for a in found if a.event is OPENED]) == wanted)  # type: ignore[misc]
        seconds.append((alerts[-1].emitted_at - match.captured_at).total_seconds())
    assert sorted(seconds)[len(seconds) // 2] < 0.25


def test_two_reviewers_confirm_and_the_entry_is_silent(site: Site, service: AlertingProcess) -> None:
    site.send(site.match("P001"))
    (opened,) = site.wait_for(has(OPENED))
    first = json.loads(service.decide(opened.id[:8], "confirm", "reviewer-1", "--reason", "known face", "--json"))
    assert (first["alert_id"], first["reviewer"], first["already_decided"]) == (opened.id, "reviewer-1", False)
    assert first["adjudication"]["standing"] == "awaiting-second"
    assert "said so already, nothing was sent; awaiting a second" in service.decide(opened.id, "confirm", "reviewer-1")
    second = service.decide(opened.id, "confirm", "reviewer-2", "--observed", "sex=male,age=25-34")
    assert "confirmed (reviewer-1: confirm, reviewer-2: confirm)" in second
    site.wait_for(lambda _alerts: standings(site) == [Standing.AWAITING_SECOND, Standing.CONFIRMED])

    site.send(site.match("P001", score=0.9))
    site.send(site.match("P002"))
    site.wait_for(lambda _alerts: bool(site.of("P002")))
    # It may have expired before the decision was read, but nothing that came later was told.
    assert {(alert.id, alert.best.score) for alert in site.of("P001")} == {(opened.id, opened.best.score)}
    until(lambda: service.metric("matches_suppressed_total", '{reason="confirmed"}') == 1)


def standings(site: Site) -> list[Standing]:
    """What each adjudication of the site's alerts came to."""
    told = [alert.adjudication for alert in site.alerts if alert.event is ADJUDICATED]
    return [adjudication.standing for adjudication in told if adjudication is not None]


def test_a_decision_in_anothers_name_is_dead_lettered(site: Site, service: AlertingProcess) -> None:
    site.send(site.match("P001"))
    (opened,) = site.wait_for(has(OPENED))
    forged = Decision(opened.id, site.authorisation_id, "P001", Verdict.REJECT, "reviewer-1", "", datetime.now(UTC))
    stranger = FileSigner.load(service.officers.key("drafter"))
    for decision in (forged, replace(forged, signature=stranger.sign(forged.statement()))):
        site.send_raw(DECISIONS.name, decision.subject, codecs.DECISION.encode(decision))
    labels = f'{{reason="untrusted",topic="{DECISIONS.name}"}}'
    until(lambda: service.metric("dead_letters_total", labels) == 2)
    assert not standings(site)


def test_a_decision_that_cannot_be_audited_is_not_made(site: Site, service: AlertingProcess, tmp_path: Path) -> None:
    site.send(site.match("P001"))
    (opened,) = site.wait_for(has(OPENED))
    nowhere = tmp_path / "a-file"
    nowhere.touch()
    environment = {**service.environment, "WATCHBOUND_AUDIT_URL": f"sqlite:///{nowhere / 'audit.db'}"}
    arguments = ["decide", opened.id, "reject", "--key", str(service.officers.key("reviewer-1"))]
    watchbound(site.settings.bootstrap, arguments, environment=environment, code=2)
    site.send(site.match("P002"))
    site.wait_for(lambda _alerts: bool(site.of("P002")))
    assert not standings(site)


def test_deciding_is_refused_where_it_would_not_count(site: Site, service: AlertingProcess) -> None:
    assert "no alert has an id" in service.decide("0" * 32, "reject", "reviewer-1", code=1)
    assert "at least 6 characters" in service.decide("0", "reject", "reviewer-1", code=2)
    assert "age is one of" in service.decide("0" * 32, "reject", "reviewer-1", "--observed", "age=30", code=2)
    site.send(site.match("P001"))
    (opened,) = site.wait_for(has(OPENED))
    assert "not as reviewer" in service.decide(opened.id, "reject", "drafter", code=1)
    nobodys = replace(opened, best=replace(opened.best, entry=replace(opened.entry, authorisation_id="nobodys")))
    nobodys = replace(nobodys, id="e" * 32)
    site.send_raw(ALERTS.name, nobodys.subject, codecs.ALERT.encode(nobodys))
    assert "(no_authorisation)" in service.decide(nobodys.id, "reject", "reviewer-1", code=1)


def test_no_authority_raises_nothing(site: Site, bootstrap: str, service: AlertingProcess) -> None:
    with closing(Site(bootstrap, "never-authorised", authorised=False)) as stranger:
        stranger.send(stranger.match("P001"))
    site.send(site.match("P001", camera="elsewhere"))
    site.send(site.match("P001", captured_at=datetime.now(UTC) - timedelta(days=1)))
    for reason in ("no_authorisation", "camera_not_covered", "captured_outside_window"):
        until(lambda reason=reason: service.metric("matches_suppressed_total", f'{{reason="{reason}"}}') == 1)  # type: ignore[misc]
    site.send(site.match("P002"))
    site.wait_for(lambda _alerts: bool(site.of("P002")))
    assert not site.of("P001")


def test_a_removed_entry_raises_nothing(site: Site, service: AlertingProcess) -> None:
    site.enlist(site.match("P001").entry)
    site.remove("P001")
    # The feed polls on; a match of another entry that is removed later shows that it has caught up.
    until(lambda: _suppressed_after(site, service))
    assert len(site.of("P001")) <= 1


def _suppressed_after(site: Site, service: AlertingProcess) -> bool:
    site.send(site.match("P001"))
    return service.metric("matches_suppressed_total", '{reason="entry_removed"}') >= 1


def test_an_unreadable_match_is_dead_lettered_and_its_neighbour_handled(site: Site, service: AlertingProcess) -> None:
    match = site.match("P001")
    site.send_raw(MATCHES.name, match.subject, b"\xff\xffnot a match")
    site.send_raw(MATCHES.name, "someone/else", codecs.MATCH.encode(match))
    site.send(match)
    site.wait_for(has(OPENED))
    reader = KafkaTopicReader(site.settings, [DEAD_LETTERS.name], "test-letters")
    letters: list[DeadLetter] = []
    while len(letters) < 2:
        found = [codecs.DEAD_LETTER.decode(record.value or b"") for record in reader.poll(0.2)]
        letters += [letter for letter in found if letter.topic == MATCHES.name]
    reader.close()
    assert {(letter.topic, letter.reason) for letter in letters} == {
        (MATCHES.name, "bad_protobuf"),
        (MATCHES.name, "wrong_key"),
    }
    assert service.process.running()


def test_killed_in_mid_passage_it_goes_on_with_the_same_alert(tmp_path: Path) -> None:
    # A broker of its own, since another group's alerts on the same matches would be told apart by nothing.
    with Tansu(tmp_path) as broker:
        ensure_topics(load(KafkaSettings, bootstrap=broker.bootstrap), ALL_TOPICS)
        with closing(Site(broker.bootstrap, "killed")) as site:
            _kill_in_mid_passage(site, broker.bootstrap, tmp_path)


def _kill_in_mid_passage(site: Site, bootstrap: str, folder: Path) -> None:
    # Longer than a dead member keeps its partitions.
    gap_s = GAP_S * 10
    with AlertingProcess(bootstrap, folder, "alerting-killed", gap_s) as service:
        site.send(site.match("P001", 0.6))
        site.send(site.match("P001", 0.7))
        site.wait_for(has(UPDATED))
        service.process.kill()
    site.send(site.match("P001", 0.62))
    with AlertingProcess(bootstrap, folder, "alerting-killed", gap_s) as service:
        site.send(site.match("P001", 0.8))
        alerts = site.wait_for(lambda found: any(a.best.score == 0.8 for a in found))
        assert len({alert.id for alert in alerts}) == 1
        assert {(a.event, a.revision) for a in alerts} == {(OPENED, 0), (UPDATED, 1), (UPDATED, 2)}
        assert alerts[-1].matches == 4, "what came while it started is handled, and before what came later"
        service.process.stop()


def test_sigterm_ends_it_cleanly(bootstrap: str, tmp_path: Path) -> None:
    service = AlertingProcess(bootstrap, tmp_path, "alerting-sigterm")
    began = time.monotonic()
    service.process.stop()
    assert time.monotonic() - began < 10
    assert '"stopped"' in service.process.log_tail()
