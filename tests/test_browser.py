"""The questions both fronts ask, counted at the registry."""

from __future__ import annotations

from pathlib import Path

import pytest

from regbrowse.browser import FIRST_SLICE, Browser
from regbrowse.errors import RegbrowseError
from regbrowse.oci.index_walk import entries
from regbrowse.oci.manifest import Image, Index, config_of
from regbrowse.oci.platform import Platform
from regbrowse.oci.platform_selection import PlatformRequest, listed, select
from regbrowse.reference import Reference, Registry, Repository
from regbrowse.registry.client import Client, Settings
from support import images
from support.fake_registry import FakeRegistry, Fault


def reference(registry: FakeRegistry, tag: str) -> Reference:
    return Reference(Repository(Registry(registry.name), "shop/app"), tag)


async def test_three_round_trips_and_then_none(registry: FakeRegistry, client: Client) -> None:
    registry.repository("shop/app").add(images.index(images.image(architecture="amd64"), images.image()), "1")
    browser = Browser(client)
    where = reference(registry, "1")

    async def walk(*, fresh: bool = False) -> None:
        root = await browser.open(where, fresh=fresh)
        assert isinstance(root, Index)
        descriptor = select(listed(entries(root)), PlatformRequest(Platform("linux", "amd64"))).descriptor
        assert descriptor is not None
        image = await browser.child(where.repository, descriptor)
        config = config_of(image)
        assert config is not None
        raw, whole = await browser.content(where.repository, config)
        assert whole
        assert b"amd64" in raw

    await walk()
    assert [each.method for each in registry.asked if each.path != "/v2/"] == ["GET", "GET", "GET"]
    before = len(registry.asked)
    await walk()
    assert registry.asked[before:] == []
    await walk(fresh=True)
    assert [each.method for each in registry.asked[before:]] == ["HEAD"]


async def test_tag_that_moved_is_read_again(registry: FakeRegistry, client: Client) -> None:
    repository = registry.repository("shop/app")
    first = repository.add(images.image(), "1")
    browser = Browser(client)
    where = reference(registry, "1")
    assert str((await browser.open(where)).digest) == first.digest
    second = repository.add(images.image(files=({"other": b"1"},)), "1")
    assert str((await browser.open(where, fresh=True)).digest) == second.digest


async def test_listing_comes_in_slices_and_says_when_it_is_done(registry: FakeRegistry, client: Client) -> None:
    registry.repository("shop/app").add(images.image(), *(f"t{n}" for n in range(1300)))
    parts = [part async for part in Browser(client).listing(Repository(Registry(registry.name), "shop/app"))]
    assert len(parts[0].names) == FIRST_SLICE
    assert len(parts) == 4  # two pages
    assert sum(len(part.names) for part in parts) == 1300
    assert [part.done for part in parts] == [False] * (len(parts) - 1) + [True]


async def test_counted_registries_are_asked_frugally(registry: FakeRegistry, client: Client) -> None:
    registry.repository("shop/app").add(images.image(), "1")
    registry.extra_headers = [("ratelimit-limit", "100;w=21600"), ("ratelimit-remaining", "9;w=21600")]
    browser = Browser(client)
    await browser.open(reference(registry, "1"))
    assert browser.client.limits.rate(Registry(registry.name)) is not None
    assert browser.client.limits.is_low(Registry(registry.name))


async def test_where_pulls_are_counted_a_known_tag_costs_a_head_in_the_next_run(
    registry: FakeRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regbrowse.browser.DOCKER_HUB", registry.name)
    repository = registry.repository("acme/app")
    made = repository.add(images.image(), "1")
    reference = Reference(Repository(Registry.parse(registry.name), "acme/app"), "1")

    async def opened() -> tuple[str, list[str]]:
        registry.asked.clear()
        client = Client(Settings(pause=0, cache_folder=tmp_path / "cache"))
        browser = Browser(client)
        manifest = await browser.open(reference)
        await browser.aclose()
        return str(manifest.digest), [f"{one.method} {one.path}" for one in registry.asked if one.path != "/v2/"]

    path = "/v2/acme/app/manifests/1"
    assert await opened() == (made.digest, [f"GET {path}"])
    assert await opened() == (made.digest, [f"HEAD {path}"])
    moved = repository.add(images.image(architecture="arm64"), "1")
    assert await opened() == (moved.digest, [f"HEAD {path}", f"GET {path}"])


async def test_the_failure_of_a_config_stands_for_one_request_more(registry: FakeRegistry, client: Client) -> None:
    made = registry.repository("shop/app").add(images.image(), "1")
    path = f"/v2/shop/app/blobs/{made.below[0].digest}"
    registry.fault(path, Fault(403, b"{}", times=2))
    browser, where = Browser(client), reference(registry, "1")
    image = await browser.open(where)
    assert isinstance(image, Image)
    with pytest.raises(RegbrowseError):
        await browser.config(where.repository, image)
    with pytest.raises(RegbrowseError):
        await browser.content(where.repository, image.config)
    assert registry.paths(path) == [path], "it is not asked for again by itself"
    with pytest.raises(RegbrowseError):
        await browser.config(where.repository, image)
    assert registry.paths(path) == [path] * 2, "a search for a platform asks"
    assert (await browser.config(where.repository, image)).platform.architecture == "amd64"
