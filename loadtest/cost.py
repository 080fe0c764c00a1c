"""CPU a frame: ours, the plain pipeline and `face_recognition` on the same frames, in turn, several rounds.

All read from one broker and compare with lists of one length; only the process that does the work is measured. Rounds
alternate, so that a machine whose speed drifts slows all, and the median of the rounds' ratios is the result.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from loadtest.dlib_plain import DlibPipeline
from loadtest.footage import FPS, Footage
from loadtest.ours import Measured, OurResult
from loadtest.plain import PlainPipeline
from loadtest.reader import ReaderResult, Reading
from loadtest.setting import Setting
from loadtest.stand import PLAIN_TOPIC, SAMPLE_TOPIC, THRESHOLD, Stand, in_order, open_stand
from watchbound.adapters.milvus_schema import collection_name
from watchbound.camera.synthetic import all_people, enrolment_photo
from watchbound.domain.frame import Frame

AUTHORISATION = "bench"


@dataclass(frozen=True, slots=True)
class Round:
    """The three, one after the other."""

    ours: OurResult
    plain: ReaderResult
    dlib: ReaderResult


def measure(setting: Setting) -> dict[str, Any]:
    """All rounds on one stand."""
    size, footage = setting.size, [part.first(setting.size.cost_s) for part in setting.footage]
    first = datetime.now(UTC) - timedelta(seconds=size.cost_s)
    frames = in_order(frame for part in footage for frame in part.frames(AUTHORISATION, first))
    rounds = []
    with open_stand(setting.pack) as stand:
        stand.authorise(AUTHORISATION, setting.cameras)
        stand.enrol(AUTHORISATION, {}, size.watchlist)
        stand.publish(frames)
        stand.publish_plain(frames)
        stand.publish_plain(frames[:: size.sampled], SAMPLE_TOPIC)
        for number in range(size.rounds):
            rounds.append(_round(stand, frames, size.sampled, size.watchlist, number))
            o, p, d = (each.cpu_ms_per_frame for each in (rounds[-1].ours, rounds[-1].plain, rounds[-1].dlib))
            setting.say(f"round {number + 1}: ours {o:.1f}, plain {p:.1f}, face_recognition {d:.0f} ms of CPU a frame")
    return report(rounds, footage)


def _round(stand: Stand, frames: Sequence[Frame], sampled: int, watchlist: int, number: int) -> Round:
    bootstrap = stand.configuration.kafka.bootstrap
    ours = Measured(stand.for_group(f"cost-{number}"), len(frames))
    ours.wait_ready()
    our_result = ours.result()
    plain = partial(PlainPipeline, stand.configuration.milvus.uri, [collection_name(AUTHORISATION)])
    plain_result = Reading(plain, bootstrap, PLAIN_TOPIC, len(frames), THRESHOLD).result()
    somebody = {person: enrolment_photo(person) for person in all_people()[:1]}
    dlib = partial(DlibPipeline, [somebody], watchlist)
    few = len(frames[::sampled])
    return Round(our_result, plain_result, Reading(dlib, bootstrap, SAMPLE_TOPIC, few, THRESHOLD).result())


def report(rounds: Sequence[Round], footage: Sequence[Footage]) -> dict[str, Any]:
    """Medians over the rounds."""
    median = statistics.median
    ours, plain, dlib = [r.ours for r in rounds], [r.plain for r in rounds], [r.dlib for r in rounds]
    cpu_ms = median(each.cpu_ms_per_frame for each in ours)
    ratios = [r.plain.cpu_ms_per_frame / r.ours.cpu_ms_per_frame for r in rounds]
    dlib_ratios = [r.dlib.cpu_ms_per_frame / r.ours.cpu_ms_per_frame for r in rounds]
    return {
        "frames": plain[0].frames,
        "faces_per_frame_in_truth": round(statistics.mean(part.faces_per_frame for part in footage), 2),
        "plain": {
            "cpu_ms_per_frame": round(median(each.cpu_ms_per_frame for each in plain), 2),
            "faces_per_frame": round(plain[0].faces / plain[0].frames, 2),
            "rss_mb": round(max(each.rss_mb for each in plain), 1),
        },
        "ours": {
            "cpu_ms_per_frame": round(cpu_ms, 2),
            "faces_per_frame": round(ours[0].faces / ours[0].frames, 2),
            "embeddings_per_frame": round(ours[0].embeddings / ours[0].frames, 3),
        },
        "face_recognition": {
            "cpu_ms_per_frame": round(median(each.cpu_ms_per_frame for each in dlib), 1),
            "ratio": round(median(dlib_ratios), 1),
            "ratios": [round(ratio, 1) for ratio in dlib_ratios],
            "frames": dlib[0].frames,
            "faces_per_frame": round(dlib[0].faces / dlib[0].frames, 2),
        },
        "cameras_per_core": round(cameras_per_core(cpu_ms), 1),
        "ratio": round(median(ratios), 2),
        "ratios": [round(ratio, 2) for ratio in ratios],
        "overhead_share": round(median(each.overhead_share for each in ours), 3),
        "rss_mb": round(max(each.rss_mb for each in ours), 1),
    }


def cameras_per_core(cpu_ms_per_frame: float) -> float:
    """How many cameras of `FPS` frames a second one core carries, if it did nothing else."""
    return 1000 / (FPS * cpu_ms_per_frame)
