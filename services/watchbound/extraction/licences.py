"""What a model's licence lets one do with it: a closed list, so that "probably fine" is never the answer.

The identifiers are SPDX's (https://spdx.org/licenses/), and `LicenseRef-` ones where SPDX has none. A licence that is
not here is refused until somebody has read it and added it with what it permits.
"""

from __future__ import annotations

from enum import Enum

from watchbound.domain.errors import ModelPackError


class Use(Enum):
    """What a deployment does with its models."""

    OPERATION = "operation"
    RESEARCH = "research"


_ANY = frozenset(Use)
_RESEARCH = frozenset({Use.RESEARCH})

LICENCES: dict[str, frozenset[Use]] = {
    "Apache-2.0": _ANY,
    "BSD-2-Clause": _ANY,
    "BSD-3-Clause": _ANY,
    "CC-BY-4.0": _ANY,
    "CC0-1.0": _ANY,
    "ISC": _ANY,
    "MIT": _ANY,
    # The owner of the weights wrote them, or bought a licence whose terms they answer for.
    "LicenseRef-Proprietary": _ANY,
    # "Non-commercial" says who may not be paid, and courts differ on public bodies: research and evaluation only.
    "CC-BY-NC-4.0": _RESEARCH,
    "CC-BY-NC-SA-4.0": _RESEARCH,
    # The pretrained InsightFace models: "available for non-commercial research purposes only".
    "LicenseRef-InsightFace-NonCommercial": _RESEARCH,
}


def require_permission(licence: str, use: Use, what: str) -> None:
    """Refuse `what` unless its licence is known and permits the use.

    Raises:
        ModelPackError: the licence is not in the list, or does not permit `use`.
    """
    if licence not in LICENCES:
        msg = (
            f"{what}: expected a licence out of {', '.join(sorted(LICENCES))}, got {licence!r}; declare the SPDX id of "
            f"the licence that the weights were published under, or use another model"
        )
        raise ModelPackError(msg)
    if use not in LICENCES[licence]:
        permitted = ", ".join(sorted(permitted.value for permitted in LICENCES[licence]))
        msg = (
            f"{what}: {licence} permits {permitted} only, and this is {use.value}; use a model whose licence permits "
            f"it, or set WATCHBOUND_MODELS_USE to what is really being done"
        )
        raise ModelPackError(msg)
