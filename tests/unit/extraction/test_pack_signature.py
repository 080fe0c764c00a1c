from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.unit.extraction.packs import write_pack
from watchbound.domain.errors import ModelPackError
from watchbound.domain.signature import Role
from watchbound.extraction.model_pack import find_pack, load_pack
from watchbound.extraction.pack_manifest import MANIFEST_NAME, read_manifest_bytes
from watchbound.extraction.pack_signature import SIGNATURE_NAME, sign_pack
from watchbound.settings import ModelSettings, load
from watchbound.testing.signing import FakeSigner, FakeTrustList

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
KEEPER, REVIEWER = FakeSigner("keeper"), FakeSigner("reviewer")


@pytest.fixture
def trust() -> FakeTrustList:
    trust = FakeTrustList()
    trust.trust(KEEPER, "keeper.example", Role.MODEL_KEEPER, valid_until=NOW + timedelta(days=1))
    trust.trust(REVIEWER, "reviewer.example", Role.REVIEWER)
    return trust


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_pack(tmp_path / "sample")


def signed(root: Path, signer: FakeSigner = KEEPER, at: datetime = NOW) -> Path:
    sign_pack(root, read_manifest_bytes(root), signer, at)
    return root


def test_a_pack_says_who_vouched_for_it(root: Path, trust: FakeTrustList) -> None:
    pack = load_pack(signed(root), signers=trust)
    assert pack.vouching is not None
    assert (pack.vouching.holder, pack.vouching.signed_at) == ("keeper.example", NOW)
    assert load_pack(root).vouching is None


def test_nobody_vouches_for_what_is_not_signed(root: Path, trust: FakeTrustList) -> None:
    with pytest.raises(ModelPackError, match="models sign"):
        load_pack(root, signers=trust)


@pytest.mark.parametrize(
    ("signer", "at"),
    [(REVIEWER, NOW), (FakeSigner("stranger"), NOW), (KEEPER, NOW + timedelta(days=2))],
    ids=["without-the-role", "unknown", "after-its-time"],
)
def test_only_a_model_keeper_counts(root: Path, trust: FakeTrustList, signer: FakeSigner, at: datetime) -> None:
    with pytest.raises(ModelPackError, match="have a model keeper look"):
        load_pack(signed(root, signer, at), signers=trust)


def test_a_revoked_keeper_vouches_for_nothing(root: Path, trust: FakeTrustList) -> None:
    signed(root)
    trust.revoke(KEEPER.key_id)
    with pytest.raises(ModelPackError, match="revoked"):
        load_pack(root, signers=trust)


def test_another_manifest_or_another_moment_is_not_what_was_signed(root: Path, trust: FakeTrustList) -> None:
    manifest, signature = signed(root) / MANIFEST_NAME, root / SIGNATURE_NAME
    text = manifest.read_text()
    manifest.write_text(text.replace("name:", "name: ", 1))
    with pytest.raises(ModelPackError, match="does not hold"):
        load_pack(root, signers=trust)
    manifest.write_text(text)
    document = json.loads(signature.read_text())
    signature.write_text(json.dumps(document | {"signed_at": "2026-10-01T12:00:00Z"}))
    with pytest.raises(ModelPackError, match="does not hold"):
        load_pack(root, signers=trust)


@pytest.mark.parametrize(
    "text", ["", "{}", '{"key": "keeper", "signed_at": "2026-11-01T12:00:00Z", "signature": "AA=="}']
)
def test_a_broken_signature_is_refused(root: Path, trust: FakeTrustList, text: str) -> None:
    (root / SIGNATURE_NAME).write_text(text)
    with pytest.raises(ModelPackError, match="Ed25519"):
        load_pack(root, signers=trust)


def test_the_setting_decides_whether_somebody_must_vouch(root: Path, trust: FakeTrustList) -> None:
    asked = load(ModelSettings, pack=str(root), require_signature=True)
    with pytest.raises(ModelPackError, match="models sign"):
        find_pack(asked, trust)
    with pytest.raises(ModelPackError, match="WATCHBOUND_TRUST_LIST"):
        find_pack(asked)
    signed(root)
    assert find_pack(asked, trust).vouching is not None
    assert find_pack(load(ModelSettings, pack=str(root)), trust).vouching is None
