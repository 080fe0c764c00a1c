"""Bounded, oldest out first, fair between cameras."""

import threading
from datetime import UTC, datetime

from watchbound.camera.buffers import FrameBuffers
from watchbound.domain.frame import Frame

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def frame(camera: str, sequence: int) -> Frame:
    return Frame(camera, sequence, NOON, "op-1", b"jpeg")


def test_the_oldest_of_the_same_camera_goes_when_it_is_full() -> None:
    buffers = FrameBuffers({"a": 2, "b": 2})
    assert [buffers.push(frame("a", n)) for n in range(2)] == [None, None]
    assert buffers.push(frame("b", 0)) is None
    shed = buffers.push(frame("a", 2))
    assert shed is not None
    assert (shed.camera_id, shed.sequence) == ("a", 0)
    assert len(buffers) == 3


def test_cameras_take_turns_and_each_keeps_its_order() -> None:
    buffers = FrameBuffers({"a": 8, "b": 8})
    for n in range(4):
        buffers.push(frame("a", n))
    buffers.push(frame("b", 0))
    taken = [buffers.take(0.0) for _ in range(5)]
    order = [(one.camera_id, one.sequence) for one in taken if one is not None]
    assert order == [("a", 0), ("b", 0), ("a", 1), ("a", 2), ("a", 3)]
    assert buffers.take(0.0) is None


def test_a_waiting_taker_is_woken() -> None:
    buffers = FrameBuffers({"a": 1})
    got: list[Frame | None] = []
    taker = threading.Thread(target=lambda: got.append(buffers.take(30.0)))
    taker.start()
    buffers.push(frame("a", 9))
    taker.join(5.0)
    assert [one.sequence for one in got if one] == [9]
