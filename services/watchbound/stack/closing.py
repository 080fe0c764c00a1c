"""How a deployment ends: cancelled, put on record, purged, its audit log verified; by the product's own commands."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from watchbound.stack.embedded import Stack

_FOUND_FAULTS = (0, 1)
"""Code 1 says that something does not add up, or is not clean: the answer says what, and the caller judges it."""


@dataclass(frozen=True, slots=True)
class Papers:
    """What a deployment leaves for people to read; none of it holds a face.

    Attributes:
        record: as `watchbound record --json` prints it.
        page: the same for the public, HTML.
        receipt: of the purge, as `watchbound purge --json` writes it.
        receipt_check: what `watchbound purge verify` found, looking at every place once more.
        audit: as `watchbound audit verify --json` writes it, after all of that.
    """

    record: dict[str, Any]
    page: str
    receipt: dict[str, Any]
    receipt_check: dict[str, Any]
    audit: dict[str, Any]

    def keep(self, folder: Path) -> None:
        """Write them into a folder, which is made where it is not there."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, document in (("record", self.record), ("receipt", self.receipt), ("audit", self.audit)):
            (folder / f"{name}.json").write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
        (folder / "record.html").write_text(self.page)

    def summary(self) -> dict[str, Any]:
        """What a summary says of them."""
        places = self.receipt["receipt"]["places"]
        return {
            "record": {"reconciles": self.record["reconciles"], "discrepancies": self.record["discrepancies"]},
            "purge": {
                "clean": self.receipt["receipt"]["clean"],
                "places": len(places),
                "not_clean": [place["place"] for place in places if not place["clean"]],
                "receipt": self.receipt["digest"],
                "receipt_holds": self.receipt_check["ok"],
                "signed_by": self.receipt_check["signed_by"],
            },
            "audit": {name: self.audit[name] for name in ("ok", "events", "first_bad")},
        }


def close_deployment(stack: Stack, authorisation: str, reason: str) -> Papers:
    """End a deployment whose services have ended, and leave nothing of it but its papers.

    Raises:
        CommandFailed: one of the commands did not come to an answer.
    """
    stack.call(["authorise", "cancel", authorisation, "--reason", reason, *stack.key("officer")])
    record = stack.call(["record", authorisation], accept=_FOUND_FAULTS)
    page = stack.run(["record", authorisation, "--format", "html"], accept=_FOUND_FAULTS)
    receipt = stack.call(["purge", authorisation, "--json", "-"], accept=_FOUND_FAULTS)
    kept = stack.folder / "receipt.json"
    kept.write_text(json.dumps(receipt))
    check = stack.call(["purge", "verify", str(kept), "--json", "-"], accept=_FOUND_FAULTS)
    audit = stack.call(["audit", "verify", "--json", "-"], accept=_FOUND_FAULTS)
    return Papers(record, page, receipt, check, audit)
