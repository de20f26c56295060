"""The client against the CNCF distribution server: every kind of login, plain and over TLS."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from real import certificates
from real.content import APP, CHART, MANY, TOOL, Content
from real.server import AUTHS, PASSWORD, USER, Auth, Server
from regbrowse.errors import AuthRejected, AuthRequired, NotFound, TlsError
from regbrowse.oci.manifest import Artifact, Image, Index
from regbrowse.redact import Secret
from regbrowse.reference import Registry, Repository
from regbrowse.registry.client import Client
from regbrowse.registry.models import Settings
from regbrowse.settings.login import Login

Filled = Callable[[Auth, bool], tuple[Server, Content]]


def on(*auths: Auth) -> pytest.MarkDecorator:
    """Runs a test on these kinds of registry, each plain and over TLS."""
    ways = (("plain", False), ("tls", True))
    kinds = [pytest.param(auth, tls, id=f"{auth}-{name}") for auth in auths for name, tls in ways]
    return pytest.mark.parametrize(("auth", "tls"), kinds)


every_server = on(*AUTHS)
every_login = on("htpasswd", "token")


def settings(server: Server, password: str | None = None, ca_file: Path | None = None) -> Settings:
    registry = Registry.parse(server.name)
    return Settings(
        user=Login(USER, Secret(password)) if password else None,
        registry=registry,
        plain_http=frozenset() if server.ca_file else frozenset({registry.key}),
        ca_file=ca_file or server.ca_file,
        pause=0.01,
    )


def right(server: Server) -> Settings:
    """As somebody who may read everything."""
    return settings(server, None if server.auth == "open" else PASSWORD)


def repository(server: Server, path: str) -> Repository:
    return Repository.parse(Registry.parse(server.name), path)


@every_server
async def test_tags(filled: Filled, auth: Auth, tls: bool) -> None:
    server, content = filled(auth, tls)
    async with Client(right(server)) as client:
        pages = [page async for page in client.tags(repository(server, MANY))]
    assert sorted(tag for page in pages for tag in page.tags) == sorted(content.tags)
    assert pages[-1].done
    assert pages[-1].total == len(content.tags)
    assert pages[-1].hidden == 0


@every_server
async def test_catalog(filled: Filled, auth: Auth, tls: bool) -> None:
    server, _ = filled(auth, tls)
    async with Client(right(server)) as client:
        await client.ping(Registry.parse(server.name))
        pages = [page async for page in client.catalog(Registry.parse(server.name))]
    assert [name for page in pages for name in page.repositories] == [APP, CHART, MANY, TOOL]
    assert pages[-1].done


@every_server
async def test_from_the_index_to_the_configs(filled: Filled, auth: Auth, tls: bool) -> None:
    server, content = filled(auth, tls)
    app = repository(server, APP)
    async with Client(right(server)) as client:
        claim = await client.head(app, "latest")
        index = await client.manifest(app, "latest")
        assert claim is not None
        assert str(claim.digest) == str(index.digest) == content.index.digest
        assert index.raw == content.index.content
        assert isinstance(index, Index)
        children = [*(image.manifest for image in content.images), content.attestation]
        assert [str(child.digest) for child in index.manifests] == [child.digest for child in children]
        assert [str(child.platform) for child in index.manifests[:2]] == ["linux/amd64", "linux/arm64/v8"]
        for pushed, descriptor in zip(content.images, index.manifests, strict=False):
            assert descriptor.digest
            image = await client.manifest(app, descriptor.digest, expected=descriptor.media_type, size=descriptor.size)
            assert isinstance(image, Image)
            assert image.raw == pushed.manifest.content
            assert str(image.config.digest) == pushed.config.digest
            assert await client.blob(app, image.config) == pushed.config.content
            assert await client.blob_start(app, image.layers[0], 2) == b"\x1f\x8b"


@every_server
async def test_single_images_and_charts(filled: Filled, auth: Auth, tls: bool) -> None:
    server, content = filled(auth, tls)
    async with Client(right(server)) as client:
        tool = await client.manifest(repository(server, TOOL), "1.0")
        chart = await client.manifest(repository(server, CHART), "1.0.0")
    assert isinstance(tool, Image)
    assert tool.raw == content.tool.manifest.content
    assert isinstance(chart, Artifact)
    assert chart.raw == content.chart.manifest.content
    assert chart.kind == "Helm chart"


@every_server
async def test_what_is_not_there(filled: Filled, auth: Auth, tls: bool) -> None:
    server, _ = filled(auth, tls)
    async with Client(right(server)) as client:
        with pytest.raises(NotFound):
            [page async for page in client.tags(repository(server, "acme/nothing"))]
        with pytest.raises(NotFound):
            await client.manifest(repository(server, APP), "no-such-tag")


@every_login
async def test_no_login(filled: Filled, auth: Auth, tls: bool) -> None:
    server, _ = filled(auth, tls)
    async with Client(settings(server)) as client:
        with pytest.raises(AuthRequired) as caught:
            await client.manifest(repository(server, APP), "latest")
    assert caught.value.evidence.status == 401


@every_login
async def test_a_wrong_password(filled: Filled, auth: Auth, tls: bool) -> None:
    server, _ = filled(auth, tls)
    wrong = "not-this-horse"
    async with Client(settings(server, wrong)) as client:
        with pytest.raises(AuthRejected) as caught:
            await client.manifest(repository(server, APP), "latest")
        log = [(exchange.url, exchange.note) for exchange in client.log]
    assert wrong not in f"{caught.value} {caught.value.evidence} {log}"
    assert len(log) <= 8, "a registry that keeps refusing is asked a bounded number of times"


@every_login
async def test_the_login_stays_with_the_client(filled: Filled, auth: Auth, tls: bool) -> None:
    server, _ = filled(auth, tls)
    async with Client(right(server)) as client:
        await client.manifest(repository(server, APP), "latest")
        before = len(client.log)
        await client.manifest(repository(server, APP), "1.2.3")
        assert len(client.log) == before + 1, "no second challenge, no second token"
        assert client.auth.login_state(Registry.parse(server.name)).user == USER


@pytest.mark.parametrize("auth", AUTHS)
async def test_a_certificate_nobody_vouches_for(filled: Filled, auth: Auth, tmp_path: Path) -> None:
    server, _ = filled(auth, True)
    stranger, _ = certificates.authority("somebody else").write(tmp_path, "other")
    for ca_file in (stranger, None):
        known = settings(server, PASSWORD, stranger) if ca_file else Settings(pause=0.01)
        async with Client(known) as client:
            with pytest.raises(TlsError) as caught:
                await client.manifest(repository(server, APP), "latest")
            assert not [exchange for exchange in client.log if exchange.url.startswith("http:")]
        assert caught.value.hint


async def test_plain_http_on_this_machine_needs_no_option(filled: Filled) -> None:
    server, content = filled("open", False)
    async with Client(Settings(pause=0.01)) as client:
        index = await client.manifest(repository(server, APP), "latest")
    assert index.raw == content.index.content
