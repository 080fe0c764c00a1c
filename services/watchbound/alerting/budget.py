"""The false-alert budget: a sequential test that says when a deployment raises too many, and is seldom wrong about it.

**The question.** A face that is compared raises a false alert with a probability that may change from face to face. The
budget `b` (1 in 1,000 unless configured) bounds it. After `n` faces, of which `k` raised a false alert, is that bound
broken? A share above the budget does not say so: 1 of 798 is 0.0013, and chance alone does that half of the time. And
whoever looks again after each face, with a test made for one look, will be misled sooner or later.

**The test.** For a multiple `m > 1` of the budget

    E_m(k, n) = m^k · exp(-(m - 1)·b·n)

is the likelihood ratio of a Poisson process at rate `m·b` against one at rate `b`. Let `X` be 1 if the next face raises
a false alert and 0 if not. Given everything before, `E[m^X] = 1 + p·(m - 1) ≤ exp(p·(m - 1)) ≤ exp((m - 1)·b)` for
every `p ≤ b`, so `E_m` is a supermartingale that begins at 1 as long as the budget holds, and so is the mean of several
of them. Ville's inequality (1939) bounds the chance that it *ever* reaches `1/α`, however often one looks, by `α`. The
deployment is paused when it does: **over a whole deployment that keeps its budget, the chance of a pause is at most
α.** A mixture over several multiples (Robbins 1970) notices a rate of twice the budget and one of twenty times alike.
For the general theory see Howard, Ramdas, McAuliffe and Sekhon (Annals of Statistics, 2021) and Ramdas, Grünwald, Vovk
and Shafer (Statistical Science, 2023). `loadtest/budget_simulation.py` simulates it.

**The bound.** The rates `r` whose own process has not reached `1/α` are a confidence sequence: with probability `1 - α`
the true rate lies in it after every face at once. `lower_bound` is its lower end, and "the evidence suffices" and "the
lower bound is above the budget" are one and the same.

**Late news.** A false alert is known only when people have decided. Until then `k` is too small, which makes the
process smaller, never larger: the bound on false pauses holds, and the pause comes as late as the decision. Faces
must never be counted later than the alerts that they raised: see `budget_watch`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from watchbound.domain.errors import InvalidValue

MULTIPLES = (2.0, 3.0, 5.0, 10.0, 20.0)
"""Of the budget, weighted alike. Their mean, 8, is what a single false alert can reach at most; see `BudgetPolicy`."""

_HALVINGS = 60


@dataclass(frozen=True, slots=True)
class BudgetPolicy:
    """What is allowed, and how sure one must be to stop.

    Attributes:
        rate: false alerts for each face compared that are allowed.
        alpha: bound on the chance that a deployment which keeps the budget is ever paused.
        minimum_faces: with fewer faces nothing is paused, whatever they raised.
    """

    rate: float = 0.001
    alpha: float = 0.05
    minimum_faces: int = 300

    def __post_init__(self) -> None:
        if not 0.0 < self.rate < 1.0:
            msg = f"a false-alert budget lies between 0 and 1, such as 0.001 for 1 in 1,000, got {self.rate}"
            raise InvalidValue(msg)
        # A single false alert must never pause: its process is at most the mean of the multiples.
        if not 0.0 < self.alpha <= 0.1:
            msg = f"the chance of a false pause lies above 0 and is at most 0.1, got {self.alpha}"
            raise InvalidValue(msg)
        if self.minimum_faces < 1:
            msg = f"a sample has at least one face, got {self.minimum_faces}"
            raise InvalidValue(msg)


@dataclass(frozen=True, slots=True)
class Finding:
    """Where a deployment stands against its budget.

    Attributes:
        faces: faces compared since the deployment was activated or resumed last.
        false_alerts: of those, how many raised an alert that people decided to be false.
        breached: whether the deployment must pause.
    """

    faces: int
    false_alerts: int
    breached: bool

    @property
    def share(self) -> float:
        """False alerts over faces; 0 before the first face."""
        return self.false_alerts / self.faces if self.faces else 0.0


def judge(faces: int, false_alerts: int, policy: BudgetPolicy) -> Finding:
    """Hold counts against the budget.

    Raises:
        InvalidValue: a count is negative.
    """
    if faces < 0 or false_alerts < 0:
        msg = f"faces and false alerts are counted from 0, got {faces} and {false_alerts}"
        raise InvalidValue(msg)
    enough = faces >= policy.minimum_faces
    convincing = log_evidence(faces, false_alerts, policy.rate) >= -math.log(policy.alpha)
    return Finding(faces, false_alerts, enough and convincing)


def log_evidence(faces: int, false_alerts: int, rate: float) -> float:
    """Natural logarithm of the mixture process against "at most `rate`"; 0 before the first face."""
    logs = [false_alerts * math.log(multiple) - (multiple - 1.0) * rate * faces for multiple in MULTIPLES]
    largest = max(logs)
    return largest + math.log(sum(math.exp(log - largest) for log in logs) / len(logs))


def lower_bound(faces: int, false_alerts: int, alpha: float) -> float:
    """The lower end of the confidence sequence for the rate: where the evidence against it falls below 1/alpha."""
    limit = -math.log(alpha)
    if log_evidence(faces, false_alerts, 0.0) < limit or faces == 0:
        return 0.0
    low, high = 0.0, 1.0
    if log_evidence(faces, false_alerts, high) >= limit:
        return high
    # The evidence falls as the rate rises.
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        if log_evidence(faces, false_alerts, middle) >= limit:
            low = middle
        else:
            high = middle
    return low


def in_words(finding: Finding, policy: BudgetPolicy) -> str:
    """The reason that a pause gives: what was counted, and how sure it is."""
    bound = lower_bound(finding.faces, finding.false_alerts, policy.alpha)
    return (
        f"false-alert budget: {finding.false_alerts} false alerts in {finding.faces} faces compared; with "
        f"{100 * (1 - policy.alpha):g} % confidence the rate is above {bound:.5f}, "
        f"the budget is {policy.rate:g}"
    )
