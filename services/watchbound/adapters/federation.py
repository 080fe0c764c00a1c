"""Many workers, one page of metrics: each worker's exposition under its own `worker` label."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector


class _Federated(Collector):
    """Families of the same name merged, since a page may name each family only once."""

    def __init__(self, expositions: Sequence[tuple[dict[str, str], bytes]]) -> None:
        self._expositions = expositions

    def collect(self) -> Iterator[Metric]:
        families: dict[str, Metric] = {}
        for labels, exposition in self._expositions:
            for family in text_string_to_metric_families(exposition.decode()):
                merged = families.setdefault(family.name, Metric(family.name, family.documentation, family.type))
                for sample in family.samples:
                    # Creation times are no measurements; the text format repeats them as gauges of their own.
                    if not sample.name.endswith("_created"):
                        merged.add_sample(sample.name, {**sample.labels, **labels}, sample.value)
        yield from (family for family in families.values() if family.samples)


def federate(own: bytes, workers: Mapping[str, bytes]) -> bytes:
    """The supervisor's exposition as it is, and the workers' with their names as labels."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Federated([({}, own), *(({"worker": name}, text) for name, text in sorted(workers.items()))]))
    return generate_latest(registry)
