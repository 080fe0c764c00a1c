"""Who is found: TPIR of the three pipelines at the same FPIR, on the same passages, by the ground truth.

Every one of the ten people is listed once and unlisted once: half of them are on the first list, the others on the
second, and all footage is held against both. Each list has as many random entries besides as the others of the
benchmark. A passage's score is the best answer of its frames; of ours, the fused evidence that its worker would judge.

To learn ours below its threshold too, its worker runs with `announce_everything`: it judges each piece of evidence at
`THRESHOLD` as ever, so that it spends the same embeddings on the same faces, but announces all of it as a match. The
matches are read from their topic. That takes an authorisation whose threshold lets all of them be matches. Afterwards
the product as it is runs once more, under the threshold that was found, and what it finds is reported beside (`as_is`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from loadtest.dlib_plain import DlibPipeline
from loadtest.ours import Measured, Prepare
from loadtest.passages import PassageScores, Sighting, score_passages
from loadtest.plain import PlainPipeline
from loadtest.portraits import templates
from loadtest.reader import Reading
from loadtest.setting import Setting
from loadtest.stand import PLAIN_TOPIC, THRESHOLD, Stand, Templates, in_order, open_stand
from loadtest.stopwatch import Stopwatch, replace
from watchbound.adapters import codecs
from watchbound.adapters.kafka_log import KafkaTopicReader
from watchbound.adapters.milvus_schema import collection_name
from watchbound.camera.synthetic import all_people, enrolment_photo
from watchbound.domain.candidate import Candidate
from watchbound.domain.match import Match
from watchbound.matching import judge as judge_module
from watchbound.matching.decide import DecisionPolicy, Finding, decide
from watchbound.pipeline.topics import MATCHES
from watchbound.pipeline.whole_topics import read_to_end
from watchbound.stack.demo_plan import LISTED
from watchbound.statistics.identification import OperatingPoint, operating_point, tpir_at_fpir
from watchbound.statistics.proportion import Proportion

LISTS = {"first": tuple(LISTED), "second": tuple(person for person in all_people() if person not in LISTED)}
NOTE = (
    "ten people who do not exist, each passing several times: the passages of one person are not independent, so the"
    " intervals (Wilson, 95 %, by passage) are too narrow, and nothing follows for other people"
)

_READ_WITHIN_S = 300.0
_ANYTHING = 0.001
_MOST_FALSE_ALERTS = 3


def announce_everything() -> Mapping[str, Stopwatch]:
    """Have this process's worker announce each piece of evidence, whatever it is worth."""
    replace(judge_module, "decide", announced_as_found)
    return {}


def announced_as_found(
    candidates: Sequence[Candidate], shots: int, _threshold: float, policy: DecisionPolicy
) -> Finding:
    """As `decide` at `THRESHOLD`, but the best candidate is always there."""
    judged = decide(candidates, shots, THRESHOLD, policy)
    return Finding(judged.standing, candidates[0] if candidates else None)


def measure(setting: Setting) -> dict[str, Any]:
    """The three pipelines' scores of every passage, and what follows from them."""
    known = templates(setting.pack, all_people())
    with open_stand(setting.pack) as stand:
        others = _start_others(setting, stand, known)
        scores = {"ours": _ours(setting, known, _ANYTHING, announce_everything)}
        setting.say("accuracy: our evidence is in; the others take minutes")
        scores |= {name: wait() for name, wait in others.items()}
    result = report(scores)
    threshold = result["ours"]["threshold"]
    found = _ours(setting, known, min(max(threshold, _ANYTHING), 1.0), None)
    result["ours"]["as_is"] = _rates(operating_point(found.mated, found.non_mated, threshold))
    result["accuracy"] |= {
        "people": len(known),
        "list": setting.size.watchlist + len(LISTS["first"]),
        "frames": sum(len(part.jpegs) for part in setting.footage),
    }
    return result


def _start_others(setting: Setting, stand: Stand, known: Templates) -> dict[str, Callable[[], PassageScores]]:
    """Begin what takes minutes; side by side, since what they find does not depend on how fast they are."""
    first, cameras = datetime.now(UTC), setting.cameras
    frames = in_order(frame for part in setting.footage for frame in part.frames("plain", first))
    stand.publish_plain(frames)
    for name, people in LISTS.items():
        # They ask nobody for leave; it is the stand that lists nobody without.
        stand.authorise(f"plain-{name}", cameras)
        stand.enrol(f"plain-{name}", {person: known[person] for person in people}, setting.size.watchlist)
    plain = partial(PlainPipeline, stand.configuration.milvus.uri, [collection_name(f"plain-{name}") for name in LISTS])
    portraits = [{person: enrolment_photo(person) for person in people} for people in LISTS.values()]
    dlib = partial(DlibPipeline, portraits, setting.size.watchlist)
    halves = [cameras[0::2], cameras[1::2]]

    def start(make: Any, whose: Sequence[str]) -> Reading:
        count = sum(frame.camera_id in whose for frame in frames)
        return Reading(make, stand.configuration.kafka.bootstrap, PLAIN_TOPIC, count, THRESHOLD, frozenset(whose))

    def scored(readings: Sequence[Reading]) -> PassageScores:
        answers = [reading.result().sightings for reading in readings]
        return _scored(setting, {name: [s for each in answers for s in each[at]] for at, name in enumerate(LISTS)})

    # Started now, waited for later.
    return {
        "plain": partial(scored, [start(plain, cameras)]),
        "face_recognition": partial(scored, [start(dlib, half) for half in halves if half]),
    }


def _ours(setting: Setting, known: Templates, threshold: float, prepare: Prepare | None) -> PassageScores:
    """What a worker announces under this threshold, with both lists, as scores of passages."""
    first, frames = datetime.now(UTC) - timedelta(seconds=setting.size.footage_s), []
    with open_stand(setting.pack) as stand:
        for name, people in LISTS.items():
            stand.authorise(name, [_camera(name, camera) for camera in setting.cameras], threshold)
            stand.enrol(name, {person: known[person] for person in people}, setting.size.watchlist)
            for part in setting.footage:
                frames += part.frames(name, first, _camera(name, part.camera_id))
        stand.publish(in_order(frames))
        worker = Measured(stand.for_group("accuracy"), len(frames), prepare)
        worker.wait_ready()
        worker.result()
        return _scored(setting, sightings(announced(stand)))


def announced(stand: Stand) -> list[Match]:
    """All matches that are on the log."""
    with closing(KafkaTopicReader(stand.configuration.kafka, [MATCHES.name], "bench-matches")) as reader:
        return [
            codecs.MATCH.decode(record.value)
            for record in read_to_end(reader, _READ_WITHIN_S)
            if record.value is not None
        ]


def sightings(matches: Iterable[Match]) -> dict[str, list[Sighting]]:
    """What the matches say, by list.

    A single shot is held against a threshold that is higher by `DecisionPolicy.strong`: it counts for as much less.
    """
    by_list: dict[str, list[Sighting]] = {name: [] for name in LISTS}
    strong = DecisionPolicy().strong
    for match in matches:
        name, camera = match.camera_id.split("-", 1)
        frame = int(match.frame_id.rsplit("/", 1)[1])
        score = match.score if match.shots > 1 else match.score - strong
        by_list[name].append(Sighting(camera, frame, match.box.centre, match.entry.reference, score))
    return by_list


def _camera(list_name: str, camera_id: str) -> str:
    """A camera under one list's authority; `sightings` reads it back."""
    return f"{list_name}-{camera_id}"


def _scored(setting: Setting, by_list: Mapping[str, Iterable[Sighting]]) -> PassageScores:
    truths = {part.camera_id: part.truth for part in setting.footage}
    first, second = (score_passages(truths, LISTS[name], by_list[name]) for name in LISTS)
    return first.and_also(second)


def report(scores: Mapping[str, PassageScores]) -> dict[str, Any]:
    """TPIR at no false alert at all, and what a few would buy; the same FPIR for all pipelines."""
    result: dict[str, Any] = {name: _rates(_at(each, 0)) for name, each in scores.items()}
    passages = len(scores["ours"].non_mated)
    result["accuracy"] = {
        "note": NOTE,
        "at_false_alerts": [
            {"false_alerts": count, "of": passages}
            | {name: round(_at(each, count).tpir.value or 0.0, 4) for name, each in scores.items()}
            for count in range(min(_MOST_FALSE_ALERTS, passages - 1) + 1)
        ],
        "answers_where_nobody_is": {
            name: sum(score >= result[name]["threshold"] for score in each.elsewhere) for name, each in scores.items()
        },
    }
    return result


def _at(scores: PassageScores, false_alerts: int) -> OperatingPoint:
    """The best that a threshold with so many false alerts allows."""
    return tpir_at_fpir(scores.mated, scores.non_mated, false_alerts / len(scores.non_mated))


def _rates(point: OperatingPoint) -> dict[str, Any]:
    return {
        "tpir": round(point.tpir.value or 0.0, 4),
        "fpir": round(point.fpir.value or 0.0, 4),
        "threshold": point.threshold,
        "intervals": {"tpir": _interval(point.tpir), "fpir": _interval(point.fpir)},
        "passages": {
            "found": point.tpir.count,
            "of_listed": point.tpir.of,
            "false_alerts": point.fpir.count,
            "of_unlisted": point.fpir.of,
        },
    }


def _interval(proportion: Proportion) -> list[float] | None:
    ends = proportion.wilson
    return None if ends is None else [round(end, 4) for end in ends]
