"""A short run of every target, and that the runner would notice a crash. The long run is `make fuzz`."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.fuzz import __main__ as runner
from tests.fuzz import corpus
from tests.fuzz.mutate import mutated
from tests.fuzz.targets import TARGETS, Target

RUNS = {"frame": 5_000, "still": 1_000, "command": 20}


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_malformed_input_is_answered(target: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    result = runner.run(target, RUNS.get(target, 200), seed=1)
    assert result["crashes"] == 0
    assert result["inputs"] > RUNS.get(target, 200)


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_every_target_has_seeds_and_takes_some(target: str) -> None:
    taken = [TARGETS[target].check(seed) for seed in corpus.seeds(target)]
    assert taken
    # What is not taken was refused in good order; all refused would mean that nothing beyond the door is looked at.
    assert any(taken)


def test_a_crash_is_counted_told_and_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def brittle(data: bytes) -> None:
        if len(data) % 2:
            msg = "odd"
            raise RuntimeError(msg)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(TARGETS, "frame", Target(brittle, (ValueError,)))
    result = runner.run("frame", 50, seed=3)
    assert result["crashes"] == 1
    assert "frame, seed 3, input" in capsys.readouterr().err
    (kept,) = (tmp_path / ".cache" / "fuzz").iterdir()
    assert len(kept.read_bytes()) % 2


def test_inputs_are_the_same_for_the_same_seed() -> None:
    seeds = corpus.seeds("frame")
    first, again, other = (
        [mutated(seeds, chance) for _ in range(50)] for chance in (random.Random(1), random.Random(1), random.Random(2))
    )
    assert first == again != other


def test_the_generated_seeds_are_those_that_are_kept() -> None:
    for name, data in corpus._generated().items():
        assert (corpus.ROOT / name).read_bytes() == data, f"{name}: run `python -m tests.fuzz --renew`"
