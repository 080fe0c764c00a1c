"""An alert window as bytes, for the table that survives a restart: JSON, with the best match in its wire form."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import Any

from watchbound.alerting.window import AlertWindow, Lookalike, Passage, PassageState, Ruling
from watchbound.domain.adjudication import Word
from watchbound.domain.decision import Verdict
from watchbound.domain.errors import InvalidValue, Poison
from watchbound.domain.match import Match
from watchbound.domain.moment import from_micros, to_micros
from watchbound.ports import Codec

_VERSION = 2


class AlertWindowCodec:
    """The two directions. State that cannot be read back is no poison: passing it over would open alerts twice.

    Args:
        matches: the codec of the matches topic.
    """

    def __init__(self, matches: Codec[Match]) -> None:
        self._matches = matches

    def encode(self, value: AlertWindow) -> bytes:
        """The window as UTF-8 JSON."""
        document = {
            "version": _VERSION,
            "handled_at": to_micros(value.handled_at),
            "passage": None if value.passage is None else self._from_passage(value.passage),
            "earlier": [self._from_passage(passage) for passage in value.earlier],
            "closed_until": _micros(value.closed_until),
            "rulings": [_from_ruling(ruling) for ruling in value.rulings],
            "lookalikes": [_from_lookalike(lookalike) for lookalike in value.lookalikes],
            "recent": value.recent,
        }
        return json.dumps(document, separators=(",", ":")).encode()

    def decode(self, data: bytes) -> AlertWindow:
        """The window again.

        Raises:
            InvalidValue: no window of this version; the service must not go on as if there were none.
        """
        try:
            document = json.loads(data)
            if document["version"] != _VERSION:
                raise InvalidValue(f"version {document['version']}")  # noqa: EM102 - told in full below
            return AlertWindow(
                handled_at=from_micros(document["handled_at"]),
                passage=None if document["passage"] is None else self._to_passage(document["passage"]),
                earlier=tuple(self._to_passage(passage) for passage in document["earlier"]),
                closed_until=_moment(document["closed_until"]),
                rulings=tuple(_to_ruling(*ruling) for ruling in document["rulings"]),
                lookalikes=tuple(_to_lookalike(*lookalike) for lookalike in document["lookalikes"]),
                recent=tuple(document["recent"]),
            )
        except (ValueError, KeyError, TypeError, Poison) as error:
            msg = (
                f"expected an alert window of version {_VERSION}, got {error!r}; run the version that wrote the table,"
                " or begin with a new WATCHBOUND_ALERTING_GROUP"
            )
            raise InvalidValue(msg) from error

    def _from_passage(self, passage: Passage) -> dict[str, Any]:
        return {
            "id": passage.id,
            "state": passage.state.value,
            "revision": passage.revision,
            "opened_by": to_micros(passage.opened_by),
            "first_seen": to_micros(passage.first_seen),
            "last_seen": to_micros(passage.last_seen),
            "best": base64.b64encode(self._matches.encode(passage.best)).decode(),
            "announced": passage.announced,
            "cameras": passage.cameras,
            "matches": passage.matches,
        }

    def _to_passage(self, document: dict[str, Any]) -> Passage:
        return Passage(
            id=document["id"],
            state=PassageState(document["state"]),
            revision=document["revision"],
            opened_by=from_micros(document["opened_by"]),
            first_seen=from_micros(document["first_seen"]),
            last_seen=from_micros(document["last_seen"]),
            best=self._matches.decode(base64.b64decode(document["best"])),
            announced=document["announced"],
            cameras=tuple(document["cameras"]),
            matches=document["matches"],
        )


def _from_ruling(ruling: Ruling) -> list[Any]:
    word = ruling.word
    return [ruling.alert_id, word.reviewer, word.verdict.value, to_micros(word.spoken_at)]


def _to_ruling(alert_id: str, reviewer: str, verdict: str, spoken_at: int) -> Ruling:
    return Ruling(alert_id, Word(reviewer, Verdict(verdict), from_micros(spoken_at)))


def _from_lookalike(lookalike: Lookalike) -> list[str]:
    template = base64.b64encode(lookalike.template).decode()
    return [lookalike.alert_id, lookalike.match_id, template, lookalike.model_digest]


def _to_lookalike(alert_id: str, match_id: str, template: str, model_digest: str) -> Lookalike:
    return Lookalike(alert_id, match_id, base64.b64decode(template), model_digest)


def _micros(moment: datetime | None) -> int | None:
    return None if moment is None else to_micros(moment)


def _moment(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)
