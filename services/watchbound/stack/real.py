"""The stack that production has: Apache Kafka and a Milvus server, for the fault suite and for developers."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from watchbound.stack.apache_kafka import REPLICAS, ApacheKafka, Detour
from watchbound.stack.embedded import Stack
from watchbound.stack.milvus_standalone import MilvusServer


class RealStack(Stack):
    """A Kafka cluster of one or three brokers, and a Milvus standalone server.

    Attributes:
        kafka: the cluster; its brokers may be killed and started again.
        milvus: the server; the same.
    """

    kafka: ApacheKafka
    milvus: MilvusServer

    def __init__(self, folder: Path, brokers: int = 1, detour: Detour | None = None) -> None:
        super().__init__(folder)
        self._brokers = brokers
        self._detour = detour

    def _stores(self, opening: ExitStack) -> dict[str, str]:
        self.kafka = opening.enter_context(ApacheKafka(self.folder / "kafka", self._brokers, detour=self._detour))
        self.milvus = opening.enter_context(MilvusServer(self.folder / "milvus"))
        return {
            "WATCHBOUND_KAFKA_BOOTSTRAP": self.kafka.bootstrap,
            "WATCHBOUND_KAFKA_REPLICATION_FACTOR": str(min(self._brokers, REPLICAS)),
            "WATCHBOUND_MILVUS_URI": self.milvus.uri,
            "WATCHBOUND_PURGE_STORE_FOLDERS": str(self.milvus.data),
        }
