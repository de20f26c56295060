"""A slow line to a registry: passes requests on after a pause, and writes down who waited for whom."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn

_KEPT = frozenset({"accept", "authorization", "range"})
_RETURNED = frozenset({"content-type", "docker-content-digest", "docker-distribution-api-version", "link"})


@dataclass(frozen=True, slots=True)
class Passed:
    """One request and its answer."""

    method: str
    target: str
    began: float
    ended: float


class Relay:
    """An ASGI application in front of the registry at a URL."""

    def __init__(self, url: str, pause: float) -> None:
        self._http = httpx.AsyncClient(base_url=url, trust_env=False)
        self._pause = pause
        self.passed: list[Passed] = []
        """Since it was last cleared."""
        self._last = time.perf_counter()
        self._open = 0

    def idle(self, seconds: float) -> None:
        """Waits until nothing was asked for so long."""
        start = time.perf_counter()
        while self._open or time.perf_counter() - max(start, self._last) < seconds:
            time.sleep(0.01)

    async def __call__(
        self,
        scope: dict[str, Any],
        _receive: Callable[[], Awaitable[dict[str, Any]]],
        send: Callable[[dict[str, Any]], Awaitable[None]],
    ) -> None:
        began = time.perf_counter()
        target = scope["path"] + (f"?{scope['query_string'].decode()}" if scope["query_string"] else "")
        headers = [(name, value) for name, value in scope["headers"] if name.decode() in _KEPT]
        self._open += 1
        try:
            await asyncio.sleep(self._pause)
            answer = await self._http.request(scope["method"], target, headers=headers)
        finally:
            self._open -= 1
            self._last = time.perf_counter()
        length = answer.headers.get("content-length") if scope["method"] == "HEAD" else str(len(answer.content))
        returned = [(name.encode(), value.encode()) for name, value in answer.headers.items() if name in _RETURNED]
        returned.append((b"content-length", (length or "0").encode()))
        self.passed.append(Passed(scope["method"], target, began, self._last))
        await send({"type": "http.response.start", "status": answer.status_code, "headers": returned})
        await send({"type": "http.response.body", "body": answer.content})


def serial(passed: list[Passed]) -> list[Passed]:
    """The longest chain of requests of which each began after the one before had ended."""
    chain: list[Passed] = []
    for one in sorted(passed, key=lambda one: one.ended):
        if not chain or one.began >= chain[-1].ended:
            chain.append(one)
    return chain


@contextlib.contextmanager
def serving(relay: Relay) -> Iterator[int]:
    """Runs the relay in a thread; gives its port."""
    config = uvicorn.Config(relay, host="127.0.0.1", port=0, log_level="error", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            if not thread.is_alive():
                raise RuntimeError("the relay did not start")
            time.sleep(0.01)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(10)
