"""Which certificates the token service of a registry is trusted by, and what it never gets of the registry."""

from __future__ import annotations

from pathlib import Path

import pytest

from regbrowse.errors import TlsError
from regbrowse.reference import Registry, Repository
from regbrowse.registry.client import Client, Login, Secret, Settings
from regbrowse.registry.requests import Kind, Request
from regbrowse.registry.transport.transport import Transport
from regbrowse.settings.certificates import Trust
from support.fake_registry import FakeRegistry, Fault
from support.tls_world import Machine, issue, secure

CA = issue("Example CA", authority=True)
CLIENTS = issue("Client CA", authority=True)
REGISTRY = Registry.parse("127.0.0.1:1")
ANN = Login("ann", Secret("s3cr3t-canary-ann"))


def request(kind: Kind, url: str) -> Request:
    return Request(REGISTRY, kind, url, "Asking", "127.0.0.1:1", attempts=1)


async def test_the_registrys_authority_counts_for_its_login_service_alone(tmp_path: Path) -> None:
    machine, pair = Machine(), issue("ann", CLIENTS).write(tmp_path, "ann")
    machine.trusts["127.0.0.1", 1] = Trust((CA.write(tmp_path, "ca")[0],), pair)
    async with secure(tmp_path, issue(issuer=CA), clients=CLIENTS) as server:
        transport, url = Transport(Settings(pause=0, network=machine)), f"https://{server.name}/token"
        try:
            assert (await transport.send(request("token", url), url)).status == 200
            for kind in ("blob", "manifest", "vendor"):
                with pytest.raises(TlsError):
                    await transport.send(request(kind, url), url)
            assert (await transport.send(request("token", url), url)).status == 200
        finally:
            await transport.aclose()
    assert server.certificates == [False, False]


async def test_a_service_that_is_to_be_trusted_by_nothing_more_stays_so(tmp_path: Path) -> None:
    machine = Machine()
    machine.trusts["127.0.0.1", 1] = Trust(verify=False)
    async with secure(tmp_path, issue(issuer=CA)) as server:
        transport, url = Transport(Settings(pause=0, network=machine)), f"https://{server.name}/token"
        try:
            with pytest.raises(TlsError):
                await transport.send(request("token", url), url)
        finally:
            await transport.aclose()


@pytest.mark.parametrize("offered", ["bearer", "basic"])
async def test_the_target_of_a_redirect_does_not_name_the_realm(registry: FakeRegistry, offered: str) -> None:
    async with FakeRegistry(auth="bearer", public=False).serve() as other:
        challenge = f'Bearer realm="{other.url}/token",service="other"' if offered == "bearer" else 'Basic realm="x"'
        other.challenge = challenge
        registry.fault("/v2/", Fault(307, b"", [("Location", f"{other.url}/v2/")]))
        registry.repository("acme/app")
        async with Client(Settings(user=ANN, registry=Registry.parse(registry.name), pause=0)) as client:
            repository = Repository(Registry.parse(registry.name), "acme/app")
            assert [page.tags async for page in client.tags(repository)] == [()]
            await client.ping(repository.registry)
        assert [one.path for one in other.asked] == ["/v2/"]
        for one in (*other.asked, *registry.asked):
            assert "authorization" not in one.headers
