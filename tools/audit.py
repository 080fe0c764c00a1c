"""Asks whether anything that is locked has a known vulnerability: `make audit`.

Exit codes: 0 all were asked for, nothing is known; 1 something is known; 3 not checked. An answer that was never given
is no good answer: pip-audit itself ends with 0, and "no known vulnerabilities found", where its database knows nothing
of a package, for example behind a mirror that has no advisories.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

LOCK = Path(__file__).resolve().parent.parent / "requirements.lock"
CLEAN, KNOWN, NOT_CHECKED = 0, 1, 3


def verdict(document: dict[str, Any] | None) -> tuple[int, str]:
    """The exit code and a sentence, from what pip-audit wrote as JSON; None where it wrote nothing."""
    if document is None:
        return NOT_CHECKED, "not checked: pip-audit gave no answer; see its message above"
    packages = document["dependencies"]
    known = {each["name"]: [one["id"] for one in each["vulns"]] for each in packages if each.get("vulns")}
    if known:
        told = "; ".join(f"{name}: {', '.join(ids)}" for name, ids in sorted(known.items()))
        return KNOWN, f"known vulnerabilities: {told}"
    skipped = sorted(each["name"] for each in packages if "skip_reason" in each)
    if skipped or not packages:
        return NOT_CHECKED, f"not checked: nobody could be asked about {len(skipped)} of {len(packages)} packages"
    return CLEAN, f"{len(packages)} packages, no known vulnerability"


def ask() -> dict[str, Any] | None:
    """What pip-audit says of the lock file."""
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        command = [sys.executable, "-m", "pip_audit", "-r", str(LOCK), "--disable-pip", "--require-hashes"]
        subprocess.run([*command, "--format", "json", "--output", str(answer)], check=False)  # noqa: S603 - our own
        if not answer.exists():
            return None
        document: dict[str, Any] = json.loads(answer.read_text())
        return document


def main() -> int:
    """Ask, and say what came."""
    if importlib.util.find_spec("pip_audit") is None:
        print("not checked: pip-audit is not installed here; `pip install pip-audit` where its database can be reached")
        return NOT_CHECKED
    code, sentence = verdict(ask())
    print(sentence)
    return code


if __name__ == "__main__":
    sys.exit(main())
