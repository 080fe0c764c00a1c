"""Puts together what keeps the audit log: its key, the folder off the machine, the topic; and who is believed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from watchbound.adapters import codecs
from watchbound.adapters.audit_log import SqlAuditLog, open_audit_log
from watchbound.adapters.checkpoint_folder import CheckpointFolder
from watchbound.adapters.clock import SystemClock
from watchbound.adapters.logs import get_logger
from watchbound.adapters.signing import FileSigner
from watchbound.domain.errors import ConfigurationError, InvalidValue, Unavailable
from watchbound.pipeline.audit import AuditTrail
from watchbound.pipeline.audit_acts import Act
from watchbound.pipeline.audit_keeping import AuditKeeper, KeepingLoop
from watchbound.pipeline.checkpoint import LogKey, origin_of
from watchbound.ports import Clock, Metrics, RecordProducer
from watchbound.settings import AuditSettings

log = get_logger(__name__)


def open_keeper(
    settings: AuditSettings, log: SqlAuditLog, producer: RecordProducer, clock: Clock
) -> AuditKeeper | None:
    """What signs for the log; None where this process has no key to do so.

    Raises:
        ConfigurationError: the key's file cannot be used.
    """
    if settings.key is None:
        return None
    signer = FileSigner.load(settings.key)
    folder = CheckpointFolder(settings.checkpoints)
    return AuditKeeper(log, folder, signer, signer.public_key, producer, codecs.AUDIT_RECORD, clock)


@contextmanager
def keeping(
    settings: AuditSettings, producer: RecordProducer, clock: Clock, metrics: Metrics
) -> Iterator[Callable[[], str | None]]:
    """Keep the log for as long as a service runs; gives the service's readiness its word on it.

    Raises:
        ConfigurationError: the settings cannot be used.
        Unavailable: the database does not answer: no audit, no action.
    """
    with closing(open_audit_log(settings)) as audit:
        keeper = open_keeper(settings, audit, producer, clock)
        if keeper is None:
            log.warning("this service signs for no audit log: it has no WATCHBOUND_AUDIT_KEY")
            yield _nothing_wrong
            return
        with KeepingLoop(keeper, settings.checkpoint_every_s, metrics) as loop:
            yield loop.ready


def _nothing_wrong() -> str | None:
    """Another process signs."""
    return None


@contextmanager
def audited_run(settings: AuditSettings, service: str, started: Act, stopped: Act, detail: str) -> Iterator[None]:
    """Say that a service begins, before it does, and that it ended.

    Args:
        settings: where the audit log is.
        service: the run's name.
        started: how its beginning is called.
        stopped: how its end is called.
        detail: what runs: cameras, topics.

    Raises:
        ConfigurationError: the settings cannot be used.
        Unavailable: its beginning could not be recorded, so it must not begin.
    """
    with closing(open_audit_log(settings)) as audit:
        trail = AuditTrail(audit, SystemClock())
        trail.record(service, started, "", "begins", object=detail)
        try:
            yield
        finally:
            try:
                trail.record(service, stopped, "", "ends", object=detail)
            except Unavailable as error:
                # Stopping waits for nothing.
                log.error("the end of a service was not recorded", service=service, cause=str(error))


def believed_keys(settings: AuditSettings) -> list[LogKey]:
    """The keys whose checkpoints count: those that are configured, and the log's own where it is at hand.

    Raises:
        ConfigurationError: one of them cannot be read, or there is none.
    """
    try:
        keys = [LogKey.parse(text) for text in settings.public_keys.split()]
    except InvalidValue as error:
        msg = f"WATCHBOUND_AUDIT_PUBLIC_KEYS: {error}"
        raise ConfigurationError(msg) from error
    if settings.key is not None:
        keys.append(LogKey(origin_of(settings.log_id), FileSigner.load(settings.key).public_key))
    if not keys:
        msg = "WATCHBOUND_AUDIT_PUBLIC_KEYS: expected the log's public key; `watchbound audit key` shows it"
        raise ConfigurationError(msg)
    return keys
