"""A site file is right, or its message says which file, camera and key to mend."""

from pathlib import Path

import pytest

from watchbound.camera.site import ImagesSource, SiteConfig, StreamSource, SyntheticSource, VideoSource, load_site
from watchbound.domain.errors import ConfigurationError
from watchbound.settings import CameraSettings

DEFAULTS = CameraSettings(fps=4.0, jpeg_quality=80, buffer_frames=6)


def load(folder: Path, text: str) -> SiteConfig:
    site = folder / "site.yaml"
    site.write_text(text)
    return load_site(site, DEFAULTS)


def refused(folder: Path, text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(folder, text)
    message = str(caught.value)
    assert message.startswith(str(folder / "site.yaml"))
    return message


def test_every_kind_of_source(tmp_path: Path) -> None:
    (tmp_path / "entrance.mp4").touch()
    (tmp_path / "stills").mkdir()
    site = load(
        tmp_path,
        """
        cameras:
          - id: entrance-1
            source: {kind: video, path: entrance.mp4, loop: true}
            fps: 10
          - id: gate
            source: {kind: stream, url: "rtsp://user:secret@10.0.0.5:554/main"}
          - {id: stills, source: {kind: images, path: stills}, jpeg_quality: 95, fps:}
          - {id: made, source: {kind: synthetic, seed: 7, people: [P001, P002], seconds: 60}, buffer_frames: 2}
        """,
    )
    entrance, gate, stills, made = site.cameras
    assert entrance.source == VideoSource(kind="video", path=tmp_path / "entrance.mp4", loop=True)
    assert (entrance.fps, entrance.jpeg_quality, entrance.buffer_frames) == (10.0, 80, 6)
    assert isinstance(gate.source, StreamSource)
    assert gate.source.url.get_secret_value() == "rtsp://user:secret@10.0.0.5:554/main"
    assert stills.source == ImagesSource(kind="images", path=tmp_path / "stills")
    assert (stills.jpeg_quality, stills.fps) == (95, 4.0)
    assert isinstance(made.source, SyntheticSource)
    assert (made.source.people, made.buffer_frames) == (("P001", "P002"), 2)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", "a list of cameras under the key 'cameras'"),
        ("cameras: 3", "a list of cameras under the key 'cameras'"),
        ("cameras: []", "site: cameras: "),
        ("cameras: [", "not YAML at line"),
        ("cameras: [{source: {kind: synthetic, seed: 1}}]", "camera number 1: id: Field required"),
        ("cameras: [{id: a/b, source: {kind: synthetic, seed: 1}}]", "camera a/b: id: a camera id must be 1 to 64"),
        ("cameras: [{id: a}]", "camera a: source: Field required"),
        ("cameras: [just words]", "camera number 1: "),
        ("cameras: [{id: a, source: {kind: telepathy}}]", "camera a: source: "),
        ("cameras: [{id: a, source: {kind: video}}]", "camera a: source.path: Field required"),
        ("cameras: [{id: a, source: {kind: video, path: gone.mp4}}]", "camera a: source.path: expected a file"),
        ("cameras: [{id: a, source: {kind: images, path: gone}}]", "camera a: source.path: expected a folder"),
        ("cameras: [{id: a, source: {kind: synthetic, seed: -1}}]", "camera a: source.seed: "),
        ("cameras: [{id: a, source: {kind: synthetic, seed: 1}, fps: 0}]", "camera a: fps: "),
        ("cameras: [{id: a, source: {kind: synthetic, seed: 1}, fps: many}]", "(got 'many')"),
        ("cameras: [{id: a, source: {kind: synthetic, seed: 1}, jpeg_quality: 101}]", "camera a: jpeg_quality: "),
        ("cameras: [{id: a, source: {kind: synthetic, seed: 1}, colour: red}]", "camera a: colour: "),
        ("cameras: [{id: a, source: {kind: synthetic, seed: 1}}]\nspeed: 3", "site: speed: "),
        (
            "cameras: [{id: a, source: {kind: synthetic, seed: 1}}, {id: a, source: {kind: synthetic, seed: 2}}]",
            "more than once: a",
        ),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, wanted: str) -> None:
    assert wanted in refused(tmp_path, text)


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    message = refused(
        tmp_path, "cameras: [{id: a, source: {kind: video}}, {id: b, source: {kind: synthetic, seed: 1}, fps: 99}]"
    )
    assert "camera a: source.path" in message
    assert "camera b: fps" in message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.yaml: expected a site file, No such file"):
        load_site(tmp_path / "nowhere.yaml", DEFAULTS)


@pytest.mark.parametrize("url", ["ftp://root:hunter2@host/x", "root:hunter2@host", "rtsp://", "[hunter2"])
def test_a_bad_address_is_refused_without_repeating_it(tmp_path: Path, url: str) -> None:
    message = refused(tmp_path, f"cameras: [{{id: a, source: {{kind: stream, url: '{url}'}}}}]")
    assert "camera a: source.url: expected an address" in message
    assert "hunter2" not in message


@pytest.mark.parametrize(
    "url", ["rtsp://root:hunter2@cam:554/s", "http://cam:80/hunter2/video.mjpg", "http://cam/s?password=hunter2"]
)
def test_nothing_but_scheme_and_host_is_ever_shown(tmp_path: Path, url: str) -> None:
    site = load(tmp_path, f"cameras: [{{id: a, source: {{kind: stream, url: '{url}'}}}}]")
    assert "hunter2" not in site.cameras[0].source.label() + repr(site) + str(site.model_dump())
    assert "://cam" in site.cameras[0].source.label()


def test_the_example_of_the_docs_is_right() -> None:
    examples = Path(__file__).parents[3] / "docs" / "examples"
    site = load_site(examples / "site.yaml", DEFAULTS)
    assert [camera.id for camera in site.cameras] == ["lobby", "gate", "turnstile"]
