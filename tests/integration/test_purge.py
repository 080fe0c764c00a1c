"""A purge on the real stores: what a drop leaves on their disks, and that all of it goes on the embedded stack."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pymilvus import MilvusClient

from watchbound.adapters.milvus_gallery import MilvusGallery
from watchbound.adapters.milvus_schema import collection_name
from watchbound.adapters.store_files import StoreFiles
from watchbound.domain.embedding import Embedding
from watchbound.domain.errors import UnknownReference
from watchbound.domain.fingerprint import Fingerprints
from watchbound.domain.watchlist import Category, EnrolledImage, ResponseLevel, WatchlistEntry
from watchbound.settings import MilvusSettings, load
from watchbound.stack.apache_kafka import ApacheKafka
from watchbound.stack.embedded import CommandFailed, EmbeddedStack, Service
from watchbound.stack.milvus_lite import MilvusLite

if TYPE_CHECKING:
    from watchbound.stack.milvus_standalone import MilvusServer

DIGEST = "a" * 64
ENTRIES = 150
"""More than Milvus Lite writes at once, so that segments and indexes lie on the disk, too."""

AUTHORISATION = "wad-purged"


def enrolled(name: str, seed: int) -> list[EnrolledImage]:
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(ENTRIES, 128)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return [
        EnrolledImage(
            WatchlistEntry(name, f"person-{number}", Category.MISSING, ResponseLevel.RED),
            f"{number:064x}",
            Embedding(vector, DIGEST),
        )
        for number, vector in enumerate(vectors)
    ]


def fill(uri: str, images: list[EnrolledImage]) -> MilvusGallery:
    gallery = MilvusGallery(load(MilvusSettings, uri=uri))
    gallery.create(images[0].entry.authorisation_id, DIGEST, 128)
    gallery.add(images)
    return gallery


def prints_of(images: list[EnrolledImage]) -> Fingerprints:
    return Fingerprints.of(np.stack([image.embedding.vector for image in images]))


def test_milvus_lite_keeps_no_template_of_a_dropped_collection(tmp_path: Path) -> None:
    with MilvusLite(tmp_path) as server:
        gone, kept = enrolled(AUTHORISATION, 1), enrolled("wad-kept", 2)
        gallery = fill(server.uri, gone)
        fill(server.uri, kept)
        files = StoreFiles([tmp_path / "milvus-lite"])
        assert files.search(prints_of(gone)).templates == ENTRIES
        gallery.drop(AUTHORISATION)
        assert files.search(prints_of(gone)).templates == 0
        assert files.search(prints_of(kept)).templates == ENTRIES


def test_a_milvus_server_says_gone_while_its_files_hold_every_template_and_the_search_of_them_says_so(
    milvus_server: MilvusServer,
) -> None:
    """As it comes, it keeps a dropped collection's files for 3 hours and its message log for 3 days."""
    gone = enrolled(AUTHORISATION, 1)
    gallery, files = fill(milvus_server.uri, gone), StoreFiles([milvus_server.data])
    milvus_server.process.wait_until(lambda: files.search(prints_of(gone)).templates == ENTRIES, 120.0)
    gallery.drop(AUTHORISATION)
    with pytest.raises(UnknownReference):
        gallery.images(AUTHORISATION)
    assert files.search(prints_of(gone)).templates == ENTRIES


KEEPS_BRIEFLY = {
    "log.retention.ms": "30000",
    "log.roll.ms": "5000",
    "log.retention.check.interval.ms": "1000",
    "log.segment.delete.delay.ms": "500",
    # Milvus makes its topics by writing to them, and compresses; what is compressed cannot be searched for.
    "auto.create.topics.enable": "true",
    "compression.type": "uncompressed",
}
"""A message log that forgets within seconds, as a deployment's forgets within hours."""


def forgetful(bootstrap: str) -> dict[str, Any]:
    """Settings of a Milvus that keeps nothing of what was dropped for long: here seconds, in a deployment hours."""
    unsecured = dict.fromkeys(("saslUsername", "saslPassword", "saslMechanisms", "securityProtocol"), "")
    return {
        "dataCoord": {"gc": {"interval": 3, "dropTolerance": 3}},
        "mq": {"type": "kafka"},
        "kafka": {"brokerList": bootstrap, "readTimeout": 10, **unsecured},
    }


@pytest.mark.real
@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("real_kafka_needed")
def test_a_milvus_server_on_kafka_keeps_no_template_on_any_disk_once_both_have_cleaned_up(tmp_path: Path) -> None:
    from watchbound.stack.milvus_standalone import MilvusServer

    gone = enrolled(AUTHORISATION, 1)
    milvus, queue = tmp_path / "milvus", tmp_path / "kafka"
    milvus.mkdir()
    queue.mkdir()
    files = StoreFiles([milvus / "data", queue])
    with (
        ApacheKafka(queue, properties=KEEPS_BRIEFLY) as kafka,
        MilvusServer(milvus, forgetful(kafka.bootstrap)) as server,
    ):
        gallery = fill(server.uri, gone)
        # By itself a server writes segments after minutes; until then only the queue holds them.
        MilvusClient(uri=server.uri).flush(collection_name(AUTHORISATION))
        segments = StoreFiles([milvus / "data"])
        server.process.wait_until(lambda: segments.search(prints_of(gone)).templates == ENTRIES, 240.0)
        gallery.drop(AUTHORISATION)
        server.process.wait_until(lambda: files.search(prints_of(gone)).templates == 0, 240.0)
        with pytest.raises(UnknownReference):
            gallery.images(AUTHORISATION)


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[EmbeddedStack]:
    with EmbeddedStack(tmp_path) as stack:
        yield stack


def draft(stack: EmbeddedStack, end: datetime) -> None:
    terms = {
        "--use-case": "demonstration",
        "--legal-basis": "nobody real is shown",
        "--legitimate-aim": "to test",
        "--necessity": "a test needs a deployment",
        "--proportionality": "nobody passes",
        "--dpia-reference": "none needed",
        "--location": "this machine",
        "--location-type": "test-site",
        "--max-watchlist-size": "1000",
        "--minimum-threshold": "0.5",
        "--threshold-reason": "a test",
        "--signage-reference": "none needed",
        "--officer": "officer",
        "--id": AUTHORISATION,
        "--end": end.isoformat(),
    }
    flags = [part for pair in terms.items() for part in pair] + ["--camera", "gate-1"]
    categories = [part for category in Category for part in ("--category", category.value)]
    stack.call(["authorise", "draft", *flags, *categories, *stack.key("drafter")])
    stack.call(["authorise", "sign", AUTHORISATION, *stack.key("officer")])


def test_a_cancelled_deployment_is_purged_by_command_and_its_receipt_can_be_checked(stack: EmbeddedStack) -> None:
    draft(stack, datetime.now(UTC) + timedelta(hours=1))
    fill(stack.environment["WATCHBOUND_MILVUS_URI"], enrolled(AUTHORISATION, 1))
    stack.call(["authorise", "cancel", AUTHORISATION, "--reason", "over", *stack.key("officer")])
    signed = stack.call(["purge", AUTHORISATION, "--json", "-"])
    counted = {place["place"]: (place["before"], place["after"]) for place in signed["receipt"]["places"]}
    assert signed["receipt"]["clean"]
    assert counted["gallery"] == counted["gallery files"] == (ENTRIES, 0)
    assert counted["key watchlist"] == (1, 0)
    assert stack.call(["authorise", "show", AUTHORISATION])["state"] == "purged"
    file = stack.folder / "receipt.json"
    file.write_text(json.dumps(signed))
    checked = stack.call(["purge", "verify", str(file), "--json", "-"])
    assert (checked["ok"], checked["signed_by"]) == (True, "guardian")
    edited = json.loads(json.dumps(signed))
    edited["signature"]["value"] = "00" * 64
    file.write_text(json.dumps(edited))
    with pytest.raises(CommandFailed, match="code 1"):
        stack.call(["purge", "verify", str(file), "--json", "-"])


def test_the_retention_clock_ends_a_deployment_whose_window_is_over_and_destroys_the_key_of_its_frames(
    stack: EmbeddedStack,
) -> None:
    end = datetime.now(UTC) + timedelta(seconds=20)
    draft(stack, end)
    service: Service = stack.start("governance", ["governance", "run", "--every", "0.5"])
    service.process.wait_until(service.ready, 60.0)
    assert set(stack.key_ring().versions(AUTHORISATION)) != set()
    service.process.wait_until(lambda: 'purges_total{outcome="clean"} 1.0' in service.metrics(), 90.0)
    assert datetime.now(UTC) >= end
    assert {purpose.value for purpose in stack.key_ring().versions(AUTHORISATION)} == {"watchlist", "alerts"}
    assert stack.call(["authorise", "show", AUTHORISATION])["state"] == "ended"
    assert 'retention_overdue_seconds{purpose="frames"} 0.0' in service.metrics()


def test_while_the_clock_is_not_trusted_nothing_is_signed_or_changed_or_deleted_and_yet_stopped(
    stack: EmbeddedStack,
) -> None:
    draft(stack, datetime.now(UTC) + timedelta(hours=1))
    # No comparison is as exact as that, so that every clock is too far off.
    doubted = {"WATCHBOUND_CLOCK_MAX_OFFSET_S": "1e-9"}
    right = stack.environment
    stack.environment = {**right, **doubted}
    reason = ["--reason", "a test"]
    for refused in (
        ["authorise", "sign", AUTHORISATION],
        ["authorise", "threshold", AUTHORISATION, "0.6", "--requested-by", "sgt.c", *reason],
    ):
        with pytest.raises(CommandFailed, match="from the broker's"):
            stack.call([*refused, *stack.key("officer")])
    stack.call(["authorise", "cancel", AUTHORISATION, *reason, *stack.key("officer")])
    with pytest.raises(CommandFailed, match="from the broker's"):
        stack.call(["purge", AUTHORISATION, "--json", "-"])
    service = stack.start("governance", ["governance", "run", "--every", "0.2"])
    service.process.wait_until(lambda: "from the broker's" in service.complaint(), 60.0)
    service.process.wait_until(lambda: 'retention_overdue_seconds{purpose="frames"}' in service.metrics(), 30.0)
    assert {purpose.value for purpose in stack.key_ring().versions(AUTHORISATION)} == {"frames", "watchlist", "alerts"}
    stack.environment = right
    assert stack.call(["purge", AUTHORISATION, "--json", "-"])["receipt"]["clean"]
