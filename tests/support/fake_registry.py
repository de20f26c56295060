"""A registry for tests: it speaks the protocol over a real socket, and misbehaves by switch.

Nothing here sleeps. A request to a path with a gate waits until the test opens the gate, so that tests
decide what happens first. Works without pytest: `async with FakeRegistry().serve() as registry`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import uvicorn

from support.fake_content import (
    Answer,
    Asked,
    FakeRepository,
    Fault,
    Gate,
    Headers,
    blob_answer,
    error_answer,
    lie,
    manifest_answer,
)
from support.fake_login import FakeLogin

__all__ = ["Answer", "Asked", "FakeRegistry", "FakeRepository", "Fault", "Gate", "lie"]

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


@dataclass
class FakeRegistry(FakeLogin):
    """The switches are plain attributes; set them before or while it runs."""

    page_size: int | None = None
    """Names per page when the client asks for none or more; None sends everything at once."""
    most: int | None = None
    """A larger `n` is refused with 400."""
    honours_n: bool = True
    link: Callable[[str, str], str] | None = lambda path, query: f'<{path}?{query}>; rel="next"'
    """Builds the Link header; None sends none."""
    catalog: bool = True
    extra_headers: Headers = field(default_factory=list)
    repositories: dict[str, FakeRepository] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    gates: dict[str, Gate] = field(default_factory=dict)
    connections: set[tuple[str, int]] = field(default_factory=set)

    def repository(self, path: str) -> FakeRepository:
        return self.repositories.setdefault(path, FakeRepository())

    def fault(self, path: str, fault: Fault) -> None:
        self.faults.setdefault(path, []).append(fault)

    def gate(self, path: str) -> Gate:
        return self.gates.setdefault(path, Gate())

    def paths(self, prefix: str = "/v2/", *, ping: bool = False) -> list[str]:
        """The targets asked for, in order."""
        return [one.target for one in self.asked if one.path.startswith(prefix) and (ping or one.path != "/v2/")]

    @contextlib.asynccontextmanager
    async def serve(self) -> AsyncIterator[FakeRegistry]:
        """Listens on a free port of this machine until the block is left."""
        # Only a socket that is named TCP gets TCP_NODELAY from asyncio, without which answers take 40 ms.
        with socket.socket(proto=socket.IPPROTO_TCP) as listener:
            listener.bind(("127.0.0.1", 0))
            self.port = listener.getsockname()[1]
            config = uvicorn.Config(self, lifespan="off", log_config=None, access_log=False, http="h11", ws="none")
            config.load()
            # Without its main loop, which installs signal handlers and looks up only ten times a second.
            server = uvicorn.Server(config)
            server.lifespan = config.lifespan_class(config)
            await server.startup(sockets=[listener])
            try:
                yield self
            finally:
                for gate in self.gates.values():
                    gate.open()
                await _stop(server)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
        asked = Asked(scope["method"], scope["path"], scope["query_string"].decode(), headers)
        if asked.method == "POST":
            asked.body = await _body(receive)
        self.asked.append(asked)
        self.connections.add(scope["client"])
        fault = self._fault_for(asked)
        gate = self.gate(asked.path) if fault and fault.stall is not None else self.gates.get(asked.path)
        if gate and (fault is None or fault.stall is None) and not await _pass(gate, receive):
            return
        answer = self.answer(asked)
        if fault:
            answer = Answer(
                fault.status or answer.status,
                answer.body if fault.body is None else fault.body,
                fault.headers or ([] if fault.body is not None else answer.headers),
            )
        asked.status = answer.status
        await self._send(asked, answer, fault, gate, receive, send)

    async def _send(
        self, asked: Asked, answer: Answer, fault: Fault | None, gate: Gate | None, receive: Receive, send: Send
    ) -> None:
        headers = [*answer.headers, *self.extra_headers]
        if not any(name.lower() == "content-length" for name, _ in headers) and not (fault and fault.endless):
            headers.append(("Content-Length", str(len(answer.body))))
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        await send({"type": "http.response.start", "status": answer.status, "headers": raw})
        body = b"" if asked.method == "HEAD" else answer.body
        if fault and fault.truncate is not None:
            await send({"type": "http.response.body", "body": body[: fault.truncate], "more_body": True})
            raise _Cut
        if fault and fault.endless:
            while not await _gone(receive):
                await send({"type": "http.response.body", "body": body, "more_body": True})
            return
        if fault and fault.stall is not None and gate:
            await send({"type": "http.response.body", "body": body[: fault.stall], "more_body": True})
            if not await _pass(gate, receive):
                return
            body = body[fault.stall :]
        await send({"type": "http.response.body", "body": body})

    def _fault_for(self, asked: Asked) -> Fault | None:
        for fault in self.faults.get(asked.path, []):
            if fault.method and fault.method != asked.method:
                continue
            if fault.after:
                fault.after -= 1
                continue
            if fault.times is None:
                return fault
            if fault.times:
                fault.times -= 1
                return fault
        return None

    def answer(self, asked: Asked) -> Answer:
        """Answer as a well-behaved registry."""
        if asked.path == "/token":
            return self.token(asked)
        if not asked.path.startswith("/v2/"):
            return error_answer(404, "NOT_FOUND")
        refusal = self.refusal(asked)
        if refusal:
            return refusal
        if asked.path == "/v2/":
            return Answer(200, b"{}", [("Docker-Distribution-API-Version", "registry/2.0")])
        if asked.path == "/v2/_catalog":
            if not self.catalog:
                return error_answer(404, "UNSUPPORTED")
            return self._page(asked, "repositories", sorted(self.repositories))
        for marker in ("/tags/list", "/manifests/", "/blobs/"):
            head, found, tail = asked.path.removeprefix("/v2/").rpartition(marker)
            if found:
                break
        repository = self.repositories.get(head)
        if repository is None:
            return error_answer(404, "NAME_UNKNOWN", "repository name not known to registry")
        if marker == "/tags/list":
            listed = repository.listed if repository.listed is not None else sorted(repository.tags)
            return self._page(asked, "tags", listed, head)
        if marker == "/manifests/":
            return manifest_answer(repository, tail)
        return blob_answer(repository, tail, asked.headers.get("range", ""))

    def _page(self, asked: Asked, member: str, names: list[Any], name: str = "") -> Answer:
        number = int((asked.field("n") or ["0"])[0]) if self.honours_n else 0
        if self.most is not None and number > self.most:
            return error_answer(400, "PAGINATION_NUMBER_INVALID", "invalid number of results requested")
        size = min(number or len(names), self.page_size or len(names)) if names else 0
        last = (asked.field("last") or [""])[0]
        start = names.index(last) + 1 if last and self.honours_n and last in names else 0
        page = names[start : start + size] if self.honours_n or self.page_size else names
        headers: Headers = [("Content-Type", "application/json")]
        if page and start + len(page) < len(names) and self.link:
            query = f"last={quote(str(page[-1]), safe='')}&n={number or size}"
            headers.append(("Link", self.link(asked.path, query)))
        body: dict[str, object] = {member: page}
        return Answer(200, json.dumps({"name": name, **body} if name else body).encode(), headers)


class _Cut(Exception):
    """Makes the server cut the connection."""


async def _stop(server: uvicorn.Server) -> None:
    """At once; the shutdown of uvicorn always takes a tenth of a second."""
    for listening in server.servers:
        listening.close()
    for connection in list(server.server_state.connections):
        transport = connection.transport
        if transport is not None:
            transport.abort()
    if server.server_state.tasks:
        await asyncio.wait(set(server.server_state.tasks), timeout=5)


async def _body(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def _pass(gate: Gate, receive: Receive) -> bool:
    """Waits at a gate; False when the client goes away first."""
    gate.arrived.set()
    opened = asyncio.ensure_future(gate.opened.wait())
    gone = asyncio.ensure_future(_disconnected(receive))
    await asyncio.wait({opened, gone}, return_when=asyncio.FIRST_COMPLETED)
    if opened.done():
        gone.cancel()
        return True
    opened.cancel()
    gate.left.set()
    return False


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _gone(receive: Receive) -> bool:
    try:
        async with asyncio.timeout(0):
            await _disconnected(receive)
    except TimeoutError:
        return False
    return True
