"""`watchbound prove`: standing proofs, run like tests."""

from __future__ import annotations

import json
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from watchbound.adapters.logs import configure_logs
from watchbound.adapters.model_preparation import prepare_default
from watchbound.domain.errors import ConfigurationError
from watchbound.settings import LogSettings, ModelSettings, load
from watchbound.stack.demo_screen import DemoScreen
from watchbound.stack.prove.forgetting import Proof, ProofOptions, prove_forgetting

app = typer.Typer(help="Prove what is promised, on a real deployment.", no_args_is_help=True)

_SHOWN = 20


@app.callback()
def prove() -> None:
    """Prove what is promised, on a real deployment."""


@app.command()
def forgetting(
    seconds: Annotated[float, typer.Option(min=15, max=600, help="Length of the deployment's footage.")] = 30.0,
    seed: Annotated[int, typer.Option(min=0, help="Which walk-bys are rendered.")] = 40,
    keep: Annotated[Path | None, typer.Option(help="Keep the deployment's files in this new folder.")] = None,
    json_out: Annotated[Path | None, typer.Option("--json", help="Write the report here as JSON.")] = None,
) -> None:
    """Run a deployment and search everything it touched for people who are not on its list.

    Topics, stores, logs, metrics, temporary files and the memory of every process, for pixels, crops and templates,
    exact and near. Ends with code 1 if anything was found or a place could not be read. Run it where nothing else of
    Watchbound runs: files that others make meanwhile in the temporary folder are searched too.

    Examples:
      watchbound prove forgetting
      watchbound prove forgetting --seconds 60 --json proof.json --keep ./deployment
    """
    configure_logs("prove", load(LogSettings, level="warning"))
    screen = DemoScreen()
    models = load(ModelSettings)
    with screen.step("preparing the default model pack"):
        prepare_default(models.cache.expanduser())
    with ExitStack() as resources:
        if keep is None:
            folder = Path(resources.enter_context(tempfile.TemporaryDirectory(prefix="watchbound-prove-")))
        else:
            folder = _new(keep)
        proof = prove_forgetting(ProofOptions(seconds, seed, models.cache.expanduser()), folder, screen)
    if json_out is not None:
        json_out.write_text(json.dumps(proof.facts(), indent=2) + "\n")
    _tell(proof)
    if not proof.ok:
        raise typer.Exit(1)


def _new(folder: Path) -> Path:
    if folder.exists():
        msg = f"--keep: expected a folder that is not there yet, got {folder}"
        raise ConfigurationError(msg)
    folder.mkdir(parents=True)
    return folder.resolve()


def _tell(proof: Proof) -> None:
    searched = sum(place.searched for place in proof.places) / 1e6
    findings = [finding for place in proof.places for finding in place.findings]
    typer.echo(
        f"{searched:.0f} MB in {len(proof.places)} places searched for {proof.templates} templates and"
        f" {proof.needles} fragments of {sum(proof.faces.values())} faces in {proof.frames} frames"
    )
    for finding in findings[:_SHOWN]:
        likeness = "" if finding.cosine is None else f", cosine {finding.cosine:.2f}"
        typer.echo(
            f"FOUND {finding.material.value} ({finding.form.value}) of {finding.whose} in {finding.place},"
            f" {finding.where} at {finding.offset}, {finding.length} bytes{likeness}"
        )
    if len(findings) > _SHOWN:
        typer.echo(f"and {len(findings) - _SHOWN} more; --json lists them")
    for place in proof.beyond:
        typer.echo(f"beyond the promise: {len(place.findings)} in {place.name}; see docs/forgetting.md")
    for place in proof.places:
        if place.unreadable is not None:
            typer.echo(f"UNREADABLE {place.name}: {place.unreadable}")
    typer.echo("nothing of anybody who is not listed was found" if proof.ok else "this deployment does not forget")
