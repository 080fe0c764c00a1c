"""The record in words and tables, the same for the page and the print."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from watchbound.domain.moment import Window
from watchbound.governance.record.build import DeploymentRecord
from watchbound.governance.record.slices import SMALLEST_CELL, Cell
from watchbound.pages import Section, Table
from watchbound.statistics.proportion import METHOD, Proportion

TITLE = "Deployment record"
WITHHELD = "withheld"
NOT_STATED = "not stated"


def sections(record: DeploymentRecord) -> tuple[Section, ...]:
    """Everything but the time line, in the order in which it is read."""
    return (
        _summary(record),
        _authority(record),
        _rates(record),
        _volunteers(record),
        _groups(record),
        _coverage(record),
        _frames(record),
        _acts(record),
        _reconciliation(record),
        _method(),
    )


def moment(at: datetime) -> str:
    """A moment for readers, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def period(span: Window) -> str:
    """From one moment to another, the date said once where it is the same."""
    start, end = span.start.astimezone(UTC), span.end.astimezone(UTC)
    if start.date() == end.date():
        return f"{start:%Y-%m-%d %H:%M:%S} to {end:%H:%M:%S} UTC"
    return f"{moment(start)} to {moment(end)}"


def duration(seconds: float) -> str:
    """Hours, minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min {rest:02d} s"


def share(proportion: Proportion) -> str:
    """So many of so many, the share, and its interval."""
    if proportion.value is None or proportion.interval is None:
        return "no trials"
    low, high = proportion.interval
    return f"{proportion.count} of {proportion.of}: {percent(proportion.value)} ({percent(low)} to {percent(high)})"


def percent(value: float) -> str:
    """Three figures, whatever its size."""
    return f"{100 * value:.3g} %"


def _summary(record: DeploymentRecord) -> Section:
    authorisation, counted = record.authorisation, record.standings()
    whole, watchlist, said = record.operated, record.watchlist, record.stated
    rows = (
        ("Date", "not operated" if whole is None else f"{whole.start.astimezone(UTC):%d %B %Y}"),
        ("Location", f"{authorisation.location} ({authorisation.location_type.value})"),
        ("Borough", NOT_STATED if said is None or not said.borough else said.borough),
        ("Operated", "never" if whole is None else period(whole)),
        ("Duration, pauses taken off", duration(record.duration_s)),
        ("Use case", authorisation.use_case.value),
        ("Watchlist", "not established" if watchlist is None else f"{watchlist.size} people ({watchlist.as_of})"),
        ("Threshold", f"{authorisation.threshold:g} (cosine similarity)"),
        ("Calibration", str(authorisation.calibration or "none is cited")),
        ("Faces seen", f"{record.seen}"),
        ("Alerts", f"{len(record.alerts)}"),
        ("True alerts", f"{record.true_alerts}"),
        ("False alerts", f"{record.false_alerts}"),
        ("False alerts over faces seen", share(record.rates.over_faces)),
        ("False alerts over decided alerts", share(record.rates.over_alerts)),
        ("Arrests", NOT_STATED if said is None or said.arrests is None else f"{said.arrests} (stated by {said.by})"),
    )
    remarks = () if said is None else tuple(f"Note by {said.by}: {note}" for note in said.notes)
    standings = tuple((standing.value, str(count)) for standing, count in counted.items())
    return Section(
        "Summary",
        (
            Table("Published fields", ("Field", "Value"), rows),
            Table("Alerts by outcome", ("Outcome", "Alerts"), standings),
        ),
        (*(f"Note: {note}." for note in record.notes), *remarks),
    )


def _authority(record: DeploymentRecord) -> Section:
    authorisation = record.authorisation
    rows = (
        ("Authorisation", authorisation.id),
        ("State", authorisation.state.value),
        ("Legal basis", authorisation.legal_basis),
        ("Authorising officer", authorisation.officer),
        ("Watchlist that was activated (digest)", _digest(record)),
        ("Changes of the watchlist since", _changes(record)),
        ("Window", period(authorisation.window)),
        ("Cameras", ", ".join(sorted(authorisation.cameras))),
    )
    tables = [Table("Written authority", ("Field", "Value"), rows)]
    if record.watchlist is not None and record.watchlist.categories:
        counted = tuple((category.value, str(count)) for category, count in record.watchlist.categories)
        tables.append(Table("Watchlist by category", ("Category", "People"), counted))
    return Section("Authority", tuple(tables))


def _digest(record: DeploymentRecord) -> str:
    return NOT_STATED if record.watchlist is None else record.watchlist.digest or NOT_STATED


def _changes(record: DeploymentRecord) -> str:
    found = record.watchlist
    if found is None or found.approved_since is None:
        return "not established"
    return f"{found.approved_since} approved by two watchlist officers, {found.removed_since} removed"


def _rates(record: DeploymentRecord) -> Section:
    rates = record.rates
    rows = (
        ("False alerts over faces seen (tracks)", share(rates.over_faces)),
        ("False alerts over faces compared (FPIR)", share(rates.fpir)),
        ("False alerts over decided alerts", share(rates.over_alerts)),
        ("The same without seeded volunteers", share(rates.over_operational_alerts)),
    )
    categories = tuple((category.value, str(count)) for category, count in record.by_category().items())
    tables = [Table(f"False alerts by denominator ({METHOD})", ("Rate", "Value and interval"), rows)]
    if categories:
        tables.append(Table("Alerts by category of the entry", ("Category", "Alerts"), categories))
    return Section("Error rates", tuple(tables))


def _volunteers(record: DeploymentRecord) -> Section:
    found = record.recall
    if found is None:
        return Section("Recall of seeded volunteers", texts=("Not measured: no log of volunteers' passes was given.",))
    rows = (
        ("Passes alerted of those that count (TPIR)", share(found.tpir)),
        ("Passes that do not count: a decision silenced the entry", str(found.silenced)),
    )
    tables = [Table(f"Volunteers' passes ({METHOD})", ("Figure", "Value"), rows)]
    if found.missed:
        missed = tuple((noted.reference, noted.camera_id, moment(noted.at)) for noted in found.missed)
        tables.append(Table("Passes without an alert", ("Entry", "Camera", "Time"), missed))
    return Section("Recall of seeded volunteers", tuple(tables))


def _groups(record: DeploymentRecord) -> Section:
    tables = []
    for caption, cells in (
        ("FPIR by group: false alerts of the group over all faces compared", record.fpir_slices),
        ("False alerts over decided alerts of the group", record.over_alerts_slices),
        ("TPIR by group: volunteers' passes", () if record.recall is None else record.recall.slices),
    ):
        if cells:
            tables.append(Table(caption, ("Attribute", "Group", "Value and interval"), _cells(cells)))
    if not tables:
        return Section("By what adjudicators recorded", texts=("Adjudicators recorded nothing about people.",))
    texts = (
        "Groups are what adjudicators recorded about the people in front of them; nothing is inferred from a picture.",
        f"Cells of 1 to {SMALLEST_CELL - 1} people are withheld, and another one where a single withheld cell could be "
        "had by subtraction.",
        "How many passers-by of each group there were is not known, so FPIR by group divides by all faces compared: "
        "the groups' shares add up to the whole and are not rates within a group.",
    )
    return Section("By what adjudicators recorded", tuple(tables), texts)


def _cells(cells: Iterable[Cell]) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (cell.attribute, cell.group, WITHHELD if cell.proportion is None else share(cell.proportion)) for cell in cells
    )


def _coverage(record: DeploymentRecord) -> Section:
    rows = tuple(
        (
            camera.camera_id,
            duration(camera.published_s),
            "none expected" if camera.share is None else percent(camera.share),
            "; ".join(period(gap) for gap in camera.gaps) or "none",
        )
        for camera in record.coverage
    )
    paused = tuple((moment(pause.start), moment(pause.end)) for pause in record.paused)
    tables = [Table("Cameras", ("Camera", "Published for", "Of the expected time", "Gaps"), rows)] if rows else []
    if paused:
        tables.append(Table("Pauses", ("From", "To"), paused))
    return Section("Coverage", tuple(tables))


def _frames(record: DeploymentRecord) -> Section:
    frames = record.frames
    rows = (
        ("Published", frames.published),
        ("Processed", frames.processed),
        ("Shed by workers", frames.shed),
        ("Refused by workers", frames.refused),
        ("Dead-lettered", frames.dead_lettered),
        ("In flight", "not known" if frames.in_flight is None else frames.in_flight),
        ("Shed at the site", frames.shed_at_site),
        ("Refused at the site", frames.refused_at_site),
        ("Faces found in frames", record.faces),
        ("Faces seen (tracks)", record.seen),
        ("Faces compared with the watchlist", record.compared),
    )
    table = Table("Frames and faces", ("Count", "Value"), tuple((name, str(value)) for name, value in rows))
    return Section("Frames and faces", (table,))


def _acts(record: DeploymentRecord) -> Section:
    rows = tuple(
        (
            moment(act.at),
            act.kind.replace("_", " "),
            act.by,
            act.reason + ("" if act.threshold is None else f" (threshold {act.threshold:g})"),
        )
        for act in record.acts
    )
    if not rows:
        return Section("Acts", texts=("No signed act was found.",))
    return Section("Acts", (Table("What was done to the authorisation", ("Time", "Act", "By", "Reason"), rows),))


def _reconciliation(record: DeploymentRecord) -> Section:
    if not record.discrepancies:
        return Section("Reconciliation", texts=("Every total adds up.",))
    rows = tuple((found.check, found.says) for found in record.discrepancies)
    table = Table("What does not add up", ("Check", "Finding"), rows)
    return Section("Reconciliation", (table,), marks_fault=True)


def _method() -> Section:
    return Section(
        "How to read it",
        texts=(
            "A face seen is a track: somebody passing a camera. Who passes twice, or is lost and found again, is seen "
            "twice. A face compared is a track of which a template could be made.",
            "True and false are what people decided; a lookalike is a false alert. An alert nobody decided is neither.",
            f"Intervals: {METHOD}. They take the trials as independent.",
            "The record says nothing of people who passed unseen, of the listed who passed and were not alerted, "
            "seeded volunteers apart, nor whether an engagement was right.",
        ),
    )
