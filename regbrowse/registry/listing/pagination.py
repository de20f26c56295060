"""Read lists that come in pages: tags and catalogs (distribution-spec, Listing Tags).

What registries do differently from the specification is said where it is handled.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar, cast
from urllib.parse import parse_qs, urlsplit

from regbrowse.errors import BadResponse, RegbrowseError, TooLarge
from regbrowse.oci.document import parse_json
from regbrowse.reference import are_tags, is_repository_path, is_tag
from regbrowse.registry.auth.authenticator import Authenticator
from regbrowse.registry.error_mapping import not_json, server_words, status_error
from regbrowse.registry.listing.link import next_page, path_and_query, with_query
from regbrowse.registry.models import CatalogPage, TagPage
from regbrowse.registry.requests import PAGE_SIZE, Request, Response
from regbrowse.registry.transport.connection_errors import too_large
from regbrowse.text import plural

MAX_NAMES = 1_000_000
"""Names kept of one list."""
MAX_STREAMED_NAMES = 2_500_000
"""Names read of a list that is only passed on: 180 MiB of hashes."""
MAX_KEPT_OF_STREAM = 100_000
"""Names kept of such a list; of a longer one only their hashes."""
MAX_PAGES = 10_000
MAX_PAGES_WITHOUT_NEW = 3
SOFT_CAP = 100_000
SOFT_SECONDS = 600.0
"""A list rests after so many names, and after so long, until more of it is wanted."""
LARGE_PAGE = 10_000
"""Pages of more names are compared with those before in a thread."""
LARGE_BODY = 256 * 1024
"""Bodies above this are parsed in a thread, so that the screen stays responsive."""

_PAGE_SIZES = {"ghcr.io": 100, "quay.io": 100}
"""Registries that refuse or ignore a larger `n`."""
_SMALLER = {1000: 100, 100: 0}
_ABOUT_THE_NAME = frozenset({"NAME_INVALID", "NAME_UNKNOWN", "MANIFEST_UNKNOWN"})
_ABOUT_THE_SIZE = frozenset({"UNSUPPORTED", "PAGINATION_NUMBER_INVALID"})
_NOT_ABOUT_THE_SIZE = frozenset({401, 403, 404, 410, 429, 451, 501})

Page = TypeVar("Page", TagPage, CatalogPage)
_MEMBERS: dict[type, tuple[str, Callable[[str], bool]]] = {
    TagPage: ("tags", is_tag),
    CatalogPage: ("repositories", is_repository_path),
}
"""Type of a page -> the member of the JSON document that holds its names, and which names are valid."""


@dataclass(slots=True)
class PageGuard:
    """Notice a list that does not end: the same page again, or page after page without anything new."""

    pages: int = 0
    _without_new: int = 0
    """Pages in a row."""
    _requested: set[str] = field(default_factory=set)

    def record(self, url: str, *, new: bool) -> None:
        """Count the page that came from a URL; `new` when something in it was in no page before."""
        self._requested.add(url)
        self.pages += 1
        self._without_new = 0 if new else self._without_new + 1

    def reason_to_stop(self, url: str, host: str, so_far: str) -> str:
        """Say why the page at a URL should not be requested; empty when it should. `so_far` as in `4 names`."""
        if url in self._requested:
            return f"{host} sent the same page again; stopped after {so_far}."
        if self._without_new >= MAX_PAGES_WITHOUT_NEW:
            return f"{host} sent {MAX_PAGES_WITHOUT_NEW} pages without anything new; stopped after {so_far}."
        return ""

    def restart(self) -> None:
        """Allow the first page again, and as many pages without anything new as there were pages before."""
        self._requested.clear()
        self._without_new = -self.pages


@dataclass(slots=True, eq=False, repr=False)
class Cursor:
    """Remember what one list has brought, so that it can go on later without repeating a name.

    It may hold a million names, so that no page should print or compare them.
    """

    streamed: bool = False
    """Whether the names are only passed on, so that most of a long list need not be kept."""
    guard: PageGuard = field(default_factory=PageGuard)
    hidden: int = 0
    """Entries that are no valid names."""
    restarted: bool = False
    truncated: bool = False
    """Whether there were names that were left out because there are too many."""
    _seen: set[str | int] = field(default_factory=set)
    """Names, or hashes of names. Python's hashes of texts are 64 bits and secret: no server can make two collide."""
    _hashed: bool = False

    @property
    def total(self) -> int:
        return len(self._seen)

    @property
    def room(self) -> int:
        """How many more names are read."""
        return (MAX_STREAMED_NAMES if self.streamed else MAX_NAMES) - len(self._seen)

    @property
    def names(self) -> set[str] | None:
        """All names; None when they are not kept."""
        return None if self._hashed else cast("set[str]", self._seen)

    def __contains__(self, name: str) -> bool:
        return (hash(name) if self._hashed else name) in self._seen

    def add(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return the names that are new, in their order, as long as there is room for them."""
        seen, hashed, room = self._seen, self._hashed, self.room
        new = [name for name in dict.fromkeys(names) if (hash(name) if hashed else name) not in seen]
        if len(new) > room:
            self.truncated = True
            del new[max(0, room) :]
        seen.update(map(hash, new) if hashed else new)
        if self.streamed and not hashed and len(seen) > MAX_KEPT_OF_STREAM:
            self._seen, self._hashed = set(map(hash, seen)), True
        return tuple(new)


@dataclass(slots=True)
class Paginator:
    """Read lists page by page, and remember which page size each registry takes."""

    auth: Authenticator
    _page_sizes: dict[str, int] = field(default_factory=dict)

    async def pages(
        self, request: Request, page_type: type[Page], after: Page | None = None, *, streamed: bool = False
    ) -> AsyncGenerator[Page, None]:
        """Yield pages of new and valid names until the list ends, rests, or is not worth following any further.

        `after` the last page that was yielded, the list goes on from there. `streamed` when the names are only
        passed on. Raises RegistryError; what was yielded before stays good.
        """
        cursor = (after.cursor if after else None) or Cursor(streamed)
        member, valid = _MEMBERS[page_type]
        soft_cap = (cursor.total // SOFT_CAP + 1) * SOFT_CAP
        end = time.monotonic() + SOFT_SECONDS
        target, fallback, probing = after.next if after else None, None, False

        def page(new: tuple[str, ...], done: bool, note: str = "", next_url: str | None = None) -> Page:
            return page_type(new, cursor.total, cursor.hidden, done, note, next_url, cursor)

        while True:
            if target is None:
                url, response = await self._first_page(request)
            else:
                url, response = await self._later_page(request, target, fallback)
                if response.status in (400, 404):
                    if probing:
                        yield page((), done=True)
                        return
                    if cursor.total and not cursor.restarted:
                        # Some cursors expire; the names that came stay known.
                        cursor.restarted, cursor.hidden = True, 0
                        cursor.guard.restart()
                        target = fallback = None
                        continue
            if not 200 <= response.status < 300:
                raise status_error(response, self.auth.login_state(request.registry))
            names, hidden = await read_names(response, member, valid)
            if probing and (_query_field(url, "last") in names or all(name in cursor for name in names)):
                yield page((), done=True)
                return
            # In a thread where it takes long enough to keep a key waiting.
            new = cursor.add(names) if len(names) <= LARGE_PAGE else await asyncio.to_thread(cursor.add, names)
            cursor.hidden += hidden
            cursor.guard.record(url, new=bool(new))
            links = response.headers.get_list("link")
            target, fallback, note = next_page(links, url, request.path, request.host, response.headers)
            probing = not target and not note and bool(names) and str(len(names) + hidden) == _query_field(url, "n")
            if probing:
                # Exactly as many as were requested, and no Link: some old registries never send one.
                target = with_query(url, last=names[-1])
            note = _reason_to_stop(cursor, target, request.host) or note
            rests = False
            if note:
                target = None
            elif target and (cursor.total >= soft_cap or time.monotonic() > end):
                why = "this list is very large" if cursor.total >= soft_cap else f"{request.host} takes long"
                rests, note = True, f"{cursor.total:,} loaded; there are more ({why})."
            if new or rests or not target:
                yield page(new, done=not (target or note), note=note, next_url=target)
            if rests or not target:
                return

    async def _first_page(self, request: Request) -> tuple[str, Response]:
        """Request the first page, with a smaller page size or none when the registry refuses ours.

        Returns the response with its URL on the registry's own origin.
        """
        key = request.registry.key
        size = self._page_sizes.get(key, _PAGE_SIZES.get(key, PAGE_SIZE))
        refusal: tuple[str, Response] | None = None
        while True:
            path = with_query(request.path, n=size) if size else request.path
            tries = 1 if refusal else request.attempts
            response = await self.auth.send(replace(request, path=path, attempts=tries))
            url = (await self.auth.pings.ping(request.registry)).base + path
            if response.status < 300:
                self._page_sizes[key] = size
                return url, response
            if not size or not _may_refuse_the_size(response):
                return refusal or (url, response)
            refusal = refusal or (url, response)
            size = _SMALLER.get(size, 0)

    async def _later_page(self, request: Request, url: str, fallback: str | None) -> tuple[str, Response]:
        response = await self.auth.send(replace(request, path=path_and_query(url)))
        if response.status in (400, 404) and fallback is not None:
            url, response = fallback, await self.auth.send(replace(request, path=path_and_query(fallback)))
        return url, response


async def read_names(response: Response, member: str, valid: Callable[[str], bool]) -> tuple[list[str], int]:
    """Read the valid names of a page in their order, and how many entries are none. Raises BadResponse, TooLarge."""
    if response.status == 204:
        return [], 0
    if len(response.body) > LARGE_BODY or "content-encoding" in response.headers:
        return await asyncio.to_thread(_names_in, response, member, valid)
    return _names_in(response, member, valid)


def _names_in(response: Response, member: str, valid: Callable[[str], bool]) -> tuple[list[str], int]:
    request, body = response.request, response.decoded()
    noun = "a list of tags" if member == "tags" else "a list of repositories"
    try:
        value = parse_json(body, limit=request.limit).value
    except TooLarge:
        raise too_large(request, response.url, None) from None
    except RegbrowseError:
        raise not_json(response, noun) from None
    if not isinstance(value, dict):
        raise not_json(response, noun)
    if member not in value and "errors" in value:
        codes, said = server_words(body)
        why = f"{request.host} answered with an error instead of {noun}."
        raise BadResponse(why, evidence=response.evidence(codes, said), wanted=request.wanted)
    entries = value.get(member)
    if not isinstance(entries, list):
        return [], 0
    names = [entry for entry in entries if isinstance(entry, str)]
    if valid is not is_tag or not are_tags(names):
        names = list(filter(valid, names))
    return names, len(entries) - len(names)


def _reason_to_stop(cursor: Cursor, url: str | None, host: str) -> str:
    """Say why a list is not followed to the next page at `url`; empty when it is, or when it ends anyway."""
    so_far = plural(cursor.total, "name")
    if cursor.truncated or (url and cursor.room <= 0):
        return f"Only the first {so_far} are {'read' if cursor.streamed else 'kept'}; {host} lists more."
    if not url:
        return ""
    too_many = f"{host} sent {MAX_PAGES:,} pages; stopped there." if cursor.guard.pages >= MAX_PAGES else ""
    return cursor.guard.reason_to_stop(url, host, so_far) or too_many


def _may_refuse_the_size(response: Response) -> bool:
    """Whether a refusal may be about the page size."""
    if response.status < 400 or response.status in _NOT_ABOUT_THE_SIZE:
        return False
    codes = set(server_words(response.body)[0])
    if codes & _ABOUT_THE_NAME:
        return False
    return response.status in (400, 405, 500) or bool(codes & _ABOUT_THE_SIZE)


def _query_field(url: str, name: str) -> str:
    return parse_qs(urlsplit(url).query).get(name, [""])[0]
