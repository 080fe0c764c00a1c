"""Hypothesis strategies: every domain value that may exist, at the edges too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from watchbound.domain.act import Act, ActKind, SignedAct
from watchbound.domain.adjudication import Adjudication, Word
from watchbound.domain.alert import Alert, AlertEvent
from watchbound.domain.audit import AuditEvent
from watchbound.domain.authorisation import Authorisation
from watchbound.domain.calibration import CalibrationEvidence
from watchbound.domain.dead_letter import DeadLetter
from watchbound.domain.decision import Decision, Verdict
from watchbound.domain.demography import AgeBand, Ethnicity, Observation, Sex
from watchbound.domain.embedding import Embedding
from watchbound.domain.entry_papers import EntryPapers
from watchbound.domain.face import Box
from watchbound.domain.frame import Frame, SealedFrame
from watchbound.domain.match import Match
from watchbound.domain.moment import Window
from watchbound.domain.retention import RetentionPolicy
from watchbound.domain.signature import Signature
from watchbound.domain.standing import AuthorisationState, Refusal, Standing
from watchbound.domain.tally import Tally
from watchbound.domain.terms import LocationType, Terms, UseCase
from watchbound.domain.watchlist import (
    Category,
    EnrolledImage,
    EntryAdded,
    EntryRemoved,
    ResponseLevel,
    WatchlistChange,
    WatchlistEntry,
)
from watchbound.domain.written_authority import WrittenAuthority
from watchbound.pipeline.audit_record import AuditRecord
from watchbound.pipeline.checkpoint import Checkpoint, SignedCheckpoint, origin_of

names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", fullmatch=True)
texts = st.text(st.characters(codec="utf-8"), max_size=40)
words = texts.filter(lambda text: bool(text.strip()))
moments = st.datetimes(timezones=st.just(UTC))
scores = st.floats(-1, 1)
counts = st.integers(0, 2**32 - 1)
pixels = st.floats(-1e6, 1e6, width=32)
lengths = st.floats(2**-10, 1e6, width=32)
boxes = st.builds(Box, pixels, pixels, lengths, lengths)
entries = st.builds(WatchlistEntry, names, names, st.sampled_from(list(Category)), st.sampled_from(list(ResponseLevel)))
frames = st.builds(Frame, names, st.integers(0, 2**64 - 1), moments, names, st.binary(max_size=64))
sealed_frames = st.builds(SealedFrame, names, st.integers(0, 2**64 - 1), moments, names, st.binary(max_size=64))


@st.composite
def windows(draw: st.DrawFn) -> Window:
    """Windows of a microsecond and of thousands of years."""
    start, end = sorted(draw(st.lists(moments, min_size=2, max_size=2, unique=True)))
    return Window(start, end)


@st.composite
def vectors(draw: st.DrawFn, dimension: int | None = None) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Raw model outputs: finite, of any length but zero."""
    shape = dimension if dimension is not None else draw(st.integers(1, 16))
    finite = st.floats(width=32, allow_nan=False, allow_infinity=False, allow_subnormal=False)
    raw = draw(npst.arrays(np.float32, shape, elements=finite).filter(lambda array: bool(np.any(array))))
    return np.asarray(raw, dtype=np.float32)


embeddings = st.builds(Embedding.of, vectors(), words)


@st.composite
def matches(draw: st.DrawFn) -> Match:
    """Matches at and above their threshold."""
    threshold, score = sorted(draw(st.tuples(scores, scores)))
    first_seen, captured_at = sorted(draw(st.tuples(moments, moments)))
    return Match(
        entry=draw(entries),
        camera_id=draw(names),
        frame_id=draw(texts),
        track_id=draw(texts),
        first_seen=first_seen,
        captured_at=captured_at,
        score=score,
        threshold=threshold,
        shots=draw(st.integers(1, 2**32 - 1)),
        box=draw(boxes),
        crop=draw(st.binary(max_size=32)),
        model_digest=draw(texts),
        index=draw(counts),
        template=draw(st.binary(max_size=32)),
    )


@st.composite
def adjudications(draw: st.DrawFn, least: int = 0) -> Adjudication:
    """What up to four reviewers said."""
    spoken = st.builds(Word, words, st.sampled_from(list(Verdict)), moments)
    said = draw(st.lists(spoken, min_size=least, max_size=4))
    return Adjudication.of(said, draw(st.booleans()))


@st.composite
def alerts(draw: st.DrawFn) -> Alert:
    """Alerts in every state."""
    first_seen, last_seen = sorted(draw(st.tuples(moments, moments)))
    event = draw(st.sampled_from(list(AlertEvent)))
    spoken = adjudications(least=1) if event is AlertEvent.ADJUDICATED else st.none() | adjudications()
    return Alert(
        id=draw(texts),
        event=event,
        revision=draw(counts),
        opened_by=draw(moments),
        first_seen=first_seen,
        last_seen=last_seen,
        best=draw(matches()),
        cameras=tuple(draw(st.lists(names, min_size=1, max_size=3))),
        matches=draw(st.integers(1, 2**32 - 1)),
        emitted_at=draw(moments),
        adjudication=draw(spoken),
    )


signatures = st.builds(Signature, names, st.binary(min_size=64, max_size=64))
observations = (
    st.tuples(
        st.none() | st.sampled_from(list(Sex)),
        st.none() | st.sampled_from(list(Ethnicity)),
        st.none() | st.sampled_from(list(AgeBand)),
    )
    .filter(any)
    .map(lambda recorded: Observation(*recorded))
)
decisions = st.builds(
    Decision,
    words,
    names,
    names,
    st.sampled_from(list(Verdict)),
    words,
    texts,
    moments,
    st.none() | observations,
    st.none() | signatures,
)
seconds = st.integers(0, 3600 * 24).map(lambda s: timedelta(seconds=s))
retentions = st.builds(RetentionPolicy, seconds, seconds, st.just(timedelta(days=183)))


hexadecimal = st.text("0123456789abcdef", min_size=64, max_size=64)


@st.composite
def all_terms(draw: st.DrawFn) -> Terms:
    """Terms of every kind."""
    officer, drafted_by = draw(st.lists(words, min_size=2, max_size=2, unique=True))
    size, threshold = draw(st.integers(1, 2**31 - 1)), draw(st.floats(0, 1, exclude_min=True))
    return Terms(
        id=draw(names),
        use_case=draw(st.sampled_from(list(UseCase))),
        legal_basis=draw(words),
        legitimate_aim=draw(words),
        necessity=draw(words),
        proportionality=draw(words),
        dpia_reference=draw(words),
        location=draw(words),
        location_type=draw(st.sampled_from(list(LocationType))),
        cameras=draw(st.frozensets(names, min_size=1, max_size=4)),
        window=draw(windows()),
        max_watchlist_size=size,
        categories=draw(st.frozensets(st.sampled_from(list(Category)), min_size=1)),
        minimum_threshold=threshold,
        threshold_reason=draw(words),
        min_eye_distance=draw(st.floats(0, 1e6)),
        signage_reference=draw(words),
        officer=officer,
        drafted_by=drafted_by,
        retention=draw(retentions),
        urgent=draw(st.booleans()),
        calibration=draw(st.none() | _evidence(size, threshold)),
    )


def _evidence(size: int, threshold: float) -> st.SearchStrategy[CalibrationEvidence]:
    """Evidence that covers a list of this size and this threshold."""
    return st.builds(
        CalibrationEvidence,
        report_digest=hexadecimal,
        model_digest=hexadecimal,
        fpir=st.floats(0, 1, exclude_min=True, exclude_max=True),
        list_size=st.integers(size, 2**31 - 1),
        threshold=st.floats(0, threshold, exclude_min=True),
        extrapolated=st.booleans(),
        made_at=moments,
    )


maybe_moments = st.none() | moments


def _a_day_before_the_last(moment: datetime | None) -> datetime | None:
    return None if moment is None else min(moment, datetime.max.replace(tzinfo=UTC) - timedelta(days=2))


standings = st.builds(
    Standing,
    state=st.sampled_from(list(AuthorisationState)),
    threshold=st.floats(0, 1, exclude_min=True),
    since=maybe_moments,
    signed_at=maybe_moments,
    activated_at=maybe_moments.map(_a_day_before_the_last),
    cancelled_at=maybe_moments,
    fault=st.none() | st.sampled_from(list(Refusal)),
)
authorisations = st.builds(Authorisation.of, all_terms(), standings)
details = st.dictionaries(texts, texts, max_size=3).map(lambda given: tuple(sorted(given.items())))
digests = st.binary(max_size=32)
signed_acts = st.builds(
    SignedAct,
    st.builds(
        Act,
        counts,
        st.sampled_from(list(ActKind)),
        moments,
        texts,
        details,
        st.binary(max_size=32),
        st.binary(max_size=32),
    ),
    st.builds(Signature, names, st.binary(min_size=64, max_size=64)),
)
written_authorities = st.builds(WrittenAuthority, all_terms(), st.lists(signed_acts, max_size=4).map(tuple))


@st.composite
def entry_papers(draw: st.DrawFn) -> EntryPapers:
    """Papers of adults and of minors, approved by another than added."""
    added_at, expires_at = sorted(draw(st.lists(moments, min_size=2, max_size=2, unique=True)))
    added_by, approved_by = draw(st.lists(words, min_size=2, max_size=2, unique=True))
    reason = draw(st.one_of(st.just(""), words))
    return EntryPapers(
        source=draw(words),
        lawful_holding=draw(words),
        image_date=draw(st.dates()),
        expires_at=expires_at,
        added_by=added_by,
        added_at=added_at,
        approved_by=approved_by,
        under_18=bool(reason),
        under_18_reason=reason,
    )


signatures = st.builds(Signature, names, st.binary(min_size=64, max_size=64))


@st.composite
def additions(draw: st.DrawFn) -> EntryAdded:
    """Entries with one to three images, embedded by one model."""
    entry, digest = draw(entries), draw(words)
    raws = draw(st.lists(vectors(dimension=8), min_size=1, max_size=3))
    images = tuple(EnrolledImage(entry, draw(names), Embedding.of(raw, digest)) for raw in raws)
    return EntryAdded(entry, images, draw(entry_papers()), draw(moments), draw(signatures), draw(signatures))


removals = st.builds(EntryRemoved, names, names, moments)
watchlist_changes: st.SearchStrategy[WatchlistChange] = st.one_of(additions(), removals)
tallies = st.builds(
    Tally,
    texts,
    counts,
    names,
    texts,
    windows(),
    counts,
    counts,
    counts,
    counts,
    counts,
    counts,
    counts,
    counts,
    counts,
)
facts = st.dictionaries(words, texts, max_size=3).map(lambda known: tuple(sorted(known.items())))
audit_events = st.builds(AuditEvent, words, moments, words, words, texts, texts, texts, facts)
checkpoints = st.builds(
    SignedCheckpoint,
    st.builds(Checkpoint, names.map(origin_of), counts, st.binary(min_size=32, max_size=32), moments),
    names.map(origin_of),
    st.binary(min_size=4, max_size=4),
    st.binary(min_size=64, max_size=64),
)
audit_records = st.one_of(st.builds(AuditRecord, names, counts, audit_events), checkpoints)
dead_letters = st.builds(
    DeadLetter,
    topic=words,
    partition=st.integers(0, 2**31 - 1),
    offset=st.integers(0, 2**63 - 1),
    reason=words,
    detail=texts,
    payload_size=counts,
    payload_digest=texts,
    payload=st.binary(max_size=64),
    at=moments,
)

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
"""A moment for examples."""


def after(seconds: float) -> datetime:
    """So many seconds after `NOON`."""
    return NOON + timedelta(seconds=seconds)
