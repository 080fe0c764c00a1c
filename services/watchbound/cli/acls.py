"""`watchbound topics acls`: who may do what on the broker, to look at, to hand over, or to apply."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Annotated, Any

import typer

from watchbound.adapters.kafka_acls import AccessLists, in_words
from watchbound.adapters.logs import configure_logs
from watchbound.domain.errors import ConfigurationError
from watchbound.pipeline.access import ACCESS, Grant, Permission, Service, grant
from watchbound.settings import AlertingSettings, KafkaSettings, LogSettings, MatchingSettings, load

_DEFAULT_NAME = "watchbound-{service}"


def acls(
    named: Annotated[
        list[str] | None,
        typer.Option("--as", metavar="SERVICE=NAME", help="A principal's own name; repeat for several of a service."),
    ] = None,
    service: Annotated[list[Service] | None, typer.Option(help="Only these; all if not given.")] = None,
    form: Annotated[str, typer.Option(help="How the broker writes a principal.")] = "User:{name}",
    apply: Annotated[bool, typer.Option("--apply", help="Grant on the broker what is missing there.")] = False,
    prune: Annotated[bool, typer.Option("--prune", help="With --apply: take back what is beyond the list.")] = False,
    bootstrap: Annotated[str | None, typer.Option(help="Kafka, host:port.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As the acls of Strimzi's KafkaUsers.")] = False,
) -> None:
    r"""What each service may do on the broker, as kafka-acls commands; nothing beyond it should be granted.

    A principal is called watchbound-SERVICE unless --as names it. The groups of an alert consumer begin with its name.
    With --apply, connect as a principal that may alter the cluster's lists. Exit code 1: more is granted than listed.

    Examples:
      watchbound topics acls
      watchbound topics acls --service alert-consumer --as alert-consumer=control-room
      watchbound topics acls --as camera=site-north --as camera=site-south --json
      watchbound topics acls --form "User:CN={name}" --apply --bootstrap kafka.example:9093
    """
    configure_logs("topics", load(LogSettings, level="warning"))
    kafka = load(KafkaSettings, bootstrap=bootstrap)
    grants = list(_grants(_names(named or []), set(service or Service), form))
    if prune and not apply:
        msg = "--prune: expected it with --apply only"
        raise ConfigurationError(msg)
    if apply:
        _apply(kafka, grants, prune, as_json)
    elif as_json:
        typer.echo(json.dumps([_document(each) for each in grants], indent=2))
    else:
        for each in grants:
            typer.echo(f"# {each.principal}: {ACCESS[each.service].does}")
            for permission in each.permissions:
                typer.echo(_command(kafka.bootstrap, each.principal, permission))


def _names(given: Iterable[str]) -> dict[Service, list[str]]:
    names: dict[Service, list[str]] = {}
    known = {service.value: service for service in Service}
    for text in given:
        service, _, name = text.partition("=")
        if service not in known or not name:
            msg = f"--as: expected SERVICE=NAME with SERVICE one of {', '.join(known)}, got {text!r}"
            raise ConfigurationError(msg)
        names.setdefault(known[service], []).append(name)
    return names


def _grants(names: dict[Service, list[str]], services: set[Service], form: str) -> Iterator[Grant]:
    if "{name}" not in form:
        msg = f"--form: expected {{name}} in it, got {form!r}"
        raise ConfigurationError(msg)
    # Only the groups' names are needed, not whether a cluster could be reached.
    matching, alerting = load(MatchingSettings).group, load(AlertingSettings).group
    for service in Service:
        if service in services:
            for name in names.get(service, [_DEFAULT_NAME.format(service=service.value)]):
                yield grant(service, name, form, matching, alerting)


def _apply(kafka: KafkaSettings, grants: list[Grant], prune: bool, as_json: bool) -> None:
    with closing(AccessLists(kafka)) as lists:
        added = lists.missing(grants)
        lists.add(added)
        surplus = lists.surplus(grants)
        if prune:
            lists.remove(surplus)
    beyond = "taken back" if prune else "granted beyond the list"
    if as_json:
        key = "removed" if prune else "surplus"
        document = {"granted": [in_words(acl) for acl in added], key: [in_words(acl) for acl in surplus]}
        typer.echo(json.dumps(document, indent=2))
    else:
        typer.echo(f"{len(added)} granted anew, for {len(grants)} principals")
        for acl in surplus:
            typer.echo(f"{beyond}: {in_words(acl)}")
    if surplus and not prune:
        raise typer.Exit(1)


def _document(each: Grant) -> dict[str, Any]:
    """As `spec.authorization.acls` of a KafkaUser: one entry a resource, with all its operations."""
    operations: dict[tuple[str, str, bool], list[str]] = {}
    for permission in each.permissions:
        resource = (permission.kind.value, permission.name, permission.prefixed)
        operations.setdefault(resource, []).append(permission.operation.value)
    return {
        "principal": each.principal,
        "service": each.service.value,
        "does": ACCESS[each.service].does,
        "acls": [
            {
                "resource": {"type": kind, "name": name, "patternType": "prefix" if prefixed else "literal"},
                "operations": done,
            }
            for (kind, name, prefixed), done in operations.items()
        ],
    }


def _command(bootstrap: str, principal: str, permission: Permission) -> str:
    words = ["kafka-acls.sh", "--bootstrap-server", bootstrap, "--command-config", "admin.properties", "--add"]
    words += ["--allow-principal", principal, "--operation", permission.operation.value]
    words += [f"--{permission.kind.value}", permission.name]
    if permission.prefixed:
        words += ["--resource-pattern-type", "prefixed"]
    return shlex.join(words)
