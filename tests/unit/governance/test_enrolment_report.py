from __future__ import annotations

from watchbound.extraction.components import REMEDY, Component, Rating
from watchbound.governance.enrolment_report import ImageReport, Outcome


def test_the_report_rates_every_component_and_says_what_to_do_about_the_weak_ones() -> None:
    ratings = tuple(Rating(component, 90, 0.0) for component in Component if component is not Component.EYES_OPEN)
    told = ImageReport(
        "a.jpg", "REF-1", Outcome.ACCEPTED, components=(*ratings, Rating(Component.EYES_OPEN, 18, 0.39))
    ).as_json()
    assert told["components"].keys() == {component.value for component in Component}
    assert told["weak"] == [{"component": "eyes-open", "value": 18, "remedy": REMEDY[Component.EYES_OPEN]}]


def test_a_picture_without_a_face_has_no_components() -> None:
    told = ImageReport("a.jpg", "REF-1", Outcome.NO_FACE).as_json()
    assert "components" not in told
    assert "weak" not in told


def test_every_component_has_a_remedy() -> None:
    assert REMEDY.keys() == set(Component)
