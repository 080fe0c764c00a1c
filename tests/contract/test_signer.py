"""One suite for the signer's port, on a key in a file and on a key in a PKCS#11 token."""

from __future__ import annotations

import itertools
import stat
from pathlib import Path

import pytest

from watchbound.adapters.signers import generate_signer, open_signer
from watchbound.adapters.signing import key_id_of, signature_holds
from watchbound.domain.errors import ConfigurationError

_LABELS = (f"officer-{number}" for number in itertools.count())


@pytest.fixture(params=["file", pytest.param("pkcs11", marks=pytest.mark.real)])
def reference(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Where a key may be made."""
    if request.param == "file":
        return tmp_path / "officer.pem"
    request.getfixturevalue("softhsm")
    return Path(f"pkcs11:{next(_LABELS)}")


def test_what_a_key_signs_holds_for_that_message_alone(reference: Path) -> None:
    signer = generate_signer(reference)
    signature = signer.sign(b"watchbound test: yes")
    assert signature.key_id == signer.key_id == key_id_of(signer.public_key)
    assert signature_holds(signer.public_key, b"watchbound test: yes", signature.value)
    assert not signature_holds(signer.public_key, b"watchbound test: no", signature.value)


def test_a_key_is_found_again_under_its_reference(reference: Path) -> None:
    made = generate_signer(reference)
    found = open_signer(reference)
    assert found.key_id == made.key_id
    assert signature_holds(made.public_key, b"message", found.sign(b"message").value)


def test_a_key_is_never_overwritten(reference: Path) -> None:
    made = generate_signer(reference)
    with pytest.raises(ConfigurationError, match="never overwritten"):
        generate_signer(reference)
    assert open_signer(reference).key_id == made.key_id


def test_a_key_that_is_not_there_says_how_to_make_one(reference: Path) -> None:
    with pytest.raises(ConfigurationError, match="watchbound keys generate"):
        open_signer(reference)


def test_a_key_in_a_file_is_its_holders_alone(tmp_path: Path) -> None:
    path = tmp_path / "officer.pem"
    generate_signer(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_without_a_configured_token_the_message_names_its_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in ("MODULE", "TOKEN", "PIN"):
        monkeypatch.delenv(f"WATCHBOUND_PKCS11_{key}", raising=False)
    with pytest.raises(ConfigurationError, match=r"WATCHBOUND_PKCS11_MODULE.*_TOKEN.*_PIN"):
        open_signer(Path("pkcs11:officer"))
