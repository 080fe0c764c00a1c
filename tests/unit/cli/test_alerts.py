from __future__ import annotations

import json

from hypothesis import given

from tests.unit.alerting.factory import POLICY, at, decision, match
from tests.unit.strategies import alerts
from watchbound.alerting.raise_alert import raise_alert, settle
from watchbound.cli.alerts import alert_document, alert_line
from watchbound.domain.alert import Alert


def test_a_line_says_what_an_operator_needs() -> None:
    (alert,) = raise_alert(None, match(0, 0.67), POLICY, at(0)).alerts
    text = alert_line(alert).plain
    for part in ("OPENED", "amber", "P001 (missing)", "at gate-1", "+0.12 over 0.55", alert.id[:12]):
        assert part in text


def test_a_line_says_what_the_reviewers_said() -> None:
    opened = raise_alert(None, match(0, 0.67), POLICY, at(0))
    (alert,) = settle(opened.window, decision(opened.alerts[0].id, 1), POLICY, at(1)).alerts
    assert "awaiting a second reviewer (officer-1: confirm)" in alert_line(alert).plain
    assert alert_document(alert)["adjudication"]["standing"] == "awaiting-second"


@given(alerts())
def test_a_document_is_json_without_pixels(alert: Alert) -> None:
    document = json.loads(json.dumps(alert_document(alert)))
    assert document["crop_bytes"] == len(alert.best.crop)
    assert document["alert_id"] == alert.id
    assert "crop" not in document
