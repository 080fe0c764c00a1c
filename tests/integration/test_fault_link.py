"""The link of the fault suite does what its faults need."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.faults.link import Link

PATIENCE_S = 20.0


@pytest.fixture
def echo() -> Iterator[int]:
    """A server that says again what it hears."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                with client:
                    while heard := client.recv(1024):
                        client.sendall(heard)

        threading.Thread(target=serve, daemon=True).start()
        yield int(server.getsockname()[1])


def test_a_link_passes_stalls_and_heals_without_losing_a_byte(echo: int) -> None:
    with closing(Link(echo)) as link, socket.create_connection(("127.0.0.1", link.port), PATIENCE_S) as client:
        client.sendall(b"one")
        assert client.recv(10) == b"one"
        link.stall()
        client.sendall(b"two")
        client.settimeout(0.3)
        with pytest.raises(TimeoutError):
            client.recv(10)
        link.heal()
        client.settimeout(PATIENCE_S)
        assert client.recv(10) == b"two"


def test_a_server_that_is_away_closes_the_link() -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = int(nobody.getsockname()[1])
    with closing(Link(port)) as link, socket.create_connection(("127.0.0.1", link.port), PATIENCE_S) as client:
        assert client.recv(10) == b""
