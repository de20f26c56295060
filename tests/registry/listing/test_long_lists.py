"""Lists that are very long, very slow, or lose the thread half way."""

from __future__ import annotations

import gzip
import json

import pytest

from regbrowse.errors import Denied, RegistryError, TooLarge
from regbrowse.reference import Registry
from regbrowse.registry.client import Client, TagPage
from regbrowse.registry.listing import pagination
from support.asking import here
from support.fake_registry import FakeRegistry, Fault

LIST = "/v2/acme/app/tags/list"
TAGS = [f"t{number:02}" for number in range(30)]


async def pages(client: Client, registry: FakeRegistry, after: TagPage | None = None) -> list[TagPage]:
    return [page async for page in client.tags(here(registry), after)]


def names(found: list[TagPage]) -> list[str]:
    return [tag for page in found for tag in page.tags]


async def test_a_cursor_that_expires_late_loses_nothing(registry: FakeRegistry, client: Client) -> None:
    registry.repository("acme/app").listed = [None, *TAGS]
    registry.page_size = 4
    registry.fault(LIST, Fault(400, b'{"errors":[{"code":"CURSOR_EXPIRED"}]}', after=6, times=1))
    found = await pages(client, registry)
    assert names(found) == TAGS
    assert found[-1].done
    assert found[-1].hidden == 1
    assert len(registry.paths()) == 7 + 8


async def test_pages_with_nothing_new_still_stop_a_list_that_began_again(
    registry: FakeRegistry, client: Client
) -> None:
    cursors = iter(range(10_000))
    registry.repository("acme/app").listed = list(TAGS)
    registry.page_size = 10
    registry.link = lambda path, _query: f"<{path}?last={TAGS[next(cursors) % 20]}&at={next(cursors)}>; rel=next"
    registry.fault(LIST, Fault(404, b"{}", after=2, times=1))
    found = await pages(client, registry)
    assert "pages without anything new" in found[-1].note
    assert len(registry.paths()) < 20


@pytest.mark.parametrize("count", [11, 12, 13])
async def test_only_so_many_names_are_kept(
    registry: FakeRegistry, client: Client, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(pagination, "MAX_NAMES", 12)
    registry.repository("acme/app").listed = list(TAGS[:count])
    (page,) = await pages(client, registry)
    assert len(page.tags) == min(12, count)
    assert page.done is (count < 13)
    note = f"Only the first 12 names are kept; {registry.name} lists more."
    assert page.note == ("" if count < 13 else note)


async def test_no_more_pages_are_asked_for_than_are_kept(
    registry: FakeRegistry, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pagination, "MAX_NAMES", 8)
    registry.repository("acme/app").listed = list(TAGS)
    registry.page_size = 4
    found = await pages(client, registry)
    assert names(found) == TAGS[:8]
    assert found[-1].note == f"Only the first 8 names are kept; {registry.name} lists more."
    assert found[-1].next is None
    assert len(registry.paths()) == 2


async def test_no_more_pages_are_asked_for_than_the_limit(
    registry: FakeRegistry, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pagination, "MAX_PAGES", 3)
    registry.repository("acme/app").listed = list(TAGS)
    registry.page_size = 2
    found = await pages(client, registry)
    assert names(found) == TAGS[:6]
    assert (found[-1].note, found[-1].done) == (f"{registry.name} sent 3 pages; stopped there.", False)
    assert len(registry.paths()) == 3


@pytest.mark.parametrize(("cap", "seconds", "why"), [(8, 600.0, "this list is very large"), (100, -1.0, "takes long")])
async def test_a_list_rests_and_goes_on_when_somebody_wants_more(
    registry: FakeRegistry, client: Client, monkeypatch: pytest.MonkeyPatch, cap: int, seconds: float, why: str
) -> None:
    monkeypatch.setattr(pagination, "SOFT_CAP", cap)
    monkeypatch.setattr(pagination, "SOFT_SECONDS", seconds)
    registry.repository("acme/app").listed = list(TAGS)
    registry.page_size = 4
    found = await pages(client, registry)
    assert names(found) == TAGS[: min(8, cap) if seconds > 0 else 4]
    assert why in found[-1].note
    assert not found[-1].done
    while found[-1].next is not None:
        found += await pages(client, registry, found[-1])
    assert names(found) == TAGS
    assert found[-1].done


@pytest.mark.parametrize("status", [400, 405, 416, 422, 500])
async def test_a_page_size_is_refused_with_any_status(registry: FakeRegistry, client: Client, status: int) -> None:
    registry.repository("acme/app").listed = list(TAGS)
    body = {"errors": [{"code": "UNSUPPORTED", "message": "'maxResults' must be less than or equal to 100"}]}
    registry.fault(LIST, Fault(status, json.dumps(body).encode(), times=1 if status < 500 else 3))
    assert names(await pages(client, registry)) == TAGS
    assert registry.paths()[-1] == f"{LIST}?n=100"


@pytest.mark.parametrize("status", [403, 404, 410, 451])
async def test_other_refusals_are_not_about_the_page_size(registry: FakeRegistry, client: Client, status: int) -> None:
    registry.fault(LIST, Fault(status, b'{"errors":[{"code":"UNSUPPORTED"}]}'))
    with pytest.raises(RegistryError):
        await pages(client, registry)
    assert f"{LIST}?n=100" not in registry.paths()


async def test_a_catalog_that_is_blocked_by_law(registry: FakeRegistry, client: Client) -> None:
    registry.fault("/v2/_catalog", Fault(451, b'{"errors":[{"message":"Court order 5"}]}'))
    with pytest.raises(Denied, match="for legal reasons") as caught:
        [page async for page in client.catalog(Registry.parse(registry.name))]
    assert caught.value.evidence.said == "Court order 5"


async def test_a_list_that_was_packed_for_the_way_is_bounded_unpacked(
    registry: FakeRegistry, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = json.dumps({"tags": TAGS}).encode()
    for limit in (len(raw), len(raw) - 1):
        monkeypatch.setattr("regbrowse.registry.requests.PAGE_LIMIT", limit)
        registry.fault(LIST, Fault(200, gzip.compress(raw), [("Content-Encoding", "gzip")], times=1))
        if limit == len(raw):
            assert names(await pages(client, registry)) == TAGS
        else:
            with pytest.raises(TooLarge):
                await pages(client, registry)
