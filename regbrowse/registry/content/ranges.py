"""The first bytes of content that may be long, from servers that know parts, or say that they do (RFC 9110, 14)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from regbrowse.errors import BadResponse, Integrity
from regbrowse.oci.mediatype import essence
from regbrowse.registry.auth.authenticator import Authenticator
from regbrowse.registry.error_mapping import status_error
from regbrowse.registry.requests import Request, Response
from regbrowse.text import exact

MOST_PIECES = 16
"""Requests that one part may take; a server that needs more is read from the start instead."""
_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/(?:([0-9]{1,18})|\*)", re.IGNORECASE)
_LENGTH = re.compile(r"[0-9]{1,18}")


class Span(NamedTuple):
    """Which bytes a part is."""

    first: int
    last: int
    """Included."""
    total: int | None
    """Bytes of the whole; None when the server does not know."""


def content_range(lines: Sequence[str]) -> Span | None:
    """What `Content-Range` says; None unless there is exactly one line and it can be true (RFC 9110, 14.4)."""
    match = _CONTENT_RANGE.fullmatch(lines[0].strip()) if len(lines) == 1 else None
    if match is None:
        return None
    first, last, total = (int(group) if group else None for group in match.groups())
    if first is None or last is None or last < first or (total is not None and last >= total):
        return None
    return Span(first, last, total)


def part_of(reply: Response, first: int, last: int) -> Span | str:
    """What part a 206 is of the bytes that were asked for; a sentence when it cannot be used.

    Less than was asked for is legal, as long as it is the beginning of it.
    """
    host = reply.request.host
    if essence(reply.content_type).startswith("multipart/") or _encoded(reply):
        return f"{host} sent a part of the content in a form that cannot be used."
    span = content_range(reply.headers.get_list("content-range"))
    if span is None or span.first != first or span.last > last:
        return f"{host} sent another part of the content than the one asked for."
    if len(reply.body) != span.last - first + 1:
        return f"{host} sent a part of the content that is not as long as it says."
    return span


class Ranges:
    """Reads the starts of blobs, and remembers which registries cannot serve parts."""

    def __init__(self, desk: Authenticator) -> None:
        self._desk = desk
        self._without: set[str] = set()

    async def start(self, question: Request, count: int) -> bytes:
        """At most the first `count` bytes, not verified; `question.size` is what the whole should have.

        Never more than that is read, also from servers that send all of it: then the connection is closed.
        Raises Integrity when the whole has another size, BadResponse when no answer can be used.
        """
        if question.size:
            count = min(count, question.size)
        key = question.registry.key
        if key not in self._without:
            content = await self._by_parts(question, count)
            if content is not None:
                return content
            self._without.add(key)
        reply = await self._desk.send(replace(question, size=None, stop_after=count))
        if reply.status == 206:
            raise BadResponse(_problem(reply, count), evidence=reply.evidence(), wanted=question.wanted)
        return self._beginning(question, reply, count)

    async def _by_parts(self, question: Request, count: int) -> bytes | None:
        """None when what comes cannot be used, so that asking for the whole is what is left."""
        content = bytearray()
        for _ in range(MOST_PIECES):
            first = len(content)
            wanted = {**question.headers, "Range": f"bytes={first}-{count - 1}"}
            reply = await self._desk.send(replace(question, size=None, stop_after=count - first, headers=wanted))
            if reply.status == 416 and not question.size:
                return bytes(content)
            if reply.status != 206:
                return self._beginning(question, reply, count) if not first or reply.status != 200 else None
            span = part_of(reply, first, count - 1)
            if isinstance(span, str):
                return None
            if span.total is not None and question.size is not None and span.total != question.size:
                raise _other_size(question, reply, span.total)
            content += reply.body
            if len(content) in (count, span.total):
                return bytes(content)
        return None

    def _beginning(self, question: Request, reply: Response, count: int) -> bytes:
        """For an answer that is the whole, as far as it was read."""
        if reply.status != 200:
            raise status_error(reply, self._desk.login_state(question.registry))
        length, size = reply.headers.get("content-length", ""), question.size
        offered = int(length) if _LENGTH.fullmatch(length) else None
        if _encoded(reply) and (size is None or offered != size):
            return reply.decoded()[:count]
        if size is not None and offered not in (None, size):
            raise _other_size(question, reply, offered or 0)
        if size is not None and len(reply.body) < min(count, size):
            raise _other_size(question, reply, len(reply.body))
        return reply.body


def _problem(reply: Response, count: int) -> str:
    found = part_of(reply, 0, count - 1)
    return found if isinstance(found, str) else f"{reply.request.host} sent a part where all was asked for."


def _encoded(reply: Response) -> bool:
    return reply.headers.get("content-encoding", "").strip().lower() not in ("", "identity")


def _other_size(question: Request, reply: Response, offered: int) -> Integrity:
    why = (
        f"The content should be {exact(question.size or 0)}, {question.host} offers {exact(offered)}."
        " It was not used."
    )
    return Integrity(why, evidence=reply.evidence(), wanted=question.wanted)
