"""kafka-python's network layer, with a memory of why it could not connect."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from kafka.net.compat import KafkaNetClient
from kafka.net.manager import KafkaConnectionManager
from kafka.net.selector import NetworkSelector

Received = tuple[bytes, BaseException | None]

_REMEMBERED = 32


class _Connections(KafkaConnectionManager):
    """Looks at each connection while it is being made: what fails there is otherwise only logged, and tried again."""

    def __init__(self, loop: Any, **config: Any) -> None:
        super().__init__(loop, **config)
        self.problems: deque[BaseException] = deque(maxlen=_REMEMBERED)

    async def _build_transport(self, *args: Any, **options: Any) -> Any:
        transport = await super()._build_transport(*args, **options)
        transport._sock_recv = _last_words_first(transport._sock_recv)
        return transport

    def get_connection(self, *args: Any, **options: Any) -> Any:
        connection = super().get_connection(*args, **options)
        if not connection.init_future.is_done:
            connection.init_future.add_errback(self.problems.append)
        return connection


def _last_words_first(receive: Callable[[], Received]) -> Callable[[], Received]:
    """Hand over what came before the end of a connection, and then its end.

    kafka-python 3.0.12 throws the former away when both come at once, which is how a broker says why it hangs up.
    """
    ended: list[BaseException] = []

    def in_order() -> Received:
        if ended:
            return b"", ended.pop()
        data, error = receive()
        if data and error is not None:
            ended.append(error)
            error = None
        return data, error

    return in_order


class Network(KafkaNetClient):
    """What a client of kafka-python is given as its `kafka_client`."""

    def __init__(self, **config: Any) -> None:
        loop = NetworkSelector(**config)
        self._connections = _Connections(loop, **config)
        super().__init__(net=loop, manager=self._connections)

    def problems(self) -> list[BaseException]:
        """Why connections could not be made, the latest last."""
        return list(self._connections.problems)
