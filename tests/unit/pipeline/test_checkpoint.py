from __future__ import annotations

import pytest
from hypothesis import given

from tests.unit import strategies
from tests.unit.pipeline.kept import KEY, MemoryLog, event, holds
from watchbound.domain.errors import InvalidValue
from watchbound.pipeline.checkpoint import LogKey, SignedCheckpoint, read_note


@given(strategies.checkpoints)
def test_a_note_is_read_as_it_was_written(signed: SignedCheckpoint) -> None:
    assert read_note(signed.note()) == signed


def test_a_checkpoint_is_signed_as_a_note_is() -> None:
    signed = MemoryLog.of([event(0)]).checkpoint(1)
    text, _, line = signed.note().partition("\n\n")
    assert text.splitlines()[:2] == ["watchbound.audit.v1/watchbound", "1"]
    assert line.startswith("— watchbound.audit.v1/watchbound ")
    assert holds(KEY.public, (text + "\n").encode(), signed.signature)
    assert signed.hint == KEY.hint


@pytest.mark.parametrize(
    ("old", "new"),
    [("\n1\n", "\n01\n"), ("\n1\n", "\n-1\n"), ("time ", "at "), ("+00:00", ""), ("— ", "- "), ("\n\n", "\n")],
)
def test_anything_but_the_one_form_is_refused(old: str, new: str) -> None:
    note = MemoryLog.of([event(0)]).checkpoint(1).note()
    with pytest.raises(InvalidValue):
        read_note(note.replace(old, new, 1))


def test_a_key_is_read_as_it_was_written() -> None:
    assert LogKey.parse(f" {KEY}\n") == KEY


def test_the_published_key_of_a_go_checksum_database_is_read() -> None:
    # The key that every Go installation carries (cmd/go/internal/modfetch/key.go): the form is theirs.
    text = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
    assert str(LogKey.parse(text)) == text


@pytest.mark.parametrize("text", ["", "name", "name+00000000+AAAA", str(KEY).replace("+", "+0", 1), str(KEY)[:-4]])
def test_a_key_that_was_not_copied_entire_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        LogKey.parse(text)
