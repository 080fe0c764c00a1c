"""What a demonstration prints: steps and progress on standard error, alerts and the summary on standard output."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.table import Table

from watchbound.domain.alert import Alert, AlertEvent
from watchbound.domain.watchlist import ResponseLevel

_COLOURS = {ResponseLevel.RED: "red", ResponseLevel.AMBER: "yellow", ResponseLevel.GREEN: "green"}
_EVENT_WORDS = {
    AlertEvent.OPENED: "ALERT  ",
    AlertEvent.UPDATED: "better ",
    AlertEvent.EXPIRED: "passed ",
    AlertEvent.ADJUDICATED: "decided",
}


class DemoScreen:
    """A terminal, or a file that reads as well."""

    def __init__(self) -> None:
        self._out = Console(highlight=False, soft_wrap=True)
        self._err = Console(stderr=True, highlight=False, soft_wrap=True)

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Say what takes a while, and how long it took."""
        started = time.monotonic()
        self._err.print(f"  … {what}", style="dim")
        yield
        self._err.print(f"  ✓ {what} ({time.monotonic() - started:.1f} s)")

    def note(self, text: str) -> None:
        """A line of progress."""
        self._err.print(f"    {text}", style="dim", markup=False)

    def alert(self, alert: Alert, latency_s: float | None) -> None:
        """One alert event, as an operator would want it: who, how urgent, where, and how sure against the threshold."""
        colour = _COLOURS[alert.entry.response_level]
        best = alert.best
        word = _EVENT_WORDS[alert.event]
        line = (
            f"[{colour}]●[/{colour}] [bold]{word}[/bold] {alert.entry.reference}  {alert.entry.category.value}, "
            f"{alert.entry.response_level.value}  at {', '.join(alert.cameras)}  "
            f"score {best.score:.2f} ({alert.margin:+.2f} over {best.threshold:.2f})"
        )
        if latency_s is not None:
            line += f"  {latency_s * 1000:.0f} ms after capture"
        self._out.print(line)

    def summary(self, summary: dict[str, Any]) -> None:
        """The end of it."""
        table = Table(title="Summary", show_header=False, title_justify="left")
        table.add_column(style="dim")
        table.add_column()
        for name, text in _rows(summary):
            table.add_row(name, text)
        self._out.print(table)


def _rows(summary: dict[str, Any]) -> Iterator[tuple[str, str]]:
    frames = summary["frames"]
    yield "cameras, seconds", f"{summary['cameras']}, {summary['seconds']:.0f}"
    yield "frames published", str(frames["published"])
    parts = ("processed", "shed", "refused", "dead_lettered", "in_flight")
    yield "  of these", ", ".join(f"{frames[name]} {name.replace('_', ' ')}" for name in parts)
    yield "shed at the site", str(frames["shed_at_site"])
    yield "faces, tracks", f"{summary['faces']}, {summary['tracks']}"
    yield "alerts", str(len(summary["alerts"]))
    people = summary.get("people")
    if people is None:
        yield "people", "no ground truth for this footage: not judged"
    else:
        yield "listed people who passed", f"{people['enrolled_passed']} of {people['enrolled']} enrolled"
        yield "  alerted, missed", f"{people['alerted']}, {people['missed']} {' '.join(people['missed_references'])}"
        yield "unlisted people who passed", str(people["unlisted_passed"])
        yield "false alerts", str(people["false_alerts"])
        yield "", "(ten invented people, chosen to be separable: this shows the flow, not an accuracy)"
    latency = summary["latency_ms"]
    if latency["p50"] is not None:
        yield "capture → alert", f"p50 {latency['p50']:.0f} ms, p99 {latency['p99']:.0f} ms, of {latency['n']} alerts"
    if summary["cpu_ms_per_frame"]:
        cpu = summary["cpu_ms_per_frame"]
        yield "worker CPU", f"{cpu:.1f} ms a frame: {1000 / cpu:.0f} frames a second and core ({summary['provider']})"
    yield from _closing_rows(summary)


def _closing_rows(summary: dict[str, Any]) -> Iterator[tuple[str, str]]:
    record, purge, audit = summary["record"], summary["purge"], summary["audit"]
    yield "deployment record", "adds up" if record["reconciles"] else "DOES NOT ADD UP"
    if purge["clean"] and purge["receipt_holds"]:
        yield "purge", f"{purge['places']} places empty, receipt {purge['receipt'][:12]} signed by {purge['signed_by']}"
    else:
        yield "purge", f"NOT CLEAN: {', '.join(purge['not_clean']) or 'the receipt does not hold'}"
    verdict = "as it was written" if audit["ok"] else f"ALTERED at event {audit['first_bad']}"
    yield "audit log", f"{audit['events']} events, {verdict}"
