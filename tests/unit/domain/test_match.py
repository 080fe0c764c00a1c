from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given

from watchbound.domain.errors import InvalidValue
from watchbound.domain.match import Match, deterministic_id, subject_key

from ..strategies import after, matches, names
from .values import MATCH


@given(matches())
def test_an_id_is_32_hexadecimal_digits_and_always_the_same(match: Match) -> None:
    assert len(match.id) == 32
    assert int(match.id, 16) >= 0
    assert match.id == replace(match).id


def test_an_id_stays_what_it_was() -> None:
    """The value itself: an id that changes with a release would make every replay across it a duplicate."""
    assert MATCH.id == "d7ea8dd7093cd4f455fd5404a98e26a2"
    assert deterministic_id("a", 1) != deterministic_id("a1")


@pytest.mark.parametrize("field", ["score", "shots", "crop", "box", "captured_at", "frame_id"])
def test_what_a_replay_may_measure_anew_does_not_change_the_id(field: str) -> None:
    box = replace(MATCH.box, x=9)
    other = {"score": 0.9, "shots": 9, "crop": b"", "box": box, "captured_at": after(9), "frame_id": "gate-1/2/2"}
    assert replace(MATCH, **{field: other[field]}).id == MATCH.id  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("field", "value"), [("camera_id", "gate-2"), ("track_id", "gate-1-2"), ("index", 1), ("model_digest", "e" * 64)]
)
def test_other_evidence_has_another_id(field: str, value: object) -> None:
    assert replace(MATCH, **{field: value}).id != MATCH.id  # type: ignore[arg-type]


@given(names, names)
def test_a_subject_reads_back_unambiguously(authorisation_id: str, reference: str) -> None:
    assert subject_key(authorisation_id, reference).split("/") == [authorisation_id, reference]


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        ("camera_id", "a/b", "camera id"),
        ("first_seen", after(0).replace(tzinfo=None), "first_seen"),
        ("captured_at", after(1).replace(tzinfo=None), "captured_at"),
        ("captured_at", after(-1), "before its track"),
        ("score", math.nan, "cosine"),
        ("score", 0.49, "reach its threshold"),
        ("threshold", math.nan, "cosine"),
        ("threshold", -math.inf, "cosine"),
        ("shots", 0, "at least one shot"),
        ("index", -1, "counted from 0"),
    ],
)
def test_a_match_in_a_wrong_state_cannot_exist(field: str, value: object, fault: str) -> None:
    with pytest.raises(InvalidValue, match=fault):
        replace(MATCH, **{field: value})  # type: ignore[arg-type]


def test_a_score_at_the_threshold_matches() -> None:
    assert replace(MATCH, score=MATCH.threshold).score == MATCH.threshold
