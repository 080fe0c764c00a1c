"""An alert window as bytes, for the table that survives a restart: JSON, with the best match in its wire form."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import Any

from watchbound.alerting.window import AlertWindow, Passage, Ruling, Standing
from watchbound.domain.decision import Verdict
from watchbound.domain.errors import InvalidValue, Poison
from watchbound.domain.match import Match
from watchbound.domain.moment import from_micros, to_micros
from watchbound.ports import Codec

_VERSION = 1


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
            "closed_until": _micros(value.closed_until),
            "quiet_until": _micros(value.quiet_until),
            "quiet_after": None if value.quiet_after is None else value.quiet_after.value,
            "rulings": [[r.decision_id, r.alert_id, r.verdict.value, to_micros(r.decided_at)] for r in value.rulings],
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
                closed_until=_moment(document["closed_until"]),
                quiet_until=_moment(document["quiet_until"]),
                quiet_after=None if document["quiet_after"] is None else Verdict(document["quiet_after"]),
                rulings=tuple(Ruling(d, a, Verdict(v), from_micros(at)) for d, a, v, at in document["rulings"]),
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
            "standing": passage.standing.value,
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
            standing=Standing(document["standing"]),
            revision=document["revision"],
            opened_by=from_micros(document["opened_by"]),
            first_seen=from_micros(document["first_seen"]),
            last_seen=from_micros(document["last_seen"]),
            best=self._matches.decode(base64.b64decode(document["best"])),
            announced=document["announced"],
            cameras=tuple(document["cameras"]),
            matches=document["matches"],
        )


def _micros(moment: datetime | None) -> int | None:
    return None if moment is None else to_micros(moment)


def _moment(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)
