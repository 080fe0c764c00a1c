from __future__ import annotations

from xml.etree import ElementTree

import pytest
from loadtest.flame import busy, shares
from loadtest.flame_svg import draw

STACKS = [
    "run (a.py:1);Runner.step (runner.py:2);OnnxDetector.detect (x.py:3);ModelSession.run (y.py:4) 40",
    "run (a.py:1);Runner.step (runner.py:2);OnnxDetector.detect (x.py:9) 5",
    "run (a.py:1);Runner.step (runner.py:2);OnnxEmbedder.embed (x.py:3);ModelSession.run (y.py:4) 20",
    "run (a.py:1);Runner.step (runner.py:2);decode_jpeg (d.py:3) 15",
    "run (a.py:1);Runner.step (runner.py:2) 10",
    "selector (s.py:1) 10",
    "no count at all",
    "main (m.py:1);Worker.main_loop (ray.py:1) 500",
]


def test_samples_are_told_apart_by_what_they_are_inside_of() -> None:
    assert shares(busy(STACKS)) == {
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


def test_a_frame_is_as_wide_as_its_samples_and_names_are_escaped() -> None:
    svg = draw([(["run", "<listcomp>"], 3), (["run"], 1)], "a & b")
    root = ElementTree.fromstring(svg)  # noqa: S314 - written a line above
    widths = {g[0].text: float(g[1].get("width", 0)) for g in root if g.tag.endswith("}g")}
    assert widths == {"run, 100.0%": 1200, "<listcomp>, 75.0%": 900}
