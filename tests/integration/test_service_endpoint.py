"""Where the pages of a service cannot be served, the setting at fault is named."""

from __future__ import annotations

import re
import socket

import pytest

from watchbound.adapters.service import ServiceEndpoint
from watchbound.domain.errors import ConfigurationError
from watchbound.settings import HttpSettings, load


def test_a_port_that_is_taken_is_blamed_on_the_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = load(HttpSettings, host="127.0.0.1", port=taken.getsockname()[1])
        with pytest.raises(ConfigurationError, match=r"^WATCHBOUND_HTTP_PORT: cannot listen on"):
            ServiceEndpoint(settings, bytes)


# The first belongs to nobody's machine (RFC 5737), the second is no address at all.
@pytest.mark.parametrize("host", ["192.0.2.1", "256.256.256.256"])
def test_an_address_that_is_not_ours_is_blamed_on_the_host(host: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^WATCHBOUND_HTTP_HOST: cannot listen on {re.escape(host)}:0"):
        ServiceEndpoint(load(HttpSettings, host=host, port=0), bytes)
