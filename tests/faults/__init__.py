"""Faults, on Apache Kafka and a Milvus server, against real processes, judged by the ground truth of their footage."""
