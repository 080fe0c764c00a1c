"""The prover on a real deployment that leaks: what was planted is found where it was planted, and nowhere else."""

from __future__ import annotations

import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from watchbound.adapters.kafka_log import KafkaRecordProducer
from watchbound.extraction.model_pack import ModelPack
from watchbound.pipeline.topics import DEAD_LETTERS
from watchbound.settings import KafkaSettings, load
from watchbound.stack.demo_screen import DemoScreen
from watchbound.stack.prove.deployment import CANARY, Running
from watchbound.stack.prove.forbidden import Forbidden, Material
from watchbound.stack.prove.forgetting import ProofOptions, prove_forgetting
from watchbound.stack.prove.witness import Witness

pytestmark = pytest.mark.long

HOLDER = """
import sys
held = bytearray(open(sys.argv[1], "rb").read())
print("ready", flush=True)
sys.stdin.read()
"""


class Leaks:
    """A JPEG in a topic, a template in a log, a crop in a temporary file, and one in the memory of a process."""

    def __init__(self, world: Path) -> None:
        self._world = world
        self.resources = ExitStack()

    def __call__(self, running: Running, witness: Witness) -> None:
        folder = running.stack.folder
        kafka = load(KafkaSettings, bootstrap=running.stack.environment["WATCHBOUND_KAFKA_BOOTSTRAP"])
        producer = KafkaRecordProducer(kafka, "leak")
        producer.send(DEAD_LETTERS.name, "leak", _of(witness, Material.JPEG).data).wait(10)
        producer.close()
        template = witness.templates[witness.whose.index(CANARY)]
        with (folder / "matching.log").open("a") as log:
            log.write(f'{{"event": "no match", "probe": {[round(float(x), 5) for x in template]}}}\n')
        (folder / "tmp" / "debug.bin").write_bytes(bytes(13) + _of(witness, Material.CROP).data)
        secret = self._world / "secret"
        secret.write_bytes(_of(witness, Material.CROP).data)
        holder = subprocess.Popen(
            [sys.executable, "-S", "-c", HOLDER, str(secret)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.resources.enter_context(holder)
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"ready\n"
        self.holder = holder.pid


def _of(witness: Witness, material: Material) -> Forbidden:
    return next(item for item in witness.forbidden if item.material is material and item.whose == CANARY)


@pytest.fixture
def leaks(tmp_path: Path) -> Iterator[Leaks]:
    leaks = Leaks(tmp_path)
    with leaks.resources:
        yield leaks


@pytest.mark.timeout(900)
def test_planted_leaks_are_found_where_they_are_and_nothing_else_is(
    tmp_path: Path, model_pack: ModelPack, leaks: Leaks
) -> None:
    options = ProofOptions(20.0, 40, model_pack.root.parent)
    proof = prove_forgetting(options, tmp_path / "run", DemoScreen(), leaks)

    assert not proof.ok
    assert all(place.unreadable is None for place in proof.places)
    found = defaultdict(set)
    for place in proof.places:
        for finding in place.findings:
            found[place.name].add(finding.material)
    holder = next(name for name in found if name.endswith(f"({leaks.holder})"))
    # The broker's memory holds what its topics do.
    broker = next(name for name in found if "broker" in name)
    assert dict(found) == {
        DEAD_LETTERS.name: {Material.JPEG},
        broker: {Material.JPEG},
        "logs": {Material.TEMPLATE},
        "folder of the stack": {Material.CROP},
        holder: {Material.CROP},
    }
    facts = proof.facts()
    assert not facts["ok"]
    assert facts["bytes"] > 1e9
    assert {finding["whose"] for finding in facts["findings"]} == {CANARY}
