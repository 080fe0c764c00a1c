"""The terms of a deployment as a person writes them down: a YAML file, or flags of the same names."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from watchbound.domain.calibration import CalibrationEvidence
from watchbound.domain.errors import ConfigurationError, InvalidValue
from watchbound.domain.moment import Window
from watchbound.domain.retention import LONGEST_ALERTS, LONGEST_WATCHLIST, SHORTEST_AUDIT, RetentionPolicy
from watchbound.domain.terms import LocationType, Terms, UseCase
from watchbound.domain.watchlist import Category
from watchbound.governance.calibration_evidence import reason_of
from watchbound.plain_yaml import load_yaml

T = TypeVar("T")

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


def template() -> str:
    """A file to fill in."""
    return f"""\
# The terms of one deployment. `watchbound authorise draft --file THIS --key drafter.pem` begins it; the officer named
# below then signs it with a key of their own. Whoever drafts it is known by the key.

# Its id for good, such as op-2026-117; made up if left out.
# id: op-2026-117

# Who may be looked for: {", ".join(one.value for one in UseCase)}.
use_case:
# The law and the written authority that permit it.
legal_basis:
# What it is to achieve.
legitimate_aim:
# Why less intrusive means do not suffice.
necessity:
# Why the intrusion is in proportion to the aim.
proportionality:
# The data protection impact assessment that is in force.
dpia_reference:

# The place in words, and of which type: {", ".join(one.value for one in LocationType)}.
location:
location_type:
# Every camera that is covered; no other publishes a picture.
cameras: []

# From when to when, with a time zone, such as 2026-11-23T09:00Z. Give `end` or `hours`; without `start` it is now.
start:
end:
hours:

# Most entries on the watchlist, and which categories: {", ".join(one.value for one in Category)}.
max_watchlist_size:
categories: []

# Least cosine similarity that may ever raise a match, in (0, 1], and where the number comes from. Leave both empty
# where `--calibration report.json` gives them.
minimum_threshold:
threshold_reason:
# Smaller faces are not compared: pixels between the eyes.
min_eye_distance: 14

# Which signs tell the public.
signage_reference:
# The account of the authorising officer who is to sign; somebody else than the drafter.
officer:

# May begin before it is signed. Where no signature follows within 24 hours it stops and everything is deleted.
urgent: false

# How long anything is kept after the end; these are the longest, and for the audit the shortest, that is allowed.
retention:
  watchlist_hours: {LONGEST_WATCHLIST // _HOUR}
  alerts_days: {LONGEST_ALERTS // _DAY}
  audit_days: {SHORTEST_AUDIT // _DAY}
"""


def _not_blank(value: Any) -> Any:
    if isinstance(value, str) and not value.strip():
        msg = "must be filled in"
        raise ValueError(msg)
    return value


Filled = Annotated[T, BeforeValidator(_not_blank)]


class RetentionFile(BaseModel):
    """How long anything is kept, in the units in which people say it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    watchlist_hours: float = LONGEST_WATCHLIST / _HOUR
    alerts_days: float = LONGEST_ALERTS / _DAY
    audit_days: float = SHORTEST_AUDIT / _DAY

    def policy(self) -> RetentionPolicy:
        """The same for the machine.

        Raises:
            InvalidValue: it is longer, or for the audit shorter, than the law allows.
        """
        return RetentionPolicy(
            timedelta(hours=self.watchlist_hours), timedelta(days=self.alerts_days), timedelta(days=self.audit_days)
        )


class TermsFile(BaseModel):
    """What `template` asks for."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    id: str | None = None
    use_case: UseCase
    legal_basis: Filled[str]
    legitimate_aim: Filled[str]
    necessity: Filled[str]
    proportionality: Filled[str]
    dpia_reference: Filled[str]
    location: Filled[str]
    location_type: LocationType
    cameras: tuple[str, ...] = Field(min_length=1)
    start: AwareDatetime | None = None
    end: AwareDatetime | None = None
    hours: float | None = Field(None, gt=0, le=24 * 366)
    max_watchlist_size: int
    categories: tuple[Category, ...] = Field(min_length=1)
    minimum_threshold: float
    threshold_reason: Filled[str]
    min_eye_distance: float = 14.0
    signage_reference: Filled[str]
    officer: Filled[str]
    urgent: bool = False
    retention: RetentionFile = RetentionFile()

    def terms(self, drafted_by: str, now: datetime, calibration: CalibrationEvidence | None = None) -> Terms:
        """The terms that they make.

        Raises:
            InvalidValue: they make none.
        """
        start = (self.start or now).astimezone(UTC)
        if (self.end is None) == (self.hours is None):
            msg = "give either end or hours"
            raise InvalidValue(msg)
        end = self.end.astimezone(UTC) if self.end is not None else start + timedelta(hours=self.hours or 0.0)
        given = {name: getattr(self, name) for name in _TAKEN_AS_THEY_ARE}
        return Terms(
            **given,
            calibration=calibration,
            id=self.id or f"{self.use_case.value}-{start:%Y%m%d}-{secrets.token_hex(3)}",
            cameras=frozenset(self.cameras),
            window=Window(start, end),
            categories=frozenset(self.categories),
            retention=self.retention.policy(),
            drafted_by=drafted_by,
        )


_MADE_OTHERWISE = {"id", "cameras", "start", "end", "hours", "categories", "retention"}
_TAKEN_AS_THEY_ARE = tuple(name for name in TermsFile.model_fields if name not in _MADE_OTHERWISE)


def read_terms(
    path: Path | None,
    flags: Mapping[str, Any],
    drafted_by: str,
    now: datetime,
    calibration: CalibrationEvidence | None = None,
) -> Terms:
    """The terms that a file and flags make; a flag that was given wins.

    Args:
        path: a YAML file as `template` writes it; None for flags alone.
        flags: by the file's names; None and empty lists were not given.
        drafted_by: the account of the drafter.
        now: the beginning, where none is named.
        calibration: gives the threshold, and the reason for it, where neither file nor flags do.

    Raises:
        ConfigurationError: the file cannot be read, or something is missing, unknown or not valid; all of it is told.
    """
    written = {} if path is None else _parsed(path)
    given = {name: value for name, value in flags.items() if value is not None and value != []}
    evident = {} if calibration is None else _from_evidence(calibration)
    asked = {**evident, **{name: value for name, value in {**written, **given}.items() if value is not None}}
    if "end" in given or "hours" in given:
        asked = {name: value for name, value in asked.items() if name not in {"end", "hours"} or name in given}
    try:
        return TermsFile.model_validate(asked).terms(drafted_by, now, calibration)
    except ValidationError as error:
        problems = "; ".join(_in_words(problem) for problem in error.errors())
        msg = f"the terms are not complete: {problems}; `watchbound authorise draft --template` shows what is asked"
        raise ConfigurationError(msg) from error
    except InvalidValue as error:
        raise ConfigurationError(str(error)) from error


def _from_evidence(calibration: CalibrationEvidence) -> dict[str, Any]:
    return {"minimum_threshold": calibration.threshold, "threshold_reason": reason_of(calibration)}


def _in_words(problem: Any) -> str:
    name = ".".join(str(part) for part in problem["loc"])
    match problem["type"]:
        case "missing":
            return f"{name}: must be filled in"
        case "too_short":
            return f"{name}: must name at least one"
        case _:
            return f"{name}: {problem['msg']}"


def _parsed(path: Path) -> dict[str, Any]:
    try:
        parsed = load_yaml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        msg = f"the terms in {path} cannot be read: {error}"
        raise ConfigurationError(msg) from error
    if not isinstance(parsed, dict):
        msg = f"expected names and values in {path}; `watchbound authorise draft --template` shows them"
        raise ConfigurationError(msg)
    return parsed
