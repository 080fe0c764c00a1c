"""What a purge of the real places is built from."""

from __future__ import annotations

import pytest

from watchbound.cli.purge import purge_configuration
from watchbound.domain.errors import Poison


@pytest.mark.parametrize("garbage", [b"", b"{", b"[]", b'{"version": 1}', b"\xff\xfe"])
def test_a_window_that_cannot_be_read_is_poison_like_any_other_record(garbage: bytes) -> None:
    with pytest.raises(Poison):
        list(purge_configuration(None).windows(garbage))
