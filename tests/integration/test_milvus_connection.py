"""Which server answers: only Milvus Lite must be told to flush, or it scans what was added row by row."""

from __future__ import annotations

from typing import Any

import pytest

from watchbound.adapters.milvus_connect import MilvusConnection
from watchbound.settings import MilvusSettings, load
from watchbound.stack.milvus_lite import MilvusLite


def test_milvus_lite_is_known_by_its_version(milvus_lite: MilvusLite) -> None:
    assert MilvusConnection(load(MilvusSettings, uri=milvus_lite.uri)).is_lite


@pytest.mark.real
def test_a_milvus_server_is_not_taken_for_it(milvus_server: Any) -> None:
    assert not MilvusConnection(load(MilvusSettings, uri=milvus_server.uri)).is_lite
