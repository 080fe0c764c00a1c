"""What must be true of a round whatever failed in it: sets held against the ground truth of the footage. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from watchbound.camera.synthetic import SiteTruth
from watchbound.domain.alert import Alert, AlertEvent
from watchbound.domain.frame import Capture
from watchbound.domain.match import Match

NEAR = 24.0
"""Pixels between the eyes from which a face counts as near."""

CLEAR = 0.7
LEAST_FRAMES = 5
"""How many admitted frames must show a face near and clear before it counts as having passed: a second's worth."""

SLACK = timedelta(seconds=3.0)
ACTS_WITHIN = timedelta(seconds=5.5)
"""How soon a cancellation must act, whatever fails: authority not confirmed for 5 s permits nothing."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A message and the moment at which the broker or its producer stamped it."""

    at: datetime


@dataclass(frozen=True, slots=True)
class SentMatch(Sent):
    """A match as it stands in its topic."""

    match: Match


@dataclass(frozen=True, slots=True)
class SentAlert(Sent):
    """An alert event as it stands in its topic."""

    alert: Alert


@dataclass(frozen=True, slots=True)
class Passed:
    """A listed person who passed a camera, in admitted frames."""

    person: str
    camera: str
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything that a round left on the log.

    Attributes:
        frames: those that the broker holds: admitted, whoever saw them.
        cancelled_at: when the authorisation's cancellation was acknowledged; None where it was not cancelled.
        judged_until: passages that ended later are not expected to have been alerted; None for all.
    """

    frames: Sequence[Capture]
    matches: Sequence[SentMatch]
    alerts: Sequence[SentAlert]
    cancelled_at: datetime | None = None
    judged_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the oracle found.

    Attributes:
        lost: listed people who passed in admitted frames, without an alert.
        false: alerts on somebody who was not there.
        duplicates_before: repeated events, as they stand in the topics.
        duplicates_after: alerts of one passage beyond the first, once repeated ids are removed.
        outside: frames, matches and alerts that no authority permitted.
    """

    lost: tuple[str, ...]
    false: tuple[str, ...]
    duplicates_before: int
    duplicates_after: tuple[str, ...]
    outside: tuple[str, ...]
    expected: int = field(default=0)


def judge(seen: Seen, truths: Mapping[str, SiteTruth], listed: frozenset[str], fps: float, gap: timedelta) -> Judgement:
    """Hold a round against its ground truth.

    Args:
        seen: what is on the log.
        truths: by camera.
        listed: references of the enrolled.
        fps: frames sampled a second: a frame's sequence is its place in the footage.
        gap: without a match for so long an alert is over, so that another one may begin.
    """
    alerts = latest(sent.alert for sent in seen.alerts)
    passed = passages(seen.frames, truths, listed, fps)
    due = [p for p in passed if seen.judged_until is None or p.last < seen.judged_until]
    return Judgement(
        lost=tuple(sorted(f"{p.person}@{p.camera}" for p in due if not any(_tells(a, p) for a in alerts))),
        false=tuple(sorted(a.id for a in alerts if not _was_there(a, truths, fps))),
        duplicates_before=_repeated(seen),
        duplicates_after=tuple(_overlapping(alerts, gap)),
        outside=tuple(_outside(seen, listed)),
        expected=len(due),
    )


def latest(events: Iterable[Alert]) -> list[Alert]:
    """What a consumer keeps: of each id the highest revision."""
    kept: dict[str, Alert] = {}
    for alert in events:
        if alert.id not in kept or alert.revision > kept[alert.id].revision:
            kept[alert.id] = alert
    return sorted(kept.values(), key=lambda alert: (alert.entry.reference, alert.opened_by))


def passages(
    frames: Sequence[Capture], truths: Mapping[str, SiteTruth], listed: frozenset[str], fps: float
) -> list[Passed]:
    """The listed people who passed in these frames, near and clear for long enough."""
    found = []
    distinct = {frame.id: frame for frame in frames}.values()
    for camera, truth in truths.items():
        mine = sorted((f for f in distinct if f.camera_id == camera), key=lambda frame: frame.captured_at)
        for passage in truth.passages(NEAR, CLEAR):
            good = [f for f in mine if passage.first_s <= f.sequence / fps <= passage.last_s]
            good = [f for f in good if _near(truth, passage.person, f.sequence / fps)]
            if passage.person in listed and len(good) >= LEAST_FRAMES:
                found.append(Passed(passage.person, camera, good[0].captured_at, good[-1].captured_at))
    return found


def _near(truth: SiteTruth, person: str, second: float) -> bool:
    index = min(round(second * truth.spec.fps), len(truth.frames) - 1)
    faces = [face for face in truth.frames[index].faces if face.person == person]
    return any(face.eye_distance >= NEAR and face.visible_fraction >= CLEAR for face in faces)


def _tells(alert: Alert, passed: Passed) -> bool:
    overlaps = alert.first_seen - SLACK <= passed.last and passed.first <= alert.last_seen + SLACK
    return alert.entry.reference == passed.person and passed.camera in alert.cameras and overlaps


def _was_there(alert: Alert, truths: Mapping[str, SiteTruth], fps: float) -> bool:
    best = alert.best
    truth = truths.get(best.camera_id)
    second = int(best.frame_id.rsplit("/", 1)[1]) / fps
    around = [second + step / 10 for step in range(-10, 11)]
    return truth is not None and any(alert.entry.reference in truth.visible_at(max(s, 0.0)) for s in around)


def _repeated(seen: Seen) -> int:
    matches = Counter(sent.match.id for sent in seen.matches)
    alerts = Counter((sent.alert.id, sent.alert.revision) for sent in seen.alerts)
    return sum(n - 1 for n in matches.values()) + sum(n - 1 for n in alerts.values())


def _overlapping(alerts: Sequence[Alert], gap: timedelta) -> Iterable[str]:
    """Alerts that belong to the passage of the one before; they come ordered by person and beginning."""
    before: Alert | None = None
    for alert in alerts:
        same = before is not None and before.entry.reference == alert.entry.reference
        # By the match that opened it, as alerting itself tells passages apart: its track may have begun before.
        if before is not None and same and alert.opened_by <= before.last_seen + gap:
            yield f"{alert.id} after {before.id}"
        before = alert


def _outside(seen: Seen, listed: frozenset[str]) -> Iterable[str]:
    for sent in seen.matches:
        if sent.match.entry.reference not in listed:
            yield f"match of {sent.match.entry.reference}, who is not listed"
    end = seen.cancelled_at
    if end is None:
        return
    yield from (
        f"frame {frame.id} was taken after the end" for frame in seen.frames if frame.captured_at > end + ACTS_WITHIN
    )
    for sent in seen.matches:
        if sent.match.captured_at > end or sent.at > end + ACTS_WITHIN:
            yield f"match {sent.match.id} of {sent.match.captured_at}, sent {sent.at}"
    for told in seen.alerts:
        if told.alert.event is AlertEvent.OPENED and told.at > end + ACTS_WITHIN:
            yield f"alert {told.alert.id} opened at {told.at}"
