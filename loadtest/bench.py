"""`make bench`: CPU a frame, ours against the plain pipeline, and our memory over time; ratios of one run.

Both read the same frames from the same embedded broker and search the same collection of 10,000 on the same embedded
vector store; only the process that does the work is measured. Rounds alternate, so that a machine whose speed drifts
slows both, and the median ratio is the result.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from loadtest import plain, sealing
from loadtest.footage import FPS, Footage, render
from loadtest.ours import Measured, OurResult
from watchbound.adapters import codecs
from watchbound.adapters.kafka_log import KafkaRecordProducer
from watchbound.adapters.kafka_topics import ensure_topics
from watchbound.adapters.keyring import open_key_ring
from watchbound.adapters.keyring_file import init_ring
from watchbound.adapters.logs import configure_logs
from watchbound.adapters.milvus_gallery import MilvusGallery
from watchbound.adapters.milvus_schema import collection_name
from watchbound.adapters.model_preparation import prepare_default
from watchbound.adapters.signing import FileSigner
from watchbound.domain.embedding import Embedding
from watchbound.domain.frame import Frame
from watchbound.domain.match import subject_key
from watchbound.domain.moment import Window
from watchbound.domain.watchlist import Category, EnrolledImage, ResponseLevel, WatchlistEntry
from watchbound.extraction.model_pack import ModelPack
from watchbound.matching.main import MatchingConfiguration
from watchbound.pipeline.sealing import seal_frame
from watchbound.pipeline.topics import ALL_TOPICS, AUTHORISATIONS, FRAMES, WATCHLIST_CHANGES
from watchbound.settings import (
    AuditSettings,
    AuthoritySettings,
    ClockSettings,
    KafkaSettings,
    KeySettings,
    LogSettings,
    MatchingSettings,
    MilvusSettings,
    ModelSettings,
    TrustSettings,
    load,
)
from watchbound.stack.milvus_lite import MilvusLite
from watchbound.stack.officers import Officers
from watchbound.stack.tansu import Tansu
from watchbound.testing.office import Office, terms
from watchbound.testing.watchlist import TwoOfficers

RESULTS = Path(__file__).parent / "results" / "bench.json"
AUTHORISATION = "bench"
THRESHOLD = 0.55
PLAIN_TOPIC = "bench.plain-pictures"
_ENROL_AT_ONCE = 1000
_SAMPLES_A_MINUTE = 12
_ENOUGH = 10**9
_SEALED_FRAMES = 400

console = Console(stderr=True)


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    cameras: int
    seconds: float
    watchlist: int
    rounds: int
    memory_minutes: float


FULL = Size(cameras=4, seconds=20.0, watchlist=10_000, rounds=3, memory_minutes=10.0)
QUICK = Size(cameras=2, seconds=15.0, watchlist=1_000, rounds=1, memory_minutes=0.0)


class Bench:
    """An embedded broker and vector store with an authorisation, a watchlist and frames on them."""

    def __init__(
        self, folder: Path, broker: Tansu, gallery: MilvusLite, pack: ModelPack, size: Size, max_age_s: float
    ) -> None:
        self.milvus_uri = gallery.uri
        keys = load(KeySettings, folder=folder / "ring", master_key=folder / "master.key")
        init_ring(keys.folder, keys.master_key)
        self._ring = open_key_ring(keys)
        self._ring.create(AUTHORISATION)
        self._officers = Officers(folder / "officers")
        self.configuration = MatchingConfiguration(
            kafka=load(KafkaSettings, bootstrap=broker.bootstrap),
            milvus=load(MilvusSettings, uri=gallery.uri, timeout_s=60.0),
            models=load(ModelSettings),
            authority=load(AuthoritySettings, max_age_s=60.0),
            trust=load(TrustSettings, list=self._officers.trust_list),
            clock=load(ClockSettings),
            keys=keys,
            audit=load(AuditSettings, url=f"sqlite:///{folder.resolve() / 'audit.db'}"),
            matching=load(MatchingSettings, max_frame_age_s=max_age_s),
            logs=load(LogSettings, level="warning"),
        )
        plain_topic = replace(FRAMES, name=PLAIN_TOPIC)
        ensure_topics(self.configuration.kafka, [*ALL_TOPICS, plain_topic])
        self._producer = KafkaRecordProducer(self.configuration.kafka, "bench")
        self._authorise(self._officers, size.cameras)
        self._enrol(pack, size.watchlist)

    def _authorise(self, officers: Officers, cameras: int) -> None:
        now = datetime.now(UTC)
        office = Office()
        office.drafter, office.officer = (FileSigner.load(officers.key(name)) for name in ("drafter", "officer"))
        authority = office.active(
            terms(
                id=AUTHORISATION,
                cameras=frozenset(f"camera-{n}" for n in range(cameras)),
                window=Window(now - timedelta(hours=1), now + timedelta(hours=12)),
                minimum_threshold=THRESHOLD,
            ),
            now,
        )
        self._producer.send(AUTHORISATIONS.name, AUTHORISATION, codecs.AUTHORISATION.encode(authority)).wait(10)

    def _enrol(self, pack: ModelPack, count: int) -> None:
        """Random unit vectors: strangers to everybody, so that each search scans them all and finds none."""
        gallery = MilvusGallery(self.configuration.milvus)
        digest, dimension = pack.embedder.sha256, pack.embedder.dimension
        gallery.create(AUTHORISATION, digest, dimension)
        vectors = np.random.default_rng(1).normal(size=(count, dimension)).astype(np.float32)
        images = []
        for number, vector in enumerate(vectors):
            entry = WatchlistEntry(AUTHORISATION, f"S{number:06}", Category.MISSING, ResponseLevel.AMBER)
            images.append(EnrolledImage(entry, f"image-{number}", Embedding.of(vector, digest)))
        for start in range(0, count, _ENROL_AT_ONCE):
            gallery.add(images[start : start + _ENROL_AT_ONCE])
        self._vouch(images)

    def _vouch(self, images: Sequence[EnrolledImage]) -> None:
        """Two officers approve everybody, as the workers want to see it."""
        by, now = self._officers, datetime.now(UTC)
        two = TwoOfficers(FileSigner.load(by.key("watchlist-1")), FileSigner.load(by.key("watchlist-2")))
        codec = codecs.watchlist_change(self._ring)
        changes = [
            (subject_key(AUTHORISATION, image.entry.reference), codec.encode(two.added([image], now)))
            for image in images
        ]
        self._send(WATCHLIST_CHANGES.name, changes)

    def publish(self, frames: Sequence[Frame]) -> None:
        """Seal and send frames, and wait until the broker has them all."""
        self._send(FRAMES.name, [(f.camera_id, codecs.FRAME.encode(seal_frame(self._ring, f))) for f in frames])

    def publish_plain(self, frames: Sequence[Frame]) -> None:
        """The same pictures as the plain pipeline reads them."""
        self._send(PLAIN_TOPIC, [(frame.camera_id, frame.jpeg) for frame in frames])

    def _send(self, topic: str, records: Sequence[tuple[str, bytes]]) -> None:
        sent = [self._producer.send(topic, key, value) for key, value in records]
        for delivery in sent:
            delivery.wait(60)

    def close(self) -> None:
        """Let go of the broker."""
        self._producer.close()


def interleaved(footage: Sequence[Footage], first: datetime) -> list[Frame]:
    """All cameras' frames in the order of their capture."""
    frames = [frame for part in footage for frame in part.frames(AUTHORISATION, first)]
    return sorted(frames, key=lambda frame: (frame.captured_at, frame.camera_id))


def one_round(footage: Sequence[Footage], pack: ModelPack, size: Size) -> tuple[plain.PlainResult, OurResult]:
    """The same frames through both pipelines, each from its first frame to its last."""
    with tempfile.TemporaryDirectory() as scratch, Tansu(Path(scratch)) as broker, MilvusLite(Path(scratch)) as gallery:
        bench = Bench(Path(scratch), broker, gallery, pack, size, max_age_s=3600.0)
        span = timedelta(seconds=size.seconds)
        frames = interleaved(footage, datetime.now(UTC) - span)
        ours = Measured(bench.configuration, len(frames))
        ours.wait_ready()
        bench.publish(frames)
        our_result = ours.result()
        bench.publish_plain(frames)
        collection = collection_name(AUTHORISATION)
        plain_result = plain.run(broker.bootstrap, PLAIN_TOPIC, gallery.uri, collection, len(frames), THRESHOLD)
        bench.close()
        return plain_result, our_result


def memory(footage: Sequence[Footage], pack: ModelPack, size: Size) -> dict[str, Any]:
    """Resident memory of a worker that follows all cameras in real time."""
    with tempfile.TemporaryDirectory() as scratch, Tansu(Path(scratch)) as broker, MilvusLite(Path(scratch)) as gallery:
        bench = Bench(Path(scratch), broker, gallery, pack, size, max_age_s=5.0)
        worker = Measured(bench.configuration, _ENOUGH)
        worker.wait_ready()
        samples: list[float] = []
        started = time.monotonic()
        number = 0
        while (elapsed := time.monotonic() - started) < size.memory_minutes * 60:
            if elapsed < number / FPS:
                time.sleep(number / FPS - elapsed)
            now = datetime.now(UTC)
            bench.publish(
                [
                    Frame(part.camera_id, number, now, AUTHORISATION, part.jpegs[number % len(part.jpegs)])
                    for part in footage
                ]
            )
            number += 1
            if number % round(60 * FPS / _SAMPLES_A_MINUTE) == 0:
                samples.append(worker.rss_mb())
        worker.process.terminate()
        worker.process.join()
        bench.close()
    quarter = len(samples) // 4
    return {
        "minutes": size.memory_minutes,
        "frames": number * len(footage),
        "rss_mb_second_quarter": round(statistics.median(samples[quarter : 2 * quarter]), 1),
        "rss_mb_last_quarter": round(statistics.median(samples[-quarter:]), 1),
        "rss_mb_max": round(max(samples), 1),
        "rss_mb_by_minute": [round(samples[at]) for at in range(0, len(samples), _SAMPLES_A_MINUTE)],
    }


def report(rounds: Sequence[tuple[plain.PlainResult, OurResult]], footage: Sequence[Footage]) -> dict[str, Any]:
    """Medians over the rounds."""
    median = statistics.median
    plains, ours = [p for p, _ in rounds], [o for _, o in rounds]
    frames = ours[0].frames
    return {
        "command": "make bench",
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"processor": _processor(), "cores": os.cpu_count(), "python": platform.python_version()},
        "frames": frames,
        "faces_per_frame_in_truth": round(statistics.mean(part.faces_per_frame for part in footage), 2),
        "plain": {
            "cpu_ms_per_frame": round(median(p.cpu_ms_per_frame for p in plains), 2),
            "faces_per_frame": round(plains[0].faces / frames, 2),
            "rss_mb": round(max(p.rss_mb for p in plains), 1),
        },
        "ours": {
            "cpu_ms_per_frame": round(median(o.cpu_ms_per_frame for o in ours), 2),
            "faces_per_frame": round(ours[0].faces / frames, 2),
            "embeddings_per_frame": round(ours[0].embeddings / frames, 3),
        },
        "ratio": round(median(p.cpu_ms_per_frame / o.cpu_ms_per_frame for p, o in rounds), 2),
        "ratios": [round(p.cpu_ms_per_frame / o.cpu_ms_per_frame, 2) for p, o in rounds],
        "overhead_share": round(median(o.overhead_share for o in ours), 3),
        "rss_mb": round(max(o.rss_mb for o in ours), 1),
    }


def sealing_cost(cpu_ms_per_frame: float) -> dict[str, Any]:
    """What opening a frame adds to a worker's work, measured right after it."""
    cost = sealing.measure(_SEALED_FRAMES)
    return cost | {"open_share_of_ours": round(cost["open_ms"] / cpu_ms_per_frame, 4)}


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def show(result: dict[str, Any]) -> None:
    """The table."""
    table = Table(title=f"{result['frames']} frames 1280×720, {result['faces_per_frame_in_truth']} faces in view")
    for column in ("", "plain", "ours", "plain / ours"):
        table.add_column(column, justify="right" if column else "left")
    p, o = result["plain"], result["ours"]
    table.add_row(
        "CPU ms a frame", f"{p['cpu_ms_per_frame']:.1f}", f"{o['cpu_ms_per_frame']:.1f}", f"{result['ratio']:.1f}"
    )
    table.add_row("faces found a frame", f"{p['faces_per_frame']:.2f}", f"{o['faces_per_frame']:.2f}", "")
    table.add_row("faces embedded a frame", f"{p['faces_per_frame']:.2f}", f"{o['embeddings_per_frame']:.2f}", "")
    table.add_row("outside decode and kernels", "", f"{result['overhead_share']:.0%}", "")
    table.add_row("of which opening a sealed one", "", f"{result['sealing']['open_share_of_ours']:.1%}", "")
    table.add_row("resident MB", f"{p['rss_mb']:.0f}", f"{result['rss_mb']:.0f}", "")
    Console().print(table)
    if "memory" in result:
        Console().print(f"memory over time: {json.dumps(result['memory'])}")


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a short form that shows that it runs; no figure to quote")
    parser.add_argument("--memory-only", action="store_true", help="only follow the memory of a worker")
    parser.add_argument("--out", type=Path, default=RESULTS, help=f"where to write the JSON [{RESULTS}]")
    arguments = parser.parse_args()
    configure_logs("bench", load(LogSettings, level="warning"))
    size = QUICK if arguments.quick else FULL
    pack = prepare_default(load(ModelSettings).cache.expanduser())
    console.print("rendering footage …")
    footage = [render(f"camera-{n}", 40 + n, size.seconds) for n in range(size.cameras)]
    if arguments.memory_only:
        print(json.dumps(memory(footage, pack, size)))
        return
    rounds = []
    for number in range(size.rounds):
        rounds.append(one_round(footage, pack, size))
        p, o = rounds[-1]
        console.print(f"round {number + 1}: plain {p.cpu_ms_per_frame:.1f}, ours {o.cpu_ms_per_frame:.1f} ms a frame")
    result = report(rounds, footage)
    result["sealing"] = sealing_cost(result["ours"]["cpu_ms_per_frame"])
    if size.memory_minutes:
        console.print(f"memory over {size.memory_minutes:g} minutes …")
        result["memory"] = memory(footage, pack, size)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(result, indent=2) + "\n")
    show(result)
    console.print(f"written to {arguments.out}")


if __name__ == "__main__":
    main()
