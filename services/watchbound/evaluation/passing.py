"""How well people who pass are identified, counted by passage and never by frame. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from watchbound.domain.ground_truth import Passage
from watchbound.evaluation.groups import Rate
from watchbound.evaluation.sightings import CameraRun, TrackHistory, histories
from watchbound.statistics.resampling import Resampling, rates

_AROUND_S = 1.0
"""A passage is over when its person was away for so long; what comes within it still belongs to it."""


@dataclass(frozen=True, slots=True)
class PassageTerms:
    """Which passages count: somebody came so near and so clear that whoever looks for them should find them.

    Attributes:
        min_eye_distance: pixels between the eyes.
        min_visible: share of the face.
        min_seconds: for how long both held.
        usable_eye_distance: from here on the worker may compare the face at all; time to alert begins there.
    """

    min_eye_distance: float = 20.0
    min_visible: float = 0.7
    min_seconds: float = 1.0
    usable_eye_distance: float = 14.0


@dataclass(frozen=True, slots=True)
class PassageOutcome:
    """What became of one passage.

    Attributes:
        listed: whether its person is on the list.
        identified: a match named the right entry while the track was on its person.
        misidentified: a match on this person named somebody else.
        seconds_to_alert: from the first usable sight to the first right match, in the footage's time.
        alerts: different alerts that right matches opened or updated.
        tracks: how many tracks followed the person.
        mixed_tracks: of those, how many were on somebody else too.
        templated: whether any template was made.
    """

    camera_id: str
    person: str
    first_s: float
    last_s: float
    nearest_eye_distance: float
    listed: bool
    identified: bool
    misidentified: bool
    seconds_to_alert: float | None
    alerts: int
    tracks: int
    mixed_tracks: int
    templated: bool


@dataclass(frozen=True, slots=True)
class PassingReport:
    """Identification of passing people.

    Attributes:
        tpir: of passages of listed people, those identified; None without any.
        fpir: of passages of unlisted people, those on which a match named anybody; None without any.
        false_alerts: alerts whose opening match was not on the person whom it named.
        alerts: all alerts.
        seconds_to_alert: p50 and p90; None where nobody was identified.
        tracks_per_passage: mean, over passages that any track followed.
        alerts_per_identified: mean, 1 where nothing is said twice.
        mixed_tracks, tracks: of those that made a template.
    """

    passages: tuple[PassageOutcome, ...]
    tpir: Rate | None
    fpir: Rate | None
    false_alerts: int
    alerts: int
    seconds_to_alert: tuple[float, float] | None
    tracks_per_passage: float | None
    alerts_per_identified: float | None
    mixed_tracks: int
    tracks: int


def evaluate(
    runs: Sequence[CameraRun], listed: frozenset[str], terms: PassageTerms, resampling: Resampling | None = None
) -> PassingReport:
    """Hold replayed cameras against their ground truth.

    Args:
        runs: one for each camera.
        listed: references on the list, which are the names of their people in the ground truth.
        terms: which passages count.
        resampling: how people are drawn for the intervals.
    """
    drawing = resampling or Resampling()
    outcomes: list[PassageOutcome] = []
    followed: list[TrackHistory] = []
    for run in runs:
        tracks = histories(run)
        followed += tracks.values()
        outcomes += _outcomes(run, tracks, listed, terms)
    mated = [outcome for outcome in outcomes if outcome.listed]
    others = [outcome for outcome in outcomes if not outcome.listed]
    found = [outcome for outcome in mated if outcome.identified]
    waits = [outcome.seconds_to_alert for outcome in found if outcome.seconds_to_alert is not None]
    seen = [outcome.tracks for outcome in outcomes if outcome.tracks]
    alerts, false_alerts = _alerts(runs)
    templated = [track for track in followed if track.looks]
    return PassingReport(
        passages=tuple(outcomes),
        tpir=_rate([(outcome.person, outcome.identified) for outcome in mated], drawing),
        fpir=_rate([(outcome.person, outcome.misidentified) for outcome in others], drawing),
        false_alerts=false_alerts,
        alerts=alerts,
        seconds_to_alert=(float(np.quantile(waits, 0.5)), float(np.quantile(waits, 0.9))) if waits else None,
        tracks_per_passage=float(np.mean(seen)) if seen else None,
        alerts_per_identified=float(np.mean([outcome.alerts for outcome in found])) if found else None,
        mixed_tracks=sum(track.mixed for track in templated),
        tracks=len(templated),
    )


def _outcomes(
    run: CameraRun, tracks: Mapping[str, TrackHistory], listed: frozenset[str], terms: PassageTerms
) -> Iterable[PassageOutcome]:
    usable = run.truth.passages(terms.usable_eye_distance, terms.min_visible, 0.0)
    for passage in run.truth.passages(terms.min_eye_distance, terms.min_visible, terms.min_seconds):
        yield _outcome(run, tracks, passage, _usable_from(passage, usable), passage.person in listed)


def _usable_from(passage: Passage, usable: Sequence[Passage]) -> float:
    """When this passage's person could first be compared."""
    same = [other for other in usable if other.person == passage.person]
    overlapping = (o.first_s for o in same if o.first_s <= passage.last_s and o.last_s >= passage.first_s)
    return min(overlapping, default=passage.first_s)


def _outcome(
    run: CameraRun, tracks: Mapping[str, TrackHistory], passage: Passage, usable_from: float, listed: bool
) -> PassageOutcome:
    first, last = usable_from - _AROUND_S, passage.last_s + _AROUND_S
    during = [
        match
        for match in run.matches
        if first <= run.second(match.frame) <= last and run.person_at(match.frame, match.box) == passage.person
    ]
    right = [match for match in during if match.reference == passage.person]
    following = [t for t in tracks.values() if t.person == passage.person and t.last_s >= first and t.first_s <= last]
    return PassageOutcome(
        camera_id=run.camera_id,
        person=passage.person,
        first_s=passage.first_s,
        last_s=passage.last_s,
        nearest_eye_distance=passage.nearest_eye_distance,
        listed=listed,
        identified=bool(right),
        misidentified=len(right) < len(during),
        seconds_to_alert=max(min(run.second(m.frame) for m in right) - usable_from, 0.0) if right else None,
        alerts=len({match.alert_id for match in right if match.alert_id is not None}),
        tracks=len(following),
        mixed_tracks=sum(track.mixed for track in following),
        templated=any(track.looks for track in following),
    )


def _alerts(runs: Sequence[CameraRun]) -> tuple[int, int]:
    """How many alerts there were, and of how many the opening match named somebody who was not there."""
    opened: dict[str, bool] = {}
    for run in runs:
        for match in run.matches:
            if match.alert_id is not None:
                opened.setdefault(match.alert_id, run.person_at(match.frame, match.box) == match.reference)
    return len(opened), sum(not right for right in opened.values())


def _rate(cases: Sequence[tuple[str, bool]], drawing: Resampling) -> Rate | None:
    if not cases:
        return None
    names, person = np.unique([name for name, _ in cases], return_inverse=True)
    chances = np.array([[float(holds)] for _, holds in cases])
    value, interval = rates(chances, person, drawing).at(0)
    return Rate(value, interval, len(names))
