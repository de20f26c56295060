"""Registries inside this process, seen by httpx as if they were far away."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx

from regbrowse.registry.responder import Responder


class InProcessTransport(httpx.AsyncBaseTransport):
    """Hands requests to a Responder."""

    def __init__(self, responder: Responder) -> None:
        self._responder = responder

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        target = request.url.raw_path.decode("ascii")
        headers = {name.lower(): value for name, value in request.headers.items()}
        answer = await self._responder.answer(request.method, target, headers)
        body = answer.body
        if isinstance(body, bytes):
            body = _once(b"" if request.method == "HEAD" else body)
        return httpx.Response(answer.status, headers=dict(answer.headers), stream=_Stream(body), request=request)


class _Stream(httpx.AsyncByteStream):
    def __init__(self, body: AsyncIterator[bytes]) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._body:
            yield chunk


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body
