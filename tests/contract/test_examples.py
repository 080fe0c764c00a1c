"""The example payloads are what the codecs read and write, and the invalid ones are refused for their own fault."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from google.protobuf import json_format
from hypothesis import given
from hypothesis import strategies as st
from tools.contracts import CONTRACTS, EXAMPLES, Contract

from tests.contract.examples import BY_TOPIC, INVALID, VALID, example_trust, name, parse
from watchbound.adapters import codecs
from watchbound.domain.alert import alert_id
from watchbound.domain.errors import Poison, PoisonReason
from watchbound.pipeline.topics import ALL_TOPICS
from watchbound.pipeline.verification import read_authority

# What the refusal must speak of, so that an example cannot be refused for another fault than the one in its name.
FAULTS = {
    "frames/camera-with-a-slash": "camera id",
    "frames/captured-beyond-the-calendar": "years 1 and 9999",
    "frames/no-authorisation": "authorisation id",
    "matches/below-threshold": "reach its threshold",
    "matches/box-without-area": "area",
    "matches/captured-before-its-track": "before its track",
    "matches/category-unset": "Category 0",
    "matches/no-shots": "at least one shot",
    "matches/score-not-a-number": "got nan",
    "matches/threshold-not-a-number": "got nan",
    "alerts/adjudicated-by-nobody": "what its reviewers said",
    "alerts/confirmed-by-one": "expected the standing AWAITING_SECOND",
    "alerts/event-unset": "AlertEvent 0",
    "alerts/last-before-first": "last seen before",
    "alerts/no-cameras": "at least one camera",
    "alerts/no-match": "Category 0",
    "decisions/age-band-unknown": "AgeBand 99",
    "decisions/no-alert": "names its alert",
    "decisions/no-reviewer": "its reviewer",
    "decisions/nothing-observed": "no observation",
    "decisions/signature-cut-short": "64 bytes",
    "decisions/verdict-unset": "Verdict 0",
    "authorisations/act-of-no-kind": "ActKind 0",
    "authorisations/act-without-a-signature": "64 bytes",
    "authorisations/alerts-kept-too-long": "alerts are kept",
    "authorisations/category-unset": "Category 0",
    "authorisations/details-out-of-order": "ordered by name",
    "authorisations/drafted-by-the-officer": "drafted by one person and signed by another",
    "authorisations/ends-before-it-starts": "end after it starts",
    "authorisations/kept-beyond-the-calendar": "longer than any calendar",
    "authorisations/no-cameras": "at least one camera",
    "authorisations/no-categories": "at least one category",
    "authorisations/no-legal-basis": "legal basis",
    "authorisations/no-minimum-threshold": "threshold",
    "authorisations/no-necessity": "necessity",
    "authorisations/use-case-unset": "UseCase 0",
    "watchlist-changes/approval-cut-short": "64 bytes",
    "watchlist-changes/expires-before-it-was-added": "later than",
    "watchlist-changes/image-date-in-words": "a day such as",
    "watchlist-changes/no-change": "add or remove",
    "watchlist-changes/no-images": "at least one image",
    "watchlist-changes/no-model": "digest of the model",
    "watchlist-changes/no-reference": "entry reference",
    "watchlist-changes/nobody-approved": "nobody who approved",
    "watchlist-changes/no-source": "source must be stated",
    "watchlist-changes/one-person": "two people",
    "watchlist-changes/under-18-without-reason": "under_18_reason",
    "watchlist-changes/vector-cut-short": "whole number of float32",
    "watchlist-changes/vector-not-a-number": "finite",
    "watchlist-changes/vector-not-of-norm-one": "norm 1",
    "watchlist-proposals/approved-already": "not been approved",
    "watchlist-proposals/unsigned": "key id",
    "tallies/no-camera": "camera id",
    "tallies/span-without-length": "end after it starts",
    "audit/checkpoint-of-no-size": "expected a checkpoint",
    "audit/neither": "got neither",
    "audit/no-act": "its act",
    "audit/no-log": "a log id",
    "audit/no-actor": "its actor",
    "dead-letters/beyond-the-calendar": "years 1 and 9999",
    "dead-letters/no-reason": "its reason",
    "dead-letters/no-topic": "its topic",
    "dead-letters/offset-below-zero": "from zero",
}


def test_every_topic_has_a_contract_and_examples() -> None:
    assert [contract.topic for contract in CONTRACTS] == list(ALL_TOPICS)
    assert all(contract.examples() for contract in CONTRACTS)
    assert {path.name for path in EXAMPLES.iterdir()} == set(BY_TOPIC)


@pytest.mark.parametrize("path", VALID, ids=name)
def test_an_example_reads_and_writes_back_the_same(path: Path) -> None:
    contract, data = parse(path)
    written = contract.codec.encode(contract.codec.decode(data))
    assert written == data
    again = json_format.MessageToDict(contract.codec.message_type.FromString(written))
    assert again == json.loads(path.read_text())


@pytest.mark.parametrize("path", VALID, ids=name)
def test_an_example_read_twice_is_the_same_value(path: Path) -> None:
    contract, data = parse(path)
    assert contract.codec.encode(contract.codec.decode(data)) == contract.codec.encode(contract.codec.decode(data))


@pytest.mark.parametrize("path", INVALID, ids=name)
def test_an_invalid_example_is_poison_for_its_own_fault(path: Path) -> None:
    contract, data = parse(path)
    with pytest.raises(Poison, match=FAULTS[name(path)]) as caught:
        contract.codec.decode(data)
    assert caught.value.reason is PoisonReason.BAD_VALUE


def test_every_invalid_example_names_its_fault_and_every_fault_has_its_example() -> None:
    assert {name(path) for path in INVALID} == set(FAULTS)


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.message)
@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff" * 12, id="no-varint-ends"),
        pytest.param(b"\x0a\x7fcut", id="shorter-than-it-says"),
        pytest.param(b"\x0a\x02\xc3\x28", id="text-is-not-utf8"),
    ],
)
def test_bytes_that_are_no_message_are_poison(contract: Contract, data: bytes) -> None:
    with pytest.raises(Poison):
        contract.codec.decode(data)


@pytest.mark.parametrize("path", VALID, ids=name)
def test_a_record_cut_in_half_is_poison(path: Path) -> None:
    contract, data = parse(path)
    with pytest.raises(Poison):
        contract.codec.decode(data[: len(data) // 2])


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.message)
@given(data=st.binary(max_size=300))
def test_random_bytes_raise_nothing_but_poison(contract: Contract, data: bytes) -> None:
    try:
        value = contract.codec.decode(data)
    except Poison:
        return
    contract.codec.encode(value)


@pytest.mark.parametrize("path", VALID, ids=name)
@given(place=st.integers(min_value=0), byte=st.integers(min_value=0, max_value=255))
def test_a_damaged_record_raises_nothing_but_poison(path: Path, place: int, byte: int) -> None:
    contract, data = parse(path)
    damaged = bytearray(data)
    damaged[place % len(data)] = byte
    try:
        value = contract.codec.decode(bytes(damaged))
    except Poison:
        return
    contract.codec.encode(value)


def test_the_alert_examples_tell_one_story() -> None:
    alerts = [codecs.ALERT.decode(parse(path)[1]) for path in VALID if name(path).startswith("alerts/")]
    by_revision = sorted(alerts, key=lambda alert: alert.revision)
    assert [alert.event.value for alert in by_revision] == ["opened", "updated", "expired", "adjudicated"]
    assert {alert.id for alert in alerts} == {alert_id(by_revision[0].best)}


def test_no_example_of_a_frame_s_dead_letter_holds_its_picture() -> None:
    letters = [codecs.DEAD_LETTER.decode(parse(path)[1]) for path in VALID if name(path).startswith("dead-letters/")]
    assert any(letter.payload for letter in letters)
    assert all(not letter.payload for letter in letters if letter.topic == "watchbound.frames.v1")


def test_the_authorisation_examples_are_one_chain_that_verifies(tmp_path: Path) -> None:
    trust = example_trust(tmp_path)
    written = [
        codecs.AUTHORISATION.decode(parse(path)[1]) for path in VALID if name(path).startswith("authorisations/")
    ]
    written.sort(key=lambda authority: len(authority.acts))
    read = [read_authority(authority, trust).authorisation for authority in written]
    assert [(one.state.value, one.threshold, one.standing.fault) for one in read] == [
        ("draft", 0.55, None),
        ("active", 0.55, None),
        ("active", 0.6, None),
        ("cancelled", 0.6, None),
    ]
    assert all(written[-1].begins_with(earlier) for earlier in written)
