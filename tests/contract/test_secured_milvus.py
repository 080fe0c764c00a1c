"""The gallery over TLS, and on a Milvus server that asks who we are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.fixtures.certificates import Authority
from tests.fixtures.tls_proxy import TlsProxy, port_of
from watchbound.adapters.milvus_gallery import MilvusGallery
from watchbound.domain.errors import AccessRefused, ConfigurationError, Unavailable
from watchbound.settings import MilvusSettings, load
from watchbound.stack.milvus_lite import MilvusLite

MODEL = "0" * 64
ROOT, READER, WRONG = "root:Milvus", "reader:Geheim123", "root:wrong"
"""Of a server that lives for a test; the first is what it comes with."""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def behind_tls(authority: Authority, milvus_lite: MilvusLite, tmp_path: Path) -> Iterator[TlsProxy]:
    with TlsProxy(authority, tmp_path, port_of(milvus_lite.uri)) as proxy:
        yield proxy


@pytest.fixture
def behind_mutual_tls(authority: Authority, milvus_lite: MilvusLite, tmp_path: Path) -> Iterator[TlsProxy]:
    with TlsProxy(authority, tmp_path, port_of(milvus_lite.uri), mutual=True) as proxy:
        yield proxy


def use(settings: MilvusSettings) -> None:
    gallery = MilvusGallery(settings)
    gallery.create("secured", MODEL, 16)
    assert gallery.search("secured", np.eye(1, 16, dtype=np.float32), MODEL, 1) == [[]]
    gallery.drop("secured")


def test_the_gallery_is_used_over_tls(behind_tls: TlsProxy, authority: Authority) -> None:
    use(load(MilvusSettings, uri=behind_tls.uri, ca_file=authority.ca_file))


def test_a_server_that_nobody_known_vouches_for_is_not_spoken_to(behind_tls: TlsProxy, tmp_path: Path) -> None:
    stranger = Authority(tmp_path / "stranger")
    with pytest.raises(Unavailable, match="Milvus at"):
        MilvusGallery(load(MilvusSettings, uri=behind_tls.uri, ca_file=stranger.ca_file, timeout_s=2))


def test_our_certificate_is_shown_where_it_is_asked_for(behind_mutual_tls: TlsProxy, authority: Authority) -> None:
    certificate, key = authority.certificate("matching")
    ours = {"ca_file": authority.ca_file, "cert_file": certificate, "key_file": key}
    use(load(MilvusSettings, uri=behind_mutual_tls.uri, **ours))


def test_without_a_certificate_nothing_is_said_to_us(behind_mutual_tls: TlsProxy, authority: Authority) -> None:
    with pytest.raises(Unavailable, match="Milvus at"):
        MilvusGallery(load(MilvusSettings, uri=behind_mutual_tls.uri, ca_file=authority.ca_file, timeout_s=2))


def test_a_file_that_is_not_there_is_named(authority: Authority, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="WATCHBOUND_MILVUS_CA_FILE"):
        MilvusGallery(load(MilvusSettings, uri="https://127.0.0.1:1", ca_file=tmp_path / "nowhere"))


@pytest.mark.real
def test_a_server_with_users_believes_the_token_alone(tmp_path: Path) -> None:
    """Each refusal says which setting to look at."""
    from watchbound.stack.milvus_standalone import MilvusServer

    with MilvusServer(tmp_path, {"common": {"security": {"authorizationEnabled": True}}}) as server:
        for token in (None, WRONG):
            with pytest.raises(AccessRefused, match="WATCHBOUND_MILVUS_TOKEN"):
                MilvusGallery(load(MilvusSettings, uri=server.uri, token=token))
        root = load(MilvusSettings, uri=server.uri, token=ROOT)
        use(root)
        MilvusGallery(root)._client.create_user(*READER.split(":"))
        reader = MilvusGallery(load(MilvusSettings, uri=server.uri, token=READER))
        with pytest.raises(AccessRefused, match="PrivilegeCreateCollection: permission deny to reader"):
            reader.create("secured", MODEL, 16)
