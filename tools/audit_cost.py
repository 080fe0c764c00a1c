"""Measures what an append to the audit log costs: `python -m tools.audit_cost [URL]`, SQLite unless given."""

from __future__ import annotations

import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from watchbound.adapters.audit_log import open_audit_log
from watchbound.adapters.clock import SystemClock
from watchbound.pipeline.audit import AuditTrail
from watchbound.pipeline.audit_acts import Act
from watchbound.settings import AuditSettings, load

_EVENTS = 1000


def main() -> None:
    """Append from one process, one event after the other, and print the rate."""
    with tempfile.TemporaryDirectory() as folder:
        url = sys.argv[1] if len(sys.argv) > 1 else f"sqlite:///{Path(folder) / 'audit.db'}"
        with closing(open_audit_log(load(AuditSettings, url=url))) as log:
            trail = AuditTrail(log, SystemClock())
            started = time.perf_counter()
            for _ in range(_EVENTS):
                trail.record("audit-cost", Act.AUDIT_READ, "", "measures what an append costs")
            seconds = time.perf_counter() - started
    print(f"{_EVENTS / seconds:.0f} events/s, {1000 * seconds / _EVENTS:.1f} ms each, {url.partition(':')[0]}")


if __name__ == "__main__":
    main()
