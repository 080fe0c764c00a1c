"""The documents say what the code does now."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from tools import docs
from tools.contracts import CONTRACTS, DOCS, ROOT, Contract

from watchbound.pipeline.metric_names import ALL_METRICS
from watchbound.pipeline.topics import ALL_TOPICS, CLOCK

PER_CONTRACT = pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.message)


@pytest.fixture(scope="module")
def asyncapi() -> dict[str, Any]:
    """The committed description."""
    document: dict[str, Any] = yaml.safe_load((DOCS / "asyncapi.yaml").read_text())
    return document


def test_what_is_generated_is_up_to_date() -> None:
    assert docs.stale() == [], "run `make docs` and commit the result"


def test_a_stale_document_is_found(tmp_path: Path) -> None:
    for path, text in docs.pages().items():
        (tmp_path / path.name).write_text(text)
    assert docs.stale(tmp_path) == []
    (tmp_path / "topics.md").write_text("old")
    (tmp_path / "metrics.md").unlink()
    assert docs.stale(tmp_path) == ["metrics.md", "topics.md"]


def test_generation_is_deterministic() -> None:
    assert docs.pages() == docs.pages()


def test_every_metric_setting_and_topic_has_its_row() -> None:
    pages = {path.name: text for path, text in docs.pages().items()}
    assert all(f"`watchbound_{metric.name}" in pages["metrics.md"] for metric in ALL_METRICS)
    assert all(f"| `{topic.name}` |" in pages["topics.md"] for topic in ALL_TOPICS)
    assert f"`{CLOCK.name}`" in pages["topics.md"]
    for kind in docs.setting_classes():
        prefix = kind.model_config.get("env_prefix")
        assert all(f"| `{prefix}{name.upper()}` |" in pages["settings.md"] for name in kind.model_fields)


def test_the_description_has_every_topic_and_no_other(asyncapi: dict[str, Any]) -> None:
    assert asyncapi["asyncapi"] == "3.0.0"
    assert [channel["address"] for channel in asyncapi["channels"].values()] == [
        topic.name for topic in (*ALL_TOPICS, CLOCK)
    ]
    assert "messages" not in asyncapi["channels"]["clock"], "its records are empty"


_BOUND = {"cleanup.policy", "retention.ms", "max.message.bytes"}


@PER_CONTRACT
def test_a_channel_is_as_its_topic(asyncapi: dict[str, Any], contract: Contract) -> None:
    (channel,) = (c for c in asyncapi["channels"].values() if c["address"] == contract.topic.name)
    kafka = channel["bindings"]["kafka"]
    assert kafka["partitions"] == contract.topic.partitions
    written = {
        key: ",".join(value) if isinstance(value, list) else str(value)
        for key, value in kafka["topicConfiguration"].items()
    }
    # Of the broker's settings AsyncAPI's binding has names for these.
    assert written == {key: value for key, value in contract.topic.config().items() if key in _BOUND}


@PER_CONTRACT
def test_a_message_is_as_its_proto_and_examples(asyncapi: dict[str, Any], contract: Contract) -> None:
    message = asyncapi["components"]["messages"][contract.message]
    assert message["bindings"]["kafka"]["key"]["description"] == contract.topic.key
    source = (DOCS / message["payload"]["schema"]["$ref"]).resolve()
    assert re.search(rf"^message {contract.message.rpartition('.')[2]} \{{", source.read_text(), re.MULTILINE)
    assert {example["name"]: example["payload"] for example in message["examples"]} == contract.examples()


def references(node: Any) -> list[str]:
    """Every local $ref in the document."""
    if isinstance(node, dict):
        own = [node["$ref"]] if str(node.get("$ref", "")).startswith("#/") else []
        return own + [ref for value in node.values() for ref in references(value)]
    return [ref for value in node for ref in references(value)] if isinstance(node, list) else []


def test_every_reference_leads_somewhere(asyncapi: dict[str, Any]) -> None:
    for reference in references(asyncapi):
        node = asyncapi
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]


def direct_dependencies() -> set[str]:
    """Names in pyproject.toml, extras and groups included."""
    document = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project, groups = document["project"], document["dependency-groups"]
    lists = [project["dependencies"], *project["optional-dependencies"].values(), *groups.values()]
    return {re.split(r"[<>=\[ ]", line)[0] for requirements in lists for line in requirements}


def test_every_direct_dependency_has_its_reason_and_licence() -> None:
    rows = re.findall(r"^\| `([^`]+)` \| ([^|]+) \| ([^|]+) \|$", (DOCS / "dependencies.md").read_text(), re.MULTILINE)
    assert {name for name, _, _ in rows} == direct_dependencies()
    assert len(rows) == len(direct_dependencies()), "one line a dependency"
    assert all(licence.strip() and reason.strip() for _, licence, reason in rows)


def pages() -> list[Path]:
    """Every Markdown page of the repository's documents."""
    return [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_leads_to_one(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text())
    local = [link for link in links if "://" not in link and not link.startswith("mailto:")]
    assert [link for link in local if not (page.parent / link).exists()] == []


def test_the_index_names_every_page() -> None:
    index = (DOCS / "README.md").read_text()
    named = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")} - {"README.md"}
    assert {name for name in named if f"({name})" not in index} == set()


NAMED_TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def named_tests(text: str) -> list[tuple[str, str]]:
    """Files of tests that a page names, each with the test in it or an empty string."""
    return [(found[1], found[2] or "") for found in NAMED_TEST.finditer(text)]


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda page: page.name)
def test_a_page_names_no_test_that_is_not_there(page: Path) -> None:
    for file, test in named_tests(page.read_text()):
        assert (ROOT / file).is_file(), f"{page.name} names {file}"
        assert f"def {test}" in (ROOT / file).read_text(), f"{page.name} names {file}::{test}"


def test_the_map_of_rules_names_tests() -> None:
    assert len(named_tests((DOCS / "governance.md").read_text())) > 30
