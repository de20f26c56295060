"""Offline: what is known is shown with its date, what is not is said, and nothing is sent."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from regbrowse.demo.registry import DemoRegistry
from regbrowse.demo.start import REGISTRY as DEMO
from regbrowse.demo.start import START
from regbrowse.errors import NotFound, Offline, TooLarge, Unsupported
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.manifest import Image
from regbrowse.reference import Digest, Registry, Repository
from regbrowse.registry.client import Client, Login, Secret, Settings, TagPage
from regbrowse.registry.content.disk_cache import CacheScope
from regbrowse.registry.content.tag_history import TagHistory
from support import images
from support.asking import here
from support.fake_registry import FakeRegistry, Fault

ANN = Login("ann", Secret("s3cr3t-canary-1"))
TAGS = "/v2/acme/app/tags/list"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@contextlib.asynccontextmanager
async def online(folder: Path, login: Login | None = None) -> AsyncIterator[Client]:
    async with Client(Settings(login, pause=0, cache_folder=folder)) as client:
        yield client


@contextlib.asynccontextmanager
async def offline(
    folder: Path | None, monkeypatch: pytest.MonkeyPatch, login: Login | None = None
) -> AsyncIterator[Client]:
    """A run in which anything that looks a name up or connects fails the test."""

    def never(*_: object, **__: object) -> None:
        pytest.fail("something was sent")

    with monkeypatch.context() as patch:
        for name in ("getaddrinfo", "create_connection", "gethostbyname"):
            patch.setattr(socket, name, never)
        loop = type(asyncio.get_running_loop())
        for name in ("getaddrinfo", "create_connection", "sock_connect"):
            patch.setattr(loop, name, never)
        async with Client(Settings(login, cache_folder=folder, offline=True)) as client:
            yield client
            assert not client.log.sent
            assert all(one.is_cached for one in client.log)


async def pages(client: Client, repository: Repository) -> list[TagPage]:
    return [page async for page in client.tags(repository)]


async def read_everything(client: Client, registry: FakeRegistry) -> Image:
    manifest = await client.manifest(here(registry), "1.0")
    assert isinstance(manifest, Image)
    await client.blob(here(registry), manifest.config)
    await pages(client, here(registry))
    assert [page.repositories async for page in client.catalog(here(registry).registry)] == [("acme/app",)]
    return manifest


async def test_everything_that_was_read_is_there(
    registry: FakeRegistry, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.page_size = 2
    made = registry.repository("acme/app").add(images.image(), "1.0", "1.1", "2.0")
    async with online(folder) as client:
        image = await read_everything(client, registry)
    before = len(registry.asked)
    async with offline(folder, monkeypatch) as client:
        await client.ping(here(registry).registry)
        listed = await pages(client, here(registry))
        assert sorted(tag for page in listed for tag in page.tags) == ["1.0", "1.1", "2.0"]
        assert [page.done for page in listed] == [*[False] * (len(listed) - 1), True]
        assert listed[-1].total == 3
        assert listed[-1].note.endswith(" UTC; offline.")
        catalog = [page async for page in client.catalog(here(registry).registry)]
        assert [name for page in catalog for name in page.repositories] == ["acme/app"]
        assert (catalog[-1].done, catalog[-1].note) == (True, listed[-1].note)
        assert await client.manifest(here(registry), "1.0") == image
        assert await client.manifest(here(registry), image.digest) == image
        claim = await client.head(here(registry), "1.0")
        assert claim is not None
        assert (claim.digest, claim.media_type, claim.size) == (image.digest, images.OCI_MANIFEST, len(made.raw))
        config = await client.blob(here(registry), image.config)
        assert config == made.below[0].raw
        assert await client.blob_start(here(registry), image.config, 7) == config[:7]
        with pytest.raises(TooLarge):
            await client.blob(here(registry), image.config, limit=7)
    assert len(registry.asked) == before


async def test_what_is_not_known_is_said_with_the_next_step(
    registry: FakeRegistry, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.repository("acme/app").add(images.image(), "1.0")
    async with online(folder) as client:
        image = await client.manifest(here(registry), "1.0")
    assert isinstance(image, Image)
    name, unknown = f"{registry.name}/acme/app", Digest("sha256", "0" * 64)
    other = Repository(here(registry).registry, "acme/other")
    layer = image.layers[0]
    assert layer.digest is not None
    async with offline(folder, monkeypatch) as client:
        for question, what in (
            (client.manifest(here(registry), "2.0"), f"{name}:2.0"),
            (client.manifest(here(registry), unknown), f"{name}@{unknown.short}"),
            (client.manifest(other, "1.0"), f"{registry.name}/acme/other:1.0"),
            (client.head(here(registry), "2.0"), f"{name}:2.0"),
            (client.blob(here(registry), layer), f"{name}@{layer.digest.short}"),
            (client.blob_start(here(registry), layer, 5), f"{name}@{layer.digest.short}"),
            (pages(client, other), f"{registry.name}/acme/other"),
            (anext(client.catalog(other.registry)), f"The list of repositories of {registry.name}"),
        ):
            with pytest.raises(Offline) as caught:
                await question
            assert caught.value.why == f"{what} is not known offline."
            assert caught.value.hint == f"Start without --offline to ask {registry.name}."
            assert caught.value.evidence.host == registry.name
            assert caught.value.wanted


async def test_tags_that_were_opened_are_listed_when_the_list_never_was(
    registry: FakeRegistry, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.repository("acme/app").add(images.image(), "1.0", "2.0")
    async with online(folder) as client:
        await client.manifest(here(registry), "1.0")
    async with offline(folder, monkeypatch) as client:
        (page,) = await pages(client, here(registry))
    assert (page.tags, page.done, page.note) == (("1.0",), True, "Only what was opened before is listed; offline.")


async def test_a_list_that_broke_off_does_not_replace_the_complete_one(
    registry: FakeRegistry, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.page_size = 1
    stock = registry.repository("acme/app")
    stock.add(images.image(), "1", "2", "3")
    async with online(folder) as client:
        await pages(client, here(registry))
    stock.listed = ["4", "5", "6"]
    registry.fault(TAGS, Fault(500, b"", after=1))
    async with online(folder) as client:
        with pytest.raises(Exception, match="problem on its side"):
            await pages(client, here(registry))
    async with offline(folder, monkeypatch) as client:
        assert sorted(tag for page in await pages(client, here(registry)) for tag in page.tags) == ["1", "2", "3"]


async def test_the_date_is_that_of_the_list_and_later_tags_are_added(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = Repository(Registry("ghcr.io"), "acme/app")
    scope = CacheScope("ghcr.io", "")
    clock = datetime(2026, 11, 23, 14, 2, 59, tzinfo=UTC).timestamp()
    history = TagHistory(folder, lambda: clock)
    history.record_list(scope, "acme/app", ["1.0", "2.0"])
    clock -= 5
    history.record_tag(scope, "acme/app", "deleted", Digest.of(b""))
    clock += 10
    history.record_tag(scope, "acme/app", "2.0", Digest.of(b""))
    history.record_tag(scope, "acme/app", "3.0", Digest.of(b""))
    await history.aclose()
    async with offline(folder, monkeypatch) as client:
        listed = await pages(client, repository)
        assert [page.tags for page in listed] == [("1.0", "2.0"), ("3.0",)]
        assert (listed[-1].total, listed[-1].note) == (3, "As of 2026-11-23 14:02 UTC; offline.")
        claim = await client.head(repository, "3.0")
        assert claim is not None
        assert (claim.digest, claim.size) == (Digest.of(b""), None)
        with pytest.raises(Offline, match=r"^Reading ghcr.io/acme/app:3.0 failed: ghcr.io/acme/app:3.0 is not known"):
            await client.manifest(repository, "3.0")


async def test_a_named_account_sees_only_its_own(
    registry: FakeRegistry, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.auth = "basic"
    registry.repository("acme/app").add(images.image(), "1.0")
    async with online(folder, ANN) as client:
        image = await read_everything(client, registry)
    for login, seen in ((ANN, True), (None, True), (Login("bob", Secret("s3cr3t-canary-2")), False)):
        async with offline(folder, monkeypatch, login) as client:
            if seen:
                assert await client.manifest(here(registry), "1.0") == image
            else:
                with pytest.raises(Offline):
                    await client.manifest(here(registry), "1.0")


async def test_without_a_folder_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    repository = Repository(Registry("ghcr.io"), "acme/app")
    inside = Descriptor(images.OCI_EMPTY, Digest.of(b"{}"), 2, data=b"{}")
    async with offline(None, monkeypatch) as client:
        with pytest.raises(Offline):
            await client.manifest(repository, "1.0")
        with pytest.raises(Offline):
            await pages(client, repository)
        assert await client.blob(repository, inside) == b"{}"


async def test_what_could_not_be_asked_for_is_no_matter_of_being_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    async with offline(None, monkeypatch) as client:
        with pytest.raises(NotFound, match="not a valid tag"):
            await client.manifest(Repository(Registry("ghcr.io"), "acme/app"), "../../x")
        with pytest.raises(Unsupported, match="Docker Hub does not offer"):
            await anext(client.catalog(Registry("docker.io")))


async def test_damaged_content_is_not_known(
    registry: FakeRegistry, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.repository("acme/app").add(images.image(), "1.0")
    async with online(folder) as client:
        await client.manifest(here(registry), "1.0")
    (path,) = files(folder / "content")
    path.write_bytes(path.read_bytes() + b" ")
    async with offline(folder, monkeypatch) as client:
        with pytest.raises(Offline):
            await client.manifest(here(registry), "1.0")


async def test_registries_in_this_process_answer_as_always(folder: Path) -> None:
    settings = Settings(local={DEMO.key: DemoRegistry()}, offline=True, cache_folder=folder)
    async with Client(settings) as client:
        assert (await client.manifest(START.repository, str(START.tag))).raw
        assert [page async for page in client.tags(START.repository)][-1].done
    assert files(folder) == []
