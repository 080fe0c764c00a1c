"""One matching worker in a process of its own, without Ray; run by path.

For machines where Ray does not start: its raylet gives itself up when a helper of its own has not answered after 15 s,
which a machine that does much else does not manage. All but placement and supervision is as in production.
"""

from __future__ import annotations

import sys
import threading

from watchbound.adapters.logs import configure_logs
from watchbound.adapters.service import ServiceEndpoint, stop_on_signals
from watchbound.matching.main import MatchingConfiguration, WorkerProcess
from watchbound.settings import (
    AuditSettings,
    AuthoritySettings,
    ClockSettings,
    HttpSettings,
    KafkaSettings,
    KeySettings,
    LogSettings,
    MatchingSettings,
    MilvusSettings,
    ModelSettings,
    TrustSettings,
    load,
)


def main(name: str) -> None:
    """Match until SIGTERM."""
    logs = load(LogSettings)
    configure_logs(name, logs)
    configuration = MatchingConfiguration(
        kafka=load(KafkaSettings),
        milvus=load(MilvusSettings),
        models=load(ModelSettings),
        authority=load(AuthoritySettings),
        clock=load(ClockSettings),
        trust=load(TrustSettings),
        keys=load(KeySettings),
        audit=load(AuditSettings),
        matching=load(MatchingSettings),
        logs=logs,
    )
    stop = stop_on_signals()
    worker = WorkerProcess(configuration, name)

    def obey() -> None:
        stop.wait()
        worker.stop()

    threading.Thread(target=obey, daemon=True).start()
    with ServiceEndpoint(load(HttpSettings), worker.exposition, worker.complaint):
        worker.run()


if __name__ == "__main__":
    main(sys.argv[1])
