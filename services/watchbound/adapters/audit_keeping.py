"""Puts together what keeps the audit log: its key, the folder off the machine, the topic; and who is believed."""

from __future__ import annotations

from watchbound.adapters import codecs
from watchbound.adapters.audit_log import SqlAuditLog
from watchbound.adapters.checkpoint_folder import CheckpointFolder
from watchbound.adapters.signing import FileSigner
from watchbound.domain.errors import ConfigurationError, InvalidValue
from watchbound.pipeline.audit_keeping import AuditKeeper
from watchbound.pipeline.checkpoint import LogKey, origin_of
from watchbound.ports import Clock, RecordProducer
from watchbound.settings import AuditSettings


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
