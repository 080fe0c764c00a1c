from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tests.unit.stack.prove.material import CROP, JPEG, TEMPLATE, noise, searches
from watchbound.stack.prove import places
from watchbound.stack.prove.forbidden import Form, Material
from watchbound.stack.prove.memory import Mapping, written
from watchbound.stack.prove.places import Bytes, Files, Piece, PlaceKind, Unreadable, listed, new_entries
from watchbound.stack.prove.scan import PlaceReport, scan, scan_all

SEARCHES = searches()


def page(data: bytes) -> Bytes:
    return Bytes("metrics", PlaceKind.PAGE, (("http://127.0.0.1/metrics", data),))


@pytest.mark.parametrize(
    ("leak", "material", "form"),
    [
        (f"warning: no match for {TEMPLATE.tolist()}".encode(), Material.TEMPLATE, Form.DECIMAL),
        (f"warning: {np.round(TEMPLATE, 4).tolist()}".encode(), Material.TEMPLATE, Form.DECIMAL),
        (b"x" + TEMPLATE.tobytes(), Material.TEMPLATE, Form.RAW),
        (b'face{crop="' + CROP.hex().encode() + b'"} 1.0', Material.CROP, Form.HEX),
        (CROP[5000:5600], Material.CROP, Form.RAW),
        (JPEG[70_000:], Material.JPEG, Form.RAW),
    ],
)
def test_a_leak_is_named_and_placed_and_never_shown(leak: bytes, material: Material, form: Form) -> None:
    report = scan(page(b"a line before\n" + leak + b"\n"), SEARCHES)
    assert not report.clean
    assert {(f.whose, f.material, f.form) for f in report.findings} == {("canary", material, form)}
    assert all(f.offset >= 14 for f in report.findings)
    assert leak[:40].hex() not in repr(report)
    assert "data" not in report.findings[0].facts()


def test_a_clean_place_says_how_much_was_searched() -> None:
    report = scan(page(noise(5000)), SEARCHES)
    assert report.clean
    assert report.facts() == {"name": "metrics", "kind": "page", "bytes": 5000, "findings": 0, "unreadable": None}


@dataclass(frozen=True)
class Broken:
    name: str = "store"
    kind: PlaceKind = PlaceKind.STORE
    text: bool = False

    def pieces(self) -> Iterator[Piece]:
        yield Piece("first", 0, noise(100))
        msg = "second: permission denied"
        raise Unreadable(msg)


def test_a_place_that_cannot_be_read_is_not_clean() -> None:
    told: list[PlaceReport] = []
    (report,) = scan_all([Broken()], SEARCHES, told.append)
    assert told == [report]
    assert report.searched == 100
    assert report.unreadable == "second: permission denied"
    assert not report.clean


def test_files_are_searched_in_blocks_and_a_leak_between_two_is_found_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "BLOCK", 50_000)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_bytes(bytes(49_700) + TEMPLATE.tobytes() + bytes(60_000))
    (tmp_path / "link").symlink_to(tmp_path / "deep" / "file")
    report = scan(Files("tmp", PlaceKind.FILES, (tmp_path,)), SEARCHES)
    assert {(f.where, f.offset) for f in report.findings} == {(str(tmp_path / "deep" / "file"), 49_700)}
    assert scan(Files("tmp", PlaceKind.FILES, (tmp_path,), without=(tmp_path / "deep",)), SEARCHES).clean
    assert scan(Files("tmp", PlaceKind.FILES, (tmp_path / "gone",)), SEARCHES).clean


def test_what_is_new_in_a_folder_is_known(tmp_path: Path) -> None:
    (tmp_path / "old").touch()
    before = listed([tmp_path, tmp_path / "none"])
    (tmp_path / "new").touch()
    assert new_entries([tmp_path], before) == (tmp_path / "new",)


SMAPS = """\
55d0c0000000-55d0c0001000 r-xp 00000000 08:01 131 /usr/bin/python3.11
Rss:                   4 kB
Private_Dirty:         0 kB
Anonymous:             0 kB
7f0000000000-7f0000021000 rw-p 00000000 00:00 0
Rss:                 132 kB
Private_Dirty:       132 kB
Anonymous:           132 kB
7f1000000000-7f1000021000 rw-p 00000000 00:00 0                          [heap]
Private_Dirty:         0 kB
Swap:                  8 kB
7f2000000000-7f2000001000 ---p 00000000 00:00 0
Private_Dirty:         0 kB
7ffd00000000-7ffd00004000 r--p 00000000 00:00 0                          [vvar]
Private_Dirty:         4 kB
"""


def test_what_a_process_has_written_is_read_and_nothing_else() -> None:
    assert written(SMAPS) == [
        Mapping(0x7F0000000000, 0x7F0000021000, "[anonymous]"),
        Mapping(0x7F1000000000, 0x7F1000021000, "[heap]"),
    ]
