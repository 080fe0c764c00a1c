"""Whether an authorisation's alerts may still be looked at and decided about, for a command that asks once."""

from __future__ import annotations

from contextlib import closing

from watchbound.adapters import codecs
from watchbound.adapters.clock import SystemClock
from watchbound.adapters.kafka_clock import watch_clock
from watchbound.adapters.kafka_log import KafkaTopicReader
from watchbound.adapters.kafka_topics import ensure_topics
from watchbound.adapters.logs import get_logger
from watchbound.adapters.prometheus import PrometheusMetrics
from watchbound.domain.errors import NotAuthorised, Poison
from watchbound.pipeline.access import Service, topics_of
from watchbound.pipeline.authority import AuthorityView
from watchbound.pipeline.feed import authority_handler
from watchbound.pipeline.topics import AUTHORISATIONS
from watchbound.pipeline.whole_topics import read_to_end
from watchbound.ports import TrustList
from watchbound.settings import AuthoritySettings, ClockSettings, KafkaSettings, load

log = get_logger(__name__)

_READ_S = 60.0


def require_kept(kafka: KafkaSettings, trusted: TrustList, authorisation_id: str, name: str) -> None:
    """Return if its alerts may be looked at and decided about now, by a clock that agrees with the broker's.

    Args:
        kafka: where the broker is.
        trusted: whose acts count.
        authorisation_id: under which an alert was raised.
        name: of the command.

    Raises:
        NotAuthorised: the authorisation is unknown or purged, or the clock is not to be trusted.
        Unavailable: the broker does not answer, or not in time.
    """
    ensure_topics(kafka, topics_of(Service.REVIEWER))
    clock = SystemClock()
    watch, watcher = watch_clock(kafka, load(ClockSettings), clock, PrometheusMetrics(), name)
    view = AuthorityView(clock, load(AuthoritySettings).max_age_s, trusted, watch.trusted)
    with watcher, closing(KafkaTopicReader(kafka, [AUTHORISATIONS.name], name)) as reader:
        take = authority_handler(codecs.AUTHORISATION, view)
        for record in read_to_end(reader, _READ_S):
            try:
                take(record)
            except Poison as poison:
                log.error("unreadable record", topic=record.source.topic, offset=record.offset, reason=str(poison))
        view.confirm()
        complaint, refusal = watcher.ready(), view.refusal_of_past(authorisation_id)
    if complaint is not None:
        raise NotAuthorised(complaint)
    if refusal is not None:
        msg = (
            f"alerts under {authorisation_id} are neither shown nor decided about ({refusal.value}): expected an "
            "authorisation that is known and not purged; `watchbound authorise list` shows them"
        )
        raise NotAuthorised(msg)
