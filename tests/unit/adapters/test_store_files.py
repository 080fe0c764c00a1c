from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from watchbound.adapters.store_files import FilesSearched, StoreFiles
from watchbound.domain.errors import Unavailable
from watchbound.domain.fingerprint import Fingerprints

TEMPLATES = np.random.default_rng(4).normal(size=(3, 128)).astype(np.float32)
PRINTS = Fingerprints.of(TEMPLATES)
CHUNK = 4 * 1024 * 1024


def test_it_counts_templates_and_the_files_that_hold_them(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "segment").write_bytes(b"x" * 100 + TEMPLATES[0].tobytes())
    (tmp_path / "index").write_bytes(TEMPLATES[0].tobytes() + TEMPLATES[2].tobytes())
    (tmp_path / "empty").write_bytes(b"")
    assert StoreFiles([tmp_path]).search(PRINTS) == FilesSearched(2, 2, 3, 100 + 3 * 512)


@pytest.mark.parametrize("into", [1, 8, 15, 16, 500])
def test_a_copy_across_two_reads_is_found(tmp_path: Path, into: int) -> None:
    (tmp_path / "big").write_bytes(b"\0" * (CHUNK - into) + TEMPLATES[1].tobytes()[-16:] + b"\0" * CHUNK)
    found = StoreFiles([tmp_path]).search(PRINTS)
    assert (found.templates, found.bytes_searched) == (1, 2 * CHUNK - into + 16)


def test_a_folder_that_is_not_there_is_not_called_clean(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="WATCHBOUND_PURGE_STORE_FOLDERS"):
        StoreFiles([tmp_path / "nowhere"]).search(PRINTS)
