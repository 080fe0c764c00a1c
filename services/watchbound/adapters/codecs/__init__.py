"""Domain values to protobuf and back: one codec a topic.

Decoding validates everything, because the domain types do: bytes that are no message, an unset enum or a broken
invariant are all `Poison`, with the reason code `bad_protobuf` or `bad_value`.
"""

from watchbound.adapters.codecs.acts import AUDIT_RECORD, DECISION
from watchbound.adapters.codecs.authority import AUTHORISATION
from watchbound.adapters.codecs.counts import DEAD_LETTER, TALLY
from watchbound.adapters.codecs.protobuf import ProtobufCodec
from watchbound.adapters.codecs.sightings import ALERT, FRAME, MATCH
from watchbound.adapters.codecs.watchlist import LISTING_CHANGE, watchlist_change, watchlist_proposal

__all__ = [
    "ALERT",
    "AUDIT_RECORD",
    "AUTHORISATION",
    "DEAD_LETTER",
    "DECISION",
    "FRAME",
    "LISTING_CHANGE",
    "MATCH",
    "TALLY",
    "ProtobufCodec",
    "watchlist_change",
    "watchlist_proposal",
]
