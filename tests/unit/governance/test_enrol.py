from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import simplejpeg
from numpy.typing import NDArray

from tests.unit.governance.desk import BLUE, DEFAULTS, GREEN, GREY, RED, Desk, photo
from watchbound.adapters.codecs import watchlist_proposal
from watchbound.domain.act import ActKind
from watchbound.domain.errors import NotAuthorised, Unavailable, UnknownReference
from watchbound.domain.listing import EntryStatus
from watchbound.domain.sealing import Purpose
from watchbound.domain.watchlist import Category, EntryAdded, EntryRemoved
from watchbound.governance.enrolment_report import REMEDIES, Outcome
from watchbound.governance.submissions import read_submissions
from watchbound.governance.watchlist_log import Pending, pending_handler
from watchbound.pipeline.pictures import WatchlistPictures
from watchbound.pipeline.topics import WATCHLIST_CHANGES, WATCHLIST_PROPOSALS
from watchbound.testing.eyes import ColourEmbedder
from watchbound.testing.office import terms


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.grant()
    return desk


@pytest.fixture
def people(tmp_path: Path) -> Path:
    folder = tmp_path / "people"
    photo(folder / "REF-1.png", RED)
    photo(folder / "REF-2" / "front.png", GREEN)
    photo(folder / "REF-2" / "side.png", (30, 240, 30))
    return folder


def outcomes(desk: Desk, source: Path) -> list[str]:
    return [image.outcome.value for image in desk.enrol(source).images]


def test_what_is_enrolled_stands_in_the_gallery_and_is_told_to_the_workers(desk: Desk, people: Path) -> None:
    report = desk.enrol(people)
    assert report.complete
    assert report.counts() == {"accepted": 3}
    assert [reference for reference, _ in desk.enrolled()] == ["REF-1", "REF-2", "REF-2"]
    first, second = desk.changes()
    assert isinstance(first, EntryAdded)
    assert isinstance(second, EntryAdded)
    assert [change.entry.reference for change in (first, second)] == ["REF-1", "REF-2"]
    assert len(second.images) == 2, "a change carries the whole entry"


def test_one_bad_image_never_fails_its_neighbours(desk: Desk, people: Path) -> None:
    photo(people / "REF-0.png", (0, 0, 0))
    (people / "REF-1b.png").write_bytes(b"no image")
    (people / "REF-9.csv").write_bytes(b"")
    report = desk.enrol(people)
    assert not report.complete
    assert report.counts() == {"accepted": 3, "unreadable": 2, "no_face": 1}
    told = report.as_json()
    assert told["entries"] == 2
    assert all(image["remedy"] for image in told["images"] if image["outcome"] != "accepted")


def test_an_image_without_a_template_never_fails_its_neighbours(
    desk: Desk, people: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embed = ColourEmbedder.embed

    def none_of_red(self: ColourEmbedder, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        templates = embed(self, crops)
        templates[templates[:, 2] > 0.9] = np.nan
        return templates

    monkeypatch.setattr(ColourEmbedder, "embed", none_of_red)
    assert outcomes(desk, people) == ["no_template", "accepted", "accepted"]


def test_an_image_that_is_gone_is_reported(desk: Desk, tmp_path: Path) -> None:
    source = tmp_path / "people.csv"
    photo(tmp_path / "a.png", RED)
    source.write_text("path,reference,category,response_level\nb.png,REF-2,,\na.png,REF-1,,\n.,REF-3,,\n")
    assert outcomes(desk, source) == ["unreadable", "accepted", "unreadable"]


def test_one_person_under_two_references_is_refused(desk: Desk, people: Path) -> None:
    desk.enrol(people)
    photo(people / "REF-7.png", (12, 12, 250))
    duplicate = desk.enrol(people).images[-1]
    assert (duplicate.outcome, duplicate.duplicate_of) == (Outcome.DUPLICATE_OF, "REF-1")
    assert duplicate.similarity == pytest.approx(1.0, abs=0.01)
    assert duplicate.as_json()["duplicate_of"] == "REF-1"
    assert "REF-7" not in dict(desk.enrolled())


def test_duplicates_within_one_run_are_found_too(desk: Desk, tmp_path: Path) -> None:
    photo(tmp_path / "A.png", RED)
    photo(tmp_path / "B.png", RED)
    photo(tmp_path / "C" / "1.png", BLUE)
    photo(tmp_path / "C" / "2.png", BLUE)
    assert outcomes(desk, tmp_path) == ["accepted", "duplicate_of", "accepted", "already_enrolled"]


def test_enrolling_again_accepts_nothing_twice_and_proposes_nothing(desk: Desk, people: Path) -> None:
    desk.enrol(people)
    before = desk.enrolled()
    assert outcomes(desk, people) == ["already_enrolled"] * 3
    assert desk.enrolled() == before
    assert len(desk.changes()) == 2


def test_an_interruption_between_the_writes_is_mended_by_approving_again(desk: Desk, people: Path) -> None:
    desk.propose(people)
    desk.broker.acknowledging = False
    with pytest.raises(Unavailable):
        desk.approve()
    desk.broker.acknowledging = True
    desk.follow()
    desk.approve()
    assert [desk.status(reference) for reference in ("REF-1", "REF-2")] == [EntryStatus.LISTED] * 2
    assert len(desk.enrolled()) == 3


def test_what_one_officer_proposed_is_searchable_by_nobody(desk: Desk, people: Path) -> None:
    assert desk.propose(people).complete
    assert [proposal.entry.reference for proposal in desk.pending.of("op-1")] == ["REF-1", "REF-2"]
    assert desk.enrolled() == []
    assert desk.changes() == []
    assert desk.status("REF-1") is EntryStatus.UNKNOWN


def test_the_latest_category_holds_for_the_whole_entry(desk: Desk, people: Path) -> None:
    desk.enrol(people)
    photo(people.parent / "more.png", (60, 240, 60))
    source = people.parent / "more.csv"
    source.write_text("path,reference,category,response_level\nmore.png,REF-2,wanted-by-court,red\n")
    desk.enrol(source)
    assert desk.enrolled() == [("REF-1", "missing"), *[("REF-2", "wanted-by-court")] * 3]
    change = desk.changes()[-1]
    assert isinstance(change, EntryAdded)
    assert len(change.images) == 3


def test_removing_tells_the_workers_even_when_the_gallery_does_not_answer(desk: Desk, people: Path) -> None:
    desk.enrol(people)
    desk.gallery.down = True
    with pytest.raises(Unavailable):
        desk.remover.remove("op-1", "REF-1", "watchlist-1", "found")
    assert isinstance(desk.changes()[-1], EntryRemoved)
    desk.follow()
    assert desk.status("REF-1") is EntryStatus.REMOVED
    desk.gallery.down = False
    assert desk.remover.remove("op-1", "REF-1", "watchlist-1", "found") == 1
    assert desk.enrolled() == [("REF-2", "missing")] * 2


def test_what_a_broken_removal_left_behind_never_comes_back(desk: Desk, people: Path) -> None:
    desk.enrol(people)
    desk.gallery.down = True
    with pytest.raises(Unavailable):
        desk.remover.remove("op-1", "REF-1", "watchlist-1", "found")
    desk.gallery.down = False
    photo(people / "REF-1.png", GREY)
    assert outcomes(desk, people)[0] == "accepted"
    (image,) = [image for image in desk.gallery.images("op-1") if image.entry.reference == "REF-1"]
    assert image.embedding.vector == pytest.approx([3**-0.5] * 3, abs=1e-3)
    assert desk.status("REF-1") is EntryStatus.LISTED


def test_removing_what_is_not_there_says_so_yet_stops_it(desk: Desk, people: Path) -> None:
    desk.enrol(people)
    with pytest.raises(UnknownReference, match="nothing is enrolled under REF-X"):
        desk.remover.remove("op-1", "REF-X", "watchlist-1", "found")
    assert isinstance(desk.changes()[-1], EntryRemoved)


def test_nobody_is_enrolled_without_an_authorisation(people: Path) -> None:
    with pytest.raises(UnknownReference, match="no authorisation op-1"):
        Desk().enrol(people)


def test_a_cancellation_stops_a_run_between_two_batches(desk: Desk, tmp_path: Path) -> None:
    for index in range(40):
        photo(tmp_path / f"P{index:02}" / "a.png", (0, 0, 0))
    photo(tmp_path / "P39" / "a.png", RED)
    seen = 0

    def cancel_soon(_image: object) -> None:
        nonlocal seen
        seen += 1
        if seen == 3:
            desk.act(ActKind.CANCEL, reason="person found")
            desk.follow()

    with pytest.raises(NotAuthorised):
        desk.enroller.enrol("op-1", read_submissions(tmp_path, DEFAULTS), cancel_soon)
    assert seen < 40
    assert desk.enrolled() == []


def test_every_outcome_has_a_remedy_unless_there_is_nothing_to_mend() -> None:
    assert {outcome for outcome in Outcome if not REMEDIES[outcome]} == {o for o in Outcome if o.enrolled}


def test_the_terms_say_who_may_be_listed_and_how_many(tmp_path: Path) -> None:
    desk = Desk()
    wanted = terms(categories=frozenset({Category.MISSING}), max_watchlist_size=1)
    desk.authoriser.draft(wanted, desk.office.drafter, desk.ring)
    photo(tmp_path / "P1" / "a.png", RED)
    photo(tmp_path / "P2" / "a.png", GREEN)
    assert [image.outcome for image in desk.enrol(tmp_path).images] == [Outcome.ACCEPTED, Outcome.LIST_FULL]
    other = Desk()
    other.grant(terms(categories=frozenset({Category.RISK_OF_HARM})))
    assert {image.outcome for image in other.enrol(tmp_path).images} == {Outcome.CATEGORY_NOT_PERMITTED}
    assert other.enrolled() == []


def test_no_template_is_on_the_log_in_plain(desk: Desk, people: Path) -> None:
    desk.enrol(people)
    vectors = [image.embedding.vector.astype("<f4").tobytes() for image in desk.gallery.images("op-1")]
    topics = (WATCHLIST_CHANGES, WATCHLIST_PROPOSALS)
    log = b"".join(record.value or b"" for topic in topics for record in desk.broker.records(topic.name))
    assert len(vectors) == 3
    assert log
    assert not any(vector in log for vector in vectors)


def test_what_was_sealed_with_a_destroyed_key_waits_for_nobody(desk: Desk, people: Path) -> None:
    desk.propose(people)
    assert desk.pending.of("op-1")
    desk.ring.destroy("op-1", Purpose.WATCHLIST)
    later = Pending()
    handle = pending_handler(watchlist_proposal(desk.ring), later)
    for record in desk.broker.records(WATCHLIST_PROPOSALS.name):
        handle(record)
    assert later.of("op-1") == ()


def test_the_faces_of_accepted_images_rest_sealed_beside_the_list(desk: Desk, people: Path) -> None:
    desk.enrol(people)
    names = desk.pictures.pictures("op-1")
    assert {(name.reference, name.image_id) for name in names} == {
        (image.entry.reference, image.image_id) for image in desk.gallery.images("op-1")
    }
    shown = [WatchlistPictures(desk.pictures, desk.ring).show(name) for name in names]
    assert all(simplejpeg.is_jpeg(jpeg) for jpeg in shown)
    assert not any(simplejpeg.is_jpeg(desk.pictures.get(name)) for name in names)


def test_an_entry_that_is_removed_takes_its_pictures_along(desk: Desk, people: Path) -> None:
    desk.enrol(people)
    desk.remover.remove("op-1", "REF-2", "Supt Example", "found")
    assert {name.reference for name in desk.pictures.pictures("op-1")} == {"REF-1"}


def test_a_rejected_proposal_leaves_no_picture_and_the_approved_ones_stay(desk: Desk, people: Path) -> None:
    desk.enrol(people)
    before = set(desk.pictures.pictures("op-1"))
    photo(people / "REF-2" / "later.png", (20, 235, 20))
    photo(people / "REF-3.png", GREY)
    desk.propose(people)
    assert len(desk.pictures.pictures("op-1")) > len(before)
    waiting = [proposal.entry.reference for proposal in desk.pending.of("op-1")]
    desk.approver.reject("op-1", waiting, desk.officers.second, "not the person")
    assert set(desk.pictures.pictures("op-1")) == before


def test_a_refused_image_leaves_no_picture(desk: Desk, tmp_path: Path) -> None:
    photo(tmp_path / "people" / "REF-0.png", (0, 0, 0))
    desk.propose(tmp_path / "people")
    assert desk.pictures.pictures("op-1") == {}
