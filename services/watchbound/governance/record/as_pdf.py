"""The record as a PDF, drawn with fpdf2."""

from __future__ import annotations

from pathlib import Path

from fpdf import FPDF, XPos, YPos
from fpdf.enums import TableCellFillMode
from fpdf.fonts import FontFace

from watchbound.governance.record.build import DeploymentRecord
from watchbound.governance.record.sections import TITLE, moment, sections
from watchbound.governance.record.timeline import WIDTH, Form, Label, Line, Mark, Rect, Timeline, draw
from watchbound.pages import Section, Table

_MARGIN_MM = 18.0
_WIDTH_MM = 210.0 - 2 * _MARGIN_MM
_LATIN = str.maketrans({"–": "-", "—": "-", "…": "...", "’": "'", "‘": "'", "“": '"', "”": '"'})
_BODY = 9.0


def as_pdf(record: DeploymentRecord, font: Path | None = None) -> bytes:
    """The whole document, A4.

    Args:
        record: what to print.
        font: a TrueType font to embed. The standard fonts of PDF know Latin-1 only; without one, other letters are
            printed as question marks and the last line says so.
    """
    return _Document(record, font).made()


class _Page(FPDF):
    """A4 with a page number."""

    def __init__(self, family: str) -> None:
        super().__init__(format="A4")
        self.family = family

    def footer(self) -> None:
        """The page's number, at its foot."""
        self.set_y(-12)
        self.set_font(self.family, size=8)
        self.set_text_color(90, 96, 102)
        self.cell(0, 5, f"{self.page_no()} of {{nb}}", align="C")


class _Document:
    def __init__(self, record: DeploymentRecord, font: Path | None) -> None:
        self._record = record
        self._embedded = font is not None
        self._lost = False
        self._pdf = _Page("body" if font is not None else "helvetica")
        if font is not None:
            for style in ("", "B"):
                self._pdf.add_font("body", style, font)

    def made(self) -> bytes:
        record, pdf = self._record, self._pdf
        pdf.set_margins(_MARGIN_MM, _MARGIN_MM)
        pdf.set_auto_page_break(auto=True, margin=_MARGIN_MM)
        pdf.set_lang("en-GB")
        title = f"{TITLE}: {record.authorisation.location}"
        pdf.set_title(title)
        pdf.set_creation_date(record.made_at)
        pdf.add_page()
        self._line(title, 18, bold=True)
        self._line(f"Authorisation {record.authorisation.id}, made {moment(record.made_at)}", _BODY)
        for number, section in enumerate(sections(record)):
            self._section(section)
            if number == 0:
                self._timeline(draw(record))
        if self._lost:
            self._line("Some letters are beyond this font and are printed as question marks; see the page.", _BODY)
        return bytes(pdf.output())

    def _section(self, section: Section) -> None:
        self._heading(section.title)
        for table in section.tables:
            self._table(table)
        for text in section.texts:
            self._line(text, _BODY)
            self._pdf.ln(1)

    def _heading(self, text: str) -> None:
        self._pdf.ln(4)
        # A heading alone at the foot of a page would belong to nothing.
        if self._pdf.will_page_break(30):
            self._pdf.add_page()
        self._line(text, 13, bold=True)
        self._pdf.set_draw_color(208, 215, 222)
        self._pdf.line(_MARGIN_MM, self._pdf.get_y(), _MARGIN_MM + _WIDTH_MM, self._pdf.get_y())
        self._pdf.ln(2)

    def _table(self, table: Table) -> None:
        pdf = self._pdf
        self._line(table.caption, _BODY, bold=True)
        pdf.set_font(pdf.family, size=_BODY)
        pdf.set_draw_color(208, 215, 222)
        with pdf.table(
            borders_layout="HORIZONTAL_LINES",
            cell_fill_mode=TableCellFillMode.NONE,
            col_widths=_column_widths(table),
            headings_style=FontFace(emphasis="BOLD"),
            line_height=pdf.font_size * 1.5,
            text_align="LEFT",
            width=_WIDTH_MM,
        ) as drawn:
            for row in (table.head, *table.rows):
                drawn.row([self._text(cell) for cell in row])
        pdf.ln(3)

    def _timeline(self, picture: Timeline | None) -> None:
        if picture is None:
            return
        pdf, scale = self._pdf, _WIDTH_MM / WIDTH
        self._heading("Time line")
        if pdf.will_page_break(picture.height * scale + 4):
            pdf.add_page()
        left, top = _MARGIN_MM, pdf.get_y()
        for shape in picture.shapes:
            match shape:
                case Rect(x, y, width, height, role):
                    pdf.set_fill_color(*_rgb(role.value))
                    pdf.rect(left + x * scale, top + y * scale, width * scale, height * scale, style="F")
                case Line(x1, y1, x2, y2, role):
                    pdf.set_draw_color(*_rgb(role.value))
                    pdf.set_line_width(0.2)
                    pdf.line(left + x1 * scale, top + y1 * scale, left + x2 * scale, top + y2 * scale)
                case Label(x, y, text, anchor):
                    self._label(left + x * scale, top + y * scale, text, anchor)
                case Mark(x, y, form, role):
                    self._mark(left + x * scale, top + y * scale, scale, form, role.value)
        pdf.set_line_width(0.2)
        pdf.set_fill_color(255)
        pdf.set_xy(left, top + picture.height * scale + 2)

    def _label(self, x: float, y: float, text: str, anchor: str) -> None:
        self._pdf.set_font(self._pdf.family, size=6.8)
        self._pdf.set_text_color(36, 41, 47)
        shown = self._text(text)
        moved = {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor] * self._pdf.get_string_width(shown)
        self._pdf.text(x - moved, y, shown)

    def _mark(self, x: float, y: float, scale: float, form: Form, colour: str) -> None:
        pdf, r = self._pdf, 4.2 * scale
        pdf.set_draw_color(*_rgb(colour))
        pdf.set_fill_color(*_rgb(colour))
        pdf.set_line_width(0.4)
        match form:
            case Form.TRIANGLE:
                pdf.polygon([(x - r, y + r), (x, y - r), (x + r, y + r)], style="F")
            case Form.CROSS:
                pdf.line(x - r, y - r, x + r, y + r)
                pdf.line(x - r, y + r, x + r, y - r)
            case Form.RING:
                pdf.circle(x, y, r)

    def _line(self, text: str, size: float, *, bold: bool = False) -> None:
        pdf = self._pdf
        pdf.set_font(pdf.family, style="B" if bold else "", size=size)
        pdf.set_text_color(36, 41, 47)
        pdf.multi_cell(0, pdf.font_size * 1.4, self._text(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _text(self, text: str) -> str:
        if self._embedded:
            return text
        plain = text.translate(_LATIN)
        printed = plain.encode("latin-1", errors="replace").decode("latin-1")
        self._lost = self._lost or printed != plain
        return printed


def _column_widths(table: Table) -> tuple[float, ...]:
    """By the longest text of each column, none so narrow that it breaks words, none so wide that it starves others."""
    longest = [max(len(row[n]) for row in (table.head, *table.rows)) for n in range(len(table.head))]
    return tuple(float(min(max(length, 12), 60)) for length in longest)


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
