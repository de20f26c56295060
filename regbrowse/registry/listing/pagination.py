"""Lists that come in pages: tags and catalogs, as registries really send them.

distribution-spec, Listing Tags; what the field does differently is said where it is met.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from regbrowse.errors import BadResponse, RegbrowseError, TooLarge
from regbrowse.oci.document import parse_json
from regbrowse.reference import are_tags, is_tag
from regbrowse.registry.auth.authenticator import Authenticator
from regbrowse.registry.error_mapping import not_json, server_words, status_error
from regbrowse.registry.listing.cursor import Cursor
from regbrowse.registry.listing.link import follow, with_query
from regbrowse.registry.requests import PAGE_SIZE as PAGE
from regbrowse.registry.requests import Request, Response
from regbrowse.registry.transport.failures import too_large
from regbrowse.text import plural

SOFT_CAP = 100_000
SOFT_SECONDS = 600.0
"""Somebody should want to go on after so many names, and after so long."""
MOST_PAGES = 10_000
MOST_BARREN = 3
BIG = 256 * 1024
"""Bodies above this are read in a thread, so that the screen stays alive."""
_NUMBERS = {"ghcr.io": 100, "quay.io": 100}
"""Registries that refuse or ignore a larger `n`."""
_SMALLER = {1000: 100, 100: 0}
_ABOUT_THE_NAME = frozenset({"NAME_INVALID", "NAME_UNKNOWN", "MANIFEST_UNKNOWN"})
_ABOUT_THE_SIZE = frozenset({"UNSUPPORTED", "PAGINATION_NUMBER_INVALID"})
_OTHER_TROUBLE = frozenset({401, 403, 404, 410, 429, 451, 501})


class Page(NamedTuple):
    """One page of any list: only new and valid names."""

    names: tuple[str, ...]
    total: int
    hidden: int
    done: bool
    note: str
    next: str | None
    trail: Cursor


@dataclass(slots=True)
class Paginator:
    """Reads lists page by page and remembers what page size each registry takes."""

    desk: Authenticator
    _numbers: dict[str, int] = field(default_factory=dict)

    async def pages(
        self, question: Request, member: str, valid: Callable[[str], bool], start: str | None, trail: Cursor | None
    ) -> AsyncGenerator[Page, None]:
        """Every page until the list ends, is complete, or is not worth following any further."""
        trail = trail or Cursor()
        path = question.path
        cap = (len(trail.seen) // SOFT_CAP + 1) * SOFT_CAP
        end = time.monotonic() + SOFT_SECONDS
        target: str | None = start
        fallback: str | None = None
        probing = False
        while True:
            if target is None:
                target, reply = await self._first(question)
            else:
                asked = await self._later(question, target, fallback, probing)
                if asked is None:
                    yield self._page((), trail, done=True)
                    return
                target, reply = asked
                if reply.status in (400, 404) and not trail.restarted and trail.seen:
                    # Some cursors expire; what is known stays known.
                    trail.restart()
                    target = fallback = None
                    continue
            if not 200 <= reply.status < 300:
                raise status_error(reply, self.desk.login_state(question.registry))
            names, hidden = await read_names(reply, member, valid)
            if probing and (all(name in trail.seen for name in names) or _query(target, "last") in names):
                yield self._page((), trail, done=True)
                return
            trail.hidden += hidden
            trail.visited.add(target)
            fresh = trail.add(names)
            after = follow(reply.headers.get_list("link"), target, path, question.host, reply.headers)
            url, fallback, note, probing = after.url, after.fallback, after.note, False
            if url is None and not note and names and str(len(names) + hidden) == _query(target, "n"):
                # Exactly what was asked for and no word about more: some old registries never say.
                url, probing = with_query(target, last=names[-1]), True
            if trail.dropped or (trail.full and url is not None):
                kept = plural(len(trail.seen), "name")
                url, note = None, f"Only the first {kept} are kept; {question.host} lists more."
            elif url is not None:
                note = _reason_to_stop(trail, url, question.host)
                url = None if note else url
            if url is not None and (len(trail.seen) >= cap or time.monotonic() > end):
                why = "this list is very large" if len(trail.seen) >= cap else f"{question.host} takes long"
                note = f"{len(trail.seen):,} loaded; there are more ({why})."
                yield self._page(fresh, trail, note=note, next=url)
                return
            if fresh or url is None:
                yield self._page(fresh, trail, done=url is None and not note, note=note, next=url)
            if url is None:
                return
            target = url

    async def _first(self, question: Request) -> tuple[str, Response]:
        """The first page, with a smaller page size or none when the registry does not like ours."""
        key = question.registry.key
        number = self._numbers.get(key, _NUMBERS.get(key, PAGE))
        first: tuple[str, Response] | None = None
        while True:
            path = with_query(question.path, n=number) if number else question.path
            asking = replace(question, path=path, attempts=1 if first else question.attempts)
            reply = await self.desk.send(asking)
            base = (await self.desk.pings.ping(question.registry)).base
            if not number or not _refused(reply):
                if reply.status < 300:
                    self._numbers[key] = number
                    return base + path, reply
                return first or (base + path, reply)
            first = first or (base + path, reply)
            number = _SMALLER.get(number, 0)

    async def _later(
        self, question: Request, target: str, fallback: str | None, probing: bool
    ) -> tuple[str, Response] | None:
        """A later page; None when a probe found the end."""
        reply = await self.desk.send(replace(question, path=_path_of(target)))
        if reply.status in (400, 404):
            if probing:
                return None
            if fallback is not None:
                target = fallback
                reply = await self.desk.send(replace(question, path=_path_of(target)))
        return target, reply

    @staticmethod
    def _page(
        names: tuple[str, ...], trail: Cursor, *, done: bool = False, note: str = "", next: str | None = None
    ) -> Page:
        return Page(names, len(trail.seen), trail.hidden, done, note, next, trail)


async def read_names(reply: Response, member: str, valid: Callable[[str], bool]) -> tuple[list[str], int]:
    """The valid names of a page in order, and how many entries were none. Raises BadResponse."""
    if reply.status == 204:
        return [], 0
    if len(reply.body) > BIG or "content-encoding" in reply.headers:
        return await asyncio.to_thread(_names_in, reply, member, valid)
    return _names_in(reply, member, valid)


def _names_in(reply: Response, member: str, valid: Callable[[str], bool]) -> tuple[list[str], int]:
    body = reply.decoded()
    noun = "a list of tags" if member == "tags" else "a list of repositories"
    try:
        value = parse_json(body, limit=reply.request.limit).value
    except TooLarge:
        raise too_large(reply.request, reply.url, None) from None
    except RegbrowseError:
        raise not_json(reply, noun) from None
    if not isinstance(value, dict):
        raise not_json(reply, noun)
    if member not in value and "errors" in value:
        codes, said = server_words(body)
        why = f"{reply.request.host} answered with an error instead of {noun}."
        raise BadResponse(why, evidence=reply.evidence(codes, said), wanted=reply.request.wanted)
    entries = value.get(member)
    if not isinstance(entries, list):
        return [], 0
    names = [entry for entry in entries if isinstance(entry, str)]
    if valid is not is_tag or not are_tags(names):
        names = list(filter(valid, names))
    return names, len(entries) - len(names)


def _reason_to_stop(trail: Cursor, url: str, host: str) -> str:
    if url in trail.visited:
        return f"{host} sent the same page again; stopped after {plural(len(trail.seen), 'name')}."
    if trail.barren >= MOST_BARREN:
        return f"{host} sent {MOST_BARREN} pages without anything new; stopped after {plural(len(trail.seen), 'name')}."
    if trail.pages >= MOST_PAGES:
        return f"{host} sent {MOST_PAGES:,} pages; stopped there."
    return ""


def _refused(reply: Response) -> bool:
    """Whether it may be the page size that the registry does not like."""
    if reply.status < 400 or reply.status in _OTHER_TROUBLE:
        return False
    codes = set(server_words(reply.body)[0])
    if codes & _ABOUT_THE_NAME:
        return False
    return reply.status in (400, 405, 500) or bool(codes & _ABOUT_THE_SIZE)


def _query(url: str, name: str) -> str:
    return parse_qs(urlsplit(url).query).get(name, [""])[0]


def _path_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
