"""One suite for the key ring's port: the fake, keys wrapped by a master key, keys wrapped inside a PKCS#11 token."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from watchbound.domain.errors import KeyDestroyed, Poison, PoisonReason
from watchbound.domain.sealing import Purpose
from watchbound.ports import KeyRing
from watchbound.testing.keyring import FakeKeyRing

PICTURE = b"\xff\xd8 a picture of somebody \xff\xd9" * 50
OPERATION, OTHER = "op-2026-117", "op-2026-118"
FRAME = "gate-1/1790000000000000/7"


@pytest.fixture(params=["memory", "file", pytest.param("pkcs11", marks=pytest.mark.real)])
def ring(request: pytest.FixtureRequest, tmp_path: Path) -> KeyRing:
    if request.param == "pkcs11":
        request.getfixturevalue("softhsm")
    made = FakeKeyRing() if request.param == "memory" else folder_ring(request.param, tmp_path)
    made.create(OPERATION)
    made.create(OTHER)
    return made


def folder_ring(kind: str, folder: Path) -> KeyRing:
    # Imported late: the fake needs no client library.
    from watchbound.adapters.keyring import init_key_ring, open_key_ring
    from watchbound.settings import KeySettings, load

    settings = load(KeySettings, ring=kind, folder=folder / "ring", master_key=folder / "master.key")
    init_key_ring(settings)
    return open_key_ring(settings)


def unsealable(open_it: Callable[[], bytes]) -> None:
    with pytest.raises(Poison) as caught:
        open_it()
    assert caught.value.reason is PoisonReason.UNSEALABLE


@pytest.mark.parametrize("plain", [b"", b"x", PICTURE], ids=["nothing", "one byte", "a picture"])
def test_what_is_sealed_opens_again(ring: KeyRing, plain: bytes) -> None:
    sealed = ring.seal(OPERATION, Purpose.FRAMES, plain, FRAME)
    assert ring.open(OPERATION, Purpose.FRAMES, sealed, FRAME) == plain


def test_sealed_bytes_do_not_show_what_they_hold(ring: KeyRing) -> None:
    assert b"a picture" not in ring.seal(OPERATION, Purpose.FRAMES, PICTURE, FRAME)


def test_the_same_sealed_twice_looks_different(ring: KeyRing) -> None:
    once, twice = (ring.seal(OPERATION, Purpose.FRAMES, PICTURE, FRAME) for _ in range(2))
    assert once != twice


def test_sealed_bytes_open_for_nothing_else(ring: KeyRing) -> None:
    sealed = ring.seal(OPERATION, Purpose.FRAMES, PICTURE, FRAME)
    unsealable(lambda: ring.open(OPERATION, Purpose.FRAMES, sealed, "gate-1/1790000000000000/8"))
    unsealable(lambda: ring.open(OPERATION, Purpose.ALERTS, sealed, FRAME))
    unsealable(lambda: ring.open(OTHER, Purpose.FRAMES, sealed, FRAME))


def test_a_single_altered_byte_is_noticed_wherever_it_is(ring: KeyRing) -> None:
    sealed = ring.seal(OPERATION, Purpose.FRAMES, b"short", FRAME)
    for place in range(len(sealed)):
        altered = bytearray(sealed)
        altered[place] ^= 1
        unsealable(partial(ring.open, OPERATION, Purpose.FRAMES, bytes(altered), FRAME))


def test_cut_bytes_are_noticed_at_every_length(ring: KeyRing) -> None:
    sealed = ring.seal(OPERATION, Purpose.FRAMES, b"short", FRAME)
    for length in range(len(sealed)):
        unsealable(partial(ring.open, OPERATION, Purpose.FRAMES, sealed[:length], FRAME))


def test_a_new_version_seals_and_the_older_ones_still_open(ring: KeyRing) -> None:
    before = ring.seal(OPERATION, Purpose.ALERTS, b"before", "m1")
    assert ring.rotate(OPERATION, Purpose.ALERTS) == 2
    after = ring.seal(OPERATION, Purpose.ALERTS, b"after", "m2")
    assert ring.open(OPERATION, Purpose.ALERTS, before, "m1") == b"before"
    assert ring.open(OPERATION, Purpose.ALERTS, after, "m2") == b"after"
    assert ring.versions(OPERATION) == {Purpose.FRAMES: (1,), Purpose.WATCHLIST: (1,), Purpose.ALERTS: (1, 2)}


def test_creating_again_keeps_the_keys(ring: KeyRing) -> None:
    sealed = ring.seal(OPERATION, Purpose.WATCHLIST, b"template", "entry")
    ring.create(OPERATION)
    assert ring.open(OPERATION, Purpose.WATCHLIST, sealed, "entry") == b"template"
    assert ring.versions(OPERATION) == dict.fromkeys(Purpose, (1,))


def test_a_destroyed_key_neither_opens_nor_seals_and_leaves_the_others(ring: KeyRing) -> None:
    gone = ring.seal(OPERATION, Purpose.FRAMES, PICTURE, FRAME)
    kept = ring.seal(OPERATION, Purpose.ALERTS, b"crop", "m1")
    ring.rotate(OPERATION, Purpose.FRAMES)
    assert ring.destroy(OPERATION, Purpose.FRAMES) == 2
    for act in (
        lambda: ring.open(OPERATION, Purpose.FRAMES, gone, FRAME),
        lambda: ring.seal(OPERATION, Purpose.FRAMES, PICTURE, FRAME),
        lambda: ring.rotate(OPERATION, Purpose.FRAMES),
    ):
        with pytest.raises(KeyDestroyed):
            act()
    assert ring.open(OPERATION, Purpose.ALERTS, kept, "m1") == b"crop"
    assert Purpose.FRAMES not in ring.versions(OPERATION)


def test_an_authorisation_is_never_begun_twice(ring: KeyRing) -> None:
    ring.destroy(OPERATION, Purpose.WATCHLIST)
    with pytest.raises(KeyDestroyed):
        ring.create(OPERATION)
    assert Purpose.WATCHLIST not in ring.versions(OPERATION)


def test_what_never_had_a_key_cannot_begin_after_its_destruction(ring: KeyRing) -> None:
    assert ring.destroy("op-unknown", Purpose.FRAMES) == 0
    with pytest.raises(KeyDestroyed):
        ring.create("op-unknown")


def test_destroying_again_destroys_nothing_more(ring: KeyRing) -> None:
    assert [ring.destroy(OPERATION, Purpose.ALERTS) for _ in range(2)] == [1, 0]


def test_without_a_key_nothing_is_sealed(ring: KeyRing) -> None:
    assert ring.versions("op-unknown") == {}
    with pytest.raises(KeyDestroyed, match="never made"):
        ring.seal("op-unknown", Purpose.FRAMES, PICTURE, FRAME)


def test_threads_that_create_rotate_and_seal_agree(ring: KeyRing) -> None:
    def work(number: int) -> None:
        ring.create("op-busy")
        if number % 4 == 0:
            ring.rotate("op-busy", Purpose.FRAMES)
        plain = os.urandom(64)
        assert ring.open("op-busy", Purpose.FRAMES, ring.seal("op-busy", Purpose.FRAMES, plain, "f"), "f") == plain

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(24)))
    assert ring.versions("op-busy")[Purpose.FRAMES] == tuple(range(1, 8))
