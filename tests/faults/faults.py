"""The faults: each does its harm in a running world, undoes it where somebody would, and says how often."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.faults.world import World
from watchbound.adapters.kafka_log import KafkaRecordConsumer, KafkaRecordProducer
from watchbound.adapters.milvus_gallery import MilvusGallery
from watchbound.domain.embedding import Embedding
from watchbound.pipeline.topics import ALERTS, FRAMES
from watchbound.settings import MatchingSettings, load

Inject = Callable[[World], int]
"""Does the harm and returns how often; time passes in it. The world should be whole when it returns, or heal itself."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of harm.

    Attributes:
        brokers: on how large a cluster.
        kills_workers: whether a worker dies, and its last second of counts with it.
        reads_again: whether partitions change hands, so that frames that were handled and not committed count twice.
        quick: whether it belongs to the short form.
        needs_root: whether it takes a mount.
        needs_ray: whether it is Ray that is harmed.
    """

    name: str
    inject: Inject
    brokers: int = 1
    kills_workers: bool = False
    reads_again: bool = False
    quick: bool = False
    needs_root: bool = False
    needs_ray: bool = False


def _nothing(world: World) -> int:
    """The control: what the oracle says where nothing fails."""
    return 0


def _kill_worker(world: World) -> int:
    """At a moment that the seed chooses: before it has produced, before that is acknowledged, before it commits."""
    world.random.choice(world.workers()).kill()
    return 1


def _freeze_worker(world: World) -> int:
    """Longer than the group waits: its partitions go to the other, and it comes back believing they are its own."""
    victim = world.random.choice(world.workers())
    victim.suspend()
    world.wait(world.random.uniform(9.0, 12.0))
    victim.resume()
    return 1


def _kill_ray_head(world: World) -> int:
    world.ray_head().kill()
    world.wait(1.0)
    return 1


def _kill_alerting(world: World) -> int:
    for _ in range(2):
        world.alerting.service.process.kill()
        world.wait(world.random.uniform(4.0, 8.0))
    return 2


def _broker_killed(world: World) -> int:
    """The only broker, and again with its data after a moment."""
    broker = world.random.choice(world.stack.kafka.brokers)
    broker.kill()
    world.wait(world.random.uniform(1.0, 3.0))
    broker.start()
    world.stack.kafka.wait_whole()
    return 1


def _all_brokers_down(world: World) -> int:
    world.stack.kafka.kill()
    world.wait(25.0)
    world.stack.kafka.start()
    return len(world.stack.kafka.brokers)


def _rolling_restart(world: World) -> int:
    for broker in world.stack.kafka.brokers:
        broker.stop()
        broker.start()
        world.stack.kafka.wait_whole()
        world.wait(2.0)
    return len(world.stack.kafka.brokers)


def _milvus_killed(world: World) -> int:
    world.stack.milvus.process.kill()
    world.wait(world.random.uniform(1.0, 4.0))
    world.stack.milvus.start()
    return 1


def _milvus_frozen(world: World) -> int:
    """It accepts connections and answers nothing."""
    group = world.stack.milvus.process.pid
    os.killpg(group, signal.SIGSTOP)
    world.wait(world.random.uniform(8.0, 12.0))
    os.killpg(group, signal.SIGCONT)
    return 1


def _collection_missing(world: World) -> int:
    return _without_collection(world, empty=False)


def _collection_empty(world: World) -> int:
    return _without_collection(world, empty=True)


def _without_collection(world: World, *, empty: bool) -> int:
    """Somebody drops the collection, or all that is in it; somebody restores it from a backup."""
    whose = world.authorisation
    assert whose is not None
    gallery = MilvusGallery(world.milvus)
    images = gallery.images(whose)
    embedding: Embedding = images[0].embedding
    gallery.drop(whose)
    if empty:
        gallery.create(whose, embedding.model_digest, embedding.vector.size)
    world.wait(world.random.uniform(6.0, 9.0))
    gallery.create(whose, embedding.model_digest, embedding.vector.size)
    gallery.add(images)
    return 1


def _partition_from_brokers(world: World) -> int:
    for link in world.links.brokers:
        link.stall()
    world.wait(world.random.uniform(8.0, 12.0))
    for link in world.links.brokers:
        link.heal()
    return len(world.links.brokers)


def _slow_brokers(world: World) -> int:
    for link in world.links.brokers:
        link.delay_s = 0.2
    world.wait(10.0)
    for link in world.links.brokers:
        link.heal()
    return len(world.links.brokers)


def _partition_from_milvus(world: World) -> int:
    world.links.milvus.stall()
    world.wait(world.random.uniform(8.0, 12.0))
    world.links.milvus.heal()
    return 1


def _slow_milvus(world: World) -> int:
    world.links.milvus.delay_s = 0.5
    world.wait(10.0)
    world.links.milvus.heal()
    return 1


def _poison_mixed_in(world: World) -> int:
    """One poisoned record for about every second frame, at the keys of real cameras."""
    cameras = [camera.id for camera in world.plan.cameras]
    with closing(KafkaRecordProducer(world.kafka, "fault-poison")) as producer:
        for _ in range(40):
            rubbish = world.random.randbytes(world.random.randint(1, 200))
            producer.send(FRAMES.name, world.random.choice(cameras), rubbish).wait(30)
            world.wait(0.2)
    return 40


def _poison_flood(world: World) -> int:
    """Enough at once to hold the partition; a few more than the limit, so that the hold must end by itself."""
    camera, count = world.plan.cameras[0].id, load(MatchingSettings).poison_in_a_row + 10
    with closing(KafkaRecordProducer(world.kafka, "fault-poison")) as producer:
        sent = [producer.send(FRAMES.name, camera, world.random.randbytes(20)) for _ in range(count)]
        for each in sent:
            each.wait(30)
    return count


def _rebalance_storm(world: World) -> int:
    """A member that joins, takes its share, does nothing with it, and leaves; again and again."""
    group = load(MatchingSettings).group
    for number in range(4):
        with closing(KafkaRecordConsumer(world.kafka, group, [FRAMES.name], f"fault-storm-{number}")) as member:
            for _ in range(5):
                member.poll(0.3, 1)
                world.look()
    return 4


def _slow_consumer(world: World) -> int:
    """Somebody who reads alerts and takes a second for each: it is their lag, and nobody else's."""
    with closing(KafkaRecordConsumer(world.kafka, "fault-slow", [ALERTS.name], "fault-slow")) as consumer:
        for _ in range(12):
            consumer.poll(0.2, 1)
            world.wait(1.0)
    return 1


def _audit_disk_full(world: World) -> int:
    """The audit log's file system has not a byte left, for longer than a span of searches lasts."""
    folder = Path(world.stack.folder).resolve() / "audit"
    filler = folder / "filler"
    with suppress(OSError), filler.open("wb") as file:
        while True:
            file.write(bytes(4096))
            file.flush()
    world.wait(15.0)
    filler.unlink()
    return 1


def mount_small(folder: Path) -> Callable[[], None]:
    """A file system of 4 MiB for the audit log; returns what takes it away."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["/bin/mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], check=True)

    def away() -> None:
        subprocess.run(["/bin/umount", "-l", str(folder)], check=False)

    return away


FAULTS = (
    Fault("none", _nothing),
    Fault("worker-killed", _kill_worker, kills_workers=True, quick=True),
    Fault("alerting-killed", _kill_alerting, quick=True),
    Fault("broker-killed", _broker_killed, reads_again=True, quick=True),
    Fault("milvus-killed", _milvus_killed, reads_again=True, quick=True),
    Fault("milvus-frozen", _milvus_frozen, reads_again=True),
    Fault("collection-missing", _collection_missing, reads_again=True),
    Fault("collection-empty", _collection_empty, reads_again=True),
    Fault("milvus-partitioned", _partition_from_milvus, reads_again=True),
    Fault("milvus-slow", _slow_milvus),
    Fault("broker-partitioned", _partition_from_brokers, reads_again=True),
    Fault("broker-slow", _slow_brokers, reads_again=True),
    Fault("worker-frozen", _freeze_worker, reads_again=True),
    Fault("ray-head-killed", _kill_ray_head, kills_workers=True, needs_ray=True),
    Fault("all-brokers-down", _all_brokers_down, reads_again=True),
    Fault("poison-mixed-in", _poison_mixed_in),
    Fault("poison-flood", _poison_flood),
    Fault("rebalance-storm", _rebalance_storm, reads_again=True),
    Fault("slow-alert-consumer", _slow_consumer),
    Fault("audit-disk-full", _audit_disk_full, reads_again=True, needs_root=True),
    Fault("leader-killed", _broker_killed, reads_again=True, brokers=3),
    Fault("rolling-restart", _rolling_restart, reads_again=True, brokers=3),
)
