"""A TCP link of ours between a client and a server, that can be cut, stalled and slowed."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

from watchbound.stack.processes import free_port

_CHUNK = 65_536
_LOOK_S = 0.02


class Link:
    """Forwards a loopback port to another, as a context manager.

    A *stalled* link is a partition: connections stay, nothing passes, nobody is told. A *cut* link refuses.

    Args:
        target: the server's port.

    Attributes:
        port: where clients connect.
        delay_s: how long each piece of up to 64 KiB is held, in each direction.
    """

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self.delay_s = 0.0
        self._target = target
        self._stalled = threading.Event()
        self._ended = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, name=f"link-{self.port}", daemon=True).start()

    def stall(self) -> None:
        """Let nothing pass from now on."""
        self._stalled.set()

    def heal(self) -> None:
        """Let everything pass, without delay."""
        self.delay_s = 0.0
        self._stalled.clear()

    def close(self) -> None:
        """End it."""
        self._ended.set()
        self.heal()
        self._listener.close()

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        self._wait()
        try:
            server = socket.create_connection(("127.0.0.1", self._target))
        except OSError:
            client.close()
            return
        for one, other in ((client, server), (server, client)):
            threading.Thread(target=self._pump, args=(one, other), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(_CHUNK):
                if self.delay_s:
                    time.sleep(self.delay_s)
                self._wait()
                sink.sendall(piece)
        for each in (source, sink):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _wait(self) -> None:
        while self._stalled.is_set():
            time.sleep(_LOOK_S)
