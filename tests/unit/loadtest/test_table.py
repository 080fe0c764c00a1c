"""The table says of each goal what was measured, and whether it is met."""

from io import StringIO
from typing import Any

from loadtest.bench import merged
from loadtest.table import goals, markdown, show
from rich.console import Console


def rates(found: int) -> dict[str, Any]:
    passages = {"found": found, "of_listed": 30, "false_alerts": 0, "of_unlisted": 30}
    return {"tpir": found / 30, "intervals": {"tpir": [0.6, 0.95]}, "passages": passages}


COST = {
    "frames": 400,
    "faces_per_frame_in_truth": 3.5,
    "ours": {"cpu_ms_per_frame": 9.0},
    "plain": {"cpu_ms_per_frame": 99.0},
    "face_recognition": {"cpu_ms_per_frame": 180.0, "ratio": 20.0},
    "cameras_per_core": 22.2,
    "ratio": 11.0,
    "overhead_share": 0.2,
}
ACCURACY = {
    "ours": rates(28),
    "plain": rates(29),
    "face_recognition": rates(20),
    "accuracy": {"note": "ten people"},
}
LATENCY = {
    "latency_ms": {"n": 300, "p50": 120.0, "p99": 700.0, "load": {"worker_share_of_a_core": 0.69, "frames_shed": 0}}
}
SCALING = {
    "scaling": {
        "workers": {"1": {"fps": 50.0}, "2": {"fps": 92.0}, "efficiency": 0.92},
        "list": {"1000": {"cpu_ms_per_frame": 10.0}, "100000": {"cpu_ms_per_frame": 13.0}, "ratio": 1.3},
    }
}
ALL = merged(merged(merged(COST, ACCURACY), LATENCY), SCALING)


def verdicts(result: dict[str, Any]) -> dict[str, str]:
    return {row.goal: row.verdict for row in goals(result)}


def test_every_goal_has_its_verdict() -> None:
    found = verdicts(ALL)
    assert found == {
        "1 CPU ms a frame": "met",
        "1 cameras a core": "met",
        "1 plain / ours": "met",
        "1 face_recognition / ours": "not met",
        "2 outside decode and kernels": "not met",
        "1 TPIR at FPIR 0/30": "not met",
        "3 capture→alert p50, n=300, load 69%": "met",
        "3 capture→alert p99, n=300, load 69%": "not met",
        "4 two workers / (2 × one)": "met",
        "4 list of 100,000 / 1,000": "not met",
    }


def test_what_was_not_measured_has_no_line_and_no_alert_is_no_latency() -> None:
    assert goals({}) == []
    nothing = {"latency_ms": {"n": 0, "p50": None, "p99": None, "load": LATENCY["latency_ms"]["load"]}}
    assert set(verdicts(nothing).values()) == {"not measured"}


def test_latency_of_a_worker_that_shed_frames_is_not_met() -> None:
    shedding = merged(LATENCY, {"latency_ms": {"load": {"frames_shed": 5}}})
    assert set(verdicts(shedding).values()) == {"not met"}


def test_parts_write_into_one_anothers_objects() -> None:
    assert ALL["ours"]["cpu_ms_per_frame"] == 9.0
    assert ALL["ours"]["passages"]["found"] == 28
    assert merged({"a": {"b": 1}}, {"a": 2}) == {"a": 2}
    assert COST["ours"] == {"cpu_ms_per_frame": 9.0}


def test_the_printed_table_says_how_little_ten_people_carry_and_that_quick_is_not_to_be_quoted() -> None:
    text = StringIO()
    show(ALL | {"quick": "not to be quoted"}, Console(file=text, width=160))
    assert "ten people" in text.getvalue()
    assert "not to be quoted" in text.getvalue()
    assert "28/30 [0.60, 0.95]" in text.getvalue()


def test_the_page_holds_the_same_table() -> None:
    lines = markdown(goals(ALL)).splitlines()
    assert len(lines) == 2 + len(goals(ALL))
    assert {line.count("|") for line in lines} == {9}
