"""Writes a software bill of materials (CycloneDX 1.6, JSON) of what `requirements.lock` installs: `make sbom`.

Versions and digests come from the lock file; licences, and who needs whom, from the packages as they are installed.
The models of the default pack are in it too, with their digests. The same lock and packages give the same bytes.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from watchbound.adapters.model_preparation import default_manifest

ROOT = Path(__file__).resolve().parent.parent
_PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(\[[^]]*\])?==(?P<version>[^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_NAMESPACE = uuid.UUID("6f8b9c1e-1d0a-5b0e-9a53-6d2f0b7a4c11")
_LONGEST_LICENCE = 64
"""Some packages put the whole text where its name belongs."""

REQUIRED, OPTIONAL, EXCLUDED = "required", "optional", "excluded"
"""What runs in production, what an extra adds, and what only developers have (CycloneDX's scopes)."""


@dataclass(frozen=True, slots=True)
class Pin:
    """One line of the lock file."""

    name: str
    version: str
    sha256: tuple[str, ...]

    @property
    def purl(self) -> str:
        """The package's name everywhere, also its reference in the document."""
        return f"pkg:pypi/{self.name}@{self.version}"


def read_lock(text: str) -> dict[str, Pin]:
    """The pins by canonical name."""
    pins = {}
    for block in re.split(r"\n(?=\S)", text.replace("\\\n", " ")):
        found = _PIN.match(block)
        if found:
            name = str(canonicalize_name(found["name"]))
            pins[name] = Pin(name, found["version"], tuple(_HASH.findall(block)))
    return pins


def needs(name: str, pins: Mapping[str, Pin]) -> list[str]:
    """The pinned packages that an installed one asks for here, without its extras."""
    try:
        asked = [Requirement(text) for text in metadata.requires(name) or []]
    except metadata.PackageNotFoundError:
        return []
    wanted = {
        str(canonicalize_name(one.name)) for one in asked if one.marker is None or one.marker.evaluate({"extra": ""})
    }
    return sorted(wanted & set(pins))


def reached(roots: Iterable[str], pins: Mapping[str, Pin]) -> set[str]:
    """The roots, and all that they need in turn."""
    found: set[str] = set()
    waiting = [name for name in roots if name in pins]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += needs(name, pins)
    return found


def bill(lock: str, project: Mapping[str, Any]) -> dict[str, Any]:
    """The document."""
    pins = read_lock(lock)
    extras = project["optional-dependencies"]
    product = reached(_names(project["dependencies"]), pins)
    optional = reached(_names(extras["cpu"] + extras["embedded"]), pins)
    root = f"pkg:pypi/{project['name']}@{project['version']}"
    direct = [name for name in _names(project["dependencies"] + extras["cpu"] + extras["embedded"]) if name in pins]
    models = _models()
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(_NAMESPACE, lock)}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": root,
                "name": project["name"],
                "version": project["version"],
                "licenses": [{"expression": project["license"]}],
                "purl": root,
            }
        },
        "components": [
            *(_component(pin, _scope(pin.name, product, optional)) for _, pin in sorted(pins.items())),
            *models,
        ],
        "dependencies": [
            {"ref": root, "dependsOn": [*sorted(pins[name].purl for name in direct), *(m["bom-ref"] for m in models)]},
            *(
                {"ref": pin.purl, "dependsOn": [pins[needed].purl for needed in needs(name, pins)]}
                for name, pin in sorted(pins.items())
            ),
        ],
    }


def _names(requirements: Iterable[str]) -> list[str]:
    return [str(canonicalize_name(Requirement(text).name)) for text in requirements]


def _scope(name: str, product: set[str], optional: set[str]) -> str:
    return REQUIRED if name in product else OPTIONAL if name in optional else EXCLUDED


def _component(pin: Pin, scope: str) -> dict[str, Any]:
    licences = _licences(pin.name)
    return {
        "type": "library",
        "bom-ref": pin.purl,
        "name": pin.name,
        "version": pin.version,
        "scope": scope,
        **({"licenses": licences} if licences else {}),
        "purl": pin.purl,
        # One a file that the version was published as; pip takes whichever fits the machine, and no other.
        "properties": [{"name": "watchbound:locked-sha256", "value": digest} for digest in pin.sha256],
    }


def _licences(name: str) -> list[dict[str, Any]]:
    """As the installed package declares it; none where it is not installed here or says nothing."""
    try:
        about = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return []
    if "License-Expression" in about:
        return [{"expression": about["License-Expression"]}]
    classified = sorted(
        line.rsplit(" :: ", 1)[-1] for line in about.get_all("Classifier") or [] if line.startswith("License :: ")
    )
    stated = about["License"].strip() if "License" in about else ""
    names = classified or ([stated] if 0 < len(stated) <= _LONGEST_LICENCE and "\n" not in stated else [])
    return [{"license": {"name": each}} for each in names]


def _models() -> list[dict[str, Any]]:
    manifest = default_manifest()
    return [
        {
            "type": "machine-learning-model",
            "bom-ref": f"model:{entry.sha256}",
            "name": f"{manifest.name} {role}",
            "description": entry.origin,
            "hashes": [{"alg": "SHA-256", "content": entry.sha256}],
            "licenses": [{"expression": entry.licence}],
        }
        for role, entry in (("detector", manifest.detector), ("embedder", manifest.embedder))
    ]


def main() -> None:
    """Write the document to the file that is named, or print it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    text = json.dumps(bill((ROOT / "requirements.lock").read_text(), project), indent=2, ensure_ascii=False) + "\n"
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(text)
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
