"""Authorising and enrolling real pictures with the command itself, on the embedded broker and vector store."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from openpeople.io import get_curated_dir
from typer.testing import CliRunner

from tests.fixtures.officers import officers
from watchbound.adapters.audit_log import open_audit_log
from watchbound.adapters.clock import SystemClock
from watchbound.adapters.codecs import AUTHORISATION, LISTING_CHANGE, watchlist_change
from watchbound.adapters.kafka_log import KafkaTopicReader
from watchbound.adapters.keyring import open_key_ring
from watchbound.adapters.keyring_file import init_ring
from watchbound.adapters.trust_list import FileTrustList
from watchbound.cli import authorise, watchlist
from watchbound.domain.activation import PreDeploymentItem
from watchbound.domain.errors import ConfigurationError, InvalidValue, NotAuthorised, UnknownReference
from watchbound.domain.listing import EntryStatus
from watchbound.domain.standing import Refusal
from watchbound.domain.watchlist import Category
from watchbound.extraction.model_pack import ModelPack
from watchbound.pipeline.authority import AuthorityView
from watchbound.pipeline.feed import Feed, authority_handler, in_turn
from watchbound.pipeline.topics import AUTHORISATIONS, WATCHLIST_CHANGES
from watchbound.pipeline.watchlist_delta import WatchlistDelta, watchlist_handler
from watchbound.pipeline.watchlist_roster import Roster, roster_handler
from watchbound.ports import Image, KeyRing
from watchbound.settings import AuditSettings, KafkaSettings, KeySettings, load
from watchbound.stack.demo import papers_of_today
from watchbound.stack.milvus_lite import MilvusLite
from watchbound.stack.tansu import Tansu

pytest_plugins = ["tests.fixtures.models"]

WITHIN_S = 1.0
"""In which an enrolment, a removal and a cancellation must act on every worker."""


@dataclass(frozen=True)
class Command:
    """`watchbound` with its addresses."""

    kafka: KafkaSettings
    stores: tuple[str, ...]
    models: tuple[str, ...]
    keys: dict[str, str]

    def ring(self) -> KeyRing:
        folder, master_key = (Path(self.keys[f"WATCHBOUND_KEYS_{name}"]) for name in ("FOLDER", "MASTER_KEY"))
        return open_key_ring(load(KeySettings, folder=folder, master_key=master_key))

    def authorise(self, *arguments: str, code: int = 0) -> Any:
        return self._call(authorise.app, [*arguments, "--bootstrap", self.kafka.bootstrap], code)

    def watchlist(self, *arguments: str, code: int = 0) -> Any:
        people = {"enrol": "watchlist-1", "approve": "watchlist-2", "reject": "watchlist-2", "review": "watchlist-1"}
        key = ["--key", str(officers().key(people[arguments[0]]))] if arguments[0] in people else []
        stores = self.stores[:2] if arguments[0] in ("list", "pending", "roll") else self.stores
        extra = [*self.models, *_papers()] if arguments[0] == "enrol" else []
        return self._call(watchlist.app, [*arguments, *key, *stores, *extra], code)

    def own_approval(self, authorisation: str) -> None:
        """The officer who proposed tries to approve."""
        key = str(officers().key("watchlist-1"))
        self._call(watchlist.app, ["approve", "--all", "--authorisation", authorisation, "--key", key, *self.stores], 1)

    def _call(self, app: Any, arguments: list[str], code: int) -> Any:
        result = CliRunner(env=self.keys).invoke(app, [*arguments, "--json"])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.stderr
        return json.loads(result.stdout)

    def grant(self, name: str, hours: float = 1.0) -> None:
        """Sign, review the empty list, and activate."""
        self.sign(name, hours)
        self.watchlist("review", "--authorisation", name)
        self.activate(name)

    def activate(self, name: str) -> None:
        items = [part for one in PreDeploymentItem for part in ("--item", one.value)]
        self.authorise("activate", name, "--key", str(officers().key("officer")), *items)

    def sign(self, name: str, hours: float = 1.0) -> None:
        drafter, officer = (("--key", str(officers().key(holder))) for holder in ("drafter", "officer"))
        flags = {
            "--id": name, "--use-case": "demonstration", "--legal-basis": "nobody real is shown",
            "--legitimate-aim": "a test", "--necessity": "a test", "--proportionality": "a test",
            "--dpia-reference": "none", "--location": "this machine", "--location-type": "test-site",
            "--camera": f"camera-{name}", "--hours": str(hours), "--max-watchlist-size": "100",
            "--minimum-threshold": "0.5", "--threshold-reason": "a test", "--signage-reference": "none",
            "--officer": "officer",
        }  # fmt: skip
        categories = [part for one in Category for part in ("--category", one.value)]
        self.authorise("draft", *drafter, *categories, *(part for pair in flags.items() for part in pair))
        self.authorise("sign", name, *officer)

    def cancel(self, name: str) -> None:
        self.authorise("cancel", name, "--key", str(officers().key("officer")), "--reason", "over")


def _papers() -> list[str]:
    return [part for name, text in papers_of_today().items() for part in ("--paper", f"{name}={text}")]


@pytest.fixture(scope="module")
def command(
    tansu: Tansu, milvus_lite: MilvusLite, model_pack: ModelPack, tmp_path_factory: pytest.TempPathFactory
) -> Command:
    officers()
    folder = tmp_path_factory.mktemp("keys")
    init_ring(folder / "ring", folder / "master.key")
    return Command(
        load(KafkaSettings, bootstrap=tansu.bootstrap),
        ("--bootstrap", tansu.bootstrap, "--milvus-uri", milvus_lite.uri),
        ("--models-cache", str(model_pack.root.parent), "--pack", model_pack.name),
        {
            "WATCHBOUND_KEYS_FOLDER": str(folder / "ring"),
            "WATCHBOUND_KEYS_MASTER_KEY": str(folder / "master.key"),
            "WATCHBOUND_AUDIT_URL": f"sqlite:///{folder / 'audit.db'}",
            "WATCHBOUND_PICTURES_FOLDER": str(folder / "pictures"),
        },
    )


@dataclass
class Worker:
    """What every service holds of the two compacted topics."""

    view: AuthorityView
    delta: WatchlistDelta
    roster: Roster


@pytest.fixture
def worker(command: Command) -> Iterator[Worker]:
    clock = SystemClock()
    trust = FileTrustList(officers().trust_list)
    held = Worker(AuthorityView(clock, 5.0, trust), WatchlistDelta(clock), Roster(trust))
    handlers = {
        AUTHORISATIONS.name: authority_handler(AUTHORISATION, held.view),
        WATCHLIST_CHANGES.name: in_turn(
            roster_handler(LISTING_CHANGE.decode, held.roster),
            watchlist_handler(watchlist_change(command.ring()), held.delta),
        ),
    }
    command.authorise("list")
    reader = KafkaTopicReader(command.kafka, list(handlers), "test-worker")
    with Feed(reader, handlers, held.view.confirm, lambda record, poison: None, "worker") as feed:
        assert feed.wait_current(15.0)
        yield held


def within(seconds: float, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"it did not come true within {seconds} s"
        time.sleep(0.01)


def portrait(person: str, kind: str = "studio_portrait") -> Path:
    return Path(get_curated_dir()) / person / "assets" / f"{kind}.jpg"


def pixels(person: str) -> Image:
    image = cv2.imread(str(portrait(person)))
    assert image is not None
    return np.asarray(image, np.uint8)


def write(path: Path, image: Image) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image)


def copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(source.read_bytes())


def lines(report: Any) -> dict[str, Any]:
    return {Path(line["path"]).name: line for line in report["images"]}


def test_authorising_from_grant_to_cancellation(command: Command, worker: Worker) -> None:
    command.grant("station")
    within(WITHIN_S, lambda: not isinstance(worker.view.covering("camera-station"), Refusal))
    assert command.authorise("show", "station")["permits"] is True
    with pytest.raises(InvalidValue, match="exists already"):
        command.grant("station")
    with pytest.raises(ConfigurationError, match="legal_basis: must be filled in"):
        command.authorise("draft", "--use-case", "demonstration", "--key", str(officers().key("drafter")))
    command.cancel("station")
    within(WITHIN_S, lambda: worker.view.covering("camera-station") is Refusal.CANCELLED)
    (listed,) = [a for a in command.authorise("list")["authorisations"] if a["id"] == "station"]
    assert (listed["state"], listed["permits"]) == ("cancelled", False)
    with pytest.raises(UnknownReference):
        command.authorise("show", "nothing")


def test_every_picture_is_accepted_or_told_what_is_wrong_with_it(command: Command, tmp_path: Path) -> None:
    command.grant("report")
    folder, good = tmp_path / "people", pixels("P001")
    for person in ("P003", "P005", "P007"):
        copy(portrait(person), folder / f"{person}.jpg")
    copy(portrait("P008"), folder / "P008" / "studio.jpg")
    copy(portrait("P008", "amateur_selfie"), folder / "P008" / "selfie.jpg")
    copy(portrait("P001", "character_sheet"), folder / "sheet.jpg")
    write(folder / "tiny.png", cv2.resize(good, None, fx=0.08, fy=0.08, interpolation=cv2.INTER_AREA))
    write(folder / "blurred.jpg", cv2.GaussianBlur(good, (0, 0), 25))
    write(folder / "dark.png", (good * 0.15).astype(np.uint8))
    write(folder / "bright.png", np.clip(good * 0.3 + 200, 0, 255).astype(np.uint8))
    write(folder / "nobody.jpg", np.full((600, 600, 3), 120, np.uint8))
    (folder / "truncated.jpg").write_bytes(portrait("P002").read_bytes()[:20_000])
    (folder / "words.txt").write_text("not a picture")
    write(folder / "zz-again.jpg", pixels("P003"))
    report_file = tmp_path / "report.json"

    report = command.watchlist("enrol", str(folder), "--authorisation", "report", "--report", str(report_file), code=1)

    told = lines(report)
    expected = {
        "P003.jpg": "accepted", "P005.jpg": "accepted", "P007.jpg": "accepted", "studio.jpg": "accepted",
        "selfie.jpg": "accepted", "sheet.jpg": "several_faces", "tiny.png": "too_small", "blurred.jpg": "blurred",
        "dark.png": "too_dark", "bright.png": "too_bright", "nobody.jpg": "no_face", "truncated.jpg": "unreadable",
        "words.txt": "unreadable", "zz-again.jpg": "duplicate_of",
    }  # fmt: skip
    assert {name: line["outcome"] for name, line in told.items()} == expected
    assert told["zz-again.jpg"]["duplicate_of"] == "P003"
    assert all(line["remedy"] for line in report["images"] if line["outcome"] != "accepted")
    weak = {name: {one["component"] for one in line.get("weak", [])} for name, line in told.items()}
    assert {"mouth-closed", "expression-neutrality"} <= weak["selfie.jpg"], "she smiles in it, with her teeth"
    assert not {"mouth-closed", "expression-neutrality", "eyes-open"} & weak["studio.jpg"]
    assert json.loads(report_file.read_text()) == report
    assert command.watchlist("list", "--authorisation", "report")["entries"] == []
    assert len(command.watchlist("pending", "--authorisation", "report")["entries"]) == 4
    command.watchlist("approve", "--all", "--authorisation", "report")
    listed = command.watchlist("list", "--authorisation", "report")["entries"]
    assert {entry["reference"]: entry["images"] for entry in listed} == {"P003": 1, "P005": 1, "P007": 1, "P008": 2}


def test_a_second_run_enrols_only_what_is_new(command: Command, tmp_path: Path) -> None:
    command.grant("again")
    copy(portrait("P003"), tmp_path / "people" / "P003.jpg")
    command.watchlist("enrol", str(tmp_path / "people"), "--authorisation", "again")
    copy(portrait("P005"), tmp_path / "people" / "P005.jpg")
    report = command.watchlist("enrol", str(tmp_path / "people"), "--authorisation", "again")
    assert {name: line["outcome"] for name, line in lines(report).items()} == {
        "P003.jpg": "already_enrolled",
        "P005.jpg": "accepted",
    }


def test_enrolment_and_removal_reach_a_worker_within_a_second(command: Command, worker: Worker, tmp_path: Path) -> None:
    command.grant("quick")
    copy(portrait("P003"), tmp_path / "P003.jpg")
    source = tmp_path / "people.csv"
    source.write_text("path,reference,category,response_level\nP003.jpg,REF-9,missing,red\nP003.jpg,,missing,red\n")
    digest = ""

    def known() -> list[Any]:
        (answer,) = worker.delta.search("quick", probe[None], digest, 5)
        return answer

    report = command.watchlist("enrol", str(source), "--authorisation", "quick", code=1)
    assert [line["outcome"] for line in report["images"]] == ["accepted", "bad_row"]
    assert report["images"][1]["detail"].startswith("row 3: ")
    with pytest.raises(NotAuthorised, match="cannot approve what they proposed"):
        command.own_approval("quick")
    assert worker.roster.status("quick", "REF-9", datetime.now(UTC)) is EntryStatus.UNKNOWN
    command.watchlist("approve", "--entry", "REF-9", "--authorisation", "quick")
    within(WITHIN_S, lambda: worker.roster.status("quick", "REF-9", datetime.now(UTC)) is EntryStatus.LISTED)
    reader = KafkaTopicReader(command.kafka, [WATCHLIST_CHANGES.name], "test-probe")
    codec = watchlist_change(command.ring())
    changes = [codec.decode(r.value) for r in reader.poll(5.0) if r.key == "quick/REF-9" and r.value]
    reader.close()
    embedding = getattr(changes[-1], "images")[0].embedding  # noqa: B009 - the one union member with images
    probe, digest = embedding.vector, embedding.model_digest
    within(WITHIN_S, lambda: [c.entry.reference for c in known()] == ["REF-9"])
    assert known()[0].score == pytest.approx(1.0, abs=1e-5)

    assert (
        command.watchlist("remove", "REF-9", "--authorisation", "quick", "--by", "test", "--reason", "over")["images"]
        == 1
    )
    within(WITHIN_S, lambda: worker.delta.is_removed("quick", "REF-9"))
    assert known() == []
    assert command.watchlist("list", "--authorisation", "quick")["entries"] == []
    with pytest.raises(UnknownReference, match="nothing is enrolled under REF-9"):
        command.watchlist("remove", "REF-9", "--authorisation", "quick", "--by", "test", "--reason", "over")


def test_nobody_is_enrolled_under_what_is_unknown_or_cancelled(command: Command, tmp_path: Path) -> None:
    copy(portrait("P003"), tmp_path / "P003.jpg")
    with pytest.raises(UnknownReference, match="no authorisation nothing"):
        command.watchlist("enrol", str(tmp_path), "--authorisation", "nothing")
    command.grant("stopped")
    assert command.watchlist("list", "--authorisation", "stopped")["entries"] == []
    command.cancel("stopped")
    with pytest.raises(NotAuthorised, match="cancelled"):
        command.watchlist("enrol", str(tmp_path), "--authorisation", "stopped")


def test_a_list_that_nobody_reviewed_or_that_changed_since_is_not_activated(command: Command, tmp_path: Path) -> None:
    command.sign("reviewed")
    with pytest.raises(NotAuthorised, match="nobody has reviewed"):
        command.activate("reviewed")
    assert command.watchlist("review", "--authorisation", "reviewed")["size"] == 0
    copy(portrait("P003"), tmp_path / "P003.jpg")
    command.watchlist("enrol", str(tmp_path), "--authorisation", "reviewed")
    command.watchlist("approve", "--all", "--authorisation", "reviewed")
    with pytest.raises(NotAuthorised, match="has changed since watchlist-1 reviewed it"):
        command.activate("reviewed")
    review = command.watchlist("review", "--authorisation", "reviewed")
    assert review["size"] == 1
    command.activate("reviewed")
    shown = command.authorise("show", "reviewed")
    assert (shown["watchlist_digest"], shown["watchlist_changed"]) == (review["digest"], False)
    roll = command.watchlist("roll", "--authorisation", "reviewed", "--by", "auditor-1")["entries"]
    assert [(stay["reference"], stay["approved_by"]) for stay in roll] == [("P003", "watchlist-2")]
    command.watchlist("remove", "P003", "--authorisation", "reviewed", "--by", "watchlist-1", "--reason", "found")
    shown = command.authorise("show", "reviewed")
    assert (shown["watchlist_changed"], shown["permits"]) == (True, True), (
        "what changes later stops nothing, and is told"
    )


def test_whoever_is_shown_a_list_is_recorded(command: Command) -> None:
    command.sign("read")
    for shown in ("list", "pending", "roll"):
        command.watchlist(shown, "--authorisation", "read", "--by", f"{shown}-reader")
    with closing(open_audit_log(load(AuditSettings, url=command.keys["WATCHBOUND_AUDIT_URL"]))) as log:
        reads = [event for event in log.about("watchlist.read", "watchlist") if event.authorisation_id == "read"]
    assert [(event.actor, event.reason) for event in reads] == [
        ("list-reader", "who is listed"),
        ("pending-reader", "who waits for approval"),
        ("roll-reader", "who was listed"),
    ]
