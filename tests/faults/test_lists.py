"""Lists of tags and repositories that are not what a list should be."""

from __future__ import annotations

import json

import pytest

from faults.answers import CHUNKED, as_json, chunks, http, problem
from faults.asking import LIST, here, listing, named
from faults.rows import row
from faults.server import TRUTH, End, Endless, Misbehaving, Part
from faults.trial import MIB, trial
from regbrowse.errors import BadResponse, NetError, RateLimited, RegbrowseError, ServerError, TooLarge
from regbrowse.reference import Registry
from regbrowse.registry.client import Client, TagPage

AREA = "Lists"
TAGS = [f"t{number:02}" for number in range(10)]


def paged(server: Misbehaving, size: int = 4) -> None:
    server.truth.repository("acme/app").listed = list(TAGS)
    server.truth.page_size = size


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


@row(AREA, server="1,000,000 tags in one body", client="reads them all, with bounded memory")
@pytest.mark.slow
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
