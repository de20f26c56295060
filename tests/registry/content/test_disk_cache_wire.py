"""What was read in one run costs nothing in the next, and belongs to who has read it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from regbrowse.errors import AuthError
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.manifest import Image
from regbrowse.reference import Digest, Registry, Repository
from regbrowse.registry.client import Client, Login, Secret, Settings
from support import images
from support.asking import here
from support.fake_registry import FakeRegistry, Fault, lie

ANN = Login("ann", Secret("s3cr3t-canary-1"))
BOB = Login("bob", Secret("s3cr3t-canary-2"))
MANIFESTS = "/v2/acme/app/manifests/"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@contextlib.asynccontextmanager
async def run(folder: Path | None, login: Login | None = None) -> AsyncIterator[Client]:
    """One run of the program."""
    async with Client(Settings(login, pause=0, cache_folder=folder)) as client:
        yield client


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def read(client: Client, registry: FakeRegistry, target: str | Digest = "1.0") -> Image:
    """Reads an image and its config."""
    manifest = await client.manifest(here(registry), target)
    assert isinstance(manifest, Image)
    await client.blob(here(registry), manifest.config)
    return manifest


async def test_a_digest_costs_no_request_in_the_next_run(registry: FakeRegistry, folder: Path) -> None:
    registry.repository("acme/app").add(images.image(), "1.0")
    async with run(folder) as client:
        first = await read(client, registry)
    asked = len(registry.asked)
    async with run(folder) as client:
        assert await read(client, registry, first.digest) == first
        assert await client.blob_start(here(registry), first.config, 5) == b'{\n  "'
        assert len(registry.asked) == asked
        assert await read(client, registry) == first
    assert registry.paths()[-1:] == [f"{MANIFESTS}1.0"]
    assert len(registry.paths()) == 3


async def test_without_a_folder_each_run_asks(registry: FakeRegistry) -> None:
    registry.repository("acme/app").add(images.image(), "1.0")
    for _ in range(2):
        async with run(None) as client:
            await read(client, registry)
    assert len(registry.paths()) == 4


async def test_a_tag_that_moved_is_seen(registry: FakeRegistry, folder: Path) -> None:
    stock = registry.repository("acme/app")
    stock.add(images.image(), "1.0")
    async with run(folder) as client:
        await read(client, registry)
    made = stock.add(images.image(architecture="arm64"), "1.0")
    async with run(folder) as client:
        assert (await client.manifest(here(registry), "1.0")).raw == made.raw


async def test_another_account_does_not_see_what_the_first_has_read(registry: FakeRegistry, folder: Path) -> None:
    registry.auth = "basic"
    registry.users["bob"] = "s3cr3t-canary-2"
    made = registry.repository("acme/app").add(images.image(), "1.0")
    async with run(folder, ANN) as client:
        image = await read(client, registry)
    for path in (made.digest, str(image.config.digest)):
        for kind in ("manifests", "blobs"):
            denied = Fault(403, b'{"errors": [{"code": "DENIED"}]}')
            registry.fault(f"/v2/acme/app/{kind}/{path}", denied)
    for login in (BOB, None):
        async with run(folder, login) as client:
            with pytest.raises(AuthError):
                await client.manifest(here(registry), image.digest)
            with pytest.raises(AuthError):
                await client.blob(here(registry), image.config)
            with pytest.raises(AuthError):
                await client.blob_start(here(registry), image.config, 5)
    async with run(folder, ANN) as client:
        assert await read(client, registry, image.digest) == image


@pytest.mark.parametrize("damage", ["altered", "cut", "empty"])
async def test_damaged_content_is_asked_for_again(registry: FakeRegistry, folder: Path, damage: str) -> None:
    registry.repository("acme/app").add(images.image(), "1.0")
    async with run(folder) as client:
        image = await read(client, registry)
    paths = files(folder / "content")
    whole = {path: path.read_bytes() for path in paths}
    for path, raw in whole.items():
        path.write_bytes({"altered": lie(raw), "cut": raw[:-1], "empty": b""}[damage])
    asked = len(registry.paths())
    async with run(folder) as client:
        assert await read(client, registry, image.digest) == image
    assert len(registry.paths()) == asked + 2
    assert {path.name: path.read_bytes().partition(b"\n")[2] for path in paths} == {
        path.name: raw.partition(b"\n")[2] for path, raw in whole.items()
    }


async def test_nothing_unverified_is_kept(registry: FakeRegistry, folder: Path) -> None:
    stock = registry.repository("acme/app")
    made, unknown = stock.add(images.image(), "1.0"), Digest("blake3", "0" * 64)
    stock.manifests[str(unknown)] = made
    stock.manifests["sha256:" + "0" * 64] = images.schema1()
    layer = made.below[1]
    async with run(folder) as client:
        await client.manifest(here(registry), unknown)
        await client.manifest(here(registry), Digest("sha256", "0" * 64))
        descriptor = Descriptor(layer.media_type, Digest.parse(layer.digest), len(layer.raw))
        await client.blob_start(here(registry), descriptor, len(layer.raw))
    assert files(folder) == []


async def test_no_secret_no_address_and_no_name_is_on_disk(registry: FakeRegistry, folder: Path) -> None:
    registry.auth = "bearer"
    registry.extra_headers = [("Set-Cookie", "s3cr3t-canary-cookie"), ("Location", "http://s3cr3t-canary/")]
    made = images.image()
    registry.repository("acme/app").add(made, "1.0")
    registry.fault(f"{MANIFESTS}1.0", Fault(200, made.raw, [("Content-Type", "text/s3cr3t-canary")]))
    async with run(folder, ANN) as client:
        await read(client, registry)
        assert [page.tags async for page in client.tags(here(registry))] == [("1.0",)]
    found = files(folder)
    assert len(found) == 5
    for path in found:
        said = str(path.relative_to(folder)).encode() + path.read_bytes()
        for word in (b"canary", b"http", b"127.0.0.1", b"acme", b"ann"):
            assert word not in said, path


def become_somebody_else(client: Client, registry: Registry) -> None:
    """Tell everybody who wants to know that the login of a registry is another one."""
    for changed in client.auth.on_login_change:
        changed(registry)


async def test_content_that_arrives_for_somebody_else_is_not_kept(registry: FakeRegistry, folder: Path) -> None:
    made = registry.repository("acme/app").add(images.image(), "1.0")
    gate = registry.gate(f"{MANIFESTS}1.0")
    async with run(folder) as client:
        asking = asyncio.create_task(client.manifest(here(registry), "1.0"))
        await gate.arrived.wait()
        become_somebody_else(client, here(registry).registry)
        gate.open()
        assert (await asking).raw == made.raw
        assert client.cached(Digest.parse(made.digest)) is None
    assert files(folder) == []


async def test_who_asks_after_becoming_somebody_else_does_not_join_the_earlier_question(
    registry: FakeRegistry, client: Client
) -> None:
    made = registry.repository("acme/app").add(images.image(), "1.0")
    config = made.below[0]
    descriptor = Descriptor(config.media_type, Digest.parse(config.digest), len(config.raw))
    gates = registry.gate(f"{MANIFESTS}1.0"), registry.gate(f"/v2/acme/app/blobs/{config.digest}")
    asking: list[asyncio.Task[object]] = []
    for _ in range(2):
        asking += [
            asyncio.create_task(client.manifest(here(registry), "1.0")),
            asyncio.create_task(client.blob(here(registry), descriptor)),
        ]
        for gate in gates:
            await gate.arrived.wait()
            gate.arrived.clear()
        become_somebody_else(client, here(registry).registry)
    for gate in gates:
        gate.open()
    await asyncio.gather(*asking)
    assert len(registry.paths()) == 4


async def test_two_who_ask_for_the_same_in_two_repositories_get_their_own_answers(
    registry: FakeRegistry, client: Client
) -> None:
    made = registry.repository("acme/app").add(images.image(), "1.0")
    digest = Digest.parse(made.digest)
    other = Repository(here(registry).registry, "acme/other")
    gate = registry.gate(f"/v2/acme/other/manifests/{digest}")
    wrong = asyncio.create_task(client.manifest(other, digest))
    await gate.arrived.wait()
    assert (await client.manifest(here(registry), digest)).raw == made.raw
    gate.open()
    with pytest.raises(Exception, match="acme/other"):
        await wrong


async def test_a_wrong_size_of_kept_content_is_still_told(registry: FakeRegistry, client: Client) -> None:
    made = registry.repository("acme/app").add(images.image(), "1.0")
    await client.manifest(here(registry), made.digest)
    manifest = await client.manifest(here(registry), made.digest, size=5)
    assert manifest.anomalies[-1].startswith("The size is wrong: 5 B were named, ")
