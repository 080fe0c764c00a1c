"""Real video files, written here: pace, loops, damage, brightness and orientation."""

import struct
from itertools import islice
from pathlib import Path

import av
import numpy as np
import pytest

from watchbound.camera.health import PictureStatistics
from watchbound.camera.sources.video import VideoFile
from watchbound.domain.errors import Unavailable
from watchbound.ports import Image

WIDTH, HEIGHT = 160, 96


def grey(level: int) -> Image:
    return np.full((HEIGHT, WIDTH, 3), level, np.uint8)


def write_video(
    path: Path, pictures: list[Image], fps: int = 10, codec: str = "libx264", pixels: str = "yuv420p"
) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=fps)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, pixels
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize(
    ("name", "codec", "pixels"),
    [
        ("a.mp4", "libx264", "yuv420p"),
        ("a.mkv", "libx264", "yuv420p"),
        ("a.avi", "mjpeg", "yuvj420p"),
        ("a.mov", "mpeg4", "yuv420p"),
        ("a.ts", "libx264", "yuv420p"),
    ],
)
def test_any_container_is_paced_by_its_timestamps(tmp_path: Path, name: str, codec: str, pixels: str) -> None:
    video = write_video(tmp_path / name, [grey(100)] * 30, 10, codec, pixels)
    pictures = list(VideoFile(video, loop=False).pictures())
    assert [picture.due_s for picture in pictures] == pytest.approx([n / 10 for n in range(30)], abs=1e-3)


def test_a_loop_goes_on_where_it_ended(tmp_path: Path) -> None:
    video = write_video(tmp_path / "a.mp4", [grey(100)] * 5)
    due = [picture.due_s for picture in islice(VideoFile(video, loop=True).pictures(), 17)]
    assert due == pytest.approx([n / 10 for n in range(17)], abs=1e-3)


@pytest.mark.parametrize(("codec", "pixels"), [("libx264", "yuv420p"), ("mjpeg", "yuvj420p")])
@pytest.mark.parametrize("level", [0, 90, 200])
def test_brightness_means_the_same_in_limited_and_full_range(
    tmp_path: Path, codec: str, pixels: str, level: int
) -> None:
    video = write_video(tmp_path / "a.mkv", [grey(level)] * 3, codec=codec, pixels=pixels)
    picture = next(VideoFile(video, loop=False).pictures())
    assert PictureStatistics.of(picture.luma()).mean == pytest.approx(level, abs=3)
    assert picture.image().mean() == pytest.approx(level, abs=3)


def test_pictures_are_blue_green_red(tmp_path: Path) -> None:
    red = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    red[..., 2] = 220
    video = write_video(tmp_path / "a.mp4", [red] * 3)
    image = next(VideoFile(video, loop=False).pictures()).image()
    assert image.shape == (HEIGHT, WIDTH, 3)
    assert image[..., 2].mean() > 180
    assert image[..., :2].mean() < 40


def test_a_telephone_held_upright_is_turned_upright(tmp_path: Path) -> None:
    picture = grey(40)
    picture[:, : WIDTH // 2] = 220  # the left half is what a clockwise turn brings to the top
    video = write_video(tmp_path / "a.mp4", [picture] * 3)
    data = bytearray(video.read_bytes())
    matrix = data.index(b"tkhd") + 4 + 40
    one = 1 << 16
    data[matrix : matrix + 36] = struct.pack(">9i", 0, one, 0, -one, 0, 0, 0, 0, 1 << 30)
    video.write_bytes(data)
    image = next(VideoFile(video, loop=False).pictures()).image()
    assert image.shape == (WIDTH, HEIGHT, 3)
    assert image[: WIDTH // 2].mean() > 200
    assert image[WIDTH // 2 :].mean() < 60


def test_what_is_no_video_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"certainly not a video" * 50)
    with pytest.raises(Unavailable, match=r"a\.mp4: "):
        next(VideoFile(tmp_path / "a.mp4", loop=False).pictures())
    with pytest.raises(Unavailable, match=r"gone\.mp4: No such file"):
        next(VideoFile(tmp_path / "gone.mp4", loop=False).pictures())


def test_sound_alone_is_no_camera(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.wav"), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        frame.rate = 8000
        container.mux(stream.encode(frame))
    with pytest.raises(Unavailable, match="expected a video stream"):
        next(VideoFile(tmp_path / "a.wav", loop=False).pictures())


def test_a_video_cut_short_shows_what_it_has(tmp_path: Path) -> None:
    noise = np.random.default_rng(1)
    pictures = [noise.integers(0, 255, (HEIGHT, WIDTH, 3)).astype(np.uint8) for _ in range(30)]
    video = write_video(tmp_path / "a.mkv", pictures)
    video.write_bytes(video.read_bytes()[: video.stat().st_size // 2])
    shown = list(VideoFile(video, loop=False).pictures())
    assert 5 < len(shown) < 30
