"""What a demonstration of one's own footage refuses before anything is started."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.unit.camera.sources.test_video import grey, write_video
from watchbound.domain.errors import ConfigurationError
from watchbound.stack.demo_plan import video_plan


@pytest.fixture
def people(tmp_path: Path) -> Path:
    folder = tmp_path / "people"
    folder.mkdir()
    (folder / "A-1.jpg").touch()
    return folder


def test_footage_that_can_be_decoded_is_a_camera_each(tmp_path: Path, people: Path) -> None:
    video = write_video(tmp_path / "a.mp4", [grey(100)] * 3)
    plan = video_plan([video, video], people, None)
    assert [(camera.id, camera.truth) for camera in plan.cameras] == [("video-1", None), ("video-2", None)]


def test_footage_cut_from_a_stream_may_begin_with_damage(tmp_path: Path, people: Path) -> None:
    noise = np.random.default_rng(1)
    pictures = [noise.integers(0, 255, (96, 160, 3)).astype(np.uint8) for _ in range(40)]
    video = write_video(tmp_path / "a.ts", pictures)
    whole = video.read_bytes()
    video.write_bytes(whole[188 * 40 :] + whole)
    assert video_plan([video], people, None).cameras


@pytest.mark.parametrize("data", [b"", b"not a video", b"certainly not a video" * 50])
def test_a_file_that_is_no_video_is_refused_by_name(tmp_path: Path, people: Path, data: bytes) -> None:
    (tmp_path / "n.mp4").write_bytes(data)
    with pytest.raises(ConfigurationError, match=r"--video: expected a video file, got .*n\.mp4, which cannot be"):
        video_plan([tmp_path / "n.mp4"], people, None)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path, people: Path) -> None:
    with pytest.raises(ConfigurationError, match="--video: expected a video file, found none at"):
        video_plan([tmp_path / "gone.mp4"], people, None)
