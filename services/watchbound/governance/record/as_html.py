"""The record as one page: no script, nothing loaded from elsewhere, readable without seeing."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from watchbound.governance.record.build import DeploymentRecord
from watchbound.governance.record.sections import TITLE, Section, Table, moment, sections
from watchbound.governance.record.timeline import WIDTH, Form, Label, Line, Mark, Rect, Shape, Timeline, draw

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


def as_html(record: DeploymentRecord) -> str:
    """The whole page."""
    authorisation = record.authorisation
    title = f"{TITLE}: {authorisation.location}"
    picture = draw(record)
    body = [_section(section) for section in sections(record)]
    if picture is not None:
        body.insert(1, _figure(picture))
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
            f'<p class="lead">Authorisation {escape(authorisation.id)}, made {moment(record.made_at)}.</p>',
            *body,
            "</main>",
            "</body>",
            "</html>",
            "",
        ]
    )


def _section(section: Section) -> str:
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


def _figure(picture: Timeline) -> str:
    described = escape(picture.description)
    shapes = "\n".join(line for shape in picture.shapes for line in _drawn(shape))
    return (
        '<section>\n<h2>Time line</h2>\n<figure style="margin:0">\n'
        f'<svg viewBox="0 0 {WIDTH:g} {picture.height:g}" role="img" aria-labelledby="timeline">\n'
        f'<title id="timeline">{described}</title>\n{shapes}\n</svg>\n</figure>\n</section>'
    )


def _drawn(shape: Shape) -> Iterator[str]:
    match shape:
        case Rect(x, y, width, height, role):
            yield f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{role.value}"/>'
        case Line(x1, y1, x2, y2, role):
            yield f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="{role.value}"/>'
        case Label(x, y, text, anchor):
            yield f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
        case Mark(x, y, form, role):
            yield _SIGNS[form].format(x=x, y=y, colour=role.value)


_SIGNS = {
    Form.TRIANGLE: '<path transform="translate({x:.1f} {y:.1f})" d="M-4.5 4L0 -4.5L4.5 4Z" fill="{colour}"/>',
    Form.CROSS: '<path transform="translate({x:.1f} {y:.1f})" d="M-4 -4L4 4M-4 4L4 -4" stroke="{colour}" '
    'stroke-width="2"/>',
    Form.RING: '<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="none" stroke="{colour}" stroke-width="1.5"/>',
}
