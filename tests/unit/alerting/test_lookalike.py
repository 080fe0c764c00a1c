from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.alerting.factory import at, match
from watchbound.alerting.lookalike import LookalikeCheck, Resemblance
from watchbound.alerting.window import AlertWindow
from watchbound.domain.errors import Unavailable
from watchbound.domain.match import Match
from watchbound.domain.sealing import Purpose
from watchbound.pipeline.sealing import seal_template
from watchbound.testing.keyring import FakeKeyRing

RULE = Resemblance(similarity=0.7, margin=0.1)


@pytest.fixture
def ring() -> FakeKeyRing:
    ring = FakeKeyRing()
    ring.create("station")
    return ring


def probe(similarity: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """A template so similar to that of the lookalike, which is the first axis."""
    return np.array([similarity, np.sqrt(1 - similarity**2)], dtype=np.float32)


def seen(ring: FakeKeyRing, seconds: float, similarity: float, score: float) -> Match:
    return seal_template(ring, match(seconds, score), probe(similarity))


def judged(ring: FakeKeyRing) -> AlertWindow:
    return AlertWindow(at(0)).with_lookalike("a", seen(ring, 0, 1.0, 0.6))


@pytest.mark.parametrize(
    ("similarity", "score", "suppressed"),
    [
        (0.95, 0.60, True),
        (0.71, 0.60, True),
        (0.69, 0.56, False),
        (0.80, 0.71, False),
        (0.75, 0.90, False),
    ],
)
def test_only_who_resembles_the_lookalike_clearly_more_than_the_entry_is_suppressed(
    ring: FakeKeyRing, similarity: float, score: float, suppressed: bool
) -> None:
    check = LookalikeCheck(ring, RULE)
    assert check.shows_lookalike(judged(ring), seen(ring, 1, similarity, score)) is suppressed


def test_without_a_lookalike_nothing_is_opened(ring: FakeKeyRing) -> None:
    there = seen(ring, 1, 1.0, 0.6)
    ring.down = True
    assert not LookalikeCheck(ring, RULE).shows_lookalike(AlertWindow(at(0)), there)
    assert not LookalikeCheck(ring, RULE).shows_lookalike(None, there)


def test_a_destroyed_key_suppresses_nobody(ring: FakeKeyRing) -> None:
    window, there = judged(ring), seen(ring, 1, 1.0, 0.6)
    ring.destroy("station", Purpose.ALERTS)
    assert not LookalikeCheck(ring, RULE).shows_lookalike(window, there)


@pytest.mark.parametrize("altered", [b"", b"altered"])
def test_a_template_that_cannot_be_opened_suppresses_nobody(ring: FakeKeyRing, altered: bytes) -> None:
    there = replace(seen(ring, 1, 1.0, 0.6), template=altered)
    assert not LookalikeCheck(ring, RULE).shows_lookalike(judged(ring), there)


def test_another_model_s_template_suppresses_nobody(ring: FakeKeyRing) -> None:
    there = seal_template(ring, replace(match(1), model_digest="n"), probe(1.0))
    assert not LookalikeCheck(ring, RULE).shows_lookalike(judged(ring), there)


def test_a_template_is_bound_to_its_match(ring: FakeKeyRing) -> None:
    there = replace(seen(ring, 1, 1.0, 0.6), template=seen(ring, 2, 1.0, 0.6).template)
    assert not LookalikeCheck(ring, RULE).shows_lookalike(judged(ring), there)


def test_while_the_keys_cannot_be_reached_the_match_is_held(ring: FakeKeyRing) -> None:
    window, there = judged(ring), seen(ring, 1, 1.0, 0.6)
    ring.down = True
    with pytest.raises(Unavailable):
        LookalikeCheck(ring, RULE).shows_lookalike(window, there)
