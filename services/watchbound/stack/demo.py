"""The main job, shown: real broker, real vector store, real models, real processes, on one machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from watchbound.adapters import codecs
from watchbound.domain.activation import PreDeploymentItem
from watchbound.domain.alert import AlertEvent
from watchbound.domain.errors import ConfigurationError
from watchbound.domain.watchlist import Category
from watchbound.pipeline import metric_names as names
from watchbound.pipeline.topics import ALERTS, TALLIES
from watchbound.ports import Record
from watchbound.settings import KafkaSettings, load
from watchbound.stack.closing import close_deployment
from watchbound.stack.demo_plan import DEMO_PAPERS, DemoPlan
from watchbound.stack.demo_screen import DemoScreen
from watchbound.stack.demo_summary import AlertBook, TallySheet, alert_rows, people_summary, quantiles_ms
from watchbound.stack.embedded import EmbeddedStack, Service, Stack
from watchbound.stack.topic_watch import TopicWatch

THRESHOLD = 0.55
"""For the demonstration's invented people only; a deployment's threshold comes from calibration on its own data."""

PASSAGE_GAP_S = 6.0
"""Shorter than a deployment's: the few people of the demonstration come by again and again."""

_READY_S = 180.0
_SETTLE_S = 30.0
_PROGRESS_S = 5.0


class Observer(TopicWatch):
    """Follows alerts and tallies, and shows the alerts."""

    def __init__(self, kafka: KafkaSettings, screen: DemoScreen) -> None:
        self.alerts = AlertBook()
        self.tallies = TallySheet()
        self._screen = screen
        super().__init__(kafka, [ALERTS.name, TALLIES.name], "demo-observer", self._note)

    def _note(self, record: Record, now: datetime) -> None:
        if record.value is None:
            return
        if record.source.topic == TALLIES.name:
            self.tallies.add(codecs.TALLY.decode(record.value))
            return
        alert = codecs.ALERT.decode(record.value)
        self.alerts.take(alert, now)
        opened = alert.event is AlertEvent.OPENED
        self._screen.alert(alert, (now - alert.opened_by).total_seconds() if opened else None)


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """How the demonstration runs; what it shows is the plan's.

    Attributes:
        papers: where record, receipt and the audit log's verdict are kept; nowhere if None.
    """

    workers: int
    models_cache: Path
    papers: Path | None = None


def run_demo(
    plan: Callable[[Path], DemoPlan], options: DemoOptions, folder: Path, screen: DemoScreen
) -> dict[str, Any]:
    """Run a demonstration in `folder` and return its summary, as `--json` writes it.

    Raises:
        WatchboundError: a part of the stack did not start or ended; the message shows why.
    """
    shown = plan(folder)
    with EmbeddedStack(folder) as stack:
        stack.environment["WATCHBOUND_MODELS_CACHE"] = str(options.models_cache)
        stack.environment["WATCHBOUND_ALERTING_PASSAGE_GAP_S"] = str(PASSAGE_GAP_S)
        with screen.step("authorising, enrolling and activating on an embedded broker and vector store"):
            authorisation = authorise_and_enrol(stack, shown, screen)
        with screen.step(f"starting {options.workers} matching worker(s) and alerting"):
            matching = stack.start("matching", ["match", "run", "--workers", str(options.workers)], grace_s=30.0)
            alerting = stack.start("alerting", ["alerting", "run"])
            for service in (matching, alerting):
                service.process.wait_until(service.ready, _READY_S)
        kafka = load(KafkaSettings, bootstrap=stack.environment["WATCHBOUND_KAFKA_BOOTSTRAP"])
        with Observer(kafka, screen) as observer:
            before = _WorkerMetrics(matching)
            started = time.monotonic()
            _play(stack, shown, observer, screen)
            seconds = time.monotonic() - started
            _settle(observer)
            after = _WorkerMetrics(matching)
        observer.check()
        summary = _summarise(shown, observer, seconds, _enrolled(stack, authorisation))
        # Counted by the consumers, not by subtraction: whether the frames add up must be able to fail.
        summary["frames"]["in_flight"] = after.lag
        summary |= after.figures(since=before, frames=summary["frames"]["processed"])
        with screen.step("ending it: record, purge, and the audit log verified"):
            matching.process.stop()
            alerting.process.stop()
            papers = close_deployment(stack, authorisation, "the demonstration is over")
        if options.papers is not None:
            papers.keep(options.papers)
        return summary | papers.summary()


def authorise_and_enrol(stack: Stack, plan: DemoPlan, screen: DemoScreen) -> str:
    """Draft, sign, enrol and activate; returns the authorisation's id.

    Raises:
        ConfigurationError: no picture of anybody was accepted.
    """
    authorisation = _authorise(stack, plan)
    _enrol(stack, plan, authorisation, screen)
    _activate(stack, authorisation)
    return authorisation


def _authorise(stack: Stack, plan: DemoPlan) -> str:
    """Draft and sign; it permits nothing before it is activated."""
    now = datetime.now(UTC)
    terms = {
        "--use-case": "demonstration",
        "--legal-basis": "nobody real is shown",
        "--legitimate-aim": "to show the whole flow",
        "--necessity": "a demonstration needs something to show",
        "--proportionality": "people who do not exist, on one machine",
        "--dpia-reference": "none needed: no personal data",
        "--location": "this machine",
        "--location-type": "test-site",
        "--max-watchlist-size": "10000",
        "--minimum-threshold": str(THRESHOLD),
        "--threshold-reason": "separates the demonstration's invented people",
        "--signage-reference": "none needed: nobody passes",
        "--officer": "officer",
        "--start": now.isoformat(),
        "--end": (now + timedelta(hours=12)).isoformat(),
    }
    flags = [part for pair in terms.items() for part in pair]
    lists = [part for camera in plan.cameras for part in ("--camera", camera.id)]
    lists += [part for category in Category for part in ("--category", category.value)]
    drafted = stack.call(["authorise", "draft", *flags, *lists, *stack.key("drafter")])
    stack.call(["authorise", "sign", drafted["id"], *stack.key("officer")])
    return str(drafted["id"])


def _activate(stack: Stack, authorisation: str) -> None:
    items = [part for item in PreDeploymentItem for part in ("--item", item.value)]
    stack.call(["watchlist", "review", "--authorisation", authorisation, *stack.key("watchlist-1")])
    stack.call(["authorise", "activate", authorisation, *items, *stack.key("officer")])


def papers_of_today() -> dict[str, str]:
    """Those of the demonstration, good for a day."""
    return DEMO_PAPERS | {"expires": (datetime.now(UTC) + timedelta(days=1)).isoformat()}


def _enrol(stack: Stack, plan: DemoPlan, authorisation: str, screen: DemoScreen) -> None:
    # Code 1 says that some images were refused: the report names them, and the others are enrolled.
    whose = ["--authorisation", authorisation]
    first, second = (["--key", str(stack.officers.key(name))] for name in ("watchlist-1", "watchlist-2"))
    papers = [part for name, text in papers_of_today().items() for part in ("--paper", f"{name}={text}")]
    report = stack.call(["watchlist", "enrol", str(plan.watchlist), *whose, *first, *papers], accept=(0, 1))
    for image in report["images"]:
        if image["outcome"] != "accepted":
            screen.note(f"{image['path']}: {image['outcome']} ({image['detail']}) — {image['remedy']}")
    if report["entries"] == 0:
        msg = (
            f"expected a picture of somebody who can be enrolled, got none in {plan.watchlist}; "
            f"what is wrong with each is said above"
        )
        raise ConfigurationError(msg)
    stack.call(["watchlist", "approve", "--all", *whose, *second])


def _enrolled(stack: Stack, authorisation: str) -> list[str]:
    listed = stack.call(["watchlist", "list", "--authorisation", authorisation])
    return sorted({entry["reference"] for entry in listed["entries"]})


def _play(stack: EmbeddedStack, plan: DemoPlan, observer: Observer, screen: DemoScreen) -> None:
    """Run the cameras until their footage ends, or until the plan's time is over."""
    site = stack.folder / "site.yaml"
    plan.write_site(site)
    cameras = stack.start("cameras", ["camera", "run", str(site)])
    screen.note(f"{len(plan.cameras)} camera(s) running; metrics at {cameras.url}/metrics")
    started, told = time.monotonic(), time.monotonic()
    while cameras.process.running():
        observer.check()
        now = time.monotonic()
        if plan.seconds is not None and now - started >= plan.seconds:
            break
        if now - told >= _PROGRESS_S:
            told = now
            frames = observer.tallies.frames()
            screen.note(
                f"{now - started:4.0f} s: {frames['published']} frames published, {frames['processed']} processed, "
                f"{observer.tallies.workers['faces']} faces, {len(observer.alerts.alerts)} alerts"
            )
        time.sleep(0.1)
    cameras.process.require_ended_well()
    cameras.process.stop()


def _settle(observer: Observer) -> None:
    """Wait until every published frame is accounted for and no alert is still on its way."""
    deadline = time.monotonic() + _SETTLE_S
    quiet_since, seen = time.monotonic(), (-1, -1)
    while time.monotonic() < deadline:
        observer.check()
        now = (observer.tallies.unaccounted(), len(observer.alerts.alerts))
        if now != seen:
            quiet_since, seen = time.monotonic(), now
        if now[0] == 0 and time.monotonic() - quiet_since > 2.0:
            return
        time.sleep(0.1)


class _WorkerMetrics:
    """The figures of the workers' page that the summary shows."""

    def __init__(self, matching: Service) -> None:
        self.cpu_seconds = 0.0
        self.lag = 0
        self.providers: set[str] = set()
        self.digests: dict[str, str] = {}
        for family in text_string_to_metric_families(matching.metrics()):
            for sample in family.samples:
                if sample.name == names.PREFIX + names.CPU_SECONDS.name and "worker" in sample.labels:
                    self.cpu_seconds += sample.value
                elif sample.name == names.PREFIX + names.CONSUMER_LAG.name:
                    self.lag += int(sample.value)
                elif sample.name == names.PREFIX + names.MODEL_INFO.name:
                    self.providers.add(sample.labels["provider"])
                    self.digests[sample.labels["role"]] = sample.labels["digest"]

    def figures(self, since: _WorkerMetrics, frames: int) -> dict[str, Any]:
        """What the workers spent since an earlier look, start-up excluded, and on what."""
        spent = self.cpu_seconds - since.cpu_seconds
        return {
            "cpu_ms_per_frame": round(spent * 1000 / frames, 2) if frames else None,
            "provider": ", ".join(sorted(self.providers)),
            "model_digests": self.digests,
        }


def _summarise(plan: DemoPlan, observer: Observer, seconds: float, enrolled: list[str]) -> dict[str, Any]:
    observed = observer.alerts.all()
    alerts = [alert.latest for alert in observed]
    summary: dict[str, Any] = {
        "cameras": len(plan.cameras),
        "seconds": round(seconds, 1),
        "frames": observer.tallies.frames(),
        "faces": observer.tallies.workers["faces"],
        "tracks": observer.tallies.workers["tracks"],
        "latency_ms": quantiles_ms([alert.latency_s for alert in observed]),
        "alerts": alert_rows(alerts),
    }
    if all(camera.truth is not None for camera in plan.cameras):
        summary["people"] = people_summary(plan.cameras, enrolled, alerts)
    return summary
