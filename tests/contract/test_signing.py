"""One suite for signers and trust lists."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest

from watchbound.adapters.signing import FileSigner
from watchbound.adapters.trust_list import FileTrustList, TrustDocument, TrustedKey, change_trust_list
from watchbound.domain.errors import KeyRevoked, NotTrusted
from watchbound.domain.signature import Role, Signature
from watchbound.ports import Signer, TrustList
from watchbound.testing.signing import FakeSigner, FakeTrustList

FROM = datetime(2026, 11, 1, tzinfo=UTC)
UNTIL = datetime(2026, 12, 1, tzinfo=UTC)
WITHIN = datetime(2026, 11, 23, tzinfo=UTC)
TICK = timedelta(microseconds=1)
MESSAGE = b"test\nwho may pass"


class Registry(Protocol):
    """Makes trusted keys, and takes trust away."""

    list: TrustList

    def signer(self, holder: str, *roles: Role) -> Signer: ...

    def stranger(self) -> Signer: ...

    def revoke(self, key_id: str) -> None: ...


@dataclass
class FileRegistry:
    folder: Path

    def __post_init__(self) -> None:
        self._path = self.folder / "trust.json"
        change_trust_list(self._path, lambda document: document)
        self.list: TrustList = FileTrustList(self._path)

    def signer(self, holder: str, *roles: Role) -> Signer:
        made = FileSigner.generate(self.folder / f"{holder}.pem")
        key = TrustedKey(
            id=made.key_id,
            holder=holder,
            roles=frozenset(roles),
            public_key=base64.b64encode(made.public_key).decode(),
            valid_from=FROM,
            valid_until=UNTIL,
        )
        change_trust_list(self._path, lambda document: TrustDocument(keys=(*document.keys, key)))
        return FileSigner.load(self.folder / f"{holder}.pem")

    def stranger(self) -> Signer:
        return FileSigner.generate(self.folder / "stranger.pem")

    def revoke(self, key_id: str) -> None:
        def mark(document: TrustDocument) -> TrustDocument:
            return TrustDocument(
                keys=tuple(
                    key.model_copy(update={"revoked_at": WITHIN}) if key.id == key_id else key for key in document.keys
                )
            )

        change_trust_list(self._path, mark)


class FakeRegistry:
    def __init__(self, _: Path) -> None:
        self._fake = FakeTrustList()
        self.list: TrustList = self._fake

    def signer(self, holder: str, *roles: Role) -> Signer:
        made = FakeSigner(f"key-of-{holder}")
        self._fake.trust(made, holder, *roles, valid_from=FROM, valid_until=UNTIL)
        return made

    def stranger(self) -> Signer:
        return FakeSigner("key-of-a-stranger")

    def revoke(self, key_id: str) -> None:
        self._fake.revoke(key_id)


@pytest.fixture(params=[FileRegistry, FakeRegistry], ids=["file", "fake"])
def registry(request: pytest.FixtureRequest, tmp_path: Path) -> Registry:
    make: Callable[[Path], Registry] = request.param
    return make(tmp_path)


def test_a_signature_names_its_key_and_the_key_its_holder(registry: Registry) -> None:
    signer = registry.signer("supt", Role.AUTHORISING_OFFICER)
    signature = signer.sign(MESSAGE)
    assert signature.key_id == signer.key_id
    assert registry.list.holder(signer.key_id) == "supt"
    assert registry.list.verify(MESSAGE, signature, Role.AUTHORISING_OFFICER, WITHIN) == "supt"


def test_a_key_signs_the_same_message_alike(registry: Registry) -> None:
    signer = registry.signer("supt", Role.AUTHORISING_OFFICER)
    assert signer.sign(MESSAGE) == signer.sign(MESSAGE)
    assert signer.sign(MESSAGE) != signer.sign(MESSAGE + b".")


def test_an_altered_message_or_signature_is_not_trusted(registry: Registry) -> None:
    signature = registry.signer("supt", Role.AUTHORISING_OFFICER).sign(MESSAGE)
    altered = Signature(signature.key_id, signature.value[:-1] + bytes([signature.value[-1] ^ 1]))
    for message, given in ((MESSAGE + b" ", signature), (MESSAGE, altered)):
        with pytest.raises(NotTrusted) as caught:
            registry.list.verify(message, given, Role.AUTHORISING_OFFICER, WITHIN)
        assert not isinstance(caught.value, KeyRevoked)


def test_a_signature_under_another_s_name_is_not_trusted(registry: Registry) -> None:
    supt, drafter = registry.signer("supt", Role.AUTHORISING_OFFICER), registry.signer("drafter", Role.DRAFTER)
    forged = Signature(supt.key_id, drafter.sign(MESSAGE).value)
    with pytest.raises(NotTrusted):
        registry.list.verify(MESSAGE, forged, Role.AUTHORISING_OFFICER, WITHIN)


def test_a_stranger_is_not_trusted(registry: Registry) -> None:
    signature = registry.stranger().sign(MESSAGE)
    with pytest.raises(NotTrusted):
        registry.list.verify(MESSAGE, signature, Role.DRAFTER, WITHIN)
    with pytest.raises(NotTrusted):
        registry.list.holder(signature.key_id)


def test_a_holder_has_the_roles_that_the_list_gives_and_no_other(registry: Registry) -> None:
    signer = registry.signer("both", Role.DRAFTER, Role.REVIEWER)
    for role in Role:
        if role in (Role.DRAFTER, Role.REVIEWER):
            assert registry.list.verify(MESSAGE, signer.sign(MESSAGE), role, WITHIN) == "both"
        else:
            with pytest.raises(NotTrusted):
                registry.list.verify(MESSAGE, signer.sign(MESSAGE), role, WITHIN)


@pytest.mark.parametrize(("at", "valid"), [(FROM - TICK, False), (FROM, True), (UNTIL - TICK, True), (UNTIL, False)])
def test_a_key_vouches_within_its_validity(registry: Registry, at: datetime, valid: bool) -> None:
    signer = registry.signer("supt", Role.AUTHORISING_OFFICER)
    if valid:
        assert registry.list.verify(MESSAGE, signer.sign(MESSAGE), Role.AUTHORISING_OFFICER, at) == "supt"
    else:
        with pytest.raises(NotTrusted):
            registry.list.verify(MESSAGE, signer.sign(MESSAGE), Role.AUTHORISING_OFFICER, at)


def test_until_when_a_key_is_valid_can_be_asked(registry: Registry) -> None:
    signer = registry.signer("supt", Role.AUTHORISING_OFFICER)
    assert registry.list.valid_until(signer.key_id) == UNTIL
    with pytest.raises(NotTrusted):
        registry.list.valid_until(registry.stranger().key_id)


def test_a_revoked_key_vouches_for_nothing_whenever_it_signed(registry: Registry) -> None:
    signer, other = registry.signer("supt", Role.AUTHORISING_OFFICER), registry.signer("insp", Role.AUTHORISING_OFFICER)
    before = registry.list.version()
    registry.revoke(signer.key_id)
    assert registry.list.version() > before
    with pytest.raises(KeyRevoked):
        registry.list.verify(MESSAGE, signer.sign(MESSAGE), Role.AUTHORISING_OFFICER, FROM)
    assert registry.list.holder(signer.key_id) == "supt"
    assert registry.list.verify(MESSAGE, other.sign(MESSAGE), Role.AUTHORISING_OFFICER, FROM) == "insp"


def test_a_forgery_in_the_name_of_a_revoked_key_is_no_word_of_its_holder(registry: Registry) -> None:
    signer = registry.signer("supt", Role.AUTHORISING_OFFICER)
    registry.revoke(signer.key_id)
    with pytest.raises(NotTrusted) as caught:
        registry.list.verify(b"other", signer.sign(MESSAGE), Role.AUTHORISING_OFFICER, WITHIN)
    assert not isinstance(caught.value, KeyRevoked)


def test_the_version_stays_while_nothing_changes(registry: Registry) -> None:
    registry.signer("supt", Role.AUTHORISING_OFFICER)
    assert registry.list.version() == registry.list.version()
