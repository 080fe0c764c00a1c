"""What every long-running service shares: /metrics, /healthz, /readyz, and a clean end on SIGTERM or Ctrl-C."""

from __future__ import annotations

import errno
import signal
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

from watchbound.adapters.logs import get_logger
from watchbound.adapters.prometheus import CONTENT_TYPE
from watchbound.domain.errors import ConfigurationError
from watchbound.settings import HttpSettings

log = get_logger(__name__)

_OF_THE_PORT = frozenset({errno.EADDRINUSE, errno.EACCES})

Complaint = Callable[[], str | None]
"""Says what is wrong, or None when nothing is."""


def nothing_wrong() -> str | None:
    """The complaint of a service that answers at all."""
    return None


class ServiceEndpoint:
    """Serves the three pages from a thread, as a context manager.

    Attributes:
        port: where it listens, also when the settings said 0.
    """

    def __init__(
        self,
        settings: HttpSettings,
        exposition: Callable[[], bytes],
        ready: Complaint = nothing_wrong,
        live: Complaint = nothing_wrong,
    ) -> None:
        try:
            self._server = ThreadingHTTPServer((settings.host, settings.port), _handler(exposition, ready, live))
        except OSError as error:
            # A port is taken or forbidden; whatever else is wrong is wrong with the address.
            key = "WATCHBOUND_HTTP_PORT" if error.errno in _OF_THE_PORT else "WATCHBOUND_HTTP_HOST"
            msg = f"{key}: cannot listen on {settings.host}:{settings.port} ({error.strerror})"
            raise ConfigurationError(msg) from error
        self._server.daemon_threads = True
        self.host = settings.host
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, name="http", daemon=True)

    def __enter__(self) -> ServiceEndpoint:
        self._thread.start()
        log.info("serving", metrics=f"http://{self.host}:{self.port}/metrics")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(exposition: Callable[[], bytes], ready: Complaint, live: Complaint) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/metrics":
                self._answer(HTTPStatus.OK, CONTENT_TYPE, exposition())
            elif self.path in ("/healthz", "/readyz"):
                complaint = (live if self.path == "/healthz" else ready)()
                status = HTTPStatus.OK if complaint is None else HTTPStatus.SERVICE_UNAVAILABLE
                self._answer(status, "text/plain; charset=utf-8", (complaint or "ok").encode() + b"\n")
            else:
                self._answer(HTTPStatus.NOT_FOUND, "text/plain", b"expected /metrics, /healthz or /readyz\n")

        def _answer(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Probes every few seconds are no news."""

    return Handler


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set; a second signal of the same kind ends the process at once."""
    stop = threading.Event()

    def handle(number: int, _frame: object) -> None:
        stop.set()
        signal.signal(number, signal.SIG_DFL)

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)
    return stop
