"""The record as one page: no script, nothing loaded from elsewhere, readable without seeing."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from watchbound.governance.record.build import DeploymentRecord
from watchbound.governance.record.sections import TITLE, moment, sections
from watchbound.governance.record.timeline import WIDTH, Form, Label, Line, Mark, Rect, Shape, Timeline, draw
from watchbound.pages import page, section_html


def as_html(record: DeploymentRecord) -> str:
    """The whole page."""
    authorisation = record.authorisation
    title = f"{TITLE}: {authorisation.location}"
    picture = draw(record)
    body = [section_html(section) for section in sections(record)]
    if picture is not None:
        body.insert(1, _figure(picture))
    return page(title, f"Authorisation {authorisation.id}, made {moment(record.made_at)}.", body)


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
