from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from watchbound.adapters.signing import FileSigner, key_id_of, signature_holds
from watchbound.domain.errors import ConfigurationError

# RFC 8032, section 7.1, test 2.
RFC_PUBLIC = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
RFC_SIGNATURE = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


def test_the_published_vector_of_rfc_8032_holds() -> None:
    assert signature_holds(RFC_PUBLIC, b"\x72", RFC_SIGNATURE)
    assert not signature_holds(RFC_PUBLIC, b"\x73", RFC_SIGNATURE)


def test_a_key_is_named_after_its_public_part(tmp_path: Path) -> None:
    made = FileSigner.generate(tmp_path / "key.pem")
    assert made.key_id == key_id_of(made.public_key) == FileSigner.load(tmp_path / "key.pem").key_id


def test_a_key_file_is_its_owner_s_alone(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    FileSigner.generate(path)
    assert path.stat().st_mode & 0o777 == 0o600
    for mode in (0o640, 0o604, 0o660, 0o644):
        path.chmod(mode)
        with pytest.raises(ConfigurationError, match=f"chmod 600 {path}"):
            FileSigner.load(path)


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    FileSigner.generate(path)
    before = path.read_bytes()
    with pytest.raises(ConfigurationError, match="never overwritten"):
        FileSigner.generate(path)
    assert path.read_bytes() == before


def _put(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o600)


def test_what_is_no_ed25519_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    with pytest.raises(ConfigurationError, match="watchbound keys generate"):
        FileSigner.load(path)
    _put(path, b"not a key")
    with pytest.raises(ConfigurationError, match="Ed25519 key without password"):
        FileSigner.load(path)
    other = generate_private_key(SECP256R1())
    _put(path, other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(ConfigurationError, match="expected an Ed25519 key, got"):
        FileSigner.load(path)
