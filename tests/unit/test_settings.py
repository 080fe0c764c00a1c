from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from pydantic_settings import BaseSettings

from watchbound import settings
from watchbound.domain.errors import ConfigurationError
from watchbound.settings import KafkaSettings, LogSettings, MatchingSettings, MilvusSettings, load

CLASSES: list[type[BaseSettings]] = [
    value
    for value in vars(settings).values()
    if isinstance(value, type) and issubclass(value, BaseSettings) and value is not BaseSettings
]
PER_CLASS = pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
BAD = [
    ("KAFKA_BOOTSTRAP", "x"),
    ("KAFKA_SESSION_TIMEOUT_MS", "999"),
    ("KAFKA_REPLICATION_FACTOR", "0"),
    ("KAFKA_SECURITY_PROTOCOL", "TLS"),
    ("KAFKA_SASL_MECHANISM", "GSSAPI"),
    ("KAFKA_USERNAME", ""),
    ("MILVUS_URI", ""),
    ("MILVUS_TIMEOUT_S", "0"),
    ("HTTP_PORT", "65536"),
    ("LOG_LEVEL", "loud"),
    ("MODELS_PACK", ""),
    ("MODELS_USE", "fun"),
    ("MODELS_REQUIRE_SIGNATURE", "perhaps"),
    ("MODELS_PROVIDER", "tpu"),
    ("MODELS_THREADS", "0"),
    ("AUTHORITY_MAX_AGE_S", "-1"),
    ("CLOCK_MAX_OFFSET_S", "0"),
    ("CLOCK_INTERVAL_S", "0"),
    ("CLOCK_MAX_AGE_S", "-1"),
    ("AUDIT_LOG_ID", "two words"),
    ("AUDIT_TIMEOUT_S", "0"),
    ("KEYS_RING", "paper"),
    ("PKCS11_TOKEN", ""),
    ("AUDIT_CHECKPOINT_EVERY_S", "0"),
    ("CAMERA_FPS", "61"),
    ("CAMERA_JPEG_QUALITY", "29"),
    ("CAMERA_BUFFER_FRAMES", "0"),
    ("MATCHING_GROUP", ""),
    ("MATCHING_WORKERS", "none"),
    ("MATCHING_GPUS_PER_WORKER", "-0.5"),
    ("MATCHING_RAY_ADDRESS", ""),
    ("MATCHING_MAX_FRAME_AGE_S", "0"),
    ("MATCHING_MAX_CLOCK_SKEW_S", "-1"),
    ("MATCHING_MAX_FRAME_BYTES", "999"),
    ("MATCHING_MAX_FRAME_PIXELS", "9999"),
    ("MATCHING_MIN_EYE_DISTANCE", "3"),
    ("MATCHING_DETECT_WIDTH", "159"),
    ("MATCHING_SEARCH_EVERY_S", "1.1"),
    ("PURGE_STORE_WAIT_S", "-1"),
    ("PURGE_ACCEPT_UNSEARCHED_STORE", "perhaps"),
    ("GOVERNANCE_EVERY_S", "0"),
    ("ADJUDICATION_LOOKALIKE_SIMILARITY", "0"),
    ("ADJUDICATION_TWO_PERSON", "red,blue"),
    ("BUDGET_RATE", "0"),
    ("BUDGET_ALPHA", "0.2"),
    ("BUDGET_MINIMUM_FACES", "0"),
    ("KAFKA_MIN_INSYNC_REPLICAS", "0"),
    ("MATCHING_POISON_IN_A_ROW", "0"),
    ("MATCHING_POISON_SHARE", "1.5"),
    ("MATCHING_POISON_RETRY_S", "0"),
    ("ALERTING_GROUP", ""),
    ("ALERTING_PASSAGE_GAP_S", "0"),
    ("ALERTING_SUPPRESS_S", "-1"),
]
# Any text is a path, a host or a token.
FREE = {
    "KAFKA_CA_FILE",
    "KAFKA_CERT_FILE",
    "KAFKA_KEY_FILE",
    "KAFKA_PASSWORD",
    "KAFKA_PASSWORD_FILE",
    "MILVUS_CA_FILE",
    "MILVUS_CERT_FILE",
    "MILVUS_KEY_FILE",
    "MATCHING_RAY_TOKEN_FILE",
    "AUDIT_URL",
    "AUDIT_CHECKPOINTS",
    "AUDIT_KEY",
    "AUDIT_PUBLIC_KEYS",
    "MILVUS_TOKEN",
    "HTTP_HOST",
    "MODELS_CACHE",
    "ALERTING_DATA",
    "TRUST_LIST",
    "GUARDIAN_KEY",
    "KEYS_FOLDER",
    "KEYS_MASTER_KEY",
    "PICTURES_FOLDER",
    "PURGE_RECEIPTS",
    "PURGE_STORE_FOLDERS",
    "PURGE_WINDOWS_TOPIC",
    "NOTICE_CONTROLLER",
    "NOTICE_CONTACT",
    "NOTICE_URL",
    "PKCS11_MODULE",
    "PKCS11_PIN",
}
# What nothing works without, and no default could stand for.
REQUIRED = {"TRUST_LIST": "/etc/watchbound/trust.json"}


def keys(kind: type[BaseSettings]) -> dict[str, str]:
    """Environment key without the common prefix, to field."""
    prefix = str(kind.model_config.get("env_prefix", "")).removeprefix("WATCHBOUND_")
    return {prefix + name.upper(): name for name in kind.model_fields}


def test_every_setting_has_a_bad_value_here_or_takes_any_text() -> None:
    assert {key for kind in CLASSES for key in keys(kind)} == {key for key, _ in BAD} | FREE


@pytest.mark.parametrize(("key", "value"), BAD)
def test_a_bad_value_is_refused_by_the_key_that_holds_it(monkeypatch: pytest.MonkeyPatch, key: str, value: str) -> None:
    monkeypatch.setenv(f"WATCHBOUND_{key}", value)
    kind = next(kind for kind in CLASSES if key in keys(kind))
    with pytest.raises(ConfigurationError, match=rf"WATCHBOUND_{key}: .*\(got '{value}'\)"):
        load(kind)


def required(kind: type[BaseSettings]) -> dict[str, str]:
    """What must be given to a class, by field."""
    return {field: REQUIRED[key] for key, field in keys(kind).items() if key in REQUIRED}


@PER_CLASS
def test_the_defaults_stand_without_any_environment(kind: type[BaseSettings], monkeypatch: pytest.MonkeyPatch) -> None:
    for key in keys(kind):
        monkeypatch.delenv(f"WATCHBOUND_{key}", raising=False)
    load(kind, **required(kind))


@pytest.mark.parametrize("key", REQUIRED)
def test_what_is_required_is_asked_for_by_name(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(f"WATCHBOUND_{key}", raising=False)
    kind = next(kind for kind in CLASSES if key in keys(kind))
    with pytest.raises(ConfigurationError, match=f"^WATCHBOUND_{key}: must be set$"):
        load(kind)


@PER_CLASS
def test_settings_are_frozen(kind: type[BaseSettings]) -> None:
    resolved = load(kind, **required(kind))
    for name in kind.model_fields:
        with pytest.raises(ValidationError, match="frozen"):
            setattr(resolved, name, getattr(resolved, name))


@PER_CLASS
def test_every_setting_says_what_it_means(kind: type[BaseSettings]) -> None:
    assert [name for name, field in kind.model_fields.items() if not field.description] == []


@PER_CLASS
def test_a_flag_that_does_not_exist_is_refused(kind: type[BaseSettings]) -> None:
    flags: dict[str, Any] = {"colour": "blue"}
    with pytest.raises(ConfigurationError, match="COLOUR"):
        load(kind, **flags)


def test_a_flag_wins_over_the_environment_and_none_is_no_flag(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHBOUND_KAFKA_BOOTSTRAP", "broker:9092")
    assert load(KafkaSettings, bootstrap="other:9092").bootstrap == "other:9092"
    assert load(KafkaSettings, bootstrap=None).bootstrap == "broker:9092"


def test_all_problems_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHBOUND_KAFKA_BOOTSTRAP", "x")
    monkeypatch.setenv("WATCHBOUND_KAFKA_REPLICATION_FACTOR", "0")
    with pytest.raises(ConfigurationError, match=r"WATCHBOUND_KAFKA_BOOTSTRAP.*; WATCHBOUND_KAFKA_REPLICATION_FACTOR"):
        load(KafkaSettings)


def test_the_token_does_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHBOUND_MILVUS_TOKEN", "root:secret")
    resolved = load(MilvusSettings)
    assert "secret" not in repr(resolved) + str(resolved)
    assert resolved.token is not None
    assert resolved.token.get_secret_value() == "root:secret"


def test_nothing_else_in_the_package_reads_the_environment() -> None:
    package = Path(settings.__file__).parent
    readers = [
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if re.search(r"getenv|os\.environ(?!\[[^]]+\] = )", path.read_text())
    ]
    assert readers == []


def test_a_level_is_one_of_four() -> None:
    with pytest.raises(ConfigurationError, match="WATCHBOUND_LOG_LEVEL"):
        load(LogSettings, level="trace")


SECRET = "geheim-7f3a"  # noqa: S105 - opens nothing


@pytest.mark.parametrize(
    ("kind", "given", "named"),
    [
        (KafkaSettings, {"username": "a"}, "KAFKA_USERNAME"),
        (KafkaSettings, {"password": SECRET}, "KAFKA_PASSWORD"),
        (KafkaSettings, {"ca_file": "ca.pem"}, "KAFKA_CA_FILE"),
        (KafkaSettings, {"security_protocol": "SSL", "password_file": "p"}, "KAFKA_PASSWORD_FILE"),
        (KafkaSettings, {"security_protocol": "SSL", "cert_file": "c"}, "KAFKA_KEY_FILE"),
        (KafkaSettings, {"security_protocol": "SSL", "key_file": "k"}, "KAFKA_CERT_FILE"),
        (KafkaSettings, {"security_protocol": "SASL_SSL", "password": SECRET}, "KAFKA_USERNAME"),
        (KafkaSettings, {"security_protocol": "SASL_SSL", "username": "a"}, "KAFKA_PASSWORD"),
        (
            KafkaSettings,
            {"security_protocol": "SASL_SSL", "username": "a", "password": SECRET, "password_file": "p"},
            "KAFKA_PASSWORD",
        ),
        (MilvusSettings, {"ca_file": "ca.pem"}, "MILVUS_CA_FILE"),
        (MilvusSettings, {"uri": "https://milvus:19530", "key_file": "k"}, "MILVUS_CERT_FILE"),
        (MilvusSettings, {"uri": "https://milvus:19530", "cert_file": "c", "key_file": "k"}, "MILVUS_CERT_FILE"),
        (MilvusSettings, {"uri": "http://milvus:19530", "token": SECRET}, "MILVUS_TOKEN"),
        (MatchingSettings, {"ray_address": "auto"}, "MATCHING_RAY_TOKEN_FILE"),
        (MatchingSettings, {"ray_token_file": "token"}, "MATCHING_RAY_TOKEN_FILE"),
    ],
)
def test_what_does_not_go_together_is_refused_by_name_and_shows_no_secret(
    kind: type[BaseSettings], given: dict[str, str], named: str
) -> None:
    with pytest.raises(ConfigurationError, match=f"^WATCHBOUND_{named}: ") as refused:
        load(kind, **given)
    assert SECRET not in str(refused.value)
    # A trace shows causes too.
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


def test_a_token_may_stay_on_this_machine_in_the_clear() -> None:
    assert load(MilvusSettings, uri="http://127.0.0.1:19530", token=SECRET).token is not None
