"""What each part makes of its measurements."""

from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest
from kafka.partitioner.default import DefaultPartitioner
from loadtest import cost, latency, memory, safeguards, scaling
from loadtest.footage import Footage, loops
from loadtest.ours import OurResult, Progress
from loadtest.reader import ReaderResult

from tests.unit.alerting.factory import at, match
from watchbound.adapters import codecs
from watchbound.adapters.onnx_session import ModelSession
from watchbound.camera.synthetic import FaceTruth, FrameTruth, SiteSpec, SiteTruth
from watchbound.domain.alert import Alert, AlertEvent
from watchbound.domain.face import Box
from watchbound.matching import judge as judge_module
from watchbound.matching import look as look_module
from watchbound.matching import main as main_module
from watchbound.pipeline.topics import ALERTS, MATCHES, Topic
from watchbound.ports import Record, TopicPartition

SPEC = SiteSpec("camera-0", 1, 2, fps=5)


def footage(frames: int = 10) -> Footage:
    """One near face in every frame, and one too far to be seen."""
    faces = (FaceTruth("P001", Box(0, 0, 60, 80), 30, 1.0), FaceTruth("P002", Box(0, 0, 6, 8), 3, 1.0))
    truths = tuple(FrameTruth(index, index / 5, faces) for index in range(frames))
    return Footage("camera-0", tuple(bytes([n]) for n in range(frames)), SiteTruth.of(SPEC, truths))


def ours(cpu_ms: float, frames: int = 100, **watched: float) -> OurResult:
    cpu_s = cpu_ms * frames / 1000
    return OurResult(frames, 2 * frames, frames // 2, 0, cpu_s, 0.8 * cpu_s, 0.5, 50, 1.0, 500.0, watched)


def theirs(cpu_ms: float, frames: int = 100) -> ReaderResult:
    return ReaderResult(frames, 3 * frames, 0, cpu_ms * frames / 1000, 400.0, ())


def test_cost_is_the_median_of_the_rounds_ratios() -> None:
    rounds = [
        cost.Round(ours(o), theirs(p), theirs(d, 10)) for o, p, d in ((10, 100, 300), (20, 180, 500), (10, 90, 250))
    ]
    found = cost.report(rounds, [footage()])
    assert found["ratios"] == [10.0, 9.0, 9.0]
    assert found["ratio"] == 9.0
    assert found["cameras_per_core"] == 20.0
    assert found["face_recognition"]["ratio"] == 25.0
    assert found["face_recognition"]["frames"] == 10
    assert found["overhead_share"] == pytest.approx(0.2)
    assert found["faces_per_frame_in_truth"] == 1.0


def test_a_beginning_of_footage_and_its_frames() -> None:
    part = footage().first(1.0)
    frames = part.frames("op", at(0), "other")
    assert [frame.jpeg[0] for frame in frames] == [0, 1, 2, 3, 4]
    assert (frames[-1].camera_id, frames[-1].captured_at) == ("other", at(0.8))


def test_cameras_that_share_footage_begin_apart() -> None:
    three = loops([footage()], ["a", "b", "c"])
    assert [loop.frame(0, at(0), "op").jpeg[0] for loop in three] == [0, 3, 6]
    assert three[2].frame(4, at(0), "op").jpeg[0] == 0


def record(topic: Topic, value: bytes | None) -> Record:
    return Record(TopicPartition(topic.name, 0), 0, "k", value, (), at(0))


def alert(opened_by: float, event: AlertEvent = AlertEvent.OPENED) -> bytes:
    best = match(opened_by)
    return codecs.ALERT.encode(
        Alert("a", event, 0, at(opened_by), best.first_seen, at(opened_by), best, ("gate-1",), 1, at(opened_by))
    )


def test_latency_is_from_the_capture_to_the_consumer() -> None:
    observed = latency.Observed(since=at(5))
    observed.take(record(ALERTS, alert(10)), at(10.2))
    observed.take(record(ALERTS, alert(10)), at(10.9))
    observed.take(record(ALERTS, alert(10, AlertEvent.UPDATED)), at(11))
    observed.take(record(ALERTS, alert(4)), at(6))
    observed.take(record(MATCHES, codecs.MATCH.encode(match(10))), at(10.1))
    observed.take(record(MATCHES, None), at(12))
    assert observed.alerts == pytest.approx([0.2])
    assert observed.matches == pytest.approx([0.1])


def test_latency_says_of_how_many_and_under_which_load() -> None:
    observed = latency.Observed(at(0), alerts=[n / 1000 for n in range(1, 101)])
    found = latency.report(observed, 7, {"processed": 350, "shed": 2, "cpu_s": 7.0}, 10.0)["latency_ms"]
    assert (found["n"], found["p50"], found["p99"], found["max"]) == (100, 50.5, 99.0, 100.0)
    assert found["load"]["worker_share_of_a_core"] == 0.7
    assert (found["load"]["cameras"], found["load"]["frames_shed"]) == (7, 2)
    assert found["matches"] == {"n": 0, "p50": None, "p99": None, "max": None}


def test_cameras_are_named_so_that_kafka_puts_one_in_each_partition() -> None:
    names = scaling.cameras_by_partition(16)
    topic, partitions = "frames", frozenset(range(16))
    cluster = SimpleNamespace(
        topics=lambda: {topic},
        partitions_for_topic=lambda _topic: partitions,
        available_partitions_for_topic=lambda _topic: partitions,
    )
    spread = [DefaultPartitioner().partition(topic, None, name.encode(), None, None, cluster) for name in names]
    assert spread == sorted(partitions)


def test_workers_are_compared_by_what_they_did_at_once() -> None:
    one = scaling.rates([Progress(10, 1, 100)], [Progress(510, 10, 110)])
    two = scaling.rates([Progress(10, 1, 100), Progress(20, 1, 101)], [Progress(460, 11, 110), Progress(470, 11, 110)])
    assert one == {"fps": 50.0, "cpu_ms_per_frame": 18.0, "worker_cores": 0.9}
    assert two["fps"] == 95.0
    assert scaling.workers_report(one, two)["efficiency"] == 0.95


def test_a_worker_whose_backlog_ran_out_is_no_measurement() -> None:
    with pytest.raises(ValueError, match="give them a longer backlog"):
        scaling.rates([Progress(10, 1, 100), Progress(9, 1, 100)], [Progress(20, 2, 101), Progress(9, 1, 101)])


def test_lists_are_compared_round_by_round_and_the_server_apart() -> None:
    runs = {
        1_000: [scaling.ListRun(ours(10), 0.2), scaling.ListRun(ours(20), 0.2)],
        100_000: [scaling.ListRun(ours(11), 2.0), scaling.ListRun(ours(22), 2.0)],
    }
    found = scaling.lists_report(runs)
    assert found["ratio"] == 1.1
    assert found["100000"]["server_cpu_ms_per_frame"] == 20.0
    assert found["1000"]["search_ms"] == 10.0


def test_safeguards_are_a_share_of_the_guarded_worker() -> None:
    on = ours(10, authority=0.01, wipe=0.02)
    found = safeguards.report({"on": [on, on], "freed_kept": [ours(9.9)] * 2, "off": [ours(9.5), ours(10)]})[
        "safeguards"
    ]
    assert found["share"] == 0.03
    assert found["parts"] == {"authority": 0.01, "wipe": 0.02}
    assert found["ratios"] == [1.0526, 1.0]


def test_the_watched_safeguards_are_where_the_worker_finds_them() -> None:
    functions = [one for places in safeguards._WATCHED.values() for one in places]
    assert all(callable(getattr(place, name)) for place, name in functions)
    assert max(Counter(functions).values()) == 1


def test_memory_is_held_against_itself() -> None:
    flat: list[float] = [300.0] * 12 + [500.0] * 36
    found = memory.report(flat, 4.0)
    assert (found["growth"], found["rss_mb_max"], found["rss_mb_by_minute"]) == (0.0, 500.0, [300, 500, 500, 500])
    growing: Any = memory.report([500.0 + n for n in range(48)], 4.0)
    assert growing["growth"] > 0.02


def test_what_the_benchmark_puts_others_in_the_place_of_is_there() -> None:
    in_main = ("open_key_ring", "open_audit_log", "FrameAdmission", "AuditGate", "Roster", "WatchlistDelta")
    assert all(hasattr(main_module, name) for name in in_main)
    assert all(hasattr(look_module, name) for name in ("decode_jpeg", "glance_jpeg"))
    assert all(hasattr(judge_module, name) for name in ("decide", "wipe_freed"))
    assert hasattr(ModelSession, "run")
