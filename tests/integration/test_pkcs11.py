"""What only a token can promise, on SoftHSM2."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pkcs11
import pytest
from pkcs11 import Attribute, ObjectClass

from watchbound.adapters.keyring import init_key_ring, open_key_ring
from watchbound.adapters.pkcs11_token import open_token
from watchbound.adapters.signers import generate_signer
from watchbound.domain.errors import ConfigurationError, KeyDestroyed
from watchbound.domain.sealing import Purpose
from watchbound.settings import KeySettings, Pkcs11Settings, load

pytestmark = pytest.mark.real


@pytest.fixture
def keys(softhsm: Pkcs11Settings, tmp_path: Path) -> KeySettings:
    settings = load(KeySettings, ring="pkcs11", folder=tmp_path / "ring")
    init_key_ring(settings)
    return settings


def test_a_copy_of_the_folder_opens_nothing_once_the_token_has_destroyed(keys: KeySettings, tmp_path: Path) -> None:
    """The backup that the file ring cannot answer for."""
    ring = open_key_ring(keys)
    ring.create("op-copied")
    sealed = ring.seal("op-copied", Purpose.FRAMES, b"picture", "f1")
    copy = tmp_path / "copy"
    shutil.copytree(keys.folder, copy, copy_function=shutil.copy2)
    copy.chmod(0o700)
    restored = open_key_ring(load(KeySettings, ring="pkcs11", folder=copy))
    assert restored.open("op-copied", Purpose.FRAMES, sealed, "f1") == b"picture"
    ring.destroy("op-copied", Purpose.FRAMES)
    again = open_key_ring(load(KeySettings, ring="pkcs11", folder=copy))
    with pytest.raises(KeyDestroyed, match="destroyed there"):
        again.open("op-copied", Purpose.FRAMES, sealed, "f1")


def test_a_key_destroyed_by_another_process_is_gone_here(keys: KeySettings) -> None:
    ring = open_key_ring(keys)
    ring.create("op-two")
    sealed = ring.seal("op-two", Purpose.FRAMES, b"picture", "f1")
    program = (
        "import sys; from pathlib import Path; from watchbound.adapters.keyring import open_key_ring;"
        "from watchbound.domain.sealing import Purpose; from watchbound.settings import KeySettings, load;"
        "ring = open_key_ring(load(KeySettings, ring='pkcs11', folder=Path(sys.argv[1])));"
        "assert ring.destroy('op-two', Purpose.FRAMES) == 1"
    )
    subprocess.run([sys.executable, "-c", program, str(keys.folder)], check=True, env=os.environ, timeout=60)
    with pytest.raises(KeyDestroyed):
        open_key_ring(keys).open("op-two", Purpose.FRAMES, sealed, "f1")


def test_no_key_leaves_the_token(keys: KeySettings, softhsm: Pkcs11Settings) -> None:
    open_key_ring(keys).create("op-inside")
    generate_signer(Path("pkcs11:officer-inside"))
    with open_token(softhsm).session() as session:
        secret = list(session.get_objects({Attribute.LABEL: "watchbound/op-inside/frames"}))
        private = list(
            session.get_objects({Attribute.LABEL: "officer-inside", Attribute.CLASS: ObjectClass.PRIVATE_KEY})
        )
        assert len(secret) == len(private) == 1
        for key in (*secret, *private):
            assert key[Attribute.SENSITIVE]
            assert not key[Attribute.EXTRACTABLE]
        with pytest.raises(pkcs11.exceptions.AttributeSensitive):
            _ = secret[0][Attribute.VALUE]


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("token", "no-such-token", "WATCHBOUND_PKCS11_TOKEN"),
        ("module", "/nonexistent/module.so", "WATCHBOUND_PKCS11_MODULE"),
    ],
)
def test_a_token_that_cannot_be_had_is_refused_by_its_setting(
    softhsm: Pkcs11Settings, field: str, value: str, told: str
) -> None:
    with pytest.raises(ConfigurationError, match=told):
        open_token(load(Pkcs11Settings, **{field: value}))


def test_a_wrong_pin_is_refused_and_not_shown(softhsm: Pkcs11Settings) -> None:
    """In a process of its own: where somebody is logged in, a token asks for no PIN."""
    program = (
        "from watchbound.adapters.pkcs11_token import open_token; from watchbound.settings import Pkcs11Settings, load;"
        "open_token(load(Pkcs11Settings))"
    )
    environment = {**os.environ, "WATCHBOUND_PKCS11_PIN": "97531"}
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, env=environment, capture_output=True, text=True, timeout=60
    )
    assert "ConfigurationError: WATCHBOUND_PKCS11_PIN" in done.stderr
    assert "97531" not in done.stderr
