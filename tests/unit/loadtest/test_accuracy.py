"""Three pipelines at the same FPIR, and our evidence as a score."""

from dataclasses import replace

import pytest
from loadtest.accuracy import LISTS, announced_as_found, report, sightings
from loadtest.passages import UNSEEN, PassageScores
from loadtest.stand import THRESHOLD

from tests.unit.alerting.factory import match
from watchbound.camera.synthetic import all_people
from watchbound.domain.candidate import Candidate
from watchbound.domain.watchlist import Category, ResponseLevel, WatchlistEntry
from watchbound.extraction.shots import Standing
from watchbound.matching.decide import DecisionPolicy, decide

ENTRY = WatchlistEntry("first", "P001", Category.MISSING, ResponseLevel.AMBER)
POLICY = DecisionPolicy()


def test_everybody_is_on_exactly_one_list() -> None:
    assert sorted(LISTS["first"] + LISTS["second"]) == sorted(all_people())


def test_thresholds_are_set_to_the_same_false_alerts_however_scores_lie() -> None:
    ours = PassageScores((0.9, 0.8, 0.4, UNSEEN), (0.5, 0.3, 0.2, 0.1), (0.95, 0.2))
    other = PassageScores(tuple(s * 10 for s in ours.mated), tuple(s * 10 for s in ours.non_mated), ())
    found = report({"ours": ours, "plain": other})
    for name in ("ours", "plain"):
        assert found[name]["passages"] == {"found": 2, "of_listed": 4, "false_alerts": 0, "of_unlisted": 4}
        low, high = found[name]["intervals"]["tpir"]
        assert low < found[name]["tpir"] == 0.5 < high
    assert found["ours"]["threshold"] == pytest.approx(0.5, abs=1e-6)
    assert [row["ours"] for row in found["accuracy"]["at_false_alerts"]] == [0.5, 0.75, 0.75, 0.75]
    assert found["accuracy"]["answers_where_nobody_is"] == {"ours": 1, "plain": 0}


def test_the_best_unlisted_score_does_not_reach_the_threshold_that_is_reported() -> None:
    found = report({"ours": PassageScores((0.9,), (0.123456789,), ())})
    assert found["ours"]["threshold"] > 0.123456789


def test_a_match_says_where_it_was_seen_and_a_single_shot_counts_for_less() -> None:
    strong = replace(match(1, 0.6, "first-camera-0"), frame_id="first-camera-0/1700000000000000/17", shots=2)
    weak = replace(strong, camera_id="second-camera-1", frame_id="second-camera-1/1700000000000000/3", shots=1)
    found = sightings([strong, weak])
    (one,), (other,) = found["first"], found["second"]
    assert (one.camera_id, one.frame, one.centre, one.score) == ("camera-0", 17, (25.0, 25.0), 0.6)
    assert (other.camera_id, other.frame) == ("camera-1", 3)
    assert other.score == pytest.approx(0.6 - POLICY.strong)


@pytest.mark.parametrize("score", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("shots", [1, 2, 3])
def test_all_evidence_is_announced_and_standings_are_those_of_the_usual_threshold(score: float, shots: int) -> None:
    candidates = [Candidate(ENTRY, score)]
    found = announced_as_found(candidates, shots, 0.001, POLICY)
    assert found.candidate == candidates[0]
    assert found.standing is decide(candidates, shots, THRESHOLD, POLICY).standing


def test_without_a_candidate_there_is_nothing_to_announce() -> None:
    found = announced_as_found([], 3, 0.001, POLICY)
    assert (found.candidate, found.standing) == (None, Standing.CLEARLY_NOT_LISTED)
