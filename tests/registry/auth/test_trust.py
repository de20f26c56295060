"""Which certificates the token service of a registry is trusted by, and what it never gets of the registry."""

from __future__ import annotations

from pathlib import Path

import pytest

from regbrowse.errors import AuthRejected, TlsError
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


@pytest.mark.parametrize("by", ["file", "option"])
async def test_the_login_service_of_a_registry_that_is_not_verified(tmp_path: Path, by: str) -> None:
    """At another port of its host nothing else is promised, and docker and podman do not verify it either."""
    machine = Machine()
    settings = Settings(pause=0, network=machine, insecure=frozenset({"127.0.0.1:1"} if by == "option" else ()))
    if by == "file":
        machine.trusts["127.0.0.1", 1] = Trust(verify=False)
    async with secure(tmp_path, issue(issuer=CA)) as server:
        transport = Transport(settings)
        at_host, elsewhere = (f"https://{host}:{server.port}/token" for host in ("127.0.0.1", "localhost"))
        try:
            assert (await transport.send(request("token", at_host), at_host)).status == 200
            kinds: tuple[tuple[Kind, str], ...] = (("manifest", at_host), ("blob", at_host), ("token", elsewhere))
            for kind, url in kinds:
                with pytest.raises(TlsError):
                    await transport.send(request(kind, url), url)
        finally:
            await transport.aclose()


async def test_insecure_is_enough_to_log_in_at_another_port(tmp_path: Path) -> None:
    answer = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{"token":"t"}'
    async with secure(tmp_path, issue(issuer=CA), answer=answer) as service:
        challenge = f'Bearer realm="https://{service.name}/token",service="x"'
        refusal = f"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: {challenge}\r\nContent-Length: 0\r\n\r\n".encode()
        async with secure(tmp_path, issue(issuer=CA), answer=refusal) as server:
            place = Registry.parse(server.name)
            settings = Settings(user=ANN, registry=place, pause=0, insecure=frozenset({place.key}))
            async with Client(settings) as client:
                with pytest.raises(AuthRejected):
                    await client.manifest(Repository(place, "acme/app"), "1")
    assert any(head.startswith(b"GET /token?") and b"Authorization: Basic" in head for head in service.heads)


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
