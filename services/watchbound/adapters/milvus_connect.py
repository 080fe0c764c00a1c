"""The connection to Milvus, and what its errors mean to us."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
from pymilvus import MilvusClient, MilvusException

from watchbound.adapters.private_files import read_unshared
from watchbound.domain.errors import AccessRefused, ConfigurationError, Unavailable, UnknownReference
from watchbound.settings import MilvusSettings

NOT_FOUND = 100
NOT_LOADED = 101
_SLOW = 6
_TLS_TROUBLE = ("SSL", "ertificate", "Handshake")
"""How gRPC's own texts name it."""

_GRPC_OPTIONS = {
    # By default gRPC waits up to 2 minutes between attempts: a server that is back would be left alone for as long.
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.min_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 1_000,
    # Otherwise a fresh channel shares the waiting of the one that it replaces.
    "grpc.use_local_subchannel_pool": 1,
}


class MilvusConnection:
    """A client that connects again by itself after a restart of the server; one serves all threads.

    Attributes:
        client: the client.
        timeout_s: longest wait for one answer.
        slow_s: longest wait for making, loading, flushing and dropping a collection, a multiple of `timeout_s`.
        is_lite: whether the server is Milvus Lite's.

    Raises:
        Unavailable: no server answers at the address.
    """

    def __init__(self, settings: MilvusSettings) -> None:
        # It logs each failed call with its trace, on a handler of its own; we raise what matters.
        logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
        self.timeout_s = settings.timeout_s
        self.slow_s = settings.timeout_s * _SLOW
        self._uri = settings.uri
        token = settings.token.get_secret_value() if settings.token else ""
        with self.answering("connecting"):
            self.client = MilvusClient(
                uri=settings.uri, token=token, timeout=self.timeout_s, grpc_options=_GRPC_OPTIONS, **_tls(settings)
            )
            self.is_lite = str(self.client.get_server_version(timeout=self.timeout_s)).startswith("milvus_lite")

    @contextmanager
    def answering(self, act: str, authorisation_id: str | None = None) -> Iterator[None]:
        """Turn pymilvus's errors into ours.

        Raises:
            UnknownReference: the authorisation has no collection.
            AccessRefused: the token is not believed, or its user may not do this.
            Unavailable: anything else: no answer in time, no connection, or a server in trouble.
        """
        try:
            yield
        # What a server forbids leaves pymilvus as gRPC's own error.
        except (MilvusException, grpc.RpcError) as error:
            if authorisation_id is not None and getattr(error, "code", None) == NOT_FOUND:
                msg = f"the authorisation {authorisation_id} has no collection; create it by enrolling"
                raise UnknownReference(msg) from error
            refused = _refusal(error)
            if refused is not None:
                msg = f"Milvus at {self._uri} refuses {act}: {refused}"
                raise AccessRefused(msg) from error
            msg = (
                f"Milvus at {self._uri} did not answer while {act}: {type(error).__name__}: {error};"
                " see that a server runs there (WATCHBOUND_MILVUS_URI), then try again"
            )
            raise Unavailable(msg) from error


def _tls(settings: MilvusSettings) -> dict[str, Any]:
    """The files as pymilvus names them; it takes the scheme of the address for whether to use TLS at all.

    Raises:
        ConfigurationError: one cannot be read.
    """
    if settings.ca_file is None:
        return {}
    authorities = str(settings.ca_file.expanduser())
    _require_readable(authorities, "WATCHBOUND_MILVUS_CA_FILE")
    if settings.cert_file is None or settings.key_file is None:
        return {"server_pem_path": authorities}
    certificate, key = settings.cert_file.expanduser(), settings.key_file.expanduser()
    _require_readable(str(certificate), "WATCHBOUND_MILVUS_CERT_FILE")
    read_unshared(key, "WATCHBOUND_MILVUS_KEY_FILE")
    return {"ca_pem_path": authorities, "client_pem_path": str(certificate), "client_key_path": str(key)}


def _require_readable(path: str, key: str) -> None:
    try:
        Path(path).read_bytes()
    except OSError as error:
        msg = f"{key}: expected a file in PEM at {path}, got {error.strerror}"
        raise ConfigurationError(msg) from error


def _refusal(error: BaseException) -> str | None:
    """What the server forbids, and which setting to look at; None where it forbids nothing."""
    each: BaseException | None = error
    # gRPC raises one error again and again: it may be its own context.
    seen: set[int] = set()
    while each is not None and id(each) not in seen:
        seen.add(id(each))
        if isinstance(each, grpc.RpcError) and isinstance(each, grpc.Call):
            if each.code() is grpc.StatusCode.UNAUTHENTICATED:
                return f"{each.details()}; see WATCHBOUND_MILVUS_TOKEN"
            if each.code() is grpc.StatusCode.PERMISSION_DENIED:
                return f"{each.details()}; grant it to the user of WATCHBOUND_MILVUS_TOKEN"
            details = each.details() or ""
            if any(word in details for word in _TLS_TROUBLE):
                return f"TLS failed ({details}); see WATCHBOUND_MILVUS_CA_FILE, …_CERT_FILE and …_URI"
        each = each.__cause__ or each.__context__
    return None
