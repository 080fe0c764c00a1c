from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.certificates import Authority
from watchbound.adapters.kafka_security import password, principal, security_options
from watchbound.domain.errors import ConfigurationError
from watchbound.settings import KafkaSettings, load


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def settings(**given: Any) -> KafkaSettings:
    return load(KafkaSettings, **given)


def by_certificate(authority: Authority, name: str, **changed: Any) -> KafkaSettings:
    certificate, key = authority.certificate(name)
    given = {"security_protocol": "SSL", "ca_file": authority.ca_file, "cert_file": certificate, "key_file": key}
    return settings(**given | changed)


def test_nothing_is_shown_where_nothing_is_asked_for() -> None:
    assert security_options(settings()) == {"security_protocol": "PLAINTEXT"}
    assert principal(settings()) == "User:ANONYMOUS"


def test_a_broker_is_always_checked_by_name_and_by_authority(authority: Authority) -> None:
    context = security_options(by_certificate(authority, "camera"))["ssl_context"]
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_a_certificate_names_its_principal(authority: Authority) -> None:
    assert principal(by_certificate(authority, "camera")) == "User:CN=camera"


def test_a_password_comes_from_its_file_without_its_line_end(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.touch(mode=0o640)
    said = "open sesame"
    file.write_text(f"{said}\n")
    given = settings(security_protocol="SASL_SSL", username="camera", password_file=file)
    assert password(given) == said
    assert principal(given) == "User:camera"
    assert security_options(given)["sasl_plain_password"] == said


@pytest.mark.parametrize(("mode", "text"), [(0o644, "secret"), (0o600, "\n")])
def test_a_password_that_others_read_or_that_is_none_is_refused(tmp_path: Path, mode: int, text: str) -> None:
    file = tmp_path / "password"
    file.write_text(text)
    file.chmod(mode)
    given = settings(security_protocol="SASL_SSL", username="camera", password_file=file)
    with pytest.raises(ConfigurationError, match="WATCHBOUND_KAFKA_PASSWORD_FILE"):
        security_options(given)


def test_files_that_are_no_certificates_are_refused_by_their_keys(authority: Authority, tmp_path: Path) -> None:
    junk = tmp_path / "junk"
    junk.touch(mode=0o600)
    junk.write_text("no PEM")
    _, other_key = authority.certificate("another")
    for key, changed in (
        ("CA_FILE", {"ca_file": junk}),
        ("CA_FILE", {"ca_file": tmp_path / "nowhere"}),
        ("CERT_FILE", {"cert_file": junk}),
        ("KEY_FILE", {"key_file": other_key}),
        ("KEY_FILE", {"key_file": tmp_path / "nowhere"}),
    ):
        with pytest.raises(ConfigurationError, match=f"WATCHBOUND_KAFKA_{key}"):
            security_options(by_certificate(authority, "camera", **changed))


def test_a_key_that_others_read_is_refused(authority: Authority) -> None:
    given = by_certificate(authority, "careless")
    assert given.key_file is not None
    given.key_file.chmod(0o644)
    with pytest.raises(ConfigurationError, match=r"WATCHBOUND_KAFKA_KEY_FILE: .*chmod 640"):
        security_options(given)
