"""The people and services of an embedded stack: each with a signing key of their own, and the list that trusts them."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path

from watchbound.adapters.signing import FileSigner
from watchbound.adapters.trust_list import TrustDocument, TrustedKey, change_trust_list
from watchbound.domain.signature import Role

HOLDERS = {
    "drafter": Role.DRAFTER,
    "officer": Role.AUTHORISING_OFFICER,
    "watchlist-1": Role.WATCHLIST_OFFICER,
    "watchlist-2": Role.WATCHLIST_OFFICER,
    "reviewer-1": Role.REVIEWER,
    "reviewer-2": Role.REVIEWER,
    "guardian": Role.GUARDIAN,
}
"""Who there is, and what each may put their name to."""

_SKEW = timedelta(minutes=5)
_VALID = timedelta(days=30)


class Officers:
    """Makes the keys in a folder; `folder/NAME.pem` is the key of the holder NAME.

    Args:
        folder: where they go; made if it is not there.

    Raises:
        ConfigurationError: there are keys already.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.trust_list = folder / "trust.json"
        now = datetime.now(UTC)
        keys = tuple(self._made(name, role, now) for name, role in HOLDERS.items())
        change_trust_list(self.trust_list, lambda _: TrustDocument(keys=keys))
        self.audit_key = folder / "audit.pem"
        FileSigner.generate(self.audit_key)

    def key(self, name: str) -> Path:
        """The key file of a holder."""
        return self._folder / f"{name}.pem"

    def environment(self) -> dict[str, str]:
        """What services and commands need to know of them."""
        return {
            "WATCHBOUND_TRUST_LIST": str(self.trust_list),
            "WATCHBOUND_GUARDIAN_KEY": str(self.key("guardian")),
            "WATCHBOUND_AUDIT_KEY": str(self.audit_key),
        }

    def _made(self, name: str, role: Role, now: datetime) -> TrustedKey:
        signer = FileSigner.generate(self.key(name))
        return TrustedKey(
            id=signer.key_id,
            holder=name,
            roles=frozenset({role}),
            public_key=base64.b64encode(signer.public_key).decode(),
            valid_from=now - _SKEW,
            valid_until=now + _VALID,
        )
