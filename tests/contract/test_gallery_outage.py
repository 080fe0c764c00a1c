"""What the Milvus gallery does while its server is away, and once it is back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.log_backends import until
from tests.contract.test_gallery import DIMENSION, MODEL, found, image, unit
from watchbound.adapters.milvus_gallery import MilvusGallery
from watchbound.domain.errors import Unavailable
from watchbound.ports import Gallery
from watchbound.settings import MilvusSettings, load
from watchbound.stack.milvus_lite import MilvusLite
from watchbound.stack.processes import free_port


def answers(gallery: Gallery) -> list[list[str]] | None:
    try:
        return found(gallery, "op", unit(1))
    except Unavailable:
        return None


def test_it_says_that_the_server_is_gone_and_goes_on_once_it_is_back(tmp_path: Path) -> None:
    port = free_port()
    with MilvusLite(tmp_path, port) as server:
        gallery = MilvusGallery(load(MilvusSettings, uri=server.uri, timeout_s=3))
        gallery.create("op", MODEL, DIMENSION)
        gallery.add([image("op", "r", unit(1))])
        server.process.kill()

        with pytest.raises(Unavailable, match=r"WATCHBOUND_MILVUS_URI"):
            found(gallery, "op", unit(1))
        with pytest.raises(Unavailable):
            gallery.drop("op")

    with MilvusLite(tmp_path, port):
        # The same object, told nothing.
        until(lambda: answers(gallery) == [["r"]])
        gallery.drop("op")

    held = [path for path in (tmp_path / "milvus-lite").rglob("*") if path.is_file() and "_op" in str(path)]
    assert held == [], "a dropped collection left files behind"


def test_connecting_to_nobody_says_where() -> None:
    uri = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(Unavailable, match=uri):
        MilvusGallery(load(MilvusSettings, uri=uri, timeout_s=0.5))
