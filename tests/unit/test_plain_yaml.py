from __future__ import annotations

import pytest
import yaml

from tests.fuzz.bombs import laughing
from watchbound.plain_yaml import MOST_CHARACTERS, load_yaml


def test_what_people_write_is_read() -> None:
    assert load_yaml("a: 1\nb: [x, 2026-11-01]")["a"] == 1
    assert load_yaml("a: 1\nb: 2026-11-01", only_text=True) == {"a": "1", "b": "2026-11-01"}


@pytest.mark.parametrize(
    "text",
    [
        laughing(),
        "a: &x 1\nb: *x",
        "[" * 5_000,
        "a: 2026-13-45",
        f"a: {'9' * 5_000}",
        "a: [",
        "#" * (MOST_CHARACTERS + 1),
    ],
    ids=["laughing", "alias", "deep", "month-13", "number", "unclosed", "long"],
)
def test_what_only_machines_would_write_is_refused(text: str) -> None:
    with pytest.raises(yaml.YAMLError):
        load_yaml(text)


def test_a_refusal_stays_short() -> None:
    with pytest.raises(yaml.YAMLError) as caught:
        load_yaml(laughing())
    assert len(str(caught.value)) < 300
