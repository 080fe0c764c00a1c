"""Labelled videos: what is read of labels, and what is refused by row."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from watchbound.domain.errors import ConfigurationError
from watchbound.stack.footage import read_footage

HEADER = "frame,person,x,y,width,height,eye_distance,visible"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two seconds of grey at ten pictures a second."""
    writer = cv2.VideoWriter(str(tmp_path / "gate.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (64, 48))
    for _ in range(20):
        writer.write(np.full((48, 64, 3), 120, np.uint8))
    writer.release()
    return tmp_path


def label(folder: Path, *rows: str, header: str = HEADER) -> None:
    (folder / "gate.labels.csv").write_text("\n".join([header, *rows]) + "\n")


def test_labels_give_each_frame_its_faces(folder: Path) -> None:
    label(folder, "0,ann,1,2,10,12,20,0.5", "0,bob,30,2,10,12,21,", "7,ann,3,2,10,12,22,1")
    (footage,) = read_footage(folder)
    assert footage.camera_id == "gate"
    assert len(footage.truth.frames) == 20
    assert footage.truth.fps == pytest.approx(10.0)
    first, eighth = footage.truth.frames[0], footage.truth.frames[7]
    assert [(face.person, face.visible_fraction) for face in first.faces] == [("ann", 0.5), ("bob", 1.0)]
    assert eighth.second == pytest.approx(0.7)
    assert eighth.faces[0].eye_distance == 22.0
    sampled = [index for index, _, _ in footage.sampled(5.0)]
    assert sampled == list(range(0, 20, 2))


@pytest.mark.parametrize(
    ("rows", "header", "message"),
    [
        (["0,ann,1,2,ten,12,20,1"], HEADER, "row 2: expected numbers"),
        (["0,ann,1,2,0,12,20,1"], HEADER, "must have an area"),
        (["0,,1,2,10,12,20,1"], HEADER, "a face has no person"),
        (["20,ann,1,2,10,12,20,1"], HEADER, r"frames 0 to 19 as in gate\.avi, got 20"),
        (["0,ann"], "frame,person", "x, y, width, height, eye_distance is not there"),
    ],
)
def test_labels_that_make_no_sense_are_a_usage_error(folder: Path, rows: list[str], header: str, message: str) -> None:
    label(folder, *rows, header=header)
    with pytest.raises(ConfigurationError, match=message):
        read_footage(folder)


def test_a_video_without_ground_truth_is_passed_over(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match="a folder with videos and their ground truth"):
        read_footage(folder)
    with pytest.raises(ConfigurationError, match="found none in"):
        read_footage(folder / "gate.avi")
