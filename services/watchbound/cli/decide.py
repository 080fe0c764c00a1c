"""`watchbound decide`: a person's judgement of an alert."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from watchbound.adapters import codecs
from watchbound.adapters.audit_log import open_audit_log
from watchbound.adapters.clock import SystemClock
from watchbound.adapters.kafka_log import KafkaRecordProducer, KafkaTopicReader
from watchbound.adapters.logs import configure_logs
from watchbound.adapters.signers import open_signer
from watchbound.adapters.trust_list import FileTrustList
from watchbound.alerting.adjudicate import SHORTEST_PREFIX, Docket, read_docket
from watchbound.cli.alerts import adjudication_document, adjudication_words
from watchbound.cli.past_authority import require_kept
from watchbound.domain.adjudication import Adjudication, adjudicate
from watchbound.domain.alert import Alert
from watchbound.domain.decision import Decision, Verdict
from watchbound.domain.demography import Observation, parse_observation
from watchbound.domain.errors import InvalidValue
from watchbound.pipeline.audit import AuditTrail
from watchbound.pipeline.audit_acts import Act
from watchbound.pipeline.reviewers import require_reviewer
from watchbound.pipeline.topics import ALERTS, DECISIONS
from watchbound.ports import Signer, TrustList
from watchbound.settings import (
    AdjudicationSettings,
    AuditSettings,
    KafkaSettings,
    LogSettings,
    TrustSettings,
    load,
)

_READ_S = 60.0
_DELIVERY_S = 10.0


def decide(
    alert: Annotated[str, typer.Argument(help="The alert's id, or at least 6 characters of its beginning.")],
    verdict: Annotated[
        Verdict,
        typer.Argument(
            help="confirm: it is the person; reject: it is not; lookalike: it is not, and would match again; "
            "cannot-tell: the picture does not show it."
        ),
    ],
    key: Annotated[Path, typer.Option(help="Your signing key, which the trust list knows as a reviewer's.")],
    reason: Annotated[str, typer.Option(help="What the judgement rests on.")] = "",
    observed: Annotated[
        str | None,
        typer.Option(help="What you recorded about the person: sex=…,ethnicity=…,age=…; never a guess from a picture."),
    ] = None,
    bootstrap: Annotated[str | None, typer.Option(help="Kafka, host:port.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the decision, and what it comes to, as JSON.")] = False,
) -> None:
    """Say whether an alert shows the person on the list, and see what the reviewers' words come to.

    The reviewer is the holder of the key. Where two are required, confirming and judging somebody a lookalike await a
    second reviewer; rejecting does not. A reviewer may change their mind: the latest word counts. Once settled, the
    entry raises nothing for a while; a lookalike alone is suppressed for as long as the deployment lasts.

    It may be said after the end of a deployment, too, until it is purged; and by a clock that agrees with the broker's.

    Examples:
      watchbound decide 3fa4c1 confirm --key officer-12.pem
      watchbound decide 3fa4c1 reject --key officer-12.pem --reason "different person, scar missing"
      watchbound decide 3fa4c1 lookalike --key officer-12.pem --observed sex=female,age=25-34
    """
    if len(alert) < SHORTEST_PREFIX:
        msg = f"give at least {SHORTEST_PREFIX} characters of the alert's id, got {alert!r}"
        raise typer.BadParameter(msg, param_hint="ALERT")
    seen = _observation(observed)
    configure_logs("decide", load(LogSettings, level="error"))
    kafka = load(KafkaSettings, bootstrap=bootstrap)
    rule = load(AdjudicationSettings).two_person_levels()
    signer, trusted = open_signer(key), FileTrustList(load(TrustSettings).list)
    docket = _read(kafka, alert, trusted)
    found = docket.the_alert()
    require_kept(kafka, trusted, found.entry.authorisation_id, "decide")
    decision = _decision(found, verdict, reason, seen, signer, trusted)
    repeated = docket.knows(decision)
    if not repeated:
        _publish(kafka, decision)
    words = adjudicate((*docket.about(found.id), decision), found.entry.response_level in rule)
    _tell(decision, repeated, words, as_json)


def _observation(text: str | None) -> Observation | None:
    try:
        return None if text is None else parse_observation(text)
    except InvalidValue as error:
        raise typer.BadParameter(str(error), param_hint="--observed") from error


def _read(kafka: KafkaSettings, prefix: str, trusted: TrustList) -> Docket:
    reader = KafkaTopicReader(kafka, [ALERTS.name, DECISIONS.name], "decide")
    try:
        return read_docket(reader, codecs.ALERT, codecs.DECISION, prefix.lower(), _READ_S, trusted)
    finally:
        reader.close()


def _decision(
    found: Alert, verdict: Verdict, reason: str, observed: Observation | None, signer: Signer, trusted: TrustList
) -> Decision:
    """Signed, and checked as alerting will check it: a refusal is better heard here than read in the dead letters.

    Raises:
        NotTrusted: the trust list knows the key as no reviewer's.
    """
    decision = Decision(
        alert_id=found.id,
        authorisation_id=found.entry.authorisation_id,
        reference=found.entry.reference,
        verdict=verdict,
        reviewer=trusted.holder(signer.key_id),
        reason=reason,
        decided_at=SystemClock().now(),
        observed=observed,
    )
    signed = replace(decision, signature=signer.sign(decision.statement()))
    require_reviewer(signed, trusted)
    return signed


def _publish(kafka: KafkaSettings, decision: Decision) -> None:
    """Audited first, then published: no audit, no decision."""
    producer = KafkaRecordProducer(kafka, "decide")
    try:
        with closing(open_audit_log(load(AuditSettings))) as log:
            AuditTrail(log, SystemClock()).record(
                decision.reviewer,
                Act.ALERT_DECIDED,
                decision.authorisation_id,
                decision.reason,
                decision.alert_id,
                entry=decision.reference,
                verdict=decision.verdict.value,
            )
        producer.send(DECISIONS.name, decision.subject, codecs.DECISION.encode(decision)).wait(_DELIVERY_S)
    finally:
        producer.close()


def _tell(decision: Decision, repeated: bool, words: Adjudication, as_json: bool) -> None:
    if as_json:
        document = {
            "decision_id": decision.id,
            "alert_id": decision.alert_id,
            "authorisation": decision.authorisation_id,
            "entry": decision.reference,
            "verdict": decision.verdict.value,
            "reviewer": decision.reviewer,
            "reason": decision.reason,
            "observed": None if decision.observed is None else decision.observed.facts(),
            "already_decided": repeated,
            "adjudication": adjudication_document(words),
        }
        typer.echo(json.dumps(document))
        return
    alert = f"alert {decision.alert_id[:12]} ({decision.reference})"
    before = f"{decision.reviewer} said so already, nothing was sent; " if repeated else ""
    typer.echo(f"{alert}: {before}{adjudication_words(words)}")
