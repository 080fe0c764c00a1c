"""The simulation tells a budget that is kept from one that is not."""

import numpy as np
from loadtest.budget_simulation import report, simulate

from watchbound.alerting.budget import BudgetPolicy


def test_few_deployments_that_keep_the_budget_are_paused_and_all_that_break_it_by_far() -> None:
    found = report(deployments=200, faces=10_000, policy=BudgetPolicy(), seed=4)
    at_budget, at_twenty = found["kept"][-1], found["broken"][-1]
    # 200 deployments at the bound of 5 % would show more than 18 false pauses once in a hundred runs.
    assert at_budget["false_pauses"] <= 18 / 200
    assert at_budget["false_pauses_by_share_alone"] > 0.5
    assert at_twenty["paused"] == 1.0


def test_a_deployment_without_false_alerts_is_never_paused() -> None:
    outcome = simulate(0.0, 5_000, BudgetPolicy(), np.random.default_rng(1))
    assert (outcome.tested, outcome.by_share) == (None, None)
