from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given

from watchbound.domain.errors import InvalidValue
from watchbound.domain.frame import Frame, require_name

from ..strategies import NOON, frames, names

FRAME = Frame("gate-1", 7, NOON, "op-1", b"jpeg")


@given(names)
def test_names_are_keys_labels_and_file_names_at_once(name: str) -> None:
    require_name(name, "a camera id")
    assert "/" not in name
    assert name not in (".", "..")


@pytest.mark.parametrize("name", ["", ".hidden", "a/b", "a b", "é", "x" * 65, "a\n", "-rf"])
def test_other_names_are_refused_and_shown(name: str) -> None:
    with pytest.raises(InvalidValue, match="a camera id must be 1 to 64"):
        require_name(name, "a camera id")


@given(frames, frames)
def test_the_id_tells_frames_apart(one: Frame, other: Frame) -> None:
    same = (one.camera_id, one.captured_at, one.sequence) == (other.camera_id, other.captured_at, other.sequence)
    assert (one.id == other.id) == same


def test_the_id_outlives_a_restart_of_the_camera() -> None:
    assert FRAME.id == "gate-1/1795435200000000/7"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("camera_id", "gate/1"),
        ("authorisation_id", ""),
        ("captured_at", NOON.replace(tzinfo=None)),
        ("sequence", -1),
    ],
)
def test_a_frame_in_a_wrong_state_cannot_exist(field: str, value: object) -> None:
    with pytest.raises(InvalidValue):
        dataclasses.replace(FRAME, **{field: value})  # type: ignore[arg-type]


def test_a_frame_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        FRAME.jpeg = b""  # type: ignore[misc]
