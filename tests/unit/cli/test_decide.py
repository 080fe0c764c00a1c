from __future__ import annotations

import pytest
from typer import Typer
from typer.testing import CliRunner

from watchbound.cli.decide import decide
from watchbound.domain.errors import ConfigurationError


def test_a_reviewers_key_may_be_in_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WATCHBOUND_PKCS11_MODULE", raising=False)
    app = Typer()
    app.command()(decide)
    done = CliRunner().invoke(app, ["3fa4c1", "reject", "--key", "pkcs11:reviewer"])
    assert isinstance(done.exception, ConfigurationError)
    assert "WATCHBOUND_PKCS11_MODULE" in str(done.exception)
