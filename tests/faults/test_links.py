"""How a list goes on: links that are strange, lead astray, or never end, and page sizes that are refused."""

from __future__ import annotations

import pytest

from faults.answers import as_json, problem
from faults.asking import LIST, listing, named
from faults.rows import row
from faults.server import TRUTH, Misbehaving, Request
from faults.trial import trial
from regbrowse.registry.client import Client, TagPage

AREA = "Lists"
TAGS = [f"t{number:02}" for number in range(10)]


def paged(server: Misbehaving, size: int = 4) -> None:
    server.truth.repository("acme/app").listed = list(TAGS)
    server.truth.page_size = size


@row(
    AREA,
    server="`Link` is relative, absolute, unquoted, upper case, among others, only a query, or in a second line",
    client="follows it to the end",
)
@pytest.mark.parametrize(
    "link",
    [
        '<{path}?{query}>; rel="next"',
        "<{path}?{query}>; rel=next",
        '<{path}?{query}>; REL="Next"',
        '<{url}{path}?{query}>; rel="prev next"',
        "<{path}?{query}>;\trel\t=\tnext",
        '</first>; rel="first", <{path}?{query}>; title="a, b; rel=prev"; rel="next"',
        '<?{query}>; rel="next"',
        '<{path}?{query}&orderby=>; rel="next"',
        '</first>; rel="first"\r\nLink: <{path}?{query}>; rel="next"',
        '<{path}?a=1,2&{query}>; rel="next", </last>; rel=last',
    ],
)
async def test_forms_of_link(server: Misbehaving, link: str) -> None:
    paged(server)
    server.truth.link = lambda path, query: link.format(path=path, query=query, url=server.url)
    pages: list[TagPage] = []
    seen = await trial(server, listing(server, pages), at_most=4)
    assert seen.answer == TAGS
    assert pages[-1].done


@row(
    AREA,
    server="`Link` is unterminated, empty, has no `next`, or only names it inside of a quoted title",
    client="takes the list as complete",
)
@pytest.mark.parametrize(
    "link", ["</v2/acme/app/tags/list?last=a", "\\", '<>; rel="next"', "", '</x>; title="a, b; rel=next"; rel=prev']
)
async def test_links_that_lead_nowhere(server: Misbehaving, link: str) -> None:
    server.on(LIST, as_json({"tags": TAGS}, headers=[("Link", link)]))
    pages: list[TagPage] = []
    seen = await trial(server, listing(server, pages), at_most=2)
    assert seen.answer == TAGS
    assert pages[-1].done


@row(
    AREA,
    server="`Link` names an inner address of the registry",
    client="takes path and query of it and asks the registry itself",
)
@pytest.mark.parametrize("origin", ["http://10.0.0.5:5000", "https://inner.example", "//registry.internal:5000"])
async def test_links_to_an_inner_address(server: Misbehaving, origin: str) -> None:
    paged(server)
    server.truth.link = lambda path, query: f'<{origin}{path}?{query}>; rel="next"'
    pages: list[TagPage] = []
    seen = await trial(server, listing(server, pages), at_most=4)
    assert seen.answer == TAGS


@row(
    AREA,
    server="`Link` names another host, another path, another repository, a user name, a backslash or a scheme",
    client="keeps what came, stops and says why; nobody else is asked",
)
@pytest.mark.parametrize(
    ("link", "word"),
    [
        ("https://evil.example/tags?{query}", "another host (evil.example)"),
        ("//evil.example/x?{query}", "another host (evil.example)"),
        ("/v2/acme/other/tags/list?{query}", "another place"),
        ("/v2/acme/app/manifests/1", "another place"),
        ("http://user:canary@{host}{path}?{query}", "a user name in it"),
        ("http://{host}\\@evil.example{path}?{query}", "a backslash in it"),
        ("ftp://{host}{path}?{query}", "the scheme"),
    ],
)
async def test_links_that_are_not_followed(server: Misbehaving, link: str, word: str) -> None:
    paged(server)
    server.truth.link = lambda path, query: f"<{link.format(path=path, query=query, host=server.name)}>; rel=next"
    pages: list[TagPage] = []
    seen = await trial(server, listing(server, pages), at_most=2)
    assert seen.answer == TAGS[:4]
    assert word in pages[-1].note
    assert not pages[-1].done
    assert server.count(LIST) == 2  # once to be answered, once to be cancelled


@row(AREA, server="`Link` leads to the page it is on", client="stops after that page and says so")
async def test_a_link_to_itself(server: Misbehaving) -> None:
    paged(server)
    server.truth.link = lambda path, _query: f"<{path}?n=1000>; rel=next"
    pages: list[TagPage] = []
    await trial(server, listing(server, pages), at_most=3)
    assert "sent the same page again" in pages[-1].note
    assert named(pages) == TAGS[:4]


@row(AREA, server="two pages link to each other", client="stops after at most three of them")
async def test_links_in_a_circle(server: Misbehaving) -> None:
    def answer(request: Request) -> bytes:
        at = (request.field("last") or ["b"])[0]
        goes_to = "a" if at == "b" else "b"
        return as_json({"tags": [f"at-{at}"]}, headers=[("Link", f"<{LIST}?last={goes_to}>; rel=next")])

    server.on(LIST, answer)
    pages: list[TagPage] = []
    await trial(server, listing(server, pages), at_most=4)
    assert "sent the same page again" in pages[-1].note
    assert named(pages) == ["at-b", "at-a"]


@row(AREA, server="10,000 empty pages, each with a new cursor", client="stops after three pages without anything new")
async def test_empty_pages_without_end(server: Misbehaving) -> None:
    numbers = iter(range(10_000))

    def answer(_: Request) -> bytes:
        return as_json({"tags": []}, headers=[("Link", f"<{LIST}?last={next(numbers)}>; rel=next")])

    server.on(LIST, answer)
    pages: list[TagPage] = []
    await trial(server, listing(server, pages), at_most=5)
    assert "3 pages without anything new" in pages[-1].note


@row(AREA, server="one empty page in between, with a link", client="reads on: registries filter after paging")
async def test_one_empty_page(server: Misbehaving) -> None:
    def page(tags: list[str], cursor: str) -> bytes:
        return as_json({"tags": tags}, headers=[("Link", f"<{LIST}?last={cursor}>; rel=next")])

    server.on(LIST, page(["a"], "1"), page([], "2"), as_json({"tags": ["z"]}))
    pages: list[TagPage] = []
    seen = await trial(server, listing(server, pages), at_most=4, cancel=False)
    assert seen.answer == ["a", "z"]
    assert pages[-1].done


@row(AREA, server="new tags for ever", client="pauses at its soft limit with a way to go on")
async def test_tags_without_end(server: Misbehaving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regbrowse.registry.listing.pagination.SOFT_CAP", 3000)
    numbers = iter(range(10_000))

    def answer(_: Request) -> bytes:
        at = next(numbers)
        tags = [f"t{at}-{number}" for number in range(1000)]
        return as_json({"tags": tags}, headers=[("Link", f"<{LIST}?last={at}>; rel=next")])

    server.on(LIST, answer)
    pages: list[TagPage] = []
    await trial(server, listing(server, pages), at_most=4)
    assert pages[-1].total == 3000
    assert pages[-1].next
    assert "there are more" in pages[-1].note


@row(
    AREA,
    server="`n=1000` is refused: 400 PAGINATION_NUMBER_INVALID, 405 UNSUPPORTED maxResults, or 500",
    client="asks with 100, then without a number, and remembers",
)
@pytest.mark.parametrize("status", [400, 405, 500])
@pytest.mark.parametrize("takes", [100, 0])
async def test_refused_page_sizes(server: Misbehaving, status: int, takes: int) -> None:
    server.truth.repository("acme/app").listed = list(TAGS)

    def answer(request: Request) -> bytes | str:
        number = int((request.field("n") or ["0"])[0])
        code = "PAGINATION_NUMBER_INVALID" if status == 400 else "UNSUPPORTED"
        return problem(status, code, "maxResults must be less than or equal to 100") if number > takes else TRUTH

    server.on(LIST, answer)

    async def twice(client: Client) -> list[str]:
        await listing(server, [])(client)
        return await listing(server, [])(client)

    seen = await trial(server, twice, at_most=7)
    assert seen.answer == TAGS
    # What was learnt holds for the second list; a 500 alone is tried three times before it counts as a refusal.
    asked = [one.query for one in server.asked if one.path == LIST][:-1]
    assert asked[-2:] == ([f"n={takes}"] * 2 if takes else ["", ""])


@row(
    AREA,
    server="Artifactory: `Link` without the prefix of the virtual repository",
    client="puts the cursor on the address it asked, and reads the complete list",
)
async def test_artifactory_without_prefix(server: Misbehaving) -> None:
    paged(server)
    server.truth.extra_headers = [("X-Artifactory-Id", "abc"), ("X-JFrog-Version", "7")]
    server.truth.link = lambda _path, query: f'</v2/app/tags/list?{query}>; rel="next"'
    pages: list[TagPage] = []
    seen = await trial(server, listing(server, pages), at_most=4)
    assert seen.answer == TAGS
    assert pages[-1].done


@row(AREA, server="Artifactory: the cursor is always `last=10000`", client="notices that it goes in circles")
async def test_artifactory_with_a_constant_cursor(server: Misbehaving) -> None:
    link = f'<{LIST}?last=10000&n=1000>; rel="next"'
    server.on(LIST, as_json({"tags": TAGS}, headers=[("Link", link), ("X-Artifactory-Id", "abc")]))
    pages: list[TagPage] = []
    await trial(server, listing(server, pages), at_most=4)
    assert named(pages) == TAGS
    assert pages[-1].note


@row(
    AREA,
    server="Nexus: `Link` with a prefix that its own port answers with 400 or 404",
    client="asks again without the prefix, and reads the complete list",
)
@pytest.mark.parametrize("status", [400, 404])
async def test_nexus_with_a_prefix(server: Misbehaving, status: int) -> None:
    paged(server)
    server.truth.link = lambda path, query: f'<{server.url}/repository/docker{path}?{query}>; rel="next"'
    server.on("/repository/*", problem(status))
    pages: list[TagPage] = []
    seen = await trial(server, listing(server, pages), at_most=6)
    assert seen.answer == TAGS
    assert pages[-1].done


@row(
    AREA,
    server="no `Link` at all, pages of exactly the size asked for, 404 for a cursor at the end",
    client="probes once for more and takes the 404 as the end",
)
@pytest.mark.parametrize("ends", ["404", "again", "empty"])
async def test_registries_that_never_say_there_is_more(server: Misbehaving, ends: str) -> None:
    tags = [f"t{number:04}" for number in range(1000)]
    end = {"404": problem(404), "again": as_json({"tags": tags}), "empty": as_json({"tags": None})}[ends]
    server.on(LIST, lambda request: end if request.field("last") else as_json({"tags": tags}))
    pages: list[TagPage] = []
    seen = await trial(server, listing(server, pages), at_most=3)
    assert seen.answer == tags
    assert pages[-1].done
