"""The connection to Milvus, and what its errors mean to us."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from pymilvus import MilvusClient, MilvusException

from watchbound.domain.errors import Unavailable, UnknownReference
from watchbound.settings import MilvusSettings

NOT_FOUND = 100
NOT_LOADED = 101
_SLOW = 6

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
                uri=settings.uri, token=token, timeout=self.timeout_s, grpc_options=_GRPC_OPTIONS
            )
            self.is_lite = str(self.client.get_server_version(timeout=self.timeout_s)).startswith("milvus_lite")

    @contextmanager
    def answering(self, act: str, authorisation_id: str | None = None) -> Iterator[None]:
        """Turn pymilvus's errors into ours.

        Raises:
            UnknownReference: the authorisation has no collection.
            Unavailable: anything else: no answer in time, no connection, or a server in trouble.
        """
        try:
            yield
        except MilvusException as error:
            if authorisation_id is not None and error.code == NOT_FOUND:
                msg = f"the authorisation {authorisation_id} has no collection; create it by enrolling"
                raise UnknownReference(msg) from error
            msg = (
                f"Milvus at {self._uri} did not answer while {act}: {type(error).__name__}: {error};"
                " see that a server runs there (WATCHBOUND_MILVUS_URI), then try again"
            )
            raise Unavailable(msg) from error
