"""Draws folded stacks as a flame graph: plain SVG without scripts, which a repository can hold and show."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

_WIDTH, _ROW, _TEXT = 1200, 17, 6.6
"""Pixels: of the picture, of a frame's height, of a character."""
_NARROWEST = 0.6
_TOP = 28


@dataclass(slots=True)
class _Node:
    samples: int = 0
    children: dict[str, _Node] = field(default_factory=dict)


def draw(stacks: Iterable[tuple[list[str], int]], title: str) -> str:
    """An SVG in which a frame is as wide as the samples that were inside of it; callers are below what they call.

    Args:
        stacks: frames from the outermost to the innermost, and how many samples had them.
        title: above the graph.
    """
    root = _Node()
    for frames, count in stacks:
        node = root
        node.samples += count
        for frame in frames:
            node = node.children.setdefault(frame, _Node())
            node.samples += count
    boxes = list(_boxes(root, 0.0, 0, root.samples or 1))
    height = _TOP + (max((row for _, _, row, _, _ in boxes), default=0) + 1) * _ROW + 4
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}"',
        ' font-family="monospace" font-size="11">',
        f'<rect width="{_WIDTH}" height="{height}" fill="#fffdf8"/>',
        f'<text x="{_WIDTH / 2}" y="18" text-anchor="middle" font-size="14">{escape(title)}</text>',
    ]
    for name, share, row, x, width in boxes:
        y = height - 4 - (row + 1) * _ROW
        shown = name[: int(width / _TEXT)] if width > 3 * _TEXT else ""
        lines.append(
            f"<g><title>{escape(name)}, {share:.1%}</title>"
            f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{_ROW - 1}" fill={quoteattr(_colour(name))}/>'
            f'<text x="{x + 2:.1f}" y="{y + 12}">{escape(shown)}</text></g>'
        )
    return "\n".join([*lines, "</svg>", ""])


def _boxes(node: _Node, x: float, row: int, total: int) -> Iterator[tuple[str, float, int, float, float]]:
    """Name, share, row from below, left edge and width of every frame that is wide enough to be seen."""
    for name, child in sorted(node.children.items()):
        width = _WIDTH * child.samples / total
        if width >= _NARROWEST:
            yield name, child.samples / total, row, x, width
            yield from _boxes(child, x, row + 1, total)
        x += width


def _colour(name: str) -> str:
    """Warm, and the same for the same name."""
    seed = zlib.crc32(name.encode())
    return f"rgb({215 + seed % 40},{110 + (seed >> 8) % 110},{50 + (seed >> 16) % 50})"
