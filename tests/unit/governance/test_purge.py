from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from watchbound.domain.errors import KeyDestroyed, Unavailable
from watchbound.domain.sealing import Purpose
from watchbound.governance.places import Found, Place, SealedRecordsPlace, existing_records, records_of
from watchbound.governance.purge import covered
from watchbound.pipeline.topics import ALERTS, FRAMES
from watchbound.testing.clock import ManualClock
from watchbound.testing.keyring import FakeKeyRing
from watchbound.testing.log import InMemoryBroker

from .purging import ALERTS_SENT, ALL, ENTRIES, FRAMES_SENT, GONE, KEPT, NOW, SIGNER, Deployments

BEFORE = {
    "gallery": ENTRIES,
    "watchlist pictures": ENTRIES,
    "gallery files": ENTRIES,
    "watchlist changes": ENTRIES,
    "key frames": 1,
    "key watchlist": 1,
    "key alerts": 1,
    "topic watchbound.frames.v1": FRAMES_SENT,
    "topic watchbound.alerts.v1": ALERTS_SENT,
}


class Killed(BaseException):
    """The process dies here, and nothing of ours may catch it."""


class Countdown:
    """Kills at the n-th step that a purge takes in any place."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def step(self) -> None:
        if self.left == 0:
            raise Killed
        self.left -= 1


class Mortal:
    """A place whose process may be killed before and after each step."""

    def __init__(self, place: Place, countdown: Countdown) -> None:
        self._place = place
        self._countdown = countdown
        self.name, self.unit = place.name, place.unit
        self.purpose, self.waived = place.purpose, place.waived

    def look(self, authorisation_id: str) -> Found:
        self._countdown.step()
        return self._place.look(authorisation_id)

    def erase(self, authorisation_id: str) -> None:
        self._countdown.step()
        self._place.erase(authorisation_id)
        self._countdown.step()


@pytest.fixture
def deployments(tmp_path: Path) -> Deployments:
    return Deployments(tmp_path)


def test_everything_of_the_authorisation_goes_and_nothing_of_another(deployments: Deployments) -> None:
    assert deployments.counts(KEPT) | {"gallery files": 0} == BEFORE | {"gallery files": 0}
    receipt = deployments.purge().receipt
    assert {place.place: place.before for place in receipt.places} == BEFORE
    assert {place.place: place.after for place in receipt.places} == dict.fromkeys(BEFORE, 0)
    assert receipt.clean
    assert receipt.purposes == ALL
    assert deployments.counts(KEPT) | {"gallery files": 0} == BEFORE | {"gallery files": 0}


def test_only_what_is_due_goes(deployments: Deployments) -> None:
    receipt = deployments.purge(frozenset({Purpose.FRAMES})).receipt
    assert [place.place for place in receipt.places] == ["key frames", "topic watchbound.frames.v1"]
    assert deployments.counts(GONE)["gallery"] == ENTRIES
    assert set(deployments.ring.versions(GONE)) == {Purpose.WATCHLIST, Purpose.ALERTS}


def test_the_destroyed_key_opens_nothing_that_was_sealed_before(deployments: Deployments) -> None:
    sealed = deployments.ring.seal(GONE, Purpose.FRAMES, b"face", "x")
    receipt = deployments.purge().receipt
    with pytest.raises(KeyDestroyed):
        deployments.ring.open(GONE, Purpose.FRAMES, sealed, "x")
    key = next(place for place in receipt.places if place.place == "key frames")
    assert "a sample sealed before does not open any more" in key.checked


def test_a_second_purge_leaves_a_receipt_that_found_nothing(deployments: Deployments) -> None:
    deployments.purge()
    again = deployments.purge().receipt
    assert again.clean
    assert again.found == 0


def test_it_is_told_to_the_audit_log_first_and_last(deployments: Deployments) -> None:
    receipt = deployments.purge().receipt
    assert [event.act for event in deployments.log.events] == ["purge.begun", "purge.finished"]
    assert deployments.log.events[-1].object == receipt.digest()


def test_no_audit_no_purge(deployments: Deployments) -> None:
    deployments.log.broken = True
    with pytest.raises(Unavailable):
        deployments.purge()
    assert deployments.counts(GONE)["gallery"] == ENTRIES
    assert set(deployments.ring.versions(GONE)) == ALL


@pytest.mark.long
def test_a_purge_that_is_killed_at_any_step_is_finished_by_the_next_one_and_its_receipt_is_true(
    tmp_path: Path,
) -> None:
    steps, finished = 0, False
    while not finished:
        folder = tmp_path / str(steps)
        folder.mkdir()
        deployments = Deployments(folder)
        countdown = Countdown(steps)
        mortal = deployments.purger(lambda place, countdown=countdown: Mortal(place, countdown))  # type: ignore[misc]
        try:
            mortal.purge(GONE, ALL, SIGNER, "retention", "ended")
            finished = True
        except Killed:
            receipt = deployments.purge().receipt
            assert receipt.clean
            assert {place.place: place.before for place in receipt.places} == BEFORE
            assert all(count == 0 for count in deployments.counts(GONE).values())
            assert deployments.purge().receipt.found == 0
        steps += 1
    assert steps > 3 * len(BEFORE)


def test_what_a_killed_purge_had_begun_is_taken_along_by_one_for_something_else(deployments: Deployments) -> None:
    mortal = deployments.purger(lambda place: Mortal(place, Countdown(2)))
    with pytest.raises(Killed):
        mortal.purge(GONE, frozenset({Purpose.WATCHLIST}), SIGNER, "retention", "ended")
    receipt = deployments.purge(frozenset({Purpose.FRAMES})).receipt
    assert receipt.purposes == {Purpose.FRAMES, Purpose.WATCHLIST}
    assert receipt.clean


def test_files_that_the_store_has_not_cleaned_up_are_waited_for(deployments: Deployments) -> None:
    deployments.gallery.tidy = False
    looks = iter(range(3))

    def pause(seconds: float) -> None:
        deployments.clock.advance(seconds)
        if next(looks) == 2:
            deployments.gallery.clean_up(GONE)

    purger = deployments.purger(patience_s=60)
    purger._pause = pause
    assert purger.purge(GONE, ALL, SIGNER, "retention", "ended").receipt.clean


def test_files_that_still_hold_templates_make_the_receipt_say_so_until_a_later_purge(
    deployments: Deployments,
) -> None:
    deployments.gallery.tidy = False
    unclean = deployments.purge().receipt
    files = next(place for place in unclean.places if place.place == "gallery files")
    assert (unclean.clean, files.before, files.after) == (False, ENTRIES, ENTRIES)
    assert deployments.log.events[-1].act == "purge.incomplete"
    assert covered(deployments.shelf.receipts(GONE)) == frozenset()
    deployments.gallery.clean_up(GONE)
    clean = deployments.purge().receipt
    assert clean.clean
    assert {place.place: place.before for place in clean.places} == BEFORE
    assert covered(deployments.shelf.receipts(GONE)) == ALL


def test_without_a_folder_of_the_store_the_receipt_says_that_nobody_looked(tmp_path: Path) -> None:
    receipt = Deployments(tmp_path, search_files=False).purge().receipt
    files = next(place for place in receipt.places if place.place == "gallery files")
    assert files.after is None
    assert files.checked.startswith("not checked")
    assert not receipt.clean


def test_that_nobody_looks_may_be_accepted_and_the_receipt_says_that_too(tmp_path: Path) -> None:
    receipt = Deployments(tmp_path, search_files=False, waived=True).purge().receipt
    assert receipt.clean
    assert [place.place for place in receipt.places if place.waived] == ["gallery files"]


def test_a_picture_that_was_never_sealed_is_not_taken_for_unreadable(deployments: Deployments) -> None:
    deployments.broker.producer().send(FRAMES.name, f"{GONE}/leak", b"\xff\xd8\xff in the clear")
    receipt = deployments.purge().receipt
    topic = next(place for place in receipt.places if place.place == f"topic {FRAMES.name}")
    assert (topic.before, topic.after, receipt.clean) == (FRAMES_SENT + 1, 1, False)


@pytest.mark.parametrize("away", ["gallery", "ring", "broker", "pictures"])
def test_a_place_that_does_not_answer_is_no_clean_place(deployments: Deployments, away: str) -> None:
    getattr(deployments, away).down = True
    with pytest.raises(Unavailable):
        deployments.purge()
    assert deployments.shelf.receipts(GONE) == []
    getattr(deployments, away).down = False
    assert deployments.purge().receipt.clean


def test_looking_again_finds_what_came_back(deployments: Deployments) -> None:
    backup = (deployments.gallery.folder / GONE).read_bytes()
    receipt = deployments.purge().receipt
    assert all(place.clean for place in deployments.purger().look_again(receipt))
    (deployments.gallery.folder / "restored").write_bytes(b"header" + backup)
    unclean = [place for place in deployments.purger().look_again(receipt) if not place.clean]
    assert [(place.place, place.after) for place in unclean] == [("gallery files", ENTRIES)]


def test_a_receipt_is_kept_as_it_was_signed(deployments: Deployments) -> None:
    signed = deployments.purge()
    assert deployments.shelf.receipts(GONE) == [signed]
    assert SIGNER.sign(signed.receipt.statement()) == signed.signature
    assert SIGNER.sign(replace(signed.receipt, by="another").statement()) != signed.signature


@pytest.mark.parametrize(
    ("existing", "alerted", "count"),
    [
        ({ALERTS.name, "windows"}, True, 0),
        ({ALERTS.name}, True, None),
        ({ALERTS.name}, False, 0),
        (set(), False, 0),
    ],
)
def test_windows_that_are_not_where_they_should_be_are_clean_only_where_nobody_ever_alerted(
    existing: set[str], alerted: bool, count: int | None
) -> None:
    broker, ring = InMemoryBroker(ManualClock(NOW)), FakeKeyRing()
    if alerted:
        broker.producer().send(ALERTS.name, f"{KEPT}/x", b"an alert of any deployment")
    read = records_of(lambda topic: broker.reader([topic]))
    records = existing_records(read, lambda: existing, {"windows": ALERTS.name})
    found = SealedRecordsPlace("windows", Purpose.ALERTS, records, lambda _record: (), ring).look(GONE)
    assert found.count == count
    assert ("there is no topic windows" in found.how) == (count is None)


def test_a_topic_that_holds_nothing_by_right_need_not_exist() -> None:
    broker = InMemoryBroker(ManualClock(NOW))
    broker.producer().send(ALERTS.name, f"{KEPT}/x", b"an alert")
    records = existing_records(lambda _topic: pytest.fail("read"), lambda: {ALERTS.name}, {"windows": ALERTS.name})
    assert list(records(FRAMES.name)) == []
