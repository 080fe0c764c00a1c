"""The demonstration on one's own footage and people, to its end and interrupted, as a user starts it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from watchbound.camera.synthetic import SiteSpec, enrolment_photo, read_truth, render_site
from watchbound.extraction.model_pack import ModelPack

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

PATIENCE_S = 400.0


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """15 seconds in which one who is listed walks by, and one who is not."""
    site = render_site(SiteSpec("clip", 20, 15.0, 10.0, people=("P001", "P009")), tmp_path_factory.mktemp("clip"))
    assert "P001" in {passage.person for passage in read_truth(site.truth).passages()}
    return site.video


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """One image, one folder, under names as users have them; only the first passes."""
    folder = tmp_path / "people"
    (folder / "P008").mkdir(parents=True)
    shutil.copy(enrolment_photo("P001"), folder / "Anna Müller.jpg")
    shutil.copy(enrolment_photo("P008"), folder / "P008" / "front.jpg")
    return folder


@pytest.fixture
def scratch() -> Iterator[Path]:
    """Where its temporary folders go; near the root, since Ray's sockets bear no long paths."""
    with tempfile.TemporaryDirectory(prefix="d-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


class Demo:
    """`watchbound demo` in a process group of its own, as a terminal starts it."""

    def __init__(self, arguments: list[str], pack: ModelPack, scratch: Path, log: Path) -> None:
        self._scratch, self._log = scratch, log
        environment = {**os.environ, "TMPDIR": str(scratch), "WATCHBOUND_MODELS_CACHE": str(pack.root.parent)}
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "watchbound", "demo", *arguments],
                env=environment,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def told(self) -> str:
        return self._log.read_text(errors="replace")

    def processes(self) -> list[psutil.Process]:
        """It and all that it started, whoever their parent is now."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("TMPDIR") == str(self._scratch):
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
                continue
        return found

    def wait_until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline, self.told()
            time.sleep(0.2)

    def __enter__(self) -> Demo:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes():
            process.kill()
        self.process.wait()


def test_own_footage_and_people_raise_an_alert_for_who_passes(
    clip: Path, people: Path, model_pack: ModelPack, scratch: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.json"
    arguments = ["--video", str(clip), "--watchlist", str(people), "--json", str(out)]
    with Demo(arguments, model_pack, scratch, tmp_path / "log") as demo:
        assert demo.process.wait(PATIENCE_S) == 0, demo.told()
    summary: dict[str, Any] = json.loads(out.read_text())
    assert "people" not in summary
    assert {alert["entry"] for alert in summary["alerts"]} == {"Anna-Muller"}
    assert summary["latency_ms"]["n"] == len(summary["alerts"])


def test_a_list_of_nobody_ends_it_with_what_is_wrong_with_each(
    clip: Path, people: Path, model_pack: ModelPack, scratch: Path, tmp_path: Path
) -> None:
    (people / "Anna Müller.jpg").rename(people / "Łucja.jpg")
    shutil.rmtree(people / "P008")
    arguments = ["--video", str(clip), "--watchlist", str(people)]
    with Demo(arguments, model_pack, scratch, tmp_path / "log") as demo:
        assert demo.process.wait(PATIENCE_S) == 2, demo.told()
        assert "Łucja.jpg: bad_row (an entry reference must be" in demo.told()
        assert "watchbound: expected a picture of somebody who can be enrolled" in demo.told()
        assert "Traceback" not in demo.told()


def test_interrupted_it_leaves_no_process_and_no_folder(
    clip: Path, people: Path, model_pack: ModelPack, scratch: Path, tmp_path: Path
) -> None:
    arguments = ["--video", str(clip), "--watchlist", str(people)]
    with Demo(arguments, model_pack, scratch, tmp_path / "log") as demo:
        demo.wait_until(lambda: "frames published" in demo.told() or demo.process.poll() is not None)
        assert len(demo.processes()) > 5, "broker, vector store and services are found by what they inherit"
        os.killpg(demo.process.pid, signal.SIGINT)
        assert demo.process.wait(PATIENCE_S) == 130, demo.told()
        demo.wait_until(lambda: demo.processes() == [])
        # onnxruntime leaves a file there, `.ses`, as soon as it is imported: one for all processes that ever were.
        assert [each for each in scratch.iterdir() if each.is_dir()] == []
