"""`watchbound decide`: a person's judgement of an alert."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from watchbound.adapters import codecs
from watchbound.adapters.clock import SystemClock
from watchbound.adapters.kafka_log import KafkaRecordProducer, KafkaTopicReader
from watchbound.adapters.logs import configure_logs
from watchbound.alerting.adjudicate import SHORTEST_PREFIX, Docket, read_docket
from watchbound.domain.decision import Decision, Verdict
from watchbound.pipeline.topics import ALERTS, DECISIONS
from watchbound.settings import KafkaSettings, LogSettings, load

_READ_S = 60.0
_DELIVERY_S = 10.0

_OUTCOMES = {
    Verdict.CONFIRM: "confirmed",
    Verdict.REJECT: "rejected",
    Verdict.LOOKALIKE: "judged a lookalike",
    Verdict.CANNOT_TELL: "left open",
}


def decide(
    alert: Annotated[str, typer.Argument(help="The alert's id, or at least 6 characters of its beginning.")],
    verdict: Annotated[
        Verdict,
        typer.Argument(help="confirm: it is the person; reject: it is not; lookalike: it is not and will match again."),
    ],
    reviewer: Annotated[str, typer.Option(help="Who decides: a person, never a program.")],
    reason: Annotated[str, typer.Option(help="What the judgement rests on.")] = "",
    bootstrap: Annotated[str | None, typer.Option(help="Kafka, host:port.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the decision as JSON.")] = False,
) -> None:
    """Confirm or reject an alert; its entry then raises nothing for a while.

    The same judgement by the same reviewer, given twice, is one decision. A reviewer may change their mind: the
    latest word counts.

    Examples:
      watchbound decide 3fa4c1 confirm --reviewer officer-12
      watchbound decide 3fa4c1 reject --reviewer officer-12 --reason "different person, scar missing"
    """
    if len(alert) < SHORTEST_PREFIX:
        msg = f"give at least {SHORTEST_PREFIX} characters of the alert's id, got {alert!r}"
        raise typer.BadParameter(msg, param_hint="ALERT")
    configure_logs("decide", load(LogSettings, level="error"))
    kafka = load(KafkaSettings, bootstrap=bootstrap)
    docket = _read(kafka, alert)
    found = docket.the_alert()
    decision = Decision(
        alert_id=found.id,
        authorisation_id=found.entry.authorisation_id,
        reference=found.entry.reference,
        verdict=verdict,
        reviewer=reviewer.strip(),
        reason=reason,
        decided_at=SystemClock().now(),
    )
    repeated = docket.knows(decision)
    if not repeated:
        _publish(kafka, decision)
    _tell(decision, repeated, as_json)


def _read(kafka: KafkaSettings, prefix: str) -> Docket:
    reader = KafkaTopicReader(kafka, [ALERTS.name, DECISIONS.name], "decide")
    try:
        return read_docket(reader, codecs.ALERT, codecs.DECISION, prefix.lower(), _READ_S)
    finally:
        reader.close()


def _publish(kafka: KafkaSettings, decision: Decision) -> None:
    producer = KafkaRecordProducer(kafka, "decide")
    try:
        producer.send(DECISIONS.name, decision.subject, codecs.DECISION.encode(decision)).wait(_DELIVERY_S)
    finally:
        producer.close()


def _tell(decision: Decision, repeated: bool, as_json: bool) -> None:
    if as_json:
        document = {
            "decision_id": decision.id,
            "alert_id": decision.alert_id,
            "authorisation": decision.authorisation_id,
            "entry": decision.reference,
            "verdict": decision.verdict.value,
            "reviewer": decision.reviewer,
            "reason": decision.reason,
            "already_decided": repeated,
        }
        typer.echo(json.dumps(document))
        return
    outcome = _OUTCOMES[decision.verdict]
    said = f"alert {decision.alert_id[:12]} ({decision.reference})"
    if repeated:
        typer.echo(f"{said} was already {outcome} by {decision.reviewer}; nothing was sent")
    else:
        typer.echo(f"{said} {outcome} by {decision.reviewer}")
