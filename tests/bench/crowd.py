"""The app on a registry in its own process, with as many tags as wanted and a config of any size.

`python -m bench.crowd LOG TAGS PAGE PAUSE CONFIG REFERENCE`: a page of 0 sends all tags in one answer; CONFIG is a
file or empty. To LOG goes when facts arrived and for how long the event loop did nothing but one thing.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TextIO
from urllib.parse import parse_qs, urlsplit

from textual.message import Message

from regbrowse.browser import Browser
from regbrowse.oci import mediatype
from regbrowse.reference import Registry
from regbrowse.reference_input import read_typed
from regbrowse.registry.client import Client, Settings
from regbrowse.registry.responder import Answer
from regbrowse.state import files
from regbrowse.tui.app import RegbrowseApp
from regbrowse.tui.messages import ConfigLoaded, ContentLoaded

REFERENCE = "registry.crowd/much/tags"
TICK = 0.005
"""Seconds between two looks at the event loop."""
_SUFFIXES = ("", "-alpine", "-rc.1", "-slim-bookworm")


def tag_names(count: int) -> list[str]:
    """Versions with and without suffixes, in the order docker-registry sends them."""
    return sorted(f"v{n // 4000}.{n // 40 % 100}.{n // 4 % 10}{_SUFFIXES[n % 4]}" for n in range(count))


class Crowd:
    """Answers requests for one repository; its only image has the config."""

    log: TextIO | None = None
    """Gets a line when an answer with tags is handed out."""

    def __init__(self, count: int, *, page: int = 0, pause: float = 0, config: bytes = b"") -> None:
        self._names = tag_names(count)
        self._page = page
        self._pause = pause
        self.config = config

    async def answer(self, method: str, target: str, headers: Mapping[str, str]) -> Answer:  # noqa: ARG002
        url = urlsplit(target)
        if url.path.endswith("/tags/list"):
            return await self._tags(url.path, parse_qs(url.query).get("last", [""])[0])
        if "/blobs/" in url.path:
            return _answer(self.config, "application/octet-stream")
        if "/manifests/" in url.path and self.config:
            return _answer(self._manifest(), mediatype.OCI_MANIFEST)
        return Answer(404, {"content-type": "application/json"}, b"{}") if "/manifests/" in url.path else Answer(200)

    async def _tags(self, path: str, last: str) -> Answer:
        await asyncio.sleep(self._pause)
        if self.log is not None:
            self.log.write(f"handed {time.perf_counter()} 0\n")
        if not self._page:
            return _answer(json.dumps({"name": "much/tags", "tags": self._names}).encode(), "application/json")
        start = self._names.index(last) + 1 if last else 0
        names = self._names[start : start + self._page]
        answer = _answer(json.dumps({"name": "much/tags", "tags": names}).encode(), "application/json")
        if start + self._page >= len(self._names):
            return answer
        following = f'<{path}?n={self._page}&last={names[-1]}>; rel="next"'
        return Answer(200, {**answer.headers, "link": following}, answer.body)

    def _manifest(self) -> bytes:
        digest = f"sha256:{hashlib.sha256(self.config).hexdigest()}"
        config = {"mediaType": mediatype.OCI_CONFIG, "digest": digest, "size": len(self.config)}
        document = {"schemaVersion": 2, "mediaType": mediatype.OCI_MANIFEST, "config": config, "layers": []}
        return json.dumps(document).encode()


def _answer(body: bytes, content_type: str) -> Answer:
    return Answer(200, {"content-type": content_type, "content-length": str(len(body))}, body)


async def watch(log: TextIO) -> None:
    """Notes how much later than it should every tick came: so long the loop was blocked."""
    before = time.perf_counter()
    while True:
        await asyncio.sleep(TICK)
        now = time.perf_counter()
        if now - before > 2 * TICK:
            log.write(f"blocked {now} {now - before - TICK}\n")
        before = now


def watched(crowd: Crowd, reference: str, log: TextIO) -> RegbrowseApp:
    """The app with a clock beside it."""
    place = read_typed(reference).place
    registry = place if isinstance(place, Registry) else place.repository.registry
    tasks: list[asyncio.Task[None]] = []

    async def connect() -> Browser:
        tasks.append(asyncio.create_task(watch(log)))
        assert app.main is not None
        pane = app.main.opened.config_pane
        pane.post_message = noted(pane.post_message)  # type: ignore[method-assign, assignment]
        return Browser(Client(Settings(pause=0, local={registry.key: crowd})))

    def noted(post: Callable[[Message], bool]) -> Callable[[Message], bool]:
        def post_and_note(message: Message) -> bool:
            if isinstance(message, ContentLoaded | ConfigLoaded):
                log.write(f"{type(message).__name__} {time.perf_counter()} 0\n")
            return post(message)

        return post_and_note

    app = RegbrowseApp(connect, place)
    return app


def main() -> None:
    log, count, page, pause, config, reference = sys.argv[1:]
    raw = Path(config).read_bytes() if config else b""
    crowd = Crowd(int(count), page=int(page), pause=float(pause), config=raw)
    with tempfile.TemporaryDirectory() as folder, Path(log).open("w", buffering=1, encoding="ascii") as lines:
        memory = Path(folder) / "memory.json"
        crowd.log = lines
        files.memory_file = lambda: memory  # type: ignore[assignment]
        watched(crowd, reference, lines).run()


if __name__ == "__main__":
    main()
