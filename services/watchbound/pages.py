"""Documents for readers: sections with tables, and a page of them without scripts, loading nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

_STYLE = """
:root { color: #24292f; background: #fff; font: 100%/1.5 system-ui, "Segoe UI", Helvetica, Arial, sans-serif; }
body { max-width: 48rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .25rem; }
h2 { font-size: 1.25rem; margin: 2.25rem 0 .5rem; border-bottom: 1px solid #d0d7de; padding-bottom: .25rem; }
.lead { color: #57606a; margin: 0 0 1.5rem; }
table { border-collapse: collapse; width: 100%; margin: .75rem 0 1.25rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding-bottom: .25rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid #e3e7eb; }
thead th { border-bottom: 1px solid #8c959f; font-weight: 600; }
tbody th { font-weight: 400; width: 42%; }
.wide tbody th { width: auto; }
td { overflow-wrap: anywhere; }
svg { width: 100%; height: auto; }
svg text { font: 10px system-ui, "Segoe UI", Helvetica, Arial, sans-serif; fill: #24292f; }
.fault { border-left: 4px solid #c0392b; padding-left: 1rem; }
@media print { body { margin: 0; max-width: none; font-size: 10pt; } table, figure { break-inside: avoid; } }
""".strip()


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose first column names its rows."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what stands under it."""

    title: str
    tables: tuple[Table, ...] = ()
    texts: tuple[str, ...] = ()
    marks_fault: bool = False


def page(title: str, lead: str, parts: Iterable[str]) -> str:
    """The whole page; `parts` are HTML already, title and lead are plain text."""
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en-GB">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title>",
            f"<style>{_STYLE}</style>",
            "</head>",
            "<body>",
            "<main>",
            f"<h1>{escape(title)}</h1>",
            f'<p class="lead">{escape(lead)}</p>',
            *parts,
            "</main>",
            "</body>",
            "</html>",
            "",
        ]
    )


def section_html(section: Section) -> str:
    """A section as HTML."""
    parts = [f"<h2>{escape(section.title)}</h2>"]
    parts += [_table(table) for table in section.tables]
    parts += [f"<p>{escape(text)}</p>" for text in section.texts]
    kind = ' class="fault"' if section.marks_fault else ""
    return f"<section{kind}>\n" + "\n".join(parts) + "\n</section>"


def _table(table: Table) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in table.head)
    rows = "\n".join(_row(row) for row in table.rows)
    kind = ' class="wide"' if len(table.head) > 2 else ""
    return (
        f"<table{kind}>\n<caption>{escape(table.caption)}</caption>\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{rows}\n</tbody>\n</table>"
    )


def _row(row: tuple[str, ...]) -> str:
    first, *others = row
    cells = "".join(f"<td>{escape(cell)}</td>" for cell in others)
    return f'<tr><th scope="row">{escape(first)}</th>{cells}</tr>'
