"""What is about to be taken of a pull limit, for both fronts."""

from __future__ import annotations

import pytest

from regbrowse.attachments import AttachmentSearch
from regbrowse.browser import Browser
from regbrowse.errors import CostRefused
from regbrowse.oci.manifest import Index
from regbrowse.reference import Digest, Reference
from regbrowse.registry.client import Client
from regbrowse.registry.models import RateCost
from support import images
from support.asking import here
from support.fake_registry import FakeRegistry

IMAGE = images.image()
NOTES = [images.attestation(IMAGE, f"https://example.com/{number}") for number in range(11)]


@pytest.fixture
def browser(registry: FakeRegistry, client: Client) -> Browser:
    registry.extra_headers = [("RateLimit-Limit", "100;w=21600"), ("RateLimit-Remaining", "72;w=21600")]
    registry.repository("acme/app").add(images.index(IMAGE, *NOTES), "1.0")
    return Browser(client)


async def opened(browser: Browser, registry: FakeRegistry) -> Index:
    root = await browser.open(Reference(here(registry), "1.0"))
    assert isinstance(root, Index)
    return root


async def test_more_than_ten_that_were_not_read_cost(browser: Browser, registry: FakeRegistry) -> None:
    wanted = [Digest.parse(each.digest) for each in NOTES]
    assert await browser.rate_cost(here(registry), wanted) is None, "nothing is known of a limit"
    await opened(browser, registry)
    cost = await browser.rate_cost(here(registry), [*wanted, *wanted])
    assert cost is not None
    assert (cost.manifests, cost.short) == (11, "11 of 72 pulls")
    assert await browser.rate_cost(here(registry), wanted[:10]) is None
    assert await browser.rate_cost(here(registry), wanted[:2], already=wanted[2:]) is not None
    assert await browser.rate_cost(here(registry), wanted[:2], already=wanted[:9]) is None
    await browser.client.manifest(here(registry), wanted[0])
    assert await browser.rate_cost(here(registry), wanted) is None, "one was read"
    assert await browser.rate_cost(here(registry), wanted, cached=False) is not None


async def test_what_is_not_wanted_is_not_read(browser: Browser, registry: FakeRegistry) -> None:
    root = await opened(browser, registry)
    asked: list[RateCost] = []

    async def refuse(cost: RateCost) -> bool:
        asked.append(cost)
        return False

    browser.on_cost = refuse
    search = AttachmentSearch(browser, here(registry))
    search.look_into(root, None)
    before = len(registry.asked)
    with pytest.raises(CostRefused, match="11 of the 72 pulls that are left; nothing of it was read"):
        await search.read()
    assert len(asked) == 1
    assert len(registry.asked) == before


async def test_what_nobody_waits_for_is_left_out(browser: Browser, registry: FakeRegistry) -> None:
    root = await opened(browser, registry)
    search = AttachmentSearch(browser, here(registry), background=True)
    search.look_into(root, None)
    before = len(registry.asked)
    await search.read()
    assert len(registry.asked) == before
    assert len(search.entries) == 11
    assert list(search.notes) == ["They were not read: reading 11 manifests takes 11 of the 72 pulls that are left."]
