from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.strategies import matches, moments, scores, texts, words
from watchbound.adapters.codecs import MATCH
from watchbound.alerting.window import AlertWindow, Lookalike, Passage, PassageState, Ruling
from watchbound.alerting.window_codec import AlertWindowCodec
from watchbound.domain.adjudication import Word
from watchbound.domain.decision import Verdict
from watchbound.domain.errors import InvalidValue

CODEC = AlertWindowCodec(MATCH)

passages = st.builds(
    Passage,
    id=texts,
    state=st.sampled_from(PassageState),
    revision=st.integers(0, 99),
    opened_by=moments,
    first_seen=moments,
    last_seen=moments,
    best=matches(),
    announced=scores,
    cameras=st.lists(texts, max_size=3).map(tuple),
    matches=st.integers(1, 99),
)
rulings = st.builds(Ruling, texts, st.builds(Word, words, st.sampled_from(Verdict), moments))
lookalikes = st.builds(Lookalike, texts, texts, st.binary(max_size=40), texts)
windows = st.builds(
    AlertWindow,
    handled_at=moments,
    passage=st.none() | passages,
    earlier=st.lists(passages, max_size=2).map(tuple),
    closed_until=st.none() | moments,
    rulings=st.lists(rulings, max_size=3).map(tuple),
    lookalikes=st.lists(lookalikes, max_size=2).map(tuple),
    recent=st.lists(texts, max_size=3).map(tuple),
)


@given(windows)
def test_a_window_survives_its_bytes(window: AlertWindow) -> None:
    assert CODEC.decode(CODEC.encode(window)) == window


@pytest.mark.parametrize("data", [b"", b"{}", b'{"version": 1}', b'{"version": 2, "handled_at": "soon"}', b"\xff"])
def test_what_is_no_window_stops_the_service_instead_of_being_passed_over(data: bytes) -> None:
    with pytest.raises(InvalidValue, match="expected an alert window of version 2"):
        CODEC.decode(data)
