"""The volunteers' log is read strictly: a pass that is misread would be a recall that is wrong."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from watchbound.domain.errors import ConfigurationError
from watchbound.governance.record.recall import read_volunteers

HEAD = "reference,camera,time\n"
ZERO = timedelta(0)


def test_a_log_is_read(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(HEAD + "BLUE-1,gate-1,2026-11-23T12:00:00Z\nBLUE-2,gate-2,2026-11-23T13:00:00+01:00\n")
    log = read_volunteers(path, ZERO, ZERO)
    assert [noted.reference for noted in log.passes] == ["BLUE-1", "BLUE-2"]
    assert log.passes[0].at == log.passes[1].at


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("reference,time\n", "camera is not there"),
        (HEAD, "at least one pass"),
        (HEAD + "BLUE-1,gate-1,2026-11-23T12:00:00\n", "row 2: at must carry a time zone"),
        (HEAD + "BLUE-1,gate-1,noon\n", "row 2"),
        (HEAD + ",gate-1,2026-11-23T12:00:00Z\n", "an entry reference"),
    ],
)
def test_what_is_no_log_is_refused_with_its_row(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "log.csv"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=complaint):
        read_volunteers(path, ZERO, ZERO)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="expected a CSV file"):
        read_volunteers(tmp_path / "none.csv", ZERO, ZERO)
