from __future__ import annotations

import pytest
from loadtest.flame import shares

STACKS = [
    "run (a.py:1);Runner.step (runner.py:2);OnnxDetector.detect (x.py:3);ModelSession.run (y.py:4) 40",
    "run (a.py:1);Runner.step (runner.py:2);OnnxDetector.detect (x.py:9) 5",
    "run (a.py:1);Runner.step (runner.py:2);OnnxEmbedder.embed (x.py:3);ModelSession.run (y.py:4) 20",
    "run (a.py:1);Runner.step (runner.py:2);decode_jpeg (d.py:3) 15",
    "run (a.py:1);Runner.step (runner.py:2) 10",
    "selector (s.py:1) 10",
    "no count at all",
]


def test_samples_are_told_apart_by_what_they_are_inside_of() -> None:
    assert shares(STACKS) == {
        "decode": 0.15,
        "detect": 0.45,
        "embed": 0.2,
        "models": 0.6,
        "matching": 0.9,
        "outside": 0.25,
    }


def test_no_samples_are_an_error() -> None:
    with pytest.raises(RuntimeError, match="ptrace"):
        shares([])
