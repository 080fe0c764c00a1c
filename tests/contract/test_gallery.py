"""One suite for the gallery's port, on the fake, on Milvus Lite's server and on a Milvus server."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from watchbound.domain.embedding import Embedding
from watchbound.domain.errors import InvalidValue, Unavailable, UnknownReference
from watchbound.domain.watchlist import Category, EnrolledImage, ResponseLevel, WatchlistEntry
from watchbound.ports import Gallery
from watchbound.settings import MilvusSettings, load
from watchbound.testing.gallery import InMemoryGallery

MODEL, OTHER_MODEL = "a" * 64, "b" * 64
DIMENSION = 8
_TESTS_WITH_A_COLLECTION = 12


@dataclass
class Store:
    """A gallery with collections ready to use: a Milvus server takes 3 s to make one, however many at a time."""

    gallery: Gallery
    collections: Iterator[str]


def _store(gallery: Gallery) -> Store:
    names = [f"Op-{uuid.uuid4().hex[:8]}_{n}.x" for n in range(_TESTS_WITH_A_COLLECTION)]
    with ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(lambda name: gallery.create(name, MODEL, DIMENSION), names))
    return Store(gallery, iter(names))


@pytest.fixture(scope="module", params=["memory", "milvus-lite", pytest.param("milvus", marks=pytest.mark.real)])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "memory":
        return _store(InMemoryGallery())
    # Imported late: the fake needs no client library.
    from watchbound.adapters.milvus_gallery import MilvusGallery

    server = request.getfixturevalue("milvus_lite" if request.param == "milvus-lite" else "milvus_server")
    return _store(MilvusGallery(load(MilvusSettings, uri=server.uri)))


@pytest.fixture
def gallery(store: Store) -> Gallery:
    return store.gallery


@pytest.fixture
def operation(store: Store) -> str:
    """The id of an authorisation whose collection is there and empty."""
    return next(store.collections)


def unit(*numbers: float) -> NDArray[np.float32]:
    vector = np.zeros(DIMENSION, dtype=np.float32)
    vector[: len(numbers)] = numbers
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


def image(
    operation: str, reference: str, vector: NDArray[np.float32], image_id: str = "0", model: str = MODEL
) -> EnrolledImage:
    entry = WatchlistEntry(operation, reference, Category.MISSING, ResponseLevel.AMBER)
    return EnrolledImage(entry, image_id, Embedding(vector, model))


def found(gallery: Gallery, operation: str, *probes: NDArray[np.float32], limit: int = 5) -> list[list[str]]:
    answers = gallery.search(operation, np.stack(probes), MODEL, limit)
    return [[candidate.entry.reference for candidate in candidates] for candidates in answers]


def within_a_second(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 1.0
    while not condition():
        assert time.monotonic() < deadline, "not so after a second"


def test_the_best_come_first_with_their_scores_and_entries(gallery: Gallery, operation: str) -> None:
    near, far = image(operation, "near", unit(1, 0.1)), image(operation, "far", unit(0, 1))
    gallery.add([far, near])
    within_a_second(lambda: found(gallery, operation, unit(1, 0)) == [["near", "far"]])

    ((first, second),) = gallery.search(operation, unit(1, 0)[None], MODEL, 5)

    assert (first.entry, second.entry) == (near.entry, far.entry)
    assert first.score == pytest.approx(1 / np.sqrt(1.01), abs=1e-5)
    assert second.score == pytest.approx(0.0, abs=1e-5)


def test_an_entry_is_one_candidate_however_many_its_images(gallery: Gallery, operation: str) -> None:
    gallery.add([image(operation, "often", unit(1, n / 100), str(n)) for n in range(30)])
    gallery.add([image(operation, "once", unit(1, 2)), image(operation, "twice", unit(1, 3))])
    within_a_second(lambda: found(gallery, operation, unit(1, 0), limit=3) == [["often", "once", "twice"]])
    assert found(gallery, operation, unit(1, 0), limit=2) == [["often", "once"]]
    assert gallery.search(operation, unit(1, 0)[None], MODEL, 1)[0][0].score == pytest.approx(1.0, abs=1e-5)


def test_each_probe_has_its_own_answer(gallery: Gallery, operation: str) -> None:
    gallery.add([image(operation, f"r{n}", np.eye(DIMENSION, dtype=np.float32)[n]) for n in range(4)])
    probes = [np.eye(DIMENSION, dtype=np.float32)[n] for n in (2, 0, 3)]
    within_a_second(lambda: found(gallery, operation, *probes, limit=1) == [["r2"], ["r0"], ["r3"]])


def test_an_empty_collection_answers_that_nobody_resembles(gallery: Gallery, operation: str) -> None:
    assert found(gallery, operation, unit(1), unit(0, 1)) == [[], []]
    assert gallery.images(operation) == []
    assert gallery.remove(operation, "nobody") == 0
    assert gallery.search(operation, np.empty((0, DIMENSION), dtype=np.float32), MODEL, 3) == []


def test_adding_the_same_image_again_replaces_it(gallery: Gallery, operation: str) -> None:
    gallery.add([image(operation, "r", unit(1, 0), "same")])
    gallery.add([image(operation, "r", unit(0, 1), "same")])
    within_a_second(lambda: found(gallery, operation, unit(0, 1)) == [["r"]])
    (kept,) = gallery.images(operation)
    assert kept.embedding.vector == pytest.approx(unit(0, 1), abs=1e-6)


def test_a_removed_entry_is_gone_within_a_second_with_all_its_images(gallery: Gallery, operation: str) -> None:
    gallery.add([image(operation, "goes", unit(1, n), str(n)) for n in range(3)] + [image(operation, "stays", unit(1))])
    within_a_second(lambda: set(found(gallery, operation, unit(1))[0]) == {"goes", "stays"})

    assert gallery.remove(operation, "goes") == 3

    within_a_second(lambda: found(gallery, operation, unit(1)) == [["stays"]])
    assert [kept.entry.reference for kept in gallery.images(operation)] == ["stays"]


def test_images_come_back_whole_and_in_order(gallery: Gallery, operation: str) -> None:
    enrolled = [image(operation, f"r{n // 2}", unit(1, n), f"i{n % 2}") for n in range(6)]
    gallery.add(enrolled[::-1])

    kept = gallery.images(operation)

    assert [(i.entry, i.image_id, i.embedding.model_digest) for i in kept] == [
        (i.entry, i.image_id, i.embedding.model_digest) for i in enrolled
    ]
    for ours, theirs in zip(enrolled, kept, strict=True):
        assert theirs.embedding.vector == pytest.approx(ours.embedding.vector, abs=1e-6)


def test_more_images_than_one_page_holds(gallery: Gallery, operation: str) -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(2500, DIMENSION)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    gallery.add([image(operation, f"r{n:04}", vector) for n, vector in enumerate(vectors)])
    assert [kept.entry.reference for kept in gallery.images(operation)] == [f"r{n:04}" for n in range(2500)]
    within_a_second(lambda: found(gallery, operation, vectors[1234], limit=1) == [["r1234"]])


def test_creating_again_changes_nothing(gallery: Gallery, operation: str) -> None:
    gallery.add([image(operation, "r", unit(1))])
    gallery.create(operation, MODEL, DIMENSION)
    assert len(gallery.images(operation)) == 1
    with pytest.raises(InvalidValue):
        gallery.create(operation, OTHER_MODEL, DIMENSION)
    with pytest.raises(InvalidValue):
        gallery.create(operation, MODEL, DIMENSION + 1)


def test_templates_of_another_model_never_meet_those_of_the_collection(gallery: Gallery, operation: str) -> None:
    with pytest.raises(InvalidValue):
        gallery.add([image(operation, "r", unit(1), model=OTHER_MODEL)])
    with pytest.raises(InvalidValue):
        gallery.add([image(operation, "r", unit(1)), image(operation, "r", unit(1), "1", model=OTHER_MODEL)])
    with pytest.raises(InvalidValue):
        gallery.search(operation, unit(1)[None], OTHER_MODEL, 1)
    with pytest.raises(InvalidValue):
        gallery.search(operation, np.eye(DIMENSION + 1, dtype=np.float32), MODEL, 1)
    assert gallery.images(operation) == []


@pytest.mark.parametrize(
    ("probes", "limit"),
    [
        (np.full((1, DIMENSION), np.nan, dtype=np.float32), 1),
        (np.full((1, DIMENSION), np.inf, dtype=np.float32), 1),
        (np.zeros((1, DIMENSION), dtype=np.float32), 1),
        (np.full((1, DIMENSION), 2, dtype=np.float32), 1),
        (unit(1), 1),
        (unit(1)[None], 0),
    ],
    ids=["nan", "infinite", "zero", "long", "one-dimensional", "no-limit"],
)
def test_probes_that_are_no_templates_are_refused(gallery: Gallery, probes: NDArray[np.float32], limit: int) -> None:
    with pytest.raises(InvalidValue):
        gallery.search("any", probes, MODEL, limit)


def test_images_of_two_authorisations_are_not_added_at_once(gallery: Gallery) -> None:
    with pytest.raises(InvalidValue):
        gallery.add([image("one", "r", unit(1)), image("two", "r", unit(1))])


def test_no_collection_is_never_answered_as_nobody(gallery: Gallery) -> None:
    for act in (
        lambda: gallery.search("nothing-here", unit(1)[None], MODEL, 1),
        lambda: gallery.add([image("nothing-here", "r", unit(1))]),
        lambda: gallery.remove("nothing-here", "r"),
        lambda: gallery.images("nothing-here"),
    ):
        with pytest.raises(UnknownReference, match="nothing-here"):
            act()
    gallery.drop("nothing-here")


def test_a_dropped_collection_is_gone(gallery: Gallery, operation: str) -> None:
    gallery.add([image(operation, "r", unit(1))])
    within_a_second(lambda: found(gallery, operation, unit(1)) == [["r"]])

    gallery.drop(operation)

    with pytest.raises(UnknownReference):
        found(gallery, operation, unit(1))


def test_ids_that_differ_in_a_sign_have_different_collections(gallery: Gallery, operation: str) -> None:
    with pytest.raises(UnknownReference):
        gallery.images(operation.replace(".", "_"))
    with pytest.raises(UnknownReference):
        gallery.images(operation.replace("-", "_2d"))


def test_a_gallery_that_is_down_says_so() -> None:
    gallery = InMemoryGallery()
    gallery.create("op", MODEL, DIMENSION)
    gallery.down = True
    with pytest.raises(Unavailable):
        gallery.search("op", unit(1)[None], MODEL, 1)
    with pytest.raises(Unavailable):
        gallery.drop("op")
