"""`watchbound replay`: look at dead letters, and give them another chance or none."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Any

import typer

from watchbound.adapters.logs import configure_logs
from watchbound.replay.letters import Letter, Standing, letter_named
from watchbound.replay.main import ReplayConfiguration, kept_letters, open_replayer
from watchbound.replay.policies import POLICIES, policy_named
from watchbound.replay.replayer import Done, Outcome
from watchbound.settings import (
    AuditSettings,
    AuthoritySettings,
    ClockSettings,
    KafkaSettings,
    LogSettings,
    MatchingSettings,
    TrustSettings,
    load,
)

app = typer.Typer(
    help="Look at dead letters, and give them another chance or none.", no_args_is_help=True, rich_markup_mode=None
)

Bootstrap = Annotated[str | None, typer.Option(help="Kafka, host:port.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Policy = Annotated[str, typer.Option(help="What was mended: " + ", ".join(POLICIES) + ".")]
Actor = Annotated[str, typer.Option(help="Who does it; goes to the audit log.")]
Reason = Annotated[str, typer.Option(help="Why; goes to the audit log.")]
Topic = Annotated[str | None, typer.Option(help="Only letters of this topic.")]
Only = Annotated[list[str] | None, typer.Option("--id", help="Only this letter, TOPIC/PARTITION/OFFSET.")]

_BAD = frozenset({Outcome.STILL_POISON, Outcome.LEFT})


@app.callback()
def group() -> None:
    """Look at dead letters, and give them another chance or none."""
    configure_logs("replay", load(LogSettings, level="warning"))


@app.command("list")
def list_letters(
    topic: Topic = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those that were retried or dropped.")] = False,
    as_json: AsJson = False,
    bootstrap: Bootstrap = None,
) -> None:
    """Show what could not be handled, by reason: open letters only, if not told otherwise.

    Examples:
      watchbound replay list
      watchbound replay list --all --json | jq -r '.letters[].id'
    """
    letters = [
        letter
        for letter in kept_letters(_configuration(bootstrap))
        if (everything or letter.standing is Standing.OPEN) and topic in (None, letter.content.topic)
    ]
    counts = Counter((letter.content.topic, letter.content.reason, letter.standing.value) for letter in letters)
    if as_json:
        typer.echo(json.dumps({"letters": [_facts(letter) for letter in letters]}, indent=2))
        return
    for letter in letters:
        typer.echo(f"{letter.content.at.isoformat()}  {letter.standing:8}  {letter.id}  {letter.content.reason}")
    for (name, reason, standing), count in sorted(counts.items()):
        typer.echo(f"{count} {standing}: {reason} in {name}")
    typer.echo(f"{len(letters)} dead letter(s)")


@app.command()
def show(
    letter: Annotated[str, typer.Argument(metavar="ID", help="TOPIC/PARTITION/OFFSET, as `list` shows it.")],
    as_json: AsJson = False,
    bootstrap: Bootstrap = None,
) -> None:
    """Show one letter: where its record stands, why it could not be handled, and what was done. Never its payload.

    Examples:
      watchbound replay show watchbound.matches.v1/3/1207
    """
    facts = _facts(letter_named(kept_letters(_configuration(bootstrap)), letter))
    if as_json:
        typer.echo(json.dumps(facts, indent=2))
        return
    for name, value in facts.items():
        typer.echo(f"{name:14} {value}")


@app.command()
def retry(
    policy: Policy,
    actor: Actor,
    reason: Reason,
    topic: Topic = None,
    only: Only = None,
    as_json: AsJson = False,
    bootstrap: Bootstrap = None,
) -> None:
    """Hand open letters over again: to the same topic, by the same rules as the first time.

    A match or frame that no authority permits now is dropped with that reason. A frame's letter holds no pixels, so its
    record is read again at its place; where retention has removed it, or it is too old for a worker to look at, it is
    dropped with that reason. State (authorisations, watchlists) is not replayed. A partition of which too much is
    still poison is left alone from there on.

    Ends with 0 when every selected letter was retried or dropped by rule, 1 when some are still poison or were left.

    Examples:
      watchbound replay retry --policy codec-mended --actor ops-3 --reason "version 1.4 rolled out"
      watchbound replay retry --policy all --id watchbound.matches.v1/3/1207 --actor ops-3 --reason "looked at"
    """
    chosen, configuration = policy_named(policy), _configuration(bootstrap)
    letters = _chosen(kept_letters(configuration), topic, only)
    with open_replayer(configuration, actor, reason) as replayer:
        done = list(replayer.retry(letters, chosen))
    _tell(done, as_json)


@app.command()
def drop(
    policy: Policy,
    actor: Actor,
    reason: Reason,
    topic: Topic = None,
    only: Only = None,
    as_json: AsJson = False,
    bootstrap: Bootstrap = None,
) -> None:
    """Decide that open letters get no other chance; the audit log keeps who said so and why.

    Examples:
      watchbound replay drop --policy all --topic watchbound.frames.v1 --actor ops-3 --reason "a broken encoder"
    """
    chosen, configuration = policy_named(policy), _configuration(bootstrap)
    letters = _chosen(kept_letters(configuration), topic, only)
    with open_replayer(configuration, actor, reason) as replayer:
        done = list(replayer.drop(letters, chosen))
    _tell(done, as_json)


@app.command()
def policies(as_json: AsJson = False) -> None:
    """Show the policies: what each stands for, which reason codes it selects, and its caps.

    Examples:
      watchbound replay policies
    """
    facts = [
        {
            "name": policy.name,
            "meaning": policy.meaning,
            "reasons": sorted(reason.value for reason in policy.reasons),
            "consecutive": policy.cap.consecutive,
            "ratio": policy.cap.ratio,
            "of_the_last": policy.cap.window,
        }
        for policy in POLICIES.values()
    ]
    if as_json:
        typer.echo(json.dumps(facts, indent=2))
        return
    for each in POLICIES.values():
        typer.echo(f"{each.name:15} {each.meaning}: {', '.join(sorted(reason.value for reason in each.reasons))}")


def _configuration(bootstrap: str | None) -> ReplayConfiguration:
    return ReplayConfiguration(
        load(KafkaSettings, bootstrap=bootstrap),
        load(AuthoritySettings),
        load(ClockSettings),
        load(AuditSettings),
        load(TrustSettings),
        load(MatchingSettings),
    )


def _chosen(letters: Iterable[Letter], topic: str | None, only: list[str] | None) -> list[Letter]:
    return [letter for letter in letters if topic in (None, letter.content.topic) and (not only or letter.id in only)]


def _facts(letter: Letter) -> dict[str, Any]:
    content = letter.content
    return {
        "id": letter.id,
        "standing": letter.standing.value,
        "reason": content.reason,
        "detail": content.detail,
        "at": content.at.isoformat(),
        "payload_size": content.payload_size,
        "payload_sha256": content.payload_digest,
        "payload_kept": bool(content.payload),
    }


def _tell(done: list[Done], as_json: bool) -> None:
    counts = Counter(each.outcome for each in done)
    if as_json:
        facts = {"done": [each.facts() for each in done], "counts": {o.value: counts[o] for o in Outcome}}
        typer.echo(json.dumps(facts, indent=2))
    else:
        for each in done:
            typer.echo(f"{each.outcome:12} {each.letter.id}  {each.why}".rstrip())
        typer.echo(", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome))
    if any(counts[outcome] for outcome in _BAD):
        raise typer.Exit(1)
