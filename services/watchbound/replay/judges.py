"""Whether a record may be handed over again, by the same rules as the first time.

Only what happened once is replayed: frames, matches and decisions. A topic that says how things *are* (authorisations,
watchlists) is never fed from the past: an old record would stand over a newer one. Whoever sent it sends it anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from watchbound.domain.decision import Decision
from watchbound.domain.errors import Unavailable
from watchbound.domain.frame import SealedFrame
from watchbound.domain.match import Match
from watchbound.domain.standing import Refusal
from watchbound.pipeline.authority import AuthorityView
from watchbound.pipeline.topics import DECISIONS, FRAMES, MATCHES
from watchbound.ports import Clock, Codec

STALE = "stale"
"""The frame is older than workers look at: they would shed it."""

_NOT_KNOWN = frozenset({Refusal.AUTHORITY_UNKNOWN, Refusal.CLOCK_UNTRUSTED})


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a record is about, and why it may not be handed over again.

    Attributes:
        key: under which it is sent.
        refused: a reason code; None where it may.
    """

    key: str
    authorisation_id: str
    refused: str | None


Judge = Callable[[bytes], Judgement]
"""Raises Poison where the record still cannot be read, Unavailable while authority is not known."""


def judges(
    view: AuthorityView,
    clock: Clock,
    max_frame_age: timedelta,
    frame: Codec[SealedFrame],
    match: Codec[Match],
    decision: Codec[Decision],
) -> Mapping[str, Judge]:
    """By topic, for those that can be replayed."""

    def of_frame(value: bytes) -> Judgement:
        seen = frame.decode(value)
        refused = _refusal(view.refusal_of(seen.authorisation_id, seen.camera_id, seen.captured_at))
        if refused is None and clock.now() - seen.captured_at > max_frame_age:
            refused = STALE
        return Judgement(seen.camera_id, seen.authorisation_id, refused)

    def of_match(value: bytes) -> Judgement:
        found = match.decode(value)
        about = found.entry.authorisation_id
        return Judgement(found.subject, about, _refusal(view.refusal_of(about, found.camera_id, found.captured_at)))

    def of_decision(value: bytes) -> Judgement:
        said = decision.decode(value)
        return Judgement(said.subject, said.authorisation_id, _refusal(view.refusal_of_past(said.authorisation_id)))

    return {FRAMES.name: of_frame, MATCHES.name: of_match, DECISIONS.name: of_decision}


def _refusal(refusal: Refusal | None) -> str | None:
    if refusal in _NOT_KNOWN:
        msg = f"whether a record may be replayed is not known now ({refusal.value}); try again when it is"
        raise Unavailable(msg)
    return None if refusal is None else refusal.value
