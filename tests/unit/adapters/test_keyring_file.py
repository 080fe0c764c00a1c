from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from watchbound.adapters.key_folder import KeyFolder
from watchbound.adapters.keyring import open_key_ring
from watchbound.adapters.keyring_file import MasterKeyWrapper, init_ring
from watchbound.adapters.keyring_folder import REMEMBERED_S, FolderKeyRing
from watchbound.domain.errors import ConfigurationError, InvalidValue, KeyDestroyed, Poison, Unavailable
from watchbound.domain.sealing import Purpose
from watchbound.settings import KeySettings, load

OPERATION = "op-2026-117"


@pytest.fixture
def settings(tmp_path: Path) -> KeySettings:
    made = load(KeySettings, folder=tmp_path / "ring", master_key=tmp_path / "elsewhere" / "master.key")
    init_ring(made.folder, made.master_key)
    return made


class Seconds:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def ring_at(settings: KeySettings, seconds: Seconds, seals_per_version: int = 1000) -> FolderKeyRing:
    folder = KeyFolder(settings.folder)
    return FolderKeyRing(folder, MasterKeyWrapper(settings.master_key, folder), seconds, seals_per_version)


def test_the_ring_and_its_master_key_are_their_owners_alone(settings: KeySettings) -> None:
    open_key_ring(settings).create(OPERATION)
    modes = {path: path.stat().st_mode & 0o777 for path in [settings.master_key, *settings.folder.rglob("*")]}
    assert {modes[path] for path in modes if path.is_file()} == {0o600}
    assert {modes[path] for path in modes if path.is_dir()} == {0o700}


@pytest.mark.parametrize(("which", "mode"), [("folder", 0o750), ("folder", 0o701), ("master_key", 0o640)])
def test_a_ring_that_others_can_read_is_refused_with_the_remedy(settings: KeySettings, which: str, mode: int) -> None:
    path: Path = getattr(settings, which)
    path.chmod(mode)
    with pytest.raises(
        ConfigurationError, match=rf"mode {mode:o}.*chmod {'700' if which == 'folder' else '600'} {path}"
    ):
        open_key_ring(settings)


def test_a_ring_that_is_not_there_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"WATCHBOUND_KEYS_FOLDER.*watchbound ring init"):
        open_key_ring(load(KeySettings, folder=tmp_path / "none", master_key=tmp_path / "none.key"))


def test_a_master_key_that_is_not_there_names_its_setting(settings: KeySettings) -> None:
    settings.master_key.unlink()
    with pytest.raises(ConfigurationError, match="WATCHBOUND_KEYS_MASTER_KEY"):
        open_key_ring(settings)


@pytest.mark.parametrize("text", ["", "not hexadecimal", "00" * 31, "00" * 33, "é" * 64])
def test_a_master_key_of_another_form_is_refused_and_not_shown(settings: KeySettings, text: str) -> None:
    settings.master_key.write_text(text)
    with pytest.raises(ConfigurationError, match="64 hexadecimal digits; it holds something else"):
        open_key_ring(settings)


def test_another_rings_master_key_is_refused_at_the_start(settings: KeySettings, tmp_path: Path) -> None:
    init_ring(tmp_path / "ring-2", tmp_path / "master-2.key")
    with pytest.raises(ConfigurationError, match="is not the master key of"):
        open_key_ring(load(KeySettings, folder=settings.folder, master_key=tmp_path / "master-2.key"))


def test_a_master_key_inside_the_ring_is_refused(settings: KeySettings) -> None:
    inside = settings.folder / "master.key"
    shutil.copy(settings.master_key, inside)
    with pytest.raises(ConfigurationError, match="one copy would hold both"):
        open_key_ring(load(KeySettings, folder=settings.folder, master_key=inside))


def test_nothing_is_made_over_what_is_there(settings: KeySettings, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="not written over"):
        init_ring(tmp_path / "ring-2", settings.master_key)
    with pytest.raises(ConfigurationError, match="holds something"):
        init_ring(settings.folder, tmp_path / "master-2.key")
    assert not (tmp_path / "master-2.key").exists()


def test_a_name_that_leaves_the_folder_is_refused(settings: KeySettings) -> None:
    with pytest.raises(InvalidValue):
        open_key_ring(settings).create("../elsewhere")


def test_a_key_file_put_in_place_of_another_opens_nothing(settings: KeySettings) -> None:
    ring = open_key_ring(settings)
    ring.create(OPERATION)
    keys = settings.folder / OPERATION
    shutil.copy(keys / "alerts.1.key", keys / "frames.1.key")
    with pytest.raises(Unavailable, match="damaged"):
        ring.seal(OPERATION, Purpose.FRAMES, b"picture", "f1")


def test_a_key_destroyed_by_another_process_stops_opening_within_a_second(settings: KeySettings) -> None:
    seconds = Seconds()
    here, there = ring_at(settings, seconds), open_key_ring(settings)
    here.create(OPERATION)
    sealed = here.seal(OPERATION, Purpose.FRAMES, b"picture", "f1")
    there.destroy(OPERATION, Purpose.FRAMES)
    assert REMEMBERED_S < 1.0
    seconds.now += REMEMBERED_S
    with pytest.raises(KeyDestroyed):
        here.open(OPERATION, Purpose.FRAMES, sealed, "f1")


def test_a_version_made_by_another_process_opens_at_once(settings: KeySettings) -> None:
    here, there = ring_at(settings, Seconds()), open_key_ring(settings)
    here.create(OPERATION)
    here.seal(OPERATION, Purpose.FRAMES, b"picture", "f1")
    there.rotate(OPERATION, Purpose.FRAMES)
    newer = there.seal(OPERATION, Purpose.FRAMES, b"newer", "f2")
    assert here.open(OPERATION, Purpose.FRAMES, newer, "f2") == b"newer"


def test_a_version_rotates_before_its_nonces_could_repeat(settings: KeySettings) -> None:
    seconds = Seconds()
    ring = ring_at(settings, seconds, seals_per_version=3)
    ring.create(OPERATION)
    sealed = []
    for number in range(7):
        seconds.now += REMEMBERED_S
        sealed.append(ring.seal(OPERATION, Purpose.FRAMES, b"picture", str(number)))
    assert ring.versions(OPERATION)[Purpose.FRAMES] == (1, 2, 3)
    assert {ring.open(OPERATION, Purpose.FRAMES, one, str(n)) for n, one in enumerate(sealed)} == {b"picture"}


def test_destruction_leaves_no_byte_of_the_key_and_a_tombstone(settings: KeySettings) -> None:
    ring = open_key_ring(settings)
    ring.create(OPERATION)
    path = settings.folder / OPERATION / "frames.1.key"
    # A second name for the same blocks shows what is in them after the unlinking.
    witness = settings.folder / "witness"
    os.link(path, witness)
    before = witness.read_bytes()
    ring.destroy(OPERATION, Purpose.FRAMES)
    after = witness.read_bytes()
    assert len(after) == len(before)
    assert sum(a == b for a, b in zip(before, after, strict=True)) < len(before) / 4
    assert sorted(p.name for p in (settings.folder / OPERATION).iterdir()) == [
        "alerts.1.key",
        "frames.destroyed",
        "watchlist.1.key",
    ]


def test_an_interrupted_destruction_has_destroyed_and_can_be_finished(
    settings: KeySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = open_key_ring(settings)
    ring.create(OPERATION)
    sealed = ring.seal(OPERATION, Purpose.FRAMES, b"picture", "f1")
    with monkeypatch.context() as broken:
        broken.setattr(Path, "unlink", _fails)
        with pytest.raises(Unavailable):
            ring.destroy(OPERATION, Purpose.FRAMES)
    with pytest.raises(KeyDestroyed):
        open_key_ring(settings).open(OPERATION, Purpose.FRAMES, sealed, "f1")
    ring.destroy(OPERATION, Purpose.FRAMES)
    assert not list((settings.folder / OPERATION).glob("frames.*.key"))


def test_a_full_disk_leaves_nothing_half_written(settings: KeySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    ring = open_key_ring(settings)
    ring.create(OPERATION)
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", _fails)
        with pytest.raises(Unavailable, match="No space left"):
            ring.rotate(OPERATION, Purpose.FRAMES)
    assert ring.versions(OPERATION)[Purpose.FRAMES] == (1,)
    assert not list(settings.folder.rglob("*.part"))


def test_a_ring_whose_disk_has_gone_is_not_a_ring_whose_keys_were_destroyed(settings: KeySettings) -> None:
    ring = open_key_ring(settings)
    ring.create(OPERATION)
    settings.folder.rename(settings.folder.with_name("unmounted"))
    with pytest.raises(Unavailable):
        ring.seal(OPERATION, Purpose.FRAMES, b"picture", "f1")


def test_bytes_of_a_version_that_does_not_exist_are_altered(settings: KeySettings) -> None:
    ring = open_key_ring(settings)
    ring.create(OPERATION)
    sealed = bytearray(ring.seal(OPERATION, Purpose.FRAMES, b"picture", "f1"))
    sealed[4] = 9
    with pytest.raises(Poison, match="key version 9"):
        ring.open(OPERATION, Purpose.FRAMES, bytes(sealed), "f1")


def _fails(*_arguments: object, **_options: object) -> None:
    raise OSError(28, "No space left on device")
