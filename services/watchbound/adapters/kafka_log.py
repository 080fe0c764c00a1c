"""The log on Apache Kafka, and on anything that speaks its protocol: one class per port."""

from __future__ import annotations

from watchbound.adapters.kafka_consumer import KafkaRecordConsumer
from watchbound.adapters.kafka_producer import KafkaRecordProducer
from watchbound.adapters.kafka_reader import KafkaTopicReader

__all__ = ["KafkaRecordConsumer", "KafkaRecordProducer", "KafkaTopicReader"]
