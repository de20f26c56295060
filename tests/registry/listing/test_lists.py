from __future__ import annotations

import json

import pytest

from regbrowse.errors import AuthRequired, BadResponse, NotFound, RateLimited, ServerError, TooLarge, Unsupported
from regbrowse.reference import Registry, Repository
from regbrowse.registry import requests
from regbrowse.registry.client import Client, TagPage
from support.asking import here
from support.fake_registry import FakeRegistry, Fault
from support.images import image

LIST = "/v2/acme/app/tags/list"
TAGS = [f"t{number:02}" for number in range(10)]


def stock(registry: FakeRegistry, listed: list[object] | None = None) -> None:
    registry.repository("acme/app").listed = list(TAGS) if listed is None else listed


async def pages(client: Client, repository: Repository, after: TagPage | None = None) -> list[TagPage]:
    return [page async for page in client.tags(repository, after)]


def names(found: list[TagPage]) -> list[str]:
    return [tag for page in found for tag in page.tags]


@pytest.mark.parametrize(
    "link",
    [
        '<{path}?{query}>; rel="next"',
        "<{path}?{query}>; rel=next",
        '<{path}?{query}>; REL="Next"',
        '<{url}{path}?{query}>; rel="prev next"',
        '<http://10.0.0.5:5000{path}?{query}>; rel="next"',
        '<https://inner.example{path}?{query}>; rel="next"',
        '</first>; rel="first", <{path}?{query}>; title="a, b"; rel="next"',
        '<?{query}>; rel="next"',
    ],
)
async def test_every_form_of_link_leads_to_the_end(registry: FakeRegistry, client: Client, link: str) -> None:
    stock(registry)
    registry.page_size = 4
    registry.link = lambda path, query: link.format(path=path, query=query, url=registry.url)
    found = await pages(client, here(registry))
    assert names(found) == TAGS
    assert [page.total for page in found] == [4, 8, 10]
    assert [page.done for page in found] == [False, False, True]
    assert all(page.note == "" for page in found)


async def test_no_tags_is_a_complete_list(registry: FakeRegistry, client: Client) -> None:
    registry.repository("acme/app")
    assert [(page.tags, page.done) for page in await pages(client, here(registry))] == [((), True)]


@pytest.mark.parametrize("body", [b'{"name":"x","tags":null}', b'{"name":5}', b'{"tags":"x"}', b'{"tags":{}}'])
async def test_a_list_that_is_none_is_empty(registry: FakeRegistry, client: Client, body: bytes) -> None:
    registry.fault(LIST, Fault(200, body))
    assert [(page.tags, page.done) for page in await pages(client, here(registry))] == [((), True)]


async def test_entries_that_are_no_tags_are_counted_and_hidden(registry: FakeRegistry, client: Client) -> None:
    strange: list[object] = [None, 5, "", "sha256:" + "a" * 64, "a/b", "x" * 129, "ok", "ok", "\x1b[31m", "fine"]
    registry.repository("acme/app").listed = strange
    (page,) = await pages(client, here(registry))
    assert page.tags == ("ok", "fine")
    assert page.hidden == 7


async def test_a_registry_that_ignores_the_page_size_is_asked_once(registry: FakeRegistry, client: Client) -> None:
    stock(registry, [f"t{number}" for number in range(1500)])
    registry.honours_n, registry.link = False, None
    (page,) = await pages(client, here(registry))
    assert page.total == 1500
    assert page.done
    assert len(registry.paths()) == 1


@pytest.mark.parametrize("honours", [True, False])
async def test_exactly_a_page_without_a_word_about_more_is_probed_once(
    registry: FakeRegistry, client: Client, honours: bool
) -> None:
    stock(registry, [f"t{number}" for number in range(1000)])
    registry.honours_n, registry.link = honours, None
    found = await pages(client, here(registry))
    assert len(names(found)) == 1000
    assert found[-1].done
    assert len(registry.paths()) == 2


async def test_a_registry_without_links_is_read_to_its_end(registry: FakeRegistry, client: Client) -> None:
    stock(registry, [f"t{number:04}" for number in range(2500)])
    registry.link = None
    found = await pages(client, here(registry))
    assert len(names(found)) == 2500
    assert found[-1].done


async def test_a_probe_answered_404_is_the_end(registry: FakeRegistry, client: Client) -> None:
    stock(registry, [f"t{number:04}" for number in range(1000)])
    registry.link = None
    registry.fault(LIST, Fault(404, b"{}", after=1))
    found = await pages(client, here(registry))
    assert len(names(found)) == 1000
    assert found[-1].done


async def test_a_refused_page_size_is_lowered_and_remembered(registry: FakeRegistry, client: Client) -> None:
    stock(registry)
    registry.most = 100
    assert names(await pages(client, here(registry))) == TAGS
    assert names(await pages(client, here(registry))) == TAGS
    assert registry.paths() == [f"{LIST}?n=1000", f"{LIST}?n=100", f"{LIST}?n=100"]


@pytest.mark.parametrize("status", [400, 405, 500])
async def test_a_registry_that_takes_no_page_size_at_all(registry: FakeRegistry, client: Client, status: int) -> None:
    stock(registry)
    registry.fault(LIST, Fault(status, b'{"errors":[{"code":"UNSUPPORTED"}]}', times=2 if status < 500 else 4))
    assert names(await pages(client, here(registry))) == TAGS
    assert registry.paths()[-1] == LIST


async def test_a_list_that_goes_on_elsewhere_stops_and_says_so(registry: FakeRegistry, client: Client) -> None:
    stock(registry)
    registry.page_size = 4
    registry.link = lambda _path, query: f"<https://evil.example/tags?{query}>; rel=next"
    (page,) = await pages(client, here(registry))
    assert len(page.tags) == 4
    assert not page.done
    assert page.note == f"{registry.name} continued its list on another host (evil.example); not followed."


async def test_the_same_page_again_stops_the_list(registry: FakeRegistry, client: Client) -> None:
    stock(registry)
    registry.page_size = 4
    registry.link = lambda path, _query: f"<{path}?n=1000>; rel=next"
    found = await pages(client, here(registry))
    assert "sent the same page again; stopped after 4" in found[-1].note
    assert len(registry.paths()) == 1


async def test_pages_with_nothing_new_stop_the_list(registry: FakeRegistry, client: Client) -> None:
    cursors = iter(range(10_000))
    body = json.dumps({"tags": ["a"]}).encode()
    registry.fault(LIST, Fault(200, body, []))
    registry.extra_headers = []

    class Fresh(list[tuple[str, str]]):
        def __iter__(self):  # type: ignore[no-untyped-def]
            return iter([("Link", f"<{LIST}?last={next(cursors)}>; rel=next")])

    registry.faults[LIST][0].headers = Fresh([("x", "y")])
    found = await pages(client, here(registry))
    assert "3 pages without anything new" in found[-1].note
    assert len(registry.paths()) == 4


async def test_a_later_page_that_fails_leaves_the_earlier_ones_and_the_list_goes_on_later(
    registry: FakeRegistry, client: Client
) -> None:
    stock(registry)
    registry.page_size = 4
    registry.fault(LIST, Fault(503, b"<html><title>Maintenance</title></html>", after=1, times=3))
    listing = client.tags(here(registry))
    found = [await anext(listing)]
    with pytest.raises(ServerError) as caught:
        await anext(listing)
    assert names(found) == TAGS[:4]
    assert caught.value.why == f"{registry.name} has a problem on its side."
    assert caught.value.evidence.said == "Maintenance"
    assert len(registry.paths()) == 4
    found += await pages(client, here(registry), found[-1])
    assert names(found) == TAGS
    assert found[-1].done
    assert found[-1].total == 10


async def test_an_expired_cursor_starts_the_list_again_once(registry: FakeRegistry, client: Client) -> None:
    stock(registry)
    registry.page_size = 4
    registry.fault(LIST, Fault(400, b'{"errors":[{"code":"CURSOR_EXPIRED"}]}', after=1, times=1))
    assert names(await pages(client, here(registry))) == TAGS


async def test_trouble_that_passes_is_waited_out(registry: FakeRegistry, client: Client) -> None:
    stock(registry)
    registry.fault(LIST, Fault(502, b"", times=2))
    assert names(await pages(client, here(registry))) == TAGS


async def test_a_long_wait_is_left_to_the_person(registry: FakeRegistry, client: Client) -> None:
    registry.fault(LIST, Fault(429, b"slow down", [("Retry-After", "120")]))
    with pytest.raises(RateLimited) as caught:
        await pages(client, here(registry))
    assert caught.value.retry_after == 120
    assert caught.value.hint == "Try again in 120 s."
    assert len(registry.paths()) == 1


async def test_no_such_repository(registry: FakeRegistry, client: Client) -> None:
    with pytest.raises(NotFound) as caught:
        await pages(client, here(registry))
    assert caught.value.why == f'{registry.name} has no repository "acme/app".'
    assert caught.value.evidence.short == "404 NAME_UNKNOWN"
    assert str(caught.value).startswith(f"Listing tags of {registry.name}/acme/app failed: ")


async def test_a_web_page_instead_of_a_list(registry: FakeRegistry, client: Client) -> None:
    registry.fault(LIST, Fault(200, b"<!doctype html><title>Sign in</title>", [("Content-Type", "text/html")]))
    with pytest.raises(BadResponse, match="a web page instead of a list of tags") as caught:
        await pages(client, here(registry))
    assert caught.value.evidence.said == "Sign in"


async def test_an_error_dressed_as_success(registry: FakeRegistry, client: Client) -> None:
    registry.fault(LIST, Fault(200, b'{"errors":[{"code":"UNKNOWN","message":"\\u001b[31mred"}]}'))
    with pytest.raises(BadResponse) as caught:
        await pages(client, here(registry))
    assert caught.value.evidence.said == "\\x1b[31mred"


async def test_a_list_without_end_is_cut(
    registry: FakeRegistry, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert requests.PAGE_LIMIT == 32 * 2**20
    monkeypatch.setattr(requests, "PAGE_LIMIT", 100_000)
    registry.fault(LIST, Fault(200, b"[" * 10_000, endless=True))
    with pytest.raises(TooLarge):
        await pages(client, here(registry))


async def test_a_catalog_in_pages(registry: FakeRegistry, client: Client) -> None:
    for name in ("a", "b/c", "Bad", "d"):
        registry.repository(name)
    registry.page_size = 2
    found = [page async for page in client.catalog(Registry.parse(registry.name))]
    assert [name for page in found for name in page.repositories] == ["a", "b/c", "d"]
    assert found[-1].hidden == 1
    assert found[-1].done


@pytest.mark.parametrize("fault", [Fault(404), Fault(405, b""), Fault(501, b""), Fault(200, b"<html>")])
async def test_a_catalog_that_is_not_offered(registry: FakeRegistry, client: Client, fault: Fault) -> None:
    registry.fault("/v2/_catalog", fault)
    with pytest.raises(Unsupported) as caught:
        [page async for page in client.catalog(Registry.parse(registry.name))]
    assert caught.value.why == f"{registry.name} does not offer a list of repositories."
    assert caught.value.hint == "You can still open one by its name."


async def test_a_catalog_that_is_refused(registry: FakeRegistry, client: Client) -> None:
    registry.fault("/v2/_catalog", Fault(401, b'{"errors":[{"code":"UNAUTHORIZED"}]}'))
    with pytest.raises(AuthRequired, match="does not let anonymous visitors list all repositories"):
        [page async for page in client.catalog(Registry.parse(registry.name))]


async def test_docker_hub_is_not_even_asked_for_a_catalog(client: Client) -> None:
    with pytest.raises(Unsupported, match="Docker Hub does not offer"):
        [page async for page in client.catalog(Registry.parse("docker.io"))]
    assert not client.log


async def test_a_long_list_of_a_large_page_is_read_whole(registry: FakeRegistry, client: Client) -> None:
    registry.repository("acme/app").add(image(), "only")
    stock(registry, [f"tag-{number:06}" for number in range(60_000)])
    registry.honours_n = False
    assert len(names(await pages(client, here(registry)))) == 60_000


async def test_a_very_large_list_pauses_and_goes_on_when_asked(
    registry: FakeRegistry, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regbrowse.registry.listing.pagination.SOFT_CAP", 4)
    stock(registry)
    registry.page_size = 2
    found = await pages(client, here(registry))
    assert names(found) == TAGS[:4]
    assert not found[-1].done
    assert found[-1].note == "4 loaded; there are more (this list is very large)."
    found += await pages(client, here(registry), found[-1])
    assert names(found) == TAGS[:8]
    found += await pages(client, here(registry), found[-1])
    assert names(found) == TAGS
    assert found[-1].done
