"""Lists of tags and repositories that are not what a list should be."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

import pytest

from faults.rows import row
from faults.server import CHUNKED, TRUTH, End, Endless, Misbehaving, Part, Request, as_json, chunks, http, problem
from faults.trial import MIB, trial
from regbrowse.errors import BadResponse, NetError, RateLimited, RegbrowseError, ServerError, TooLarge
from regbrowse.reference import Registry, Repository
from regbrowse.registry.client import Client, TagPage

AREA = "Lists"
LIST = "/v2/acme/app/tags/list"
TAGS = [f"t{number:02}" for number in range(10)]


def here(server: Misbehaving) -> Repository:
    return Repository(Registry.parse(server.name), "acme/app")


def listing(server: Misbehaving, into: list[TagPage]) -> Callable[[Client], Awaitable[list[str]]]:
    """Lists all tags; what came before a failure stays in `into`."""

    async def ask(client: Client) -> list[str]:
        pages = []
        async for page in client.tags(here(server)):
            pages.append(page)
            into[:] = pages
        return [tag for page in pages for tag in page.tags]

    return ask


def paged(server: Misbehaving, size: int = 4) -> None:
    server.truth.repository("acme/app").listed = list(TAGS)
    server.truth.page_size = size


def named(pages: list[TagPage]) -> list[str]:
    return [tag for page in pages for tag in page.tags]


@row(
    AREA,
    server="`tags` is null, missing, a text or an object; `name` is missing or another one",
    client="reads an empty list",
)
@pytest.mark.parametrize(
    "body", ['{"name":"x","tags":null}', '{"name":5}', '{"tags":"x"}', '{"name":[],"tags":{}}', '{"tags":7}']
)
async def test_tags_that_are_no_list(server: Misbehaving, body: str) -> None:
    server.on(LIST, http(200, body))
    pages: list[TagPage] = []
    seen = await trial(server, listing(server, pages), at_most=2)
    assert seen.answer == []
    assert pages[-1].done


@row(
    AREA,
    server="members are null, numbers, empty, digests, paths, 129 characters long, escapes or repeated",
    client="lists every valid tag once and counts the others",
)
async def test_entries_that_are_no_tags(server: Misbehaving) -> None:
    strange: list[object] = [None, 5, "", "sha256:" + "a" * 64, "a/b", "x" * 129, [], {}, True, "\x1b[31m", "a\n", "ä"]
    server.on(LIST, as_json({"name": "other/name", "tags": ["ok", *strange, "ok", "x" * 128, "fine"]}))
    pages: list[TagPage] = []
    seen = await trial(server, listing(server, pages), at_most=2)
    assert seen.answer == ["ok", "x" * 128, "fine"]
    assert pages[-1].hidden == len(strange)


@row(AREA, server="tags come unsorted, the newest on the last page", client="reads on and says when it is complete")
async def test_unsorted_pages(server: Misbehaving) -> None:
    server.truth.repository("acme/app").listed = ["1.9", "1.10", "latest", "0.1", "2.0"]
    server.truth.page_size = 2
    pages: list[TagPage] = []
    seen = await trial(server, listing(server, pages), at_most=4)
    assert seen.answer == ["1.9", "1.10", "latest", "0.1", "2.0"]
    assert [page.done for page in pages] == [False, False, True]


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
    monkeypatch.setattr("regbrowse.registry.lists.listing.SOFT_CAP", 3000)
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


@row(AREA, server="1,000,000 tags in one body", client="reads them all, with bounded memory")
async def test_a_million_tags(server: Misbehaving) -> None:
    body = b'{"tags":[' + b",".join(b'"%07d"' % number for number in range(1_000_000)) + b"]}"
    server.on(LIST, http(200, body))
    count = 0

    async def ask(client: Client) -> int:
        nonlocal count
        async for page in client.tags(here(server)):
            count = page.total
        return count

    # What is asked for is kept: a million texts alone are 56 MB.
    seen = await trial(server, ask, at_most=2, memory=300 * MIB)
    assert seen.answer == 1_000_000


@row(
    AREA,
    server="a body of 10 GB is announced; a body of 100 MB without a length; chunks without end",
    client="refuses before reading, or stops at 32 MiB and closes the connection",
)
@pytest.mark.parametrize("how", ["announced", "until closed", "chunked"])
async def test_bodies_without_measure(server: Misbehaving, how: str) -> None:
    piece = b'"' + b"a" * 65_533 + b'",'
    scripts: dict[str, list[Part]] = {
        "announced": [http(200, b"", [("Content-Length", "10000000000")], length=False), Endless(piece)],
        "until closed": [http(200, b'{"tags":[', length=False), Endless(piece, 1600), End.CLOSE],
        "chunked": [http(200, b"", [CHUNKED], length=False), Endless(chunks(piece, end=False))],
    }
    server.on(LIST, scripts[how])
    pages: list[TagPage] = []
    seen = await trial(server, listing(server, pages), at_most=2, memory=100 * MIB)
    assert isinstance(seen.error, TooLarge)
    await server.gone.wait()
    sent = next(one for one in server.asked if one.path == LIST).sent
    # What the client read, and what was under way in the buffers of two sockets.
    assert sent < (32 + 20 if how != "announced" else 20) * MIB


@row(AREA, server="a page of exactly 32 MiB, and one byte more", client="reads the first and refuses the second")
@pytest.mark.parametrize("extra", [-1, 0, 1])
async def test_pages_at_the_limit(server: Misbehaving, extra: int) -> None:
    start = b'{"tags":["a"],"x":"'
    body = start + b"x" * (32 * MIB + extra - len(start) - 2) + b'"}'
    server.on(LIST, http(200, body))
    pages: list[TagPage] = []
    seen = await trial(server, listing(server, pages), at_most=2)
    if extra > 0:
        assert isinstance(seen.error, TooLarge)
    else:
        assert seen.answer == ["a"]


@row(
    AREA,
    server="the third page fails: 500 for ever, 429, or the connection breaks",
    client="keeps two pages, says why there are no more, and goes on later from there",
)
@pytest.mark.parametrize(
    ("trouble", "kind", "most"),
    [
        ([problem(500)], ServerError, 6),
        ([problem(429, "TOOMANYREQUESTS", headers=[("Retry-After", "120")])], RateLimited, 4),
        ([End.RESET], NetError, 6),
        ([http(200, b"{}", [("Content-Length", "5000")], length=False), End.CLOSE], NetError, 6),
        ([http(200, "<html>Sign in</html>")], BadResponse, 4),
    ],
)
async def test_a_page_in_the_middle_fails(
    server: Misbehaving, trouble: list[bytes | End], kind: type[RegbrowseError], most: int
) -> None:
    paged(server)
    server.on(LIST, TRUTH, TRUTH, trouble)
    pages: list[TagPage] = []
    seen = await trial(server, listing(server, pages), at_most=most)
    assert isinstance(seen.error, kind)
    assert named(pages) == TAGS[:8]
    assert not pages[-1].done
    server.on(LIST, TRUTH)
    async with Client() as client:
        rest = [page async for page in client.tags(here(server), pages[-1])]
    assert named(rest) == TAGS[8:]


@row(AREA, server="the cursor of the third page has expired (400)", client="starts once from the front, no tag twice")
async def test_an_expired_cursor(server: Misbehaving) -> None:
    paged(server)
    server.on(LIST, TRUTH, TRUTH, problem(400, "CURSOR_EXPIRED"), TRUTH)
    pages: list[TagPage] = []
    seen = await trial(server, listing(server, pages), at_most=7)
    assert seen.answer == TAGS
    assert pages[-1].done


@row(AREA, server="the cursor of every later page has expired", client="starts again once and no more")
async def test_cursors_that_always_expire(server: Misbehaving) -> None:
    paged(server)
    server.on(LIST, lambda request: problem(400, "CURSOR_EXPIRED") if request.field("last") else TRUTH)
    pages: list[TagPage] = []
    seen = await trial(server, listing(server, pages), at_most=5)
    assert seen.error is not None
    assert named(pages) == TAGS[:4]


@row(
    AREA,
    server="an error in a list answers 200, a web page, nothing, null, a list, broken JSON",
    client="says what it is instead of a list of tags",
)
@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b'{"errors":[{"code":"UNKNOWN","message":"\\u001b[31mred"}]}', "an error instead of a list of tags"),
        (b"<!doctype html><title>Sign in</title>", "a web page instead of a list of tags"),
        (b"", "nothing instead of a list of tags"),
        (b"null", "is not a list of tags"),
        (b'["a"]', "is not a list of tags"),
        (b'{"tags":["a"', "is not a list of tags"),
        (b'{"tags":["a"]}{"tags":["b"]}', "is not a list of tags"),
        (b"\xff\xfe{\x00}\x00", "is not a list of tags"),
        (b"[" * 100_000, "is not a list of tags"),
    ],
)
async def test_bodies_that_are_no_list(server: Misbehaving, body: bytes, word: str) -> None:
    server.on(LIST, http(200, body))
    seen = await trial(server, listing(server, []), at_most=2)
    assert isinstance(seen.error, BadResponse)
    assert word in seen.why
    assert "\x1b" not in seen.shown


@row(
    AREA,
    server="the list of repositories: 404, 405, 501, a web page, 401, 403, names that are none",
    client="says that it is not offered or not allowed; a name can still be opened",
)
@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (problem(404), "does not offer a list of repositories"),
        (problem(405, "UNSUPPORTED"), "does not offer a list of repositories"),
        (http(501), "does not offer a list of repositories"),
        (http(200, "<html>"), "does not offer a list of repositories"),
        (problem(401), "does not let anonymous visitors list all repositories"),
        (problem(403, "DENIED"), "list all repositories"),
    ],
)
async def test_catalogs_that_are_refused(server: Misbehaving, answer: bytes, word: str) -> None:
    server.on("/v2/_catalog", answer)

    async def ask(client: Client) -> None:
        async for _ in client.catalog(Registry.parse(server.name)):
            pass

    seen = await trial(server, ask, at_most=4)
    assert word in seen.why
    assert seen.error is not None
    assert "by its name" in seen.error.hint


@row(
    AREA,
    server="the list of repositories names things that are no repositories",
    client="lists the valid ones and counts the others",
)
async def test_catalogs_with_strange_names(server: Misbehaving) -> None:
    strange = ["../x", "a/../b", "A/b", "", None, 5, "x" * 256, "a//b", "a\x1b[31m", "%2e%2e/a"]
    server.on("/v2/_catalog", http(200, json.dumps({"repositories": ["a/b", *strange, "c"]})))

    async def ask(client: Client) -> list[str]:
        pages = [page async for page in client.catalog(Registry.parse(server.name))]
        assert pages[-1].hidden == len(strange)
        return [name for page in pages for name in page.repositories]

    seen = await trial(server, ask, at_most=2)
    assert seen.answer == ["a/b", "c"]
