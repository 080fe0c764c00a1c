"""An MJPEG-over-HTTP camera on loopback, as cheap network cameras are: multipart JPEGs, with a password."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

import numpy as np
import simplejpeg

PASSWORD = "hunter2"  # noqa: S105 - what no log may show
_CREDENTIALS = "Basic dmlld2VyOmh1bnRlcjI="  # viewer:hunter2


class MjpegCamera:
    """Serves moving pictures until it is left; `port` 0 takes a free one."""

    def __init__(self, port: int = 0, fps: float = 20.0) -> None:
        self._fps = fps
        self._off = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.port = int(self._server.server_address[1])
        self.url = f"http://viewer:{PASSWORD}@127.0.0.1:{self.port}/video.mjpg"

    def __enter__(self) -> MjpegCamera:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._off.set()
        self._server.shutdown()
        self._server.server_close()

    def _handler(camera: MjpegCamera) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.headers.get("Authorization") != _CREDENTIALS:
                    self.send_response(401)
                    self.send_header("WWW-Authenticate", 'Basic realm="camera"')
                    self.end_headers()
                    return
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
                self.end_headers()
                chance = np.random.default_rng(1)
                try:
                    while not camera._off.wait(1 / camera._fps):
                        image = chance.integers(0, 255, (240, 320, 3)).astype(np.uint8)
                        jpeg = simplejpeg.encode_jpeg(image, quality=80, colorspace="BGR")
                        head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                        self.wfile.write(head.encode() + jpeg + b"\r\n")
                except OSError:
                    return

            def log_message(self, format: str, *args: object) -> None:
                """Requests are no news."""

        return Handler


def eventually(holds: Callable[[], object], timeout_s: float = 30.0) -> None:
    """Wait until `holds()`."""
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, f"still not so after {timeout_s} s"
        time.sleep(0.02)
