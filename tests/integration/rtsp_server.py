"""A small RTSP camera on loopback: H.264 over RTP, interleaved in the RTSP connection (RFC 2326, 10.12).

FFmpeg's own RTP muxer packs the pictures; here they are only wrapped and sent on.
"""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
import time
from collections.abc import Iterator
from types import TracebackType

import av
import numpy as np

_SDP = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n"
_SDP += "a=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=control:track0\r\n"
_SESSION = "Session: 1234"


class RtspCamera:
    """Serves moving pictures to whoever asks for `url`, until it is left."""

    def __init__(self, fps: int = 10) -> None:
        self._fps = fps
        self._off = threading.Event()
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.url = f"rtsp://127.0.0.1:{self._server.server_address[1]}/stream1"

    def __enter__(self) -> RtspCamera:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._off.set()
        self._server.shutdown()
        self._server.server_close()

    def _handler(camera: RtspCamera) -> type[socketserver.StreamRequestHandler]:
        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                try:
                    while (request := self.rfile.readline().decode().split()) and self._answer(request[0]):
                        pass
                except OSError:
                    return

            def _answer(self, method: str) -> bool:
                headers: dict[str, str] = {}
                while line := self.rfile.readline().decode().strip():
                    name, _, value = line.partition(":")
                    headers[name.lower()] = value.strip()
                extra, body = [_SESSION], ""
                if method == "OPTIONS":
                    extra = ["Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN"]
                elif method == "DESCRIBE":
                    body = _SDP
                    extra = ["Content-Type: application/sdp", f"Content-Length: {len(body)}"]
                elif method == "SETUP":
                    extra.append("Transport: RTP/AVP/TCP;unicast;interleaved=0-1")
                lines = ["RTSP/1.0 200 OK", f"CSeq: {headers['cseq']}", *extra, "", body]
                self.wfile.write("\r\n".join(lines).encode())
                if method == "PLAY":
                    for packet in camera._packets():
                        self.wfile.write(b"$\x00" + struct.pack(">H", len(packet)) + packet)
                return method not in ("PLAY", "TEARDOWN")

        return Handler

    def _packets(self) -> Iterator[bytes]:
        """RTP packets in real time, out of FFmpeg and through a UDP socket of ours."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
            receiver.bind(("127.0.0.1", 0))
            receiver.setblocking(False)
            address = f"rtp://127.0.0.1:{receiver.getsockname()[1]}"
            chance = np.random.default_rng(1)
            with av.open(address, "w", format="rtp") as container:
                stream = container.add_stream("libx264", rate=self._fps)
                stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
                stream.options = {"tune": "zerolatency", "x264-params": "repeat-headers=1:keyint=10"}
                while not self._off.wait(1 / self._fps):
                    small = chance.integers(0, 255, (6, 8, 3)).astype(np.uint8)
                    image = np.kron(small, np.ones((40, 40, 1), np.uint8))
                    container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
                    time.sleep(0.005)
                    yield from _received(receiver)


def _received(receiver: socket.socket) -> Iterator[bytes]:
    while True:
        try:
            yield receiver.recv(65536)
        except BlockingIOError:
            return
