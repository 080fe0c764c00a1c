"""One suite for the picture store's port, on the fake and on a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from watchbound.domain.errors import ConfigurationError, KeyDestroyed, Poison, Unavailable, UnknownReference
from watchbound.domain.picture import PictureName
from watchbound.domain.sealing import Purpose
from watchbound.pipeline.pictures import WatchlistPictures
from watchbound.ports import PictureStore
from watchbound.settings import PictureSettings, load
from watchbound.testing.keyring import FakeKeyRing
from watchbound.testing.pictures import InMemoryPictureStore

JPEG = b"\xff\xd8 somebody \xff\xd9" * 40
FRONT, SIDE = (PictureName("op-1", "REF-1", letter * 64) for letter in "ab")
OTHER = PictureName("op-1", "REF-2", "a" * 64)
ELSEWHERE = PictureName("op-2", "REF-1", "a" * 64)


@pytest.fixture(params=["memory", "folder"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> PictureStore:
    if request.param == "memory":
        return InMemoryPictureStore()
    # Imported late: the fake needs no adapter.
    from watchbound.adapters.picture_folder import open_picture_store

    return open_picture_store(load(PictureSettings, folder=tmp_path / "pictures"))


@pytest.fixture
def pictures(store: PictureStore) -> WatchlistPictures:
    ring = FakeKeyRing()
    for authorisation_id in ("op-1", "op-2"):
        ring.create(authorisation_id)
    kept = WatchlistPictures(store, ring)
    for name in (FRONT, SIDE, OTHER, ELSEWHERE):
        kept.keep(name, JPEG)
    return kept


def test_a_kept_picture_is_shown_again(pictures: WatchlistPictures) -> None:
    assert pictures.show(FRONT) == JPEG


def test_it_rests_sealed(pictures: WatchlistPictures, store: PictureStore) -> None:
    assert b"somebody" not in store.get(FRONT)
    assert store.pictures("op-1") == {name: len(store.get(name)) for name in (FRONT, SIDE, OTHER)}


def test_a_picture_put_in_place_of_another_does_not_open(pictures: WatchlistPictures, store: PictureStore) -> None:
    store.put(OTHER, store.get(FRONT))
    with pytest.raises(Poison):
        pictures.show(OTHER)


def test_the_same_name_again_takes_its_place(pictures: WatchlistPictures, store: PictureStore) -> None:
    pictures.keep(FRONT, b"a newer one")
    assert pictures.show(FRONT) == b"a newer one"
    assert len(store.pictures("op-1")) == 3


def test_an_entry_that_goes_takes_its_pictures_along(pictures: WatchlistPictures, store: PictureStore) -> None:
    assert pictures.remove("op-1", "REF-1") == 2
    assert set(store.pictures("op-1")) == {OTHER}
    assert set(store.pictures("op-2")) == {ELSEWHERE}
    with pytest.raises(UnknownReference):
        pictures.show(FRONT)
    assert pictures.remove("op-1", "REF-1") == 0


def test_an_entry_may_keep_some_of_its_pictures(pictures: WatchlistPictures, store: PictureStore) -> None:
    assert pictures.remove("op-1", "REF-1", keep=[SIDE.image_id]) == 1
    assert set(store.pictures("op-1")) == {SIDE, OTHER}


def test_a_sweep_takes_all_of_an_authorisation_and_nothing_else(
    pictures: WatchlistPictures, store: PictureStore
) -> None:
    assert store.sweep("op-1") == 3
    assert store.pictures("op-1") == {}
    assert set(store.pictures("op-2")) == {ELSEWHERE}
    assert store.sweep("op-1") == 0


def test_a_destroyed_key_leaves_nothing_to_show(store: PictureStore) -> None:
    ring = FakeKeyRing()
    ring.create("op-1")
    kept = WatchlistPictures(store, ring)
    kept.keep(FRONT, JPEG)
    ring.destroy("op-1", Purpose.WATCHLIST)
    with pytest.raises(KeyDestroyed):
        kept.show(FRONT)


def test_the_folder_is_its_owners_alone(tmp_path: Path) -> None:
    from watchbound.adapters.picture_folder import open_picture_store

    settings = load(PictureSettings, folder=tmp_path / "pictures")
    open_picture_store(settings).put(FRONT, b"sealed")
    assert {p.stat().st_mode & 0o777 for p in settings.folder.rglob("*") if p.is_dir()} == {0o700}
    assert {p.stat().st_mode & 0o777 for p in settings.folder.rglob("*") if p.is_file()} == {0o600}
    settings.folder.chmod(0o755)
    with pytest.raises(ConfigurationError, match="chmod 700"):
        open_picture_store(settings)


def test_an_unmounted_folder_is_not_an_empty_one(tmp_path: Path) -> None:
    from watchbound.adapters.picture_folder import open_picture_store

    store = open_picture_store(load(PictureSettings, folder=tmp_path / "pictures"))
    (tmp_path / "pictures").rename(tmp_path / "unmounted")
    for ask in (lambda: store.get(FRONT), lambda: store.pictures("op-1"), lambda: store.sweep("op-1")):
        with pytest.raises(Unavailable):
            ask()
