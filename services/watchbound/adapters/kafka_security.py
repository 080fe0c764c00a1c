"""Who we are to a Kafka broker, and whom we take for one: TLS and SASL for every client library."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

from cryptography import x509

from watchbound.adapters.private_files import read_unshared
from watchbound.domain.errors import ConfigurationError
from watchbound.settings import KafkaSettings


def security_options(settings: KafkaSettings) -> dict[str, Any]:
    """The settings as kafka-python and aiokafka name them.

    Raises:
        ConfigurationError: a file is not there, is no such file, or others may read it.
    """
    options: dict[str, Any] = {"security_protocol": settings.security_protocol}
    if settings.security_protocol != "PLAINTEXT":
        options["ssl_context"] = tls_context(settings)
    if settings.security_protocol == "SASL_SSL":
        options |= {
            "sasl_mechanism": settings.sasl_mechanism,
            "sasl_plain_username": settings.username,
            "sasl_plain_password": password(settings),
        }
    return options


def tls_context(settings: KafkaSettings) -> ssl.SSLContext:
    """Checks the broker's certificate and its name, and shows our own certificate where there is one.

    Raises:
        ConfigurationError: a file cannot be used.
    """
    try:
        context = ssl.create_default_context(cafile=None if settings.ca_file is None else settings.ca_file.expanduser())
    except (OSError, ssl.SSLError) as error:
        msg = f"WATCHBOUND_KAFKA_CA_FILE: expected certificates in PEM in {settings.ca_file}, got {_words(error)}"
        raise ConfigurationError(msg) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.cert_file is not None and settings.key_file is not None:
        _show_certificate(context, settings.cert_file.expanduser(), settings.key_file.expanduser())
    return context


def _show_certificate(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    read_unshared(key, "WATCHBOUND_KAFKA_KEY_FILE")
    try:
        # With no password given here, OpenSSL would ask for one on the terminal.
        context.load_cert_chain(certificate, key, password="")
    except (OSError, ssl.SSLError, ValueError) as error:
        msg = (
            f"WATCHBOUND_KAFKA_CERT_FILE, WATCHBOUND_KAFKA_KEY_FILE: expected a certificate in {certificate} and its"
            f" key without password in {key}, got {_words(error)}"
        )
        raise ConfigurationError(msg) from error


def password(settings: KafkaSettings) -> str:
    """The password, from wherever it is.

    Raises:
        ConfigurationError: its file is not there, is empty, or others may read it.
    """
    if settings.password is not None:
        return settings.password.get_secret_value()
    # The settings were refused if there were neither.
    path = Path(settings.password_file or "").expanduser()
    secret = read_unshared(path, "WATCHBOUND_KAFKA_PASSWORD_FILE").decode(errors="replace").rstrip("\r\n")
    if not secret:
        msg = f"WATCHBOUND_KAFKA_PASSWORD_FILE: expected the password in {path}, got nothing"
        raise ConfigurationError(msg)
    return secret


def principal(settings: KafkaSettings) -> str:
    """Whom the broker takes us for; with a certificate its subject, unless the broker's own rules shorten it."""
    if settings.security_protocol == "SASL_SSL":
        return f"User:{settings.username}"
    if settings.security_protocol == "SSL" and settings.cert_file is not None:
        first = x509.load_pem_x509_certificates(settings.cert_file.expanduser().read_bytes())[0]
        return f"User:{first.subject.rfc4514_string()}"
    return "User:ANONYMOUS"


def _words(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return f"what TLS calls {error.reason or error}"
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
