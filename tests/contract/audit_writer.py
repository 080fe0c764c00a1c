"""A process of its own that appends to an audit log: `python audit_writer.py URL WRITER COUNT`."""

from __future__ import annotations

import sys

from watchbound.adapters.audit_log import open_audit_log
from watchbound.adapters.clock import SystemClock
from watchbound.pipeline.audit import AuditTrail
from watchbound.pipeline.audit_acts import Act
from watchbound.settings import AuditSettings, load

if __name__ == "__main__":
    url, writer, count = sys.argv[1:]
    log = open_audit_log(load(AuditSettings, url=url, timeout_s=60.0))
    trail = AuditTrail(log, SystemClock())
    for number in range(int(count)):
        trail.record(writer, Act.AUDIT_READ, "op-1", "several processes append at once", number=str(number))
    log.close()
