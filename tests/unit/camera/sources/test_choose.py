"""From configuration to source, synthetic people included."""

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from pydantic import SecretStr

from watchbound.camera.site import CameraConfig, ImagesSource, SourceConfig, StreamSource, SyntheticSource, VideoSource
from watchbound.camera.sources.choose import source_of
from watchbound.camera.sources.images import ImageFolder
from watchbound.camera.sources.source import Source
from watchbound.camera.sources.video import LiveStream, VideoFile
from watchbound.domain.errors import ConfigurationError


def chosen(source: SourceConfig, fps: float = 5.0) -> Source:
    return source_of(CameraConfig(id="north", source=source, fps=fps, jpeg_quality=85, buffer_frames=8))


def test_each_kind_has_its_source_and_only_streams_are_live() -> None:
    video = chosen(VideoSource(kind="video", path=Path("a.mp4")))
    images = chosen(ImagesSource(kind="images", path=Path("stills")))
    stream = chosen(StreamSource(kind="stream", url=SecretStr("rtsp://camera/1")))
    assert isinstance(video, VideoFile)
    assert isinstance(images, ImageFolder)
    assert isinstance(stream, LiveStream)
    assert (video.live, images.live, stream.live) == (False, False, True)


def test_synthetic_people_walk_at_the_cameras_rate_and_the_same_each_time() -> None:
    source = chosen(SyntheticSource(kind="synthetic", seed=7, people=("P001",), seconds=20), fps=4.0)
    one, two = (list(islice(source.pictures(), 3)) for _ in range(2))
    assert [picture.due_s for picture in one] == [0.0, 0.25, 0.5]
    assert one[2].image().shape == (720, 1280, 3)
    assert np.array_equal(one[2].image(), two[2].image())


def test_more_people_than_the_time_allows_are_refused_at_the_start() -> None:
    with pytest.raises(ConfigurationError, match="camera north: source: expected at most 0 people in 2 s"):
        chosen(SyntheticSource(kind="synthetic", seed=7, people=("P001",), seconds=2))


def test_people_that_do_not_even_not_exist_are_refused_by_camera() -> None:
    with pytest.raises(ConfigurationError, match="camera north: source: people are distinct names among"):
        chosen(SyntheticSource(kind="synthetic", seed=7, people=("X999",), seconds=2))
