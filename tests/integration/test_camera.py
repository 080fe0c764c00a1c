"""Cameras for real: MJPEG over HTTP that comes and goes, and the command on a real broker."""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import numpy as np
import pytest
import simplejpeg
import yaml

from tests.fixtures.officers import active, officers, publish
from tests.integration.mjpeg_server import PASSWORD, MjpegCamera, eventually
from tests.integration.rtsp_server import RtspCamera
from watchbound.adapters import codecs
from watchbound.adapters.clock import SystemClock
from watchbound.adapters.kafka_log import KafkaTopicReader
from watchbound.adapters.kafka_topics import ensure_topics
from watchbound.adapters.keyring import open_key_ring
from watchbound.adapters.trust_list import FileTrustList
from watchbound.camera.health import CameraState
from watchbound.camera.service import CameraService
from watchbound.camera.site import CameraConfig, SiteConfig, StreamSource
from watchbound.camera.sources.choose import source_of
from watchbound.domain.frame import SealedFrame
from watchbound.domain.moment import Window
from watchbound.domain.tally import Tally
from watchbound.domain.written_authority import WrittenAuthority
from watchbound.pipeline import metric_names as names
from watchbound.pipeline.authority import AuthorityView
from watchbound.pipeline.sealing import open_frame
from watchbound.pipeline.topics import ALL_TOPICS, FRAMES, TALLIES
from watchbound.settings import KafkaSettings, KeySettings, load
from watchbound.stack.processes import free_port
from watchbound.stack.tansu import Tansu
from watchbound.testing.keyring import FakeKeyRing
from watchbound.testing.log import InMemoryBroker
from watchbound.testing.metrics import RecordedMetrics


def authorisation(*cameras: str) -> WrittenAuthority:
    now = datetime.now(UTC)
    window = Window(now - timedelta(minutes=1), now + timedelta(hours=1))
    return active(officers(), cameras=frozenset(cameras), window=window)


class LiveSite:
    """One stream camera named `gate`, its service in a thread, a broker in memory."""

    def __init__(self, url: str) -> None:
        source = StreamSource.model_validate({"kind": "stream", "url": url})
        camera = CameraConfig(id="gate", source=source, fps=10.0, jpeg_quality=85, buffer_frames=8)
        self.broker, self.metrics, clock = InMemoryBroker(), RecordedMetrics(), SystemClock()
        self.ring = FakeKeyRing()
        self.ring.create("op-1")
        self.authority = AuthorityView(clock, max_age_s=3600, trust=FileTrustList(officers().trust_list))
        self.authority.apply(authorisation("gate"))
        self.authority.confirm()
        self.said: list[str] = []
        self.service = CameraService(
            SiteConfig(cameras=(camera,)),
            source_of,
            self.broker.producer(),
            codecs.FRAME,
            codecs.TALLY,
            self.ring,
            self.authority,
            clock,
            self.metrics,
            "site-1",
            self._say,
            random.Random(1),
        )
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self.service.run, args=(self._stop,))

    def __enter__(self) -> LiveSite:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(20.0)
        assert not self._thread.is_alive()

    def published(self) -> int:
        return len(self.broker.records(FRAMES.name))

    def state(self) -> CameraState:
        return self.service.states()["gate"]

    def _say(self, event: str, /, *, trouble: bool = False, **facts: object) -> None:
        self.said.append(f"{event} {facts}")


def test_a_camera_that_goes_away_is_lost_then_found_and_its_password_is_never_told() -> None:
    with MjpegCamera() as first:
        port, url = first.port, first.url
        site = LiveSite(url)
        with site:
            eventually(lambda: site.state() is CameraState.OK and site.published() >= 5)
            assert site.service.ready() is None
            first.__exit__(None, None, None)
            eventually(lambda: site.state() is CameraState.DISCONNECTED)
            assert "no camera delivers: gate disconnected" in (site.service.ready() or "")
            before = site.published()
            with MjpegCamera(port):
                eventually(lambda: site.published() >= before + 5)
                assert site.state() is CameraState.OK
            states = site.metrics.series(names.CAMERA_STATE)
            assert sum(samples[-1] for samples in states.values()) == 1.0
    assert site.metrics.total(names.CAMERA_RECONNECTS, camera="gate") >= 1
    told = "\n".join(site.said) + repr(site.metrics.series(names.CAMERA_STATE)) + (site.service.ready() or "")
    assert "camera lost" in told
    assert PASSWORD not in told
    tallies = [codecs.TALLY.decode(record.value or b"") for record in site.broker.records(TALLIES.name)]
    assert sum(tally.published for tally in tallies) == site.published()
    assert site.metrics.total(names.FRAMES_CAPTURED) == sum(
        site.metrics.total(metric) for metric in (names.FRAMES_PUBLISHED, names.FRAMES_SHED, names.FRAMES_REFUSED)
    )


def test_an_rtsp_camera_is_read_over_tcp_and_lost_when_it_ends() -> None:
    with RtspCamera() as camera, LiveSite(camera.url) as site:
        eventually(lambda: site.state() is CameraState.OK and site.published() >= 10)
        frame = codecs.FRAME.decode(site.broker.records(FRAMES.name)[-1].value or b"")
        height, width, _, _ = simplejpeg.decode_jpeg_header(open_frame(site.ring, frame))
        assert (width, height) == (320, 240)
        camera.__exit__(None, None, None)
        eventually(lambda: site.state() is CameraState.DISCONNECTED)


def test_a_broker_that_is_away_costs_frames_and_is_found_again() -> None:
    with MjpegCamera() as camera, LiveSite(camera.url) as site:
        eventually(lambda: site.published() >= 3)
        site.broker.down = True
        eventually(lambda: site.metrics.total(names.FRAMES_SHED) >= 5)
        assert site.service.ready() is not None
        assert site.service.live() is None
        site.broker.down = False
        after = site.published()
        eventually(lambda: site.published() >= after + 5)
        assert site.service.ready() is None


def write_video(path: Path, seconds: float, fps: int = 10) -> None:
    chance = np.random.default_rng(1)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for _ in range(int(seconds * fps)):
            picture = chance.integers(0, 255, (240, 320, 3)).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode())


@pytest.fixture
def kafka(tmp_path: Path, keys: KeySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[KafkaSettings]:
    """A broker with an authorisation whose key ring the processes of a test find."""
    monkeypatch.setenv("WATCHBOUND_KEYS_FOLDER", str(keys.folder))
    monkeypatch.setenv("WATCHBOUND_KEYS_MASTER_KEY", str(keys.master_key))
    with Tansu(tmp_path) as broker:
        settings = load(KafkaSettings, bootstrap=broker.bootstrap)
        ensure_topics(settings, ALL_TOPICS)
        known = authorisation("film")
        open_key_ring(keys).create(known.id)
        publish(settings, known)
        yield settings


def read_all(kafka: KafkaSettings, topic: str) -> list[bytes]:
    reader = KafkaTopicReader(kafka, [topic], "test-reader")
    values: list[bytes] = []
    try:
        while True:
            values += [record.value or b"" for record in reader.poll(0.5)]
            if reader.caught_up():
                return values
    finally:
        reader.close()


def start(site: Path, kafka: KafkaSettings, port: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "watchbound", "camera", "run", str(site), "--bootstrap", kafka.bootstrap]
    return subprocess.Popen([*command, "--http-port", str(port)], stderr=subprocess.PIPE, text=True)


def page(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError as error:
        return 0, str(error)


def test_a_film_played_once_is_published_whole_and_the_command_ends(kafka: KafkaSettings, tmp_path: Path) -> None:
    write_video(tmp_path / "film.mp4", seconds=4)
    site = tmp_path / "site.yaml"
    # A source of its own for each: written once and referred to, it would be an alias, which a site file may not have.
    cameras = [
        {"id": name, "source": {"kind": "video", "path": "film.mp4"}, "fps": 5} for name in ("film", "elsewhere")
    ]
    site.write_text(yaml.safe_dump({"cameras": cameras}))
    process = start(site, kafka, free_port())
    _, told = process.communicate(timeout=60)
    assert process.returncode == 0, told
    frames: list[SealedFrame] = sorted(
        (codecs.FRAME.decode(value) for value in read_all(kafka, FRAMES.name)), key=lambda frame: frame.sequence
    )
    assert {frame.camera_id for frame in frames} == {"film"}
    tallies: list[Tally] = [codecs.TALLY.decode(value) for value in read_all(kafka, TALLIES.name)]
    film = [tally for tally in tallies if tally.camera_id == "film"]
    assert sum(tally.published for tally in film) == len(frames)
    assert sum(tally.published + tally.shed + tally.refused for tally in film) == 20
    assert sum(tally.refused for tally in tallies if tally.camera_id == "elsewhere") == 20
    assert len({tally.source for tally in tallies}) == 1
    steps = [(b.captured_at - a.captured_at).total_seconds() for a, b in itertools.pairwise(frames)]
    assert np.median(steps) == pytest.approx(0.2, abs=0.05)


def test_sigterm_ends_it_within_seconds_with_its_account_settled(kafka: KafkaSettings, tmp_path: Path) -> None:
    write_video(tmp_path / "film.mp4", seconds=2)
    site = tmp_path / "site.yaml"
    camera = {"id": "film", "source": {"kind": "video", "path": "film.mp4", "loop": True}, "fps": 10}
    site.write_text(yaml.safe_dump({"cameras": [camera]}))
    port = free_port()
    process = start(site, kafka, port)
    try:
        eventually(lambda: 'frames_published_total{camera="film"}' in page(port, "/metrics")[1])
        eventually(lambda: page(port, "/readyz")[0] == 200)
        assert page(port, "/healthz")[0] == 200
        eventually(lambda: 'camera_state{camera="film",state="ok"} 1.0' in page(port, "/metrics")[1])
        asked = time.monotonic()
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=30)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    assert process.returncode == 0, told
    assert time.monotonic() - asked < 8.0
    published = sum(codecs.TALLY.decode(value).published for value in read_all(kafka, TALLIES.name))
    assert published == len(read_all(kafka, FRAMES.name)) > 0
    assert any(json.loads(line)["event"] == "cameras ended" for line in told.splitlines())


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    return subprocess.run(
        [sys.executable, "-m", "watchbound", "camera", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment,
    )


def test_check_says_what_each_camera_sends_and_fails_for_the_one_that_sends_nothing(tmp_path: Path) -> None:
    write_video(tmp_path / "film.mp4", seconds=2)
    site = tmp_path / "site.yaml"
    with MjpegCamera() as live:
        sources = [
            {"id": "film", "source": {"kind": "video", "path": "film.mp4"}},
            {"id": "live", "source": {"kind": "stream", "url": live.url}},
        ]
        site.write_text(yaml.safe_dump({"cameras": sources}))
        good = command("check", str(site), "--json")
        gone = {"id": "gone", "source": {"kind": "stream", "url": f"http://u:{PASSWORD}@127.0.0.1:{free_port()}/x"}}
        site.write_text(yaml.safe_dump({"cameras": [*sources, gone]}))
        bad = command("check", str(site))
    assert good.returncode == 0, good.stderr
    film, stream = json.loads(good.stdout)
    assert film == {
        "camera": "film",
        "source": "film.mp4",
        "state": "ok",
        "width": 320,
        "height": 240,
        "fps": 10.0,
        "problem": None,
    }
    assert (stream["width"], stream["state"]) == (320, "ok")
    assert bad.returncode == 1
    assert "film: film.mp4: ok, 320×240, 10 a second" in bad.stdout
    assert "gone: http://127.0.0.1" in bad.stdout
    assert "failed: " in bad.stdout
    assert PASSWORD not in good.stdout + good.stderr + bad.stdout + bad.stderr


def test_a_bad_site_file_is_refused_with_code_2(tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text("cameras: [{id: a, source: {kind: synthetic, seed: 1}, fps: 0}]")
    refused = command("run", str(site))
    assert refused.returncode == 2
    assert f"{site}: camera a: fps: " in refused.stderr
