"""How many of the seeded volunteers who walked by were alerted: the TPIR of this deployment (ISO/IEC 19795)."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from watchbound.domain.demography import Observation
from watchbound.domain.errors import ConfigurationError, InvalidValue
from watchbound.domain.frame import require_name
from watchbound.domain.watchlist import Category
from watchbound.extraction.handed_in import rows_of
from watchbound.governance.record.facts import AlertFact, VolunteerLog, VolunteerPass
from watchbound.governance.record.slices import Cell, sliced
from watchbound.statistics.proportion import Proportion

COLUMNS = ("reference", "camera", "time")


@dataclass(frozen=True, slots=True)
class Recall:
    """What became of the passes that volunteers noted.

    Attributes:
        tpir: passes alerted, of those that count.
        missed: the passes without an alert, by reference, camera and time.
        silenced: passes that do not count, because an earlier decision silenced their entry.
        slices: by what adjudicators recorded about the volunteer at any of their alerts.
    """

    tpir: Proportion
    missed: tuple[VolunteerPass, ...]
    silenced: int
    slices: tuple[Cell, ...]


def read_volunteers(path: Path, tolerance: timedelta, suppress: timedelta) -> VolunteerLog:
    """A CSV of reference, camera and time (ISO 8601 with a zone), one pass a row.

    Raises:
        ConfigurationError: it is not that; the message names the row.
    """
    passes = tuple(_pass(path, number, row) for number, row in rows_of(path, COLUMNS))
    if not passes:
        msg = f"{path}: expected at least one pass; without any, leave the option out"
        raise ConfigurationError(msg)
    return VolunteerLog(passes, tolerance, suppress)


def _pass(path: Path, number: int, row: Mapping[str, str]) -> VolunteerPass:
    reference, camera, time = (row[column] for column in COLUMNS)
    try:
        require_name(reference, "an entry reference")
        require_name(camera, "a camera id")
        return VolunteerPass(reference, camera, datetime.fromisoformat(time))
    except (InvalidValue, ValueError) as error:
        msg = f"{path}, row {number}: {error}"
        raise ConfigurationError(msg) from error


def recall(
    log: VolunteerLog,
    alerts: Sequence[AlertFact],
    false: Container[str],
    decided_at: Mapping[str, datetime],
    observed: Mapping[str, Observation],
) -> Recall:
    """Hold the volunteers' log against the alerts.

    A pass is *alerted* if an alert on that reference, seen by that camera, covers its time give or take the log's
    tolerance, and people did not find that it was somebody else: nobody is recalled by an error. It is *silenced*, and
    does not count, if it was not alerted and a decision on an earlier alert of that reference, false ones included,
    still suppressed the entry.

    Args:
        log: what the volunteers noted.
        alerts: all alerts of the deployment.
        false: ids of the alerts that were rejected or judged a lookalike.
        decided_at: by alert id, when it was decided.
        observed: by entry reference, what adjudicators recorded about the volunteer.
    """
    not_false = [alert for alert in alerts if alert.id not in false]
    counted: list[tuple[VolunteerPass, bool]] = []
    silenced = 0
    for noted in log.passes:
        alerted = any(_covers(alert, noted, log.tolerance) for alert in not_false)
        if not alerted and _is_silenced(noted, alerts, decided_at, log.suppress):
            silenced += 1
        else:
            counted.append((noted, alerted))
    return Recall(
        tpir=Proportion(sum(alerted for _, alerted in counted), len(counted)),
        missed=tuple(noted for noted, alerted in counted if not alerted),
        silenced=silenced,
        slices=sliced((observed.get(noted.reference), alerted) for noted, alerted in counted),
    )


def _covers(alert: AlertFact, noted: VolunteerPass, tolerance: timedelta) -> bool:
    return (
        alert.entry.reference == noted.reference
        and alert.entry.category is Category.SEEDED_VOLUNTEER
        and noted.camera_id in alert.cameras
        and alert.first_seen - tolerance <= noted.at <= alert.last_seen + tolerance
    )


def _is_silenced(
    noted: VolunteerPass, alerts: Sequence[AlertFact], decided_at: Mapping[str, datetime], suppress: timedelta
) -> bool:
    moments = (decided_at.get(alert.id) for alert in alerts if alert.entry.reference == noted.reference)
    return any(moment is not None and moment <= noted.at <= moment + suppress for moment in moments)
