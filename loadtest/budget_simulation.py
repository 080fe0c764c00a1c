"""How often the false-alert budget pauses a deployment that keeps it, and how soon one that does not.

    python -m loadtest.budget_simulation --deployments 20000

Each simulated deployment compares faces one after the other; each raises a false alert with the same probability. The
product's own test looks after every face. (Between false alerts the evidence only falls, so looking at each false alert
and at the end of the minimum sample is looking after every face.) For comparison: a rule that pauses whenever the share
of false alerts is above the budget, once the minimum sample is reached.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from watchbound.alerting.budget import BudgetPolicy, judge

KEPT = (0.25, 0.5, 1.0)
BROKEN = (2.0, 5.0, 10.0, 20.0)
_SEED = 4


@dataclass(frozen=True, slots=True)
class Outcome:
    """One deployment: after how many faces each rule paused it, None for never."""

    tested: int | None
    by_share: int | None


def simulate(rate: float, faces: int, policy: BudgetPolicy, random: np.random.Generator) -> Outcome:
    """One deployment of so many faces whose true rate is `rate`."""
    tested = by_share = None
    for seen, wrong in _moments(_false_alerts(rate, faces, random), policy.minimum_faces):
        finding = judge(seen, wrong, policy)
        if tested is None and finding.breached:
            tested = seen
        if by_share is None and seen >= policy.minimum_faces and finding.share > policy.rate:
            by_share = seen
        if tested is not None and by_share is not None:
            break
    return Outcome(tested, by_share)


def _false_alerts(rate: float, faces: int, random: np.random.Generator) -> NDArray[np.int64]:
    """At which faces, counted from 1, false alerts happen."""
    return np.flatnonzero(random.random(faces) < rate) + 1


def _moments(events: NDArray[np.int64], minimum: int) -> list[tuple[int, int]]:
    """Faces and false alerts so far, wherever a rule may begin to pause."""
    at_minimum = int(np.searchsorted(events, minimum, side="right"))
    later = [(int(seen), wrong) for wrong, seen in enumerate(events, start=1) if seen > minimum]
    return [(minimum, at_minimum), *later]


def report(deployments: int, faces: int, policy: BudgetPolicy, seed: int) -> dict[str, Any]:
    """Both halves, as the command prints them."""
    random = np.random.default_rng(seed)

    def runs(multiple: float) -> list[Outcome]:
        return [simulate(multiple * policy.rate, faces, policy, random) for _ in range(deployments)]

    return {
        "budget": policy.rate,
        "alpha": policy.alpha,
        "minimum_faces": policy.minimum_faces,
        "deployments": deployments,
        "faces_a_deployment": faces,
        "seed": seed,
        "kept": [_kept(multiple, runs(multiple)) for multiple in KEPT],
        "broken": [_broken(multiple, runs(multiple)) for multiple in BROKEN],
    }


def _kept(multiple: float, outcomes: list[Outcome]) -> dict[str, float]:
    return {
        "times_budget": multiple,
        "false_pauses": _share([outcome.tested for outcome in outcomes]),
        "false_pauses_by_share_alone": _share([outcome.by_share for outcome in outcomes]),
    }


def _broken(multiple: float, outcomes: list[Outcome]) -> dict[str, float | None]:
    delays = [np.inf if outcome.tested is None else outcome.tested for outcome in outcomes]
    middle, most = np.quantile(delays, [0.5, 0.9], method="higher")
    return {
        "times_budget": multiple,
        "paused": _share([outcome.tested for outcome in outcomes]),
        "faces_until_pause_p50": float(middle) if np.isfinite(middle) else None,
        "faces_until_pause_p90": float(most) if np.isfinite(most) else None,
    }


def _share(paused: list[int | None]) -> float:
    return sum(faces is not None for faces in paused) / len(paused)


def main() -> None:
    """Print the report as JSON."""
    parser = argparse.ArgumentParser(description="Simulate the false-alert budget.")
    parser.add_argument("--deployments", type=int, default=20_000, help="for each rate [20000]")
    parser.add_argument("--faces", type=int, default=50_000, help="a deployment at most [50000]")
    parser.add_argument("--seed", type=int, default=_SEED)
    options = parser.parse_args()
    found = report(options.deployments, options.faces, BudgetPolicy(), options.seed)
    sys.stdout.write(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
