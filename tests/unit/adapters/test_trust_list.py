from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from watchbound.adapters.signing import FileSigner
from watchbound.adapters.trust_list import FileTrustList
from watchbound.domain.errors import ConfigurationError, NotTrusted
from watchbound.domain.signature import Role

AT = datetime(2026, 11, 23, tzinfo=UTC)
MESSAGE = b"test"


@pytest.fixture
def signer(tmp_path: Path) -> FileSigner:
    return FileSigner.generate(tmp_path / "key.pem")


def row(signer: FileSigner, **changed: Any) -> dict[str, Any]:
    return {
        "id": signer.key_id,
        "holder": "supt",
        "roles": ["authorising-officer"],
        "public_key": base64.b64encode(signer.public_key).decode(),
        "valid_from": "2026-11-01T00:00:00Z",
        "valid_until": "2026-12-01T00:00:00Z",
        **changed,
    }


def written(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "trust.json"
    path.write_text(json.dumps({"keys": rows}))
    path.chmod(0o644)
    return path


def test_there_is_no_start_without_a_list(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="watchbound keys trust"):
        FileTrustList(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"id": "0123456789abcdef"}, "its public key is that of"),
        ({"roles": []}, "roles"),
        ({"roles": ["emperor"]}, "roles"),
        ({"holder": " "}, "holder"),
        ({"public_key": "AAAA"}, "32 bytes"),
        ({"public_key": "not base64"}, "base64"),
        ({"valid_from": "2026-11-01T00:00:00"}, "timezone"),
        ({"valid_until": "2026-11-01T00:00:00Z"}, "must end after"),
        ({"trusted": True}, "Extra inputs"),
    ],
)
def test_a_list_that_is_not_well_formed_is_refused(
    tmp_path: Path, signer: FileSigner, changed: dict[str, Any], fault: str
) -> None:
    with pytest.raises(ConfigurationError, match=fault):
        FileTrustList(written(tmp_path, row(signer, **changed)))


def test_a_list_that_is_not_there_names_its_setting(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"WATCHBOUND_TRUST_LIST.*watchbound keys trust"):
        FileTrustList(tmp_path / "none.json")


def test_a_key_stands_in_the_list_once(tmp_path: Path, signer: FileSigner) -> None:
    with pytest.raises(ConfigurationError, match="several times"):
        FileTrustList(written(tmp_path, row(signer), row(signer, holder="another")))


def test_a_list_that_others_can_write_is_refused(tmp_path: Path, signer: FileSigner) -> None:
    path = written(tmp_path, row(signer))
    path.chmod(0o666)
    with pytest.raises(ConfigurationError, match="chmod go-w"):
        FileTrustList(path)


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_text("{")])
def test_a_list_that_became_unreadable_trusts_nobody_until_it_is_mended(
    tmp_path: Path, signer: FileSigner, damage: Any
) -> None:
    path = written(tmp_path, row(signer))
    trust = FileTrustList(path)
    signature = signer.sign(MESSAGE)
    assert trust.verify(MESSAGE, signature, Role.AUTHORISING_OFFICER, AT) == "supt"
    before = trust.version()
    damage(path)
    assert trust.version() > before
    with pytest.raises(NotTrusted):
        trust.verify(MESSAGE, signature, Role.AUTHORISING_OFFICER, AT)
    written(tmp_path, row(signer))
    assert trust.verify(MESSAGE, signature, Role.AUTHORISING_OFFICER, AT) == "supt"
