"""Runs a deployment, then looks everywhere for what should be gone."""

from __future__ import annotations

import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from watchbound.adapters import codecs
from watchbound.adapters.milvus_gallery import MilvusGallery
from watchbound.adapters.onnx_runtime import OnnxDetector, OnnxEmbedder
from watchbound.domain.frame import Frame
from watchbound.extraction.decode import PictureLimits
from watchbound.extraction.model_pack import find_pack
from watchbound.pipeline.sealing import open_crop, open_frame
from watchbound.pipeline.topics import FRAMES, MATCHES
from watchbound.ports import KeyRing, Record
from watchbound.settings import MatchingSettings, MilvusSettings, ModelSettings, load
from watchbound.stack.demo_plan import LISTED
from watchbound.stack.demo_screen import DemoScreen
from watchbound.stack.prove.deployment import VECTOR_STORE, Running, deployment
from watchbound.stack.prove.memory import ProcessMemory
from watchbound.stack.prove.open_files import HiddenFiles
from watchbound.stack.prove.places import Bytes, Files, Place, PlaceKind, listed, new_entries
from watchbound.stack.prove.scan import PlaceReport, Searches, scan_all
from watchbound.stack.prove.witness import Eyes, Witness

_SHARED = (Path("/dev/shm"), Path(tempfile.gettempdir()))  # noqa: S108 - looked at, not used

Leak = Callable[[Running, Witness], None]
"""Puts something where it must not be, in a test of the prover: it has to find it."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What was searched, for what, and what was found.

    Attributes:
        places: where nothing may be.
        beyond: memory that is not ours to wipe, searched and told, without a promise: the vector store is asked about
            every face, and what it does with a question's bytes is its own affair (docs/forgetting.md).
    """

    seconds: float
    seed: int
    matches: int
    frames: int
    faces: dict[str, int]
    needles: int
    templates: int
    places: tuple[PlaceReport, ...]
    beyond: tuple[PlaceReport, ...]

    @property
    def ok(self) -> bool:
        """Whether every place was read to its end and nothing found."""
        return all(place.clean for place in self.places)

    def facts(self) -> dict[str, Any]:
        """As `--json` writes it."""
        return {
            "ok": self.ok,
            "seconds": self.seconds,
            "seed": self.seed,
            "matches": self.matches,
            "searched_for": {
                "frames": self.frames,
                "faces": self.faces,
                "listed": sorted(LISTED),
                "needles": self.needles,
                "templates": self.templates,
            },
            "bytes": sum(place.searched for place in self.places),
            "places": [place.facts() for place in self.places],
            "beyond": [place.facts() for place in self.beyond],
            "findings": [finding.facts() for place in self.places for finding in place.findings],
        }


@dataclass(frozen=True, slots=True)
class ProofOptions:
    """How long a deployment to search, and which."""

    seconds: float
    seed: int
    models_cache: Path


def prove_forgetting(options: ProofOptions, folder: Path, screen: DemoScreen, leak: Leak | None = None) -> Proof:
    """Run and search; `folder` holds the deployment and its world afterwards.

    Raises:
        WatchboundError: the deployment could not be run, or its frames are not those of its footage.
    """
    world, stack = folder / "world", folder / "stack"
    world.mkdir(parents=True)
    stack.mkdir()
    before = listed(_SHARED)
    with deployment(stack, world, options.seconds, options.seed, options.models_cache, screen) as running:
        records = running.records()
        with screen.step("looking at the same frames"):
            witness = _witness(running, options.models_cache)
            for frame in _frames(records, running.stack.key_ring()):
                witness.see(frame)
            searches = witness.searches()
        if leak is not None:
            leak(running, witness)
            records = running.records()
        reports = _search(_while_it_runs(running, records, witness), searches, screen)
        running.stop()
        reports += _search(_after_it_ended(running, folder, before), searches, screen)
    return Proof(
        options.seconds,
        options.seed,
        running.matches,
        witness.frames,
        dict(sorted(witness.faces.items())),
        searches.exact.needles,
        searches.near.templates,
        tuple(report for report in reports if not _is_beyond(report)),
        tuple(report for report in reports if _is_beyond(report)),
    )


def _is_beyond(report: PlaceReport) -> bool:
    return report.kind is PlaceKind.MEMORY and VECTOR_STORE in report.name


def _witness(running: Running, models_cache: Path) -> Witness:
    models, matching = load(ModelSettings, cache=models_cache), load(MatchingSettings)
    pack = find_pack(models)
    eyes = Eyes(
        OnnxDetector(pack, models, width=matching.detect_width),
        OnnxEmbedder(pack, models),
        pack.embedder.template,
        PictureLimits(matching.max_frame_bytes, matching.max_frame_pixels),
    )
    return Witness(eyes, running.truth(), frozenset(LISTED))


def _frames(records: list[Record], ring: KeyRing) -> Iterator[Frame]:
    """Every published frame, opened: the prover holds the keys, as a worker does."""
    for record in records:
        if record.source.topic == FRAMES.name and record.value is not None:
            sealed = codecs.FRAME.decode(record.value)
            jpeg = open_frame(ring, sealed)
            yield Frame(sealed.camera_id, sealed.sequence, sealed.captured_at, sealed.authorisation_id, jpeg)


def _pictures(records: list[Record], ring: KeyRing) -> Iterator[tuple[str, bytes]]:
    """The pictures that operators will see, opened."""
    for record in records:
        if record.source.topic == MATCHES.name and record.value is not None:
            match = codecs.MATCH.decode(record.value)
            yield f"match {match.id}", open_crop(ring, match)


def _while_it_runs(running: Running, records: list[Record], witness: Witness) -> Iterator[Place]:
    """The log, the store's vectors, the pages, and what only running processes hold."""
    by_topic: dict[str, list[tuple[str, bytes]]] = defaultdict(list)
    for record in records:
        where = f"partition {record.source.partition} offset {record.offset}"
        parts = [(record.key or "").encode(), record.value or b""]
        parts += [part for name, value in record.headers for part in (name.encode(), value)]
        by_topic[record.source.topic] += [(where, part) for part in parts if part]
    for topic, content in sorted(by_topic.items()):
        yield Bytes(topic, PlaceKind.TOPIC, tuple(content))
    shown = [
        (where, template.tobytes())
        for where, jpeg in _pictures(records, running.stack.key_ring())
        for template in witness.templates_in(jpeg)
    ]
    yield Bytes("faces in the pictures of matches", PlaceKind.PICTURES, tuple(shown), text=False)
    gallery = MilvusGallery(load(MilvusSettings, uri=running.stack.environment["WATCHBOUND_MILVUS_URI"]))
    vectors = [(i.entry.reference, i.embedding.vector.tobytes()) for i in gallery.images(running.authorisation)]
    yield Bytes("vectors of the collection", PlaceKind.STORE, tuple(vectors), text=False)
    for service in (running.matching, running.alerting):
        page = (f"{service.url}/metrics", service.metrics().encode())
        yield Bytes(f"metrics of {service.process.name}", PlaceKind.PAGE, (page,))
    for title, pid in running.processes():
        yield ProcessMemory(f"memory of {title}", pid)
        yield HiddenFiles(f"hidden files of {title}", pid)


def _after_it_ended(running: Running, folder: Path, before: frozenset[Path]) -> Iterator[Place]:
    """Everything on disk: what the services wrote at their end is there too."""
    stack = running.stack.folder
    logs = tuple(sorted(stack.glob("*.log")))
    yield Files("logs", PlaceKind.LOG, logs)
    yield Files("vector store on disk", PlaceKind.STORE, (stack / "milvus-lite",))
    yield Files("folder of the stack", PlaceKind.FILES, (stack,), without=(*logs, stack / "milvus-lite"))
    ray = Path(running.stack.environment["RAY_TMPDIR"])
    yield Files("Ray's folder", PlaceKind.FILES, (ray,))
    new = [entry for entry in new_entries(_SHARED, before) if _ours(entry)]
    yield Files("new files for all", PlaceKind.FILES, tuple(new), without=(folder, ray))


def _ours(entry: Path) -> bool:
    try:
        return entry.lstat().st_uid == os.getuid()
    except FileNotFoundError:
        return False


def _search(places: Iterator[Place], searches: Searches, screen: DemoScreen) -> list[PlaceReport]:
    def told(report: PlaceReport) -> None:
        result = report.unreadable or f"{len(report.findings)} findings"
        screen.note(f"{report.name}: {report.searched / 1e6:.1f} MB, {result}")

    started = time.monotonic()
    reports = scan_all(places, searches, told)
    screen.note(f"searched in {time.monotonic() - started:.0f} s")
    return reports
