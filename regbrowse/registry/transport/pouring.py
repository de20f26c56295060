"""Content that is handed on while it comes: any length, in constant memory (distribution-spec, Pulling blobs)."""

from __future__ import annotations

import asyncio
import re
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import httpx

from regbrowse.registry.requests import BodySink
from regbrowse.registry.transport.failures import too_much
from regbrowse.registry.transport.request_state import RequestState

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

_NUMBER = re.compile(r"[0-9]{1,18}")
_PART = re.compile(r"bytes ([0-9]{1,18})-[0-9]{1,18}/([0-9]{1,18}|\*)", re.IGNORECASE)


async def pour(
    errand: RequestState, intake: BodySink, url: str, response: httpx.Response, clock: asyncio.Timeout
) -> int:
    """Hands the content of a success on; 200 when all of it came, and the answer's status for one that is no use.

    A server that sends everything again where the rest was asked for is listened to again: what came before
    is left out, and the digest tells whether it was the same. Time counts only while nothing comes.
    Raises Integrity for content of another size than was named before, TimeoutError, httpx.HTTPError.
    """
    skip, total = 0, None
    if response.status_code == 200:
        skip, total = errand.came, _number(response.headers.get("content-length", ""))
    elif response.status_code == 206 and errand.resumes:
        part = _PART.fullmatch(response.headers.get("content-range", "").strip())
        if part is None or int(part[1]) != errand.came:
            return 206
        total = _number(part[2])
    else:
        return response.status_code
    question, loop = errand.question, asyncio.get_running_loop()
    size = question.size if question.size is not None else intake.size
    if size is not None:
        question = replace(question, size=size)
        if total not in (None, size):
            raise too_much(question, url, total)
    intake.begin(size if total is None else total)
    try:
        clock.reschedule(loop.time() + errand.deadline)
        # A generator, whatever its type says: left early it is closed here, not with the garbage.
        async with aclosing(cast("AsyncGenerator[bytes, None]", response.aiter_raw())) as chunks:
            async for chunk in chunks:
                if skip:
                    skip, chunk = max(0, skip - len(chunk)), chunk[skip:]
                if size is not None and intake.received + len(chunk) > size:
                    raise too_much(question, url, None)
                # Whoever takes it may be slow.
                clock.reschedule(None)
                await intake.take(chunk)
                clock.reschedule(loop.time() + errand.deadline)
    except httpx.ReadTimeout:
        raise TimeoutError from None
    return 200


def _number(text: str) -> int | None:
    return int(text) if _NUMBER.fullmatch(text) else None
