import hashlib
from itertools import islice
from pathlib import Path

import av
import numpy as np
import pytest

from watchbound.camera.synthetic import SiteSpec, read_truth, render_site, walk_by
from watchbound.camera.synthetic.draw import Painter

SMALL = SiteSpec("gate", 5, 12, fps=5, width=640, height=360, people=("P001",))


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    render_site(SMALL, folder)
    return folder


def test_the_video_has_a_picture_for_every_truth(rendered: Path) -> None:
    with av.open(str(rendered / "gate.mp4")) as video:
        pictures = [(frame.width, frame.height, frame.time) for frame in video.decode(video=0)]
        assert video.streams.video[0].codec_context.name == "h264"
    truth = read_truth(rendered / "gate.truth.json")
    assert truth.spec == SMALL
    assert [(640, 360, pytest.approx(frame.second)) for frame in truth.frames] == pictures
    assert sorted(path.name for path in rendered.iterdir()) == ["gate.mp4", "gate.truth.json"]


def test_the_same_spec_gives_the_same_bytes(rendered: Path, tmp_path: Path) -> None:
    again = render_site(SMALL, tmp_path)
    for path in (again.video, again.truth):
        assert (
            hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256((rendered / path.name).read_bytes()).digest()
        )


def test_what_is_there_already_is_kept_and_anything_else_is_replaced(rendered: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    before = (rendered / "gate.mp4").stat().st_mtime_ns
    render_site(SMALL, rendered, lambda done, total: told.append((done, total)))
    assert (rendered / "gate.mp4").stat().st_mtime_ns == before
    assert told == [(60, 60)]

    empty = SiteSpec("gate", 5, 1, fps=5, width=640, height=360)
    (tmp_path / "gate.truth.json").write_text("{}")
    (tmp_path / "gate.mp4").write_bytes(b"not a video")
    render_site(empty, tmp_path)
    with av.open(str(tmp_path / "gate.mp4")) as video:
        assert sum(1 for _ in video.decode(video=0)) == 5


def test_a_failed_rendering_leaves_nothing(tmp_path: Path) -> None:
    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        render_site(SMALL, tmp_path, stop)
    assert list(tmp_path.iterdir()) == []


def test_frames_can_be_had_without_a_file_and_in_any_order() -> None:
    flowing = [picture for picture, _ in islice(walk_by(SMALL), 32)]
    assert flowing[0].shape == (360, 640, 3)
    assert flowing[0].dtype == np.uint8
    picture, truth = Painter(SMALL).paint(31)
    assert truth.index == 31
    assert (picture == flowing[31]).all()


def test_a_face_is_drawn_where_the_truth_says() -> None:
    """Against the same scene without the person, the face's box has changed and a far corner has not."""
    painter, empty = Painter(SMALL), Painter(SMALL)
    empty.walks = ()
    index = next(i for i in range(60) if any(face.eye_distance > 10 for face in painter.paint(i)[1].faces))
    (with_person, truth), (without, nothing) = painter.paint(index), empty.paint(index)
    assert nothing.faces == ()
    changed = np.abs(with_person.astype(int) - without).max(axis=2) > 12
    box = truth.faces[0].box
    face = changed[int(box.y) : int(box.y + box.height), int(box.x) : int(box.x + box.width)]
    assert face.mean() > 0.8
    assert not changed[:40, :40].any()
