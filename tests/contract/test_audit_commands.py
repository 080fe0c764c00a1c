"""The audit commands on a real log, and the stand-alone verifier on what they export."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from tests.unit.pipeline.kept import event
from watchbound.adapters.audit_keeping import believed_keys, open_keeper
from watchbound.adapters.audit_log import SqlAuditLog, open_audit_log
from watchbound.adapters.clock import SystemClock
from watchbound.adapters.signing import FileSigner
from watchbound.cli.audit import app
from watchbound.domain.errors import ConfigurationError, Unavailable
from watchbound.settings import AuditSettings, load
from watchbound.testing.log import InMemoryBroker

VERIFIER = Path(__file__).parents[2] / "docs" / "examples" / "verify_audit.py"
SIZES = (3, 7, 12)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AuditSettings:
    monkeypatch.setenv("WATCHBOUND_AUDIT_URL", f"sqlite:///{tmp_path / 'audit.db'}")
    monkeypatch.setenv("WATCHBOUND_AUDIT_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("WATCHBOUND_AUDIT_KEY", str(tmp_path / "log.pem"))
    FileSigner.generate(tmp_path / "log.pem")
    return load(AuditSettings)


@pytest.fixture
def log(settings: AuditSettings) -> Iterator[SqlAuditLog]:
    """Fourteen events, with checkpoints on the way."""
    clock = SystemClock()
    with closing(open_audit_log(settings)) as log:
        keeper = open_keeper(settings, log, InMemoryBroker(clock).producer(), clock)
        assert keeper is not None
        for number in range(14):
            log.append(event(number))
            if number + 1 in SIZES:
                assert keeper.keep() is not None
        yield log


def called(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(arguments))
    return done.exit_code, done.stdout


def verdict(tmp_path: Path, *arguments: str) -> dict[str, Any]:
    out = tmp_path / "verdict.json"
    code, _ = called("verify", "--json", str(out), *arguments)
    document: dict[str, Any] = json.loads(out.read_text())
    assert code == (0 if document["ok"] else 1)
    return document


def tamper(log: SqlAuditLog, statement: str, **values: Any) -> None:
    with log.database.writing() as connection:
        connection.execute(text(statement), values)


def test_a_log_as_it_was_written_is_well(log: SqlAuditLog, tmp_path: Path) -> None:
    found = verdict(tmp_path)
    assert (found["ok"], found["events"], found["first_bad"], found["vouched"]) == (True, 14, None, 12)
    assert [each["size"] for each in found["checkpoints"]] == [3, 3, 7, 7, 12, 12]


def test_tampering_in_the_database_is_found_where_it_is(log: SqlAuditLog, tmp_path: Path) -> None:
    tamper(log, 'DELETE FROM audit_events WHERE "index" = 8')
    found = verdict(tmp_path)
    assert (found["ok"], found["first_bad"], found["first_bad_at_most"]) == (False, 8, 8)
    code, said = called("verify")
    assert code == 1
    assert "NOT OK: event 8 is missing" in said
    assert "The first bad event is 8." in said


def test_a_database_that_was_written_anew_contradicts_the_checkpoints(
    log: SqlAuditLog, settings: AuditSettings, tmp_path: Path
) -> None:
    for table in ("audit_events", "audit_nodes", "audit_checkpoints"):
        tamper(log, f"DELETE FROM {table}")  # noqa: S608 - names of our own
    for number in range(14):
        log.append(event(number, "for another reason" if number == 9 else "on the list"))
    found = verdict(tmp_path)
    assert (found["ok"], found["first_bad"], found["first_bad_at_most"], found["vouched"]) == (False, 7, 11, 7)
    keeper = open_keeper(settings, log, InMemoryBroker(SystemClock()).producer(), SystemClock())
    assert keeper is not None
    with pytest.raises(Exception, match="not those that were signed for"):
        keeper.keep()


def test_a_single_checkpoint_can_be_held_against_it(log: SqlAuditLog, tmp_path: Path) -> None:
    kept = sorted((tmp_path / "checkpoints").iterdir())
    assert verdict(tmp_path, "--against", str(kept[1]))["ok"]
    kept[1].chmod(0o600)
    kept[1].write_text(kept[1].read_text().replace("\n7\n", "\n6\n"))
    found = verdict(tmp_path, "--against", str(kept[1]))
    assert not found["ok"]
    assert "its signature does not hold" in found["why"]


@pytest.fixture
def nowhere(tmp_path: Path) -> Path:
    """A folder without a checkpoint."""
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder


def test_without_a_checkpoint_from_outside_no_log_is_well(log: SqlAuditLog, tmp_path: Path, nowhere: Path) -> None:
    found = verdict(tmp_path, "--against", str(nowhere))
    assert (found["ok"], found["events"], found["first_bad"], found["vouched"]) == (False, 14, None, 12)
    assert "nothing outside the database vouches for it" in found["why"]
    shutil.rmtree(tmp_path / "checkpoints")
    assert not verdict(tmp_path)["ok"]
    assert verdict(tmp_path, "--without-checkpoints")["ok"]


def test_a_log_that_was_cut_with_its_own_checkpoints_is_not_well_while_the_folder_is_away(
    log: SqlAuditLog, tmp_path: Path, nowhere: Path
) -> None:
    for table in ("audit_events", "audit_nodes", "audit_checkpoints"):
        tamper(log, f"DELETE FROM {table}")  # noqa: S608 - names of our own
    for number in range(2):
        log.append(event(number))
    assert verdict(tmp_path)["first_bad"] == 0
    (tmp_path / "checkpoints").rename(tmp_path / "away")
    assert not verdict(tmp_path)["ok"]
    assert not verdict(tmp_path, "--against", str(nowhere))["ok"]


def test_verifying_makes_no_log(settings: AuditSettings, tmp_path: Path) -> None:
    for says in ("there is nothing", "lacks audit_checkpoints, audit_events, audit_nodes, audit_published"):
        done = CliRunner().invoke(app, ["verify", "--without-checkpoints"])
        assert isinstance(done.exception, ConfigurationError)
        assert says in str(done.exception)
        assert (tmp_path / "audit.db").exists() == says.startswith("lacks")
        (tmp_path / "audit.db").touch()


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE audit_events SET canonical = replace(canonical, 'REF', 'XEF') WHERE \"index\" = 8",
        'UPDATE audit_events SET canonical = 5 WHERE "index" = 8',
        "UPDATE audit_events SET actor = CAST(x'ff' AS TEXT) WHERE \"index\" = 8",
        'UPDATE audit_events SET "index" = \'eight\' WHERE "index" = 8',
        "UPDATE audit_nodes SET hash = 'aa' WHERE level = 0 AND position = 8",
    ],
)
def test_what_a_hand_wrote_in_another_form_is_found_where_it_is(log: SqlAuditLog, tmp_path: Path, edit: str) -> None:
    tamper(log, edit)
    found = verdict(tmp_path)
    assert (found["ok"], found["first_bad"], found["first_bad_at_most"]) == (False, 8, 8)


def test_the_first_event_is_verified_like_any_other(log: SqlAuditLog, tmp_path: Path) -> None:
    tamper(log, "UPDATE audit_events SET canonical = 'x' WHERE \"index\" = 0")
    assert verdict(tmp_path)["first_bad"] == 0


def test_a_checkpoint_beside_the_events_that_a_hand_wrote_is_found(log: SqlAuditLog, tmp_path: Path) -> None:
    tamper(log, "UPDATE audit_checkpoints SET size = 'many', note = CAST(note AS BLOB) WHERE size = 7")
    found = verdict(tmp_path)
    assert not found["ok"]
    assert "it cannot be read" in found["why"]


def test_what_a_hand_wrote_in_another_form_is_not_read_and_nothing_is_appended(log: SqlAuditLog) -> None:
    tamper(log, "UPDATE audit_events SET canonical = replace(canonical, 'REF', 'XEF') WHERE \"index\" = 8")
    with pytest.raises(Unavailable, match="nobody wrote"):
        log.records(0, 14)
    tamper(log, "UPDATE audit_nodes SET hash = 'aa' WHERE level = 3 AND position = 0")
    with pytest.raises(Unavailable, match="lacks nodes"):
        log.append(event(14))
    tamper(log, 'UPDATE audit_events SET "index" = \'eight\' WHERE "index" = 8')
    with pytest.raises(Unavailable, match="numbers an event 'eight'"):
        log.size()


def test_a_log_without_a_believed_key_cannot_be_verified(log: SqlAuditLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WATCHBOUND_AUDIT_KEY")
    done = CliRunner().invoke(app, ["verify"])
    assert "WATCHBOUND_AUDIT_PUBLIC_KEYS" in str(done.exception)


def test_reading_the_log_is_in_the_log(log: SqlAuditLog) -> None:
    code, said = called("search", "--actor", "officer-12", "--object", "REF-3", "--by", "auditor-1", "--json")
    assert code == 0
    assert [found["index"] for found in json.loads(said)["events"]] == [3]
    assert called("list", "--from", "12", "--by", "auditor-2")[0] == 0
    reads = [record.event for record in log.records(14, 10)]
    assert [(each.actor, each.act) for each in reads] == [("auditor-1", "audit.read"), ("auditor-2", "audit.read")]
    assert "actor officer-12" in reads[0].reason


@pytest.fixture
def key(settings: AuditSettings) -> str:
    return str(believed_keys(settings)[0])


def verified(key: str, proof: dict[str, Any]) -> bool:
    """What the stand-alone verifier says, in a process that sees nothing of ours."""
    done = subprocess.run(
        [sys.executable, "-I", str(VERIFIER), key], input=json.dumps(proof), capture_output=True, text=True, check=False
    )
    assert (done.returncode == 0) == done.stdout.startswith("holds: ")
    return done.returncode == 0


def proved(tmp_path: Path, *arguments: str) -> dict[str, Any]:
    out = tmp_path / "proof.json"
    assert called("prove", *arguments, "--out", str(out))[0] == 0
    proof: dict[str, Any] = json.loads(out.read_text())
    return proof


@pytest.mark.parametrize("index", [0, 6, 11])
def test_an_event_is_proved_to_others(log: SqlAuditLog, tmp_path: Path, key: str, index: int) -> None:
    proof = proved(tmp_path, str(index))
    assert verified(key, proof)
    other = proved(tmp_path, str(index - 1 if index else 1))
    assert not verified(key, {**proof, "event": other["event"], "index": other["index"]})
    assert not verified(key, {**proof, "event": altered(proof["event"])})
    assert not verified(key, {**proof, "proof": proof["proof"][:-1]})
    assert not verified(key, {**proof, "proof": [*proof["proof"][:-1], altered(proof["proof"][-1])]})


@pytest.mark.parametrize(("old", "new"), [(3, 7), (3, 12), (7, 12)])
def test_that_the_log_only_grew_is_proved_to_others(
    log: SqlAuditLog, tmp_path: Path, key: str, old: int, new: int
) -> None:
    proof = proved(tmp_path, "--from", str(old), "--to", str(new))
    assert verified(key, proof)
    assert not verified(key, {**proof, "from": proof["checkpoint"]})
    for place in range(len(proof["proof"])):
        steps = list(proof["proof"])
        steps[place] = altered(steps[place])
        assert not verified(key, {**proof, "proof": steps})


def test_a_checkpoint_that_was_not_signed_by_the_log_proves_nothing(log: SqlAuditLog, tmp_path: Path, key: str) -> None:
    proof = proved(tmp_path, "5")
    text, _, line = proof["checkpoint"].rpartition("\n\n")
    name, signature = line.split()[1:]
    assert not verified(key, {**proof, "checkpoint": f"{text}\n\n— {name} {altered(signature)}\n"})
    assert not verified(key, {**proof, "checkpoint": proof["checkpoint"].replace("time 20", "time 19")})
    other = FileSigner.generate(tmp_path / "other.pem").public_key
    head = key.rsplit("+", 1)[0]
    assert not verified(f"{head}+{base64.b64encode(bytes([1]) + other).decode()}", proof)


def test_the_verifier_stands_alone_and_is_short() -> None:
    lines = VERIFIER.read_text().splitlines()
    assert len(lines) <= 100
    imports = {line.split()[1] for line in lines if line.startswith(("import ", "from "))}
    assert imports <= sys.stdlib_module_names


def test_only_what_is_signed_for_can_be_proved(log: SqlAuditLog) -> None:
    for arguments in (["prove", "13"], ["prove", "--from", "4"]):
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 1
        assert "expected" in str(done.exception)


def altered(text: str) -> str:
    """Base64 with its last byte changed."""
    data = bytearray(base64.b64decode(text))
    data[-1] ^= 1
    return base64.b64encode(bytes(data)).decode()
