"""What a broker's refusal means: which permission is missing and for whom, or which setting is wrong.

kafka-python and aiokafka have error classes of their own with the same numbers, those of Kafka's protocol.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Sequence

from watchbound.adapters.kafka_security import principal
from watchbound.domain.errors import AccessRefused
from watchbound.pipeline.access import Kind, Permission
from watchbound.settings import KafkaSettings

_FORBIDDEN = {29: Kind.TOPIC, 30: Kind.GROUP, 31: Kind.CLUSTER}
"""TOPIC_, GROUP_ and CLUSTER_AUTHORIZATION_FAILED."""
_QUOTED = re.compile(r"\[Error (\d+)\]")
_UNSUPPORTED_MECHANISM = 33
_BAD_CREDENTIALS = 58

_OTHER_NAME = 62
_EXPIRED = 10
"""X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_CERT_HAS_EXPIRED of OpenSSL."""
_NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG", "UNEXPECTED_EOF")
_OURS_IS_MISSING = ("CERTIFICATE_REQUIRED", "HANDSHAKE_FAILURE")
_OURS_IS_REFUSED = ("UNKNOWN_CA", "BAD_CERTIFICATE", "CERTIFICATE_UNKNOWN", "CERTIFICATE_EXPIRED", "UNSUPPORTED_CERT")


def refusal(
    settings: KafkaSettings, act: str, error: BaseException, needed: Sequence[Permission]
) -> AccessRefused | None:
    """The refusal behind an error; None where the broker merely did not answer.

    Args:
        settings: with which it was asked.
        act: what was tried.
        error: what came, of either library.
        needed: what the act takes.
    """
    number = _number(error)
    if number in _FORBIDDEN:
        # Who may write to no topic at all is refused by the cluster, before any topic is asked.
        lacking = [each for each in needed if each.kind is _FORBIDDEN[number]] or needed
        return _forbidden(settings, act, lacking, error)
    if number in (_BAD_CREDENTIALS, _UNSUPPORTED_MECHANISM):
        return _not_believed(settings, act, error, number)
    for tls in _tls_errors(error):
        return AccessRefused(f"Kafka at {settings.bootstrap}, while {act}: {_broken_trust(settings, tls)}")
    return None


def _number(error: BaseException) -> int | None:
    """The error's number in Kafka's protocol; some of kafka-python's only quote it in their text."""
    number = getattr(error, "errno", None)
    quoted = _QUOTED.search(str(error)) if number is None else None
    return int(quoted.group(1)) if quoted else number


def _forbidden(settings: KafkaSettings, act: str, lacking: Sequence[Permission], error: BaseException) -> AccessRefused:
    # The broker names what it refused where it can.
    lacking = [permission for permission in lacking if permission.name in str(error)] or lacking
    missing = ", or ".join(str(permission) for permission in lacking) or str(error)
    return AccessRefused(
        f"Kafka at {settings.bootstrap} refuses {act} to {principal(settings)}: it lacks {missing};"
        " grant it (`watchbound topics acls` says what each service needs), or connect as whom it was granted to"
    )


def _not_believed(settings: KafkaSettings, act: str, error: BaseException, number: int) -> AccessRefused:
    keys = (
        "WATCHBOUND_KAFKA_SASL_MECHANISM"
        if number == _UNSUPPORTED_MECHANISM
        else "WATCHBOUND_KAFKA_USERNAME and WATCHBOUND_KAFKA_PASSWORD or WATCHBOUND_KAFKA_PASSWORD_FILE"
    )
    return AccessRefused(
        f"Kafka at {settings.bootstrap} does not believe, while {act}, that we are {principal(settings)}"
        f" ({settings.sasl_mechanism}): {error}; see {keys}"
    )


def _broken_trust(settings: KafkaSettings, error: ssl.SSLError) -> str:
    reason = error.reason or str(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code == _OTHER_NAME:
            return (
                f"its certificate is for another name ({error.verify_message}); name it in WATCHBOUND_KAFKA_BOOTSTRAP"
                " as its certificate does"
            )
        if error.verify_code == _EXPIRED:
            return "its certificate has expired; renew it"
        trusted = settings.ca_file or "the authorities that the system trusts"
        return (
            f"its certificate is signed by nobody in {trusted} ({error.verify_message}); see WATCHBOUND_KAFKA_CA_FILE"
        )
    if any(word in reason for word in _NO_TLS):
        return f"it speaks no TLS there ({reason}); see WATCHBOUND_KAFKA_SECURITY_PROTOCOL and the port"
    ours = settings.cert_file
    if ours is None and any(word in reason for word in (*_OURS_IS_MISSING, *_OURS_IS_REFUSED)):
        return (
            f"it asks for a certificate and got none ({reason}); set WATCHBOUND_KAFKA_CERT_FILE and"
            " WATCHBOUND_KAFKA_KEY_FILE"
        )
    if any(word in reason for word in _OURS_IS_REFUSED):
        return f"it does not accept our certificate in {ours} ({reason}); see WATCHBOUND_KAFKA_CERT_FILE"
    return f"TLS failed ({reason})"


def _tls_errors(error: BaseException) -> Iterator[ssl.SSLError]:
    """Wherever the client library has put them: it wraps errors as causes, contexts or arguments of its own."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        each = waiting.pop(0)
        if not isinstance(each, BaseException) or id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, ssl.SSLError):
            yield each
        waiting += [each.__cause__, each.__context__, *each.args]
