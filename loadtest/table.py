"""The benchmark's result as people read it: the goals first, then what stands behind them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

FLOOR_MS = {"fp32": 20.3, "bf16": 11.4}
"""CPU ms a frame below which no pipeline comes that embeds each of three faces in every frame: what one AVX-512 core
takes for the arithmetic of decoding, detecting at 640×384, aligning, embedding and searching (docs/performance.md)."""

_NONE = "–"


@dataclass(frozen=True, slots=True)
class Row:
    """One line: what was wanted, and what each pipeline does; `met` is None where it was not measured."""

    goal: str
    wanted: str
    ours: str
    plain: str = _NONE
    dlib: str = _NONE
    floor: str = _NONE
    ratio: str = _NONE
    met: bool | None = None

    @property
    def verdict(self) -> str:
        """In a word."""
        return {True: "met", False: "not met", None: "not measured"}[self.met]

    @property
    def cells(self) -> tuple[str, ...]:
        """As the table has them."""
        return (self.goal, self.wanted, self.ours, self.plain, self.dlib, self.floor, self.ratio, self.verdict)


def goals(result: Mapping[str, Any]) -> list[Row]:
    """The goals that this result can speak of, in their order."""
    return [row for section in (_cost, _accuracy, _latency, _scaling, _safeguards, _memory) for row in section(result)]


def show(result: Mapping[str, Any], console: Console) -> None:
    """Print the table, and what must be known to read it."""
    table = Table(title=_title(result))
    for number, column in enumerate(("goal", "wanted", "ours", "plain", "face_recognition", "floor", "ratio", "")):
        table.add_column(column, justify="left" if number in (0, 7) else "right")
    for row in goals(result):
        table.add_row(*row.cells)
    console.print(table)
    if "accuracy" in result:
        console.print(f"Accuracy: {result['accuracy']['note']}.", soft_wrap=True)
    if result.get("quick"):
        console.print(result["quick"], style="bold red", soft_wrap=True)


def _title(result: Mapping[str, Any]) -> str:
    if "frames" not in result:
        return "Watchbound"
    return f"{result['frames']} frames 1280×720, {result['faces_per_frame_in_truth']} faces in view"


def _cost(result: Mapping[str, Any]) -> Iterator[Row]:
    if "cameras_per_core" not in result:
        return
    ours, plain, dlib = result["ours"], result["plain"], result["face_recognition"]
    floor = " / ".join(f"{value:g} {name}" for name, value in FLOOR_MS.items())
    yield Row(
        "1 CPU ms a frame",
        "≤ 10",
        f"{ours['cpu_ms_per_frame']:.1f}",
        f"{plain['cpu_ms_per_frame']:.1f}",
        f"{dlib['cpu_ms_per_frame']:.0f}",
        floor,
        met=ours["cpu_ms_per_frame"] <= 10,
    )
    yield Row(
        "1 cameras a core",
        "≥ 20",
        f"{result['cameras_per_core']:.1f}",
        f"{200 / plain['cpu_ms_per_frame']:.1f}",
        f"{200 / dlib['cpu_ms_per_frame']:.2f}",
        " / ".join(f"{200 / value:.1f} {name}" for name, value in FLOOR_MS.items()),
        met=result["cameras_per_core"] >= 20,
    )
    yield Row("1 plain / ours", "≥ 10", "1", ratio=f"{result['ratio']:.1f}", met=result["ratio"] >= 10)
    yield Row("1 face_recognition / ours", "≥ 25", "1", ratio=f"{dlib['ratio']:.1f}", met=dlib["ratio"] >= 25)
    share = result["overhead_share"]
    yield Row("2 outside decode and kernels", "≤ 15 %", f"{share:.1%}", met=share <= 0.15)


def _accuracy(result: Mapping[str, Any]) -> Iterator[Row]:
    if "accuracy" not in result:
        return
    ours, plain, dlib = (result[name] for name in ("ours", "plain", "face_recognition"))
    unlisted = ours["passages"]["of_unlisted"]
    yield Row(
        f"1 TPIR at FPIR {ours['passages']['false_alerts']}/{unlisted}",
        "≥ plain",
        _share(ours),
        _share(plain),
        _share(dlib),
        met=ours["tpir"] >= plain["tpir"],
    )


def _share(rates: Mapping[str, Any]) -> str:
    low, high = rates["intervals"]["tpir"]
    passages = rates["passages"]
    return f"{passages['found']}/{passages['of_listed']} [{low:.2f}, {high:.2f}]"


def _latency(result: Mapping[str, Any]) -> Iterator[Row]:
    found = result.get("latency_ms")
    if not found:
        return
    share, shed = found["load"]["worker_share_of_a_core"], found["load"]["frames_shed"]
    for name, most in (("p50", 150), ("p99", 500)):
        value = found[name]
        yield Row(
            f"3 capture→alert {name}, n={found['n']}, load {share:.0%}",
            f"≤ {most} ms",
            _NONE if value is None else f"{value:.0f} ms",
            # What is shed raises no alert, late or otherwise.
            met=None if value is None else value <= most and shed == 0,
        )


def _scaling(result: Mapping[str, Any]) -> Iterator[Row]:
    found = result.get("scaling")
    if not found:
        return
    workers, lists = found["workers"], found["list"]
    yield Row(
        "4 two workers / (2 × one)",
        "≥ 0.9",
        f"{workers['2']['fps']:.0f} of 2 × {workers['1']['fps']:.0f} fps",
        ratio=f"{workers['efficiency']:.2f}",
        met=workers["efficiency"] >= 0.9,
    )
    short, long = sorted((name for name in lists if name.isdigit()), key=int)
    yield Row(
        f"4 list of {int(long):,} / {int(short):,}",
        "≤ 1.2",
        f"{lists[long]['cpu_ms_per_frame']:.1f} / {lists[short]['cpu_ms_per_frame']:.1f} ms",
        ratio=f"{lists['ratio']:.2f}",
        met=lists["ratio"] <= 1.2,
    )


def _safeguards(result: Mapping[str, Any]) -> Iterator[Row]:
    found = result.get("safeguards")
    if found:
        share = found["share"]
        yield Row("safeguards of worker CPU", "≤ 3 %", f"{share:.1%}", ratio=f"{found['ratio']:.2f}", met=share <= 0.03)


def _memory(result: Mapping[str, Any]) -> Iterator[Row]:
    found = result.get("memory")
    if found:
        yield Row(
            f"memory over {found['minutes']:g} min at full load",
            "flat",
            f"{found['rss_mb_second_quarter']:.0f} → {found['rss_mb_last_quarter']:.0f} MB",
            ratio=f"{1 + found['growth']:.3f}",
            met=found["growth"] <= FLAT,
        )


FLAT = 0.02
"""Growth from the second quarter of the time to the last one that still counts as none."""


def markdown(rows: Sequence[Row]) -> str:
    """The same table for docs/performance.md."""
    head = "| goal | wanted | ours | plain | face_recognition | floor | ratio | |\n" + "| --- " * 8 + "|\n"
    return head + "".join("| " + " | ".join(row.cells) + " |\n" for row in rows)
